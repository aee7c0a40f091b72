"""Find secrets by the name beside them: `password = "…"`, `"api_key": "…"`, `%env X_TOKEN=…`, `--token …`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secret_names import is_path, is_placeholder, is_version, looks_random, secrecy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.snapshot.secret_names import Verdict

_LONGEST_LOOK_BACK = 64
_LONGEST_CALL = 200
_LONGEST_LINE = 2000
_LONGEST_JUDGED = 1000  # what is judged is bounded: no text takes more than linear time
_LONGEST_TRIPLE_QUOTED = 4096
_LEAST_UNQUOTED = 6

_NEEDLES = ("passw", "passphrase", "passcode", "pwd", "secret", "token", "credential", "key", "pass", "connection")
# Matched in the lower-cased text: searching with re.IGNORECASE takes six times as long.
_NAME = re.compile(rf"(?:{'|'.join(_NEEDLES)})[\w-]{{0,40}}+(?=\\{{0,8}}[\"']|[ \t]{{0,20}}[\]:=,])")
_SPACED = re.compile(
    r"(?P<before>--|%(?:set_)?env[ \t]+)(?P<name>[A-Za-z_][\w-]{2,64}+)[ \t]+(?P<value>[^\s\"'`;&|()\[\]{}\\=]++)"
)
_LITERAL = re.compile(
    r"(?P<close>\\*[\"'])?[ \t]*\]?[ \t]*"
    r"(?P<separator>(?::[ \t]*[\w.\[\], |]{1,60}+(?==))?=(?![=~])|:=?|,)"
    r"[ \t]*(?:\(\s{0,40}+)?[rbfuRBFU]{0,2}"
    r"(?P<quote>\\*(?:\"\"\"|'''|[\"']))"
    rf"(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\\n])){{0,{_LONGEST_JUDGED}}}+)"
)
_REST_OF_LITERAL = re.compile(r"(?:[^\\\n\"']|\\[^\n\"'])*+")
_REST_OF_LINE = re.compile(rf"=[ \t]*(?P<value>(?:(?!\\[nr])[^\n\"]){{1,{_LONGEST_JUDGED}}}+)")
_ONE_WORD = re.compile(
    rf"(?P<separator>=|:[ \t]+)(?P<value>[^\s\"'`;&|()\[\]{{}}\\]{{1,{_LONGEST_JUDGED}}}+)(?=\s|$|[\\\"';&|)])"
)
# Also after the sign of a list, a comment or a patch; `a + password: …` is none.
_ENTRY = re.compile(r"(?:(?:\A|\n|\\[nr])[ \t]{0,40}[+*]?[ \t]{0,20}|[{,(#\"'-][ \t]{0,40})\Z")
_IN_A_LIST_OF_PAIRS = re.compile(r"(?:[\w.-]{1,30}=[^\s,;()\"']{1,30}[ \t]{1,4}|[\"'])\Z")
_ENV_MAGIC = re.compile(r"%(?:set_)?env[ \t]+$")
_ENV_COMMAND = re.compile(r"(?:\bexport|\bsetenv|\bENV|-e|--env)[ \t]+$")
_LOGIN = re.compile(r"login\([^()]*$")
_CODE_AFTER_A_STRING = re.compile(r"[ \t]*(?:$|[),+;%.\]}])")


def assigned_secrets(text: str) -> list[tuple[int, int]]:
    """Return start and end of each value in *text* that stands beside a secret's name, from left to right.

    >>> text = 'login(password="hunter2", max_tokens=512)'
    >>> [text[start:end] for start, end in assigned_secrets(text)]
    ['hunter2']
    """
    lower = text.replace("\u0130", "I").lower()  # the one letter whose lower case is two characters
    if not any(needle in lower for needle in _NEEDLES):
        return []
    spans: list[tuple[int, int]] = []
    for span in sorted([*_assigned(text, lower), *_spaced(text)]):
        if not spans or span[0] >= spans[-1][1]:
            spans.append(span)
    return spans


def _assigned(text: str, lower: str) -> Iterator[tuple[int, int]]:
    done = 0
    for found in _NAME.finditer(lower):
        if found.start() < done:
            continue
        start, end = _name_start(text, found.start(), done), found.end()
        name = text[start:end]
        verdict: Verdict = "yes" if _is_login_key(text, start, name) else secrecy(name)
        if verdict == "no":
            continue
        span = _literal(text, start, end, verdict) or _unquoted(text, start, end, verdict)
        if span:
            yield span
            done = span[1]


def _spaced(text: str) -> Iterator[tuple[int, int]]:
    """Yield the values that a space parts from their name: ``%env NAME value``, ``--name value``."""
    if "--" not in text and "env" not in text:
        return
    for found in _SPACED.finditer(text):
        value = found["value"]
        if secrecy(found["name"]) == "no" or is_placeholder(value) or is_path(value):
            continue
        if found["before"] != "--" or _has_digit(value):  # "use --password to set it" is prose
            yield found.span("value")


def _name_start(text: str, found: int, least: int) -> int:
    start, least = found, max(least, found - _LONGEST_LOOK_BACK)
    while start > least and (text[start - 1].isalnum() or text[start - 1] in "_-."):
        start -= 1
    # In a text that holds an escaped line break, as JSON does, the `n` of `\n` is no part of the name.
    if 0 < start < found and text[start - 1] == "\\" and text[start] in "nrt":
        start += 1
    return start


def _is_login_key(text: str, start: int, name: str) -> bool:
    return name == "key" and _LOGIN.search(text[max(0, start - _LONGEST_CALL) : start]) is not None


def _literal(text: str, start: int, end: int, verdict: Verdict) -> tuple[int, int] | None:
    """Return the span of the string literal that the name from *start* to *end* gets."""
    match = _LITERAL.match(text, end)
    if match is None:
        return None
    first, last = match.span("value")
    quote, separator, is_quoted_name = match["quote"], match["separator"], match["close"] is not None
    if quote.endswith(('"""', "'''")):
        closing = text.find(quote, first, first + _LONGEST_TRIPLE_QUOTED)
        last = closing if closing >= 0 else last
    value = text[first:last]
    if is_placeholder(value) or is_path(value) or is_version(value):
        return None
    if (separator == "," or verdict == "maybe") and not looks_random(value):
        return None
    if not is_quoted_name and (
        separator == ","
        or (separator == ":" and not _begins_an_entry(text, start))
        or _is_end_of_a_string(text, start, quote, value)
    ):
        return None
    rest = _REST_OF_LITERAL.match(text, last) if last - first == _LONGEST_JUDGED else None
    return first, rest.end() if rest else last


