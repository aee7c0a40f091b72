"""Literals within the expression that is assigned to a secret's name: wrapped, encoded, a fallback, returned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.candidates import could_be_secret, stands_out
from mlmagic.snapshot.secrets.names import secrecy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.snapshot.secrets.assigned.named import Named, Span

_QUOTE = r"\\{0,8}[\"']"
_LITERAL = rf"[rbfuRBFU]{{0,2}}(?P<quote>{_QUOTE})(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\\n])){{1,1000}}+)(?P=quote)"
_GIVEN = rf"(?:{_QUOTE}\]?)?[ \t]*(?::[ \t]*[\w.\[\], |]{{1,60}}+(?==))?[=:](?![=~>])[ \t]*"
# Functions that return what they are passed, in another type or form.
_WRAPPERS = (
    r"(?:Secret(?:Str|Bytes)?|str|bytes|bytearray|repr|quote|quote_plus|quote_from_bytes|unquote|(?:url_?safe_?)?b(?:16|32|64|85)(?:en|de)code"
    r"|(?:standard|urlsafe)_b64(?:en|de)code|encode(?:bytes|string)?|decode(?:bytes|string)?|unhexlify|hexlify|fromhex"
    r"|md5|sha1|sha256|sha512|escape|dedent|cast|Some|constr|atob|btoa|encodeURIComponent)"
)
_WRAPPED = re.compile(rf"{_GIVEN}(?:(?:\w{{1,30}}\.){{0,4}}{_WRAPPERS}\([ \t\n]{{0,40}}){{1,4}}{_LITERAL}")
_LAMBDA = re.compile(rf"{_GIVEN}lambda\b[^:\n\"']{{0,60}}:[ \t]*{_LITERAL}")
_JOINED = re.compile(
    rf"{_GIVEN}{_QUOTE}[^\"'\n\\]{{0,4}}{_QUOTE}\.join\([ \t]*[\[(][ \t]*[rbfu]?{_QUOTE}"
    rf"(?P<value>(?:(?!{_QUOTE}[ \t]*,?[ \t]*[\])])[^\n\[\]()]){{1,1000}}+){_QUOTE}[ \t]*,?[ \t]*[\])]"
)
# `os.getenv("P") or "…"`, `os.environ.get("P", "…") or "…"`: the arguments are names, the last literal is the value.
_ELSE = re.compile(
    rf"{_GIVEN}(?:[^\n=#\"'()]{{1,80}}\([^\n()]{{0,120}}\)){{1,3}}[^\n#\"'()]{{0,60}}?[ \t)]"
    rf"(?:or|else|\|\||\?\?)[ \t]+{_LITERAL}"
)
_DEFAULT = re.compile(
    rf"{_GIVEN}(?:os\.)?(?:getenv|environ\.get|environ\.setdefault|env|config)\([ \t]*{_QUOTE}\w{{1,60}}{_QUOTE}"
    rf"[ \t]*,[ \t]*(?:default[ \t]*=[ \t]*)?{_LITERAL}"
)
# `password: str = field(default="…")`, `= Field("…")`: of dataclasses, attrs, pydantic, typer.
_OF_A_FIELD = re.compile(
    rf"{_GIVEN}(?:\w{{1,30}}\.){{0,3}}(?:\w{{0,30}}[Ff]ield|attrib|ib|Option|Argument|Param(?:eter)?|Input)\("
    rf"(?:[^()]{{0,200}}?[,( \t\n])?\s{{0,40}}default[ \t]{{0,4}}=[ \t]{{0,4}}{_LITERAL}"
)
_FIRST_OF_A_FIELD = re.compile(rf"{_GIVEN}(?:\w{{1,30}}\.){{0,3}}Field\([ \t\n]{{0,40}}{_LITERAL}")
_COMMENT = re.compile(r"[ \t]*=(?!=)[^\n#\"']{1,80}[ \t]#[ \t]{0,8}(?P<value>[^\s\"']{6,100}+)[ \t]*(?=\r?\n|\Z|\\n)")
_BLOCK = re.compile(rf"{_QUOTE}[ \t]*\{{[^{{}}]{{0,400}}?\b(?:default|value)[ \t]*=[ \t]*{_LITERAL}")
_BLOCK_BEGINS = re.compile(r"\b(?:variable|output|resource[ \t]+\"\w{1,60}\")[ \t]+\\{0,8}\"\Z")
_FUNCTION = re.compile(
    r"\bdef[ \t]+(?P<name>[A-Za-z_]\w{0,60})\([^()\n]{0,200}\)[^:\n]{0,60}:"
    r"(?:(?:\s|\\n){1,60}(?:\"\"\"[^\"]{0,400}\"\"\"|#[^\n]{0,200}))?(?:\s|\\n){1,60}return[ \t(]{1,4}"
    rf"{_LITERAL}"
)
_ANY = (_WRAPPED, _LAMBDA, _ELSE, _DEFAULT, _OF_A_FIELD)


def in_an_expression(named: Named) -> Span | None:
    """Return the span of the literal in the expression that is assigned to the name, if it is a secret."""
    text, start, end = named.text, named.start, named.end
    for form in _ANY:
        if (found := form.match(text, end)) and named.judge(found["value"]):
            return found.span("value")
    if (found := _JOINED.match(text, end)) and any(map(str.isalpha, found["value"])):
        return found.span("value")
    for form in (_FIRST_OF_A_FIELD, _COMMENT):
        if (found := form.match(text, end)) and stands_out(found["value"]):
            return found.span("value")
    if _BLOCK_BEGINS.search(text, max(0, start - 100), start):  # of Terraform
        found = _BLOCK.match(text, end)
        return found.span("value") if found and named.judge(found["value"]) else None
    return None


def returned(text: str) -> Iterator[Span]:
    r"""Yield the spans of the literals that functions with a secret's name return.

    >>> text = "def get_password():\n    return 'swordfish'\n"
    >>> [text[slice(*span)] for span in returned(text)]
    ['swordfish']
    """
    if "def " not in text or "return" not in text:
        return
    for found in _FUNCTION.finditer(text):
        verdict = secrecy(found["name"])
        if verdict != "no" and could_be_secret(found["value"], verdict):
            yield found.span("value")
