"""Literals that code assigns to a secret's name: ``password = "…"``, ``"api_key": "…"``, ``passwords = ["…"]``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.assigned import literals
from mlmagic.snapshot.secrets.assigned.forms.mappings import siblings
from mlmagic.snapshot.secrets.assigned.settings_lines import LONGEST_JUDGED, begins_an_entry
from mlmagic.snapshot.secrets.descriptions import describes
from mlmagic.snapshot.secrets.encodings import joined
from mlmagic.snapshot.secrets.words import is_common_word

if TYPE_CHECKING:
    from mlmagic.snapshot.secrets.assigned.named import Named, Span
    from mlmagic.snapshot.secrets.names import Verdict

_LONGEST_LINE = 2000
_LONGEST_TRIPLE_QUOTED = 4096

_SEPARATOR = re.compile(
    r"(?P<close>\\*[\"'])?[ \t]*(?P<item>[\])])?[ \t]*"
    r"(?P<sign>(?::[ \t]*[\w.\[\], |]{1,60}+(?==))?=(?![=~>])|[=!]=|=>|->|<{1,2}-|:=?|,"
    r"|(?:not )?in(?=[ \t])|or(?=[ \t]))[ \t]*"
)
_LITERAL = re.compile(
    r"(?P<bracket>\((?:\s|[+-]){0,40}+)?[rbfuRBFU]{0,2}"
    r"(?P<quote>\\*(?:\"\"\"|'''|[\"']))"
    rf"(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\\n])){{0,{LONGEST_JUDGED}}}+)"
)
_REST_OF_LITERAL = re.compile(r"(?:[^\\\n\"']|\\[^\n\"'])*+")
# `password = given or "…"`, `add_argument("--password", help="…", default="…")`
_FALLBACK = re.compile(
    r"(?:[ \t]*=(?!=)[^\n=#\"'()]{1,100}?\b(?:or|else)|\\{0,8}[\"']\s{0,40},[^\n()]{0,200}?\bdefault[ \t]{0,4}=)"
    r"[ \t]{0,4}[rbfuRBFU]{0,2}(?P<quote>[\"'])(?P<value>[^\"'\\\n]{1,1000}+)(?P=quote)"
)
_LONGEST_CALL = 240
# Methods of a frame on a column that is named after passwords: `df.astype({"password": "string"})`.
_OF_COLUMNS = re.compile(r"\.(?:agg|aggregate|astype|cast|fillna|map|rename|replace|transform)\([^()\n]*\Z")
_ARGUMENT = re.compile(r"[(,]\s{0,40}\Z")
_CODE_AFTER_A_STRING = re.compile(r"[ \t]*(?:$|[),+;%.\]}])")


def in_code(named: Named) -> list[Span] | None:
    """Return the spans of the literals that are assigned to the name, or None if there is no literal."""
    if named.verdict != "no":
        compared = literals.compared_before(named.text, named.start)
        if compared and named.judge_compared(named.text[slice(*compared)]):
            return [compared]
        if argument := literals.formatted(named.text, named.start, named.end, named.verdict):
            return [argument]
        if (fallback := _FALLBACK.match(named.text, named.end)) and named.judge_compared(fallback["value"]):
            return [fallback.span("value")]
    separator = _SEPARATOR.match(named.text, named.end)
    if separator is None or not _is_given(named, separator):
        return None
    members = _in_a_container(named, separator)
    if members is not None or named.verdict == "no":
        return members
    literal = _literal(named, separator)
    return None if literal is None else [literal]


def _in_a_container(named: Named, separator: re.Match[str]) -> list[Span] | None:
    """Return the spans of the secrets in the list or mapping that is assigned to the name, or None if there is none."""
    text, sign, at = named.text, separator["sign"], separator.end()
    if sign == ",":
        return None
    if text[at : at + 1] == "(" and (piece := _LITERAL.match(text, at)):
        end = literals.end_of_pieces(text, piece.end(), piece["quote"], in_brackets=True, spaced=True)
        if not text[end + len(piece["quote"]) : end + 40].lstrip().startswith(","):
            return None  # one string in parentheses
    is_of_many = named.many != "no"
    return literals.in_a_container(
        text,
        at,
        named.many if is_of_many else named.verdict,
        many=is_of_many,
        words=sign == ":" and separator["close"] is None,
    )


def _is_given(named: Named, separator: re.Match[str]) -> bool:
    """Return whether what follows is assigned to the name, and the name is not a word of a sentence or a string."""
    sign, is_quoted = separator["sign"], separator["close"] is not None
    if sign in {"==", "!=", "in", "not in", "or"}:  # `"password" in names` is about the string itself
        return separator["item"] is not None or not (is_quoted or sign == "or")
    is_key = is_quoted and separator["item"] is None
    # `case "password": x = "…"`, `most_similar("password"): […]`
    if sign.startswith(":") and ((is_key and sign not in {":", ":="}) or separator["item"] == ")"):
        return False
    return is_quoted or (sign != "," and (sign != ":" or begins_an_entry(named.text, named.start)))


def _literal(named: Named, separator: re.Match[str]) -> Span | None:
    """Return the span of the string literal, in one or several pieces, that is assigned to the name."""
    text, sign = named.text, separator["sign"]
    match = _LITERAL.match(text, separator.end())
    if match is None:
        return None
    first, last = match.span("value")
    quote = match["quote"]
    if quote.endswith(('"""', "'''")):
        closing = text.find(quote, first, first + _LONGEST_TRIPLE_QUOTED)
        last = closing if closing >= 0 else last
    elif text.startswith(quote, last):
        is_argument = separator[0] == "=" and _ARGUMENT.search(named.before) is not None
        in_brackets = is_argument or match["bracket"] is not None or separator["close"] is not None
        is_spaced = sign == "=" and separator[0].endswith(" ")
        last = literals.end_of_pieces(text, last, quote, in_brackets=in_brackets, spaced=is_spaced)
    value = text[first:last]
    if is_common_word(value) and _OF_COLUMNS.search(text, max(0, named.start - _LONGEST_CALL), named.start):
        return None
    is_key = sign == ":" and separator["close"] is not None and separator["item"] is None
    if is_key and joined(value) not in named.words and describes(joined(value), siblings(text, named.start, last)):
        return None
    is_compared = sign in {"==", "!="}
    is_one = named.judge_compared(joined(value)) if is_compared else named.judge(joined(value), _behind(sign, named))
    if not is_one:
        return None
    if separator["close"] is None and _is_end_of_a_string(text, named.start, quote, value):
        return None
    rest = _REST_OF_LITERAL.match(text, last) if last - first == LONGEST_JUDGED else None
    return first, rest.end() if rest else last


def _behind(sign: str, named: Named) -> Verdict:
    """Return the verdict on what follows a *sign*: after a comma or `in` it may be another word of the same list."""
    if sign == ",":
        return "maybe"
    return "weak" if sign.endswith("in") and named.verdict == "yes" else named.verdict


def _is_end_of_a_string(text: str, start: int, quote: str, value: str) -> bool:
    """Return whether *quote* closes a string that the name stands in, as in ``print("password = ", x)``."""
    line_start = text.rfind("\n", max(0, start - _LONGEST_LINE), start) + 1
    inside = text.count(quote, max(line_start, start - _LONGEST_LINE), start) % 2 == 1
    return inside and _CODE_AFTER_A_STRING.match(value) is not None