def _is_end_of_a_string(text: str, start: int, quote: str, value: str) -> bool:
    """Tell whether *quote* closes a string that the name stands in, as in ``print("password = ", x)``."""
    line_start = text.rfind("\n", max(0, start - _LONGEST_LINE), start) + 1
    inside = text.count(quote, max(line_start, start - _LONGEST_LINE), start) % 2 == 1
    return inside and _CODE_AFTER_A_STRING.match(value) is not None


def _begins_an_entry(text: str, start: int) -> bool:
    return _ENTRY.search(text, max(0, start - _LONGEST_LOOK_BACK), start) is not None


def _unquoted(text: str, start: int, end: int, verdict: Verdict) -> tuple[int, int] | None:
    """Return the span of the value without quotes that the name gets in a command, an address or a file."""
    before = text[max(0, start - _LONGEST_LOOK_BACK) : start]
    is_magic = _ENV_MAGIC.search(before) is not None
    match = (_REST_OF_LINE if is_magic else _ONE_WORD).match(text, end)
    if match is None or is_placeholder(match["value"]) or is_path(match["value"]):
        return None
    name, value = text[start:end], match["value"]
    if is_magic:
        return match.span("value")
    if match["separator"] == "=":
        is_sure = name.startswith("--") or before.endswith(("?", "&", ";")) or _ENV_COMMAND.search(before)
        if not is_sure and (verdict == "yes" or looks_random(value)):
            is_sure = _IN_A_LIST_OF_PAIRS.search(before)  # "host=db password=hunter2"
        may_be = name.isupper()
    else:
        is_sure, may_be = None, _begins_an_entry(text, start)
    # Else the word may be a variable or a type: `API_KEY=key`, `password: str`.
    is_likely = may_be and verdict == "yes" and len(value) >= _LEAST_UNQUOTED and _has_digit(value)
    return match.span("value") if is_sure or is_likely else None


def _has_digit(value: str) -> bool:
    return any(c.isdigit() for c in value)
