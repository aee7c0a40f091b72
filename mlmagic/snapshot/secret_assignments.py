"""Find secrets by the name beside them: `password = "…"`, `"api_key": "…"`, `%env X_TOKEN=…`, `--token …`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secret_lines import LONGEST_JUDGED, LONGEST_LOOK_BACK, Name, Sections, begins_an_entry, unquoted
from mlmagic.snapshot.secret_names import could_be_secret, is_path, is_placeholder, secrecy
from mlmagic.snapshot.secret_unpacking import unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mlmagic.snapshot.secret_names import Verdict

_LONGEST_CALL = 200
_LONGEST_LINE = 2000
_LONGEST_TRIPLE_QUOTED = 4096

_NEEDLES = (
    "passw",
    "passphrase",
    "passcode",
    "pw",
    "secret",
    "token",
    "credential",
    "key",
    "pass",
    "connection",
    "pat",
)
# Matched in the lower-cased text: searching with re.IGNORECASE takes six times as long.
_NAME = re.compile(
    r"(?:pass|secret|token|credential|key|connection|p(?:w|at)(?![a-ce-z]))"
    r"[\w-]{0,40}+(?=\\{0,8}[\"']|[ \t]{0,20}(?:[\]:=,]|\)[ \t]{0,4}=))"
)
_SPACED = re.compile(
    r"(?P<before>--|%(?:set_)?env[ \t]+|\bENV[ \t]+)(?P<name>[A-Za-z_][\w-]{2,64}+)[ \t]+"
    r"(?P<value>[^\s\"'`;&|()\[\]{}\\=]++)"
)
_LITERAL = re.compile(
    r"(?P<close>\\*[\"'])?[ \t]*\]?[ \t]*"
    r"(?P<separator>(?::[ \t]*[\w.\[\], |]{1,60}+(?==))?=(?![=~])|:=?|,)"
    r"[ \t]*(?:\(\s{0,40}+)?[rbfuRBFU]{0,2}"
    r"(?P<quote>\\*(?:\"\"\"|'''|[\"']))"
    rf"(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\\n])){{0,{LONGEST_JUDGED}}}+)"
)
_REST_OF_LITERAL = re.compile(r"(?:[^\\\n\"']|\\[^\n\"'])*+")
_LOGIN = re.compile(r"login\([^()]*$")
_SPACED_NAMES = ("api ", "access ", "secret ", "private ")  # "API key: …"
_CODE_AFTER_A_STRING = re.compile(r"[ \t]*(?:$|[),+;%.\]}])")


def assigned_secrets(text: str, words: Collection[str] = ()) -> list[tuple[int, int]]:
    """Return start and end of each value in *text* that stands beside a secret's name, from left to right.

    *words* are values that are known for secrets, but are words: beside such a name each is one.

    >>> text = 'login(password="hunter2", max_tokens=512)'
    >>> [text[start:end] for start, end in assigned_secrets(text)]
    ['hunter2']
    """
    lower = text.replace("\u0130", "I").lower()  # the one letter whose lower case is two characters
    if not any(needle in lower for needle in _NEEDLES):
        return []
    spans: list[tuple[int, int]] = []
    for span in sorted([*_assigned(text, lower, words), *_spaced(text)]):
        if not spans or span[0] >= spans[-1][1]:
            spans.append(span)
    return spans


def _assigned(text: str, lower: str, words: Collection[str]) -> Iterator[tuple[int, int]]:
    done, sections = 0, Sections(text)
    for found in _NAME.finditer(lower):
        if found.start() < done:
            continue
        start, end = _name_start(text, found.start(), done), found.end()
        name = text[start:end]
        verdict: Verdict = "yes" if _is_api_key(text, start, name) else secrecy(name)
        if verdict == "no":
            continue
        if (spans := unpacked(text, start, end)) is not None:
            span = spans if spans and could_be_secret(text[slice(*spans)], verdict) else None
        else:
            span = _literal(text, start, end, verdict) or unquoted(text, Name(start, end, verdict), sections, words)
        if span:
            yield span
            done = span[1]


def _spaced(text: str) -> Iterator[tuple[int, int]]:
    """Yield the values that a space parts from their name: ``%env NAME value``, ``--name value``."""
    if "--" not in text and "env" not in text and "ENV" not in text:
        return
    for found in _SPACED.finditer(text):
        value = found["value"]
        if secrecy(found["name"]) == "no" or is_placeholder(value) or is_path(value):
            continue
        if found["before"].startswith("%") or any(c.isdigit() for c in value):  # "use --password to set it" is prose
            yield found.span("value")


def _name_start(text: str, found: int, least: int) -> int:
    start, least = found, max(least, found - LONGEST_LOOK_BACK)
    while start > least and (text[start - 1].isalnum() or text[start - 1] in "_-."):
        start -= 1
    # In a text that holds an escaped line break, as JSON does, the `n` of `\n` is no part of the name.
    if 0 < start < found and text[start - 1] == "\\" and text[start] in "nrt":
        start += 1
    return start


def _is_api_key(text: str, start: int, name: str) -> bool:
    if name.lower() != "key":
        return False
    before = text[max(0, start - _LONGEST_CALL) : start]
    return before[-8:].lower().endswith(_SPACED_NAMES) or ("login(" in before and _LOGIN.search(before) is not None)


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
    if not could_be_secret(value, "maybe" if separator == "," else verdict):
        return None
    if not is_quoted_name and (
        separator == ","
        or (separator == ":" and not begins_an_entry(text, start))
        or _is_end_of_a_string(text, start, quote, value)
    ):
        return None
    rest = _REST_OF_LITERAL.match(text, last) if last - first == LONGEST_JUDGED else None
    return first, rest.end() if rest else last


def _is_end_of_a_string(text: str, start: int, quote: str, value: str) -> bool:
    """Return whether *quote* closes a string that the name stands in, as in ``print("password = ", x)``."""
    line_start = text.rfind("\n", max(0, start - _LONGEST_LINE), start) + 1
    inside = text.count(quote, max(line_start, start - _LONGEST_LINE), start) % 2 == 1
    return inside and _CODE_AFTER_A_STRING.match(value) is not None
