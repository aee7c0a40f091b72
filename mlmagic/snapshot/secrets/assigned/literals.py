"""String literals in code: in several pieces, in a list or mapping, compared or formatted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.assigned.unpacking import items_of
from mlmagic.snapshot.secrets.candidates import could_be_one_of_many, could_be_secret, is_one_of_many, stands_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.snapshot.secrets.assigned.named import Span
    from mlmagic.snapshot.secrets.names import Verdict

_LONGEST_LINE = 300
_LONGEST_ARGUMENTS = 400
_DEEPEST = 4

_STRING = r"[rbfuRBFU]{0,2}(?P<quote>\\{0,8}[\"'])(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\\n])){0,1000}+)(?P=quote)"
_SPACE = r"(?:\s|\\\n|#[^\n]{0,400}\n)"
_NEXT_ON_THE_LINE = re.compile(rf"[ \t]{{0,40}}+(?P<plus>\+)?(?:[ \t]|\\\n){{0,40}}+{_STRING}")
_NEXT_IN_BRACKETS = re.compile(rf"(?:{_SPACE}|[+-]){{0,200}}+{_STRING}")
_OPENING = re.compile(
    r"[ \t]*(?:(?:set|frozenset|list|tuple|[\w.]{0,12}(?:array|Series|Index))\([ \t]*)?(?P<bracket>(?:dict)?[\[({])"
)
_PIECE = re.compile(
    rf"(?P<space>(?:\s|\\\n|#[^\n]*\n)+)|{_STRING}|(?P<open>(?:dict|[\w.]*array)?[\[({{])|(?P<close>[\])}}])"
    r"|(?P<comma>,)|(?P<colon>:)|(?P<name>[A-Za-z_]\w{0,60})=(?!=)|(?P<word>[\w.@!$%&*^+~-]{1,200}+)"
)
_OF_A_COMPREHENSION = frozenset(("for", "async", "in", "if", "else", "lambda"))
_COMPARED = re.compile(r"(?P<quote>[\"'])(?P<value>[^\"'\n]{1,200}+)(?P=quote)[ \t]{0,8}[=!]=[ \t]{0,8}\Z")
_HOLE = r"%[sr]|\{[\w!:.]{0,40}\}"
_FORMATTED = re.compile(
    rf"[ \t]{{0,4}}(?:[=:]|is|was|->)?[ \t]{{0,4}}['\"]?(?:{_HOLE})[^\n\"']{{0,200}}+"
    r"(?P<quote>[\"'])[ \t]*(?P<how>,|%|\.format\()\s*"
)
_HOLES = re.compile(_HOLE)


def end_of_pieces(text: str, end: int, quote: str, *, in_brackets: bool, spaced: bool) -> int:
    """Return the end of the last piece of a literal whose first piece ends at *end*, before its *quote*.

    Outside of brackets a piece follows after ``+`` or, if the code is *spaced*, on the same line.

    >>> text = "x = 'a' + 'b' 'c', 'd'"
    >>> text[4 : end_of_pieces(text, 6, "'", in_brackets=False, spaced=True) + 1]
    "'a' + 'b' 'c'"
    """
    at = end + len(quote)
    following = _NEXT_IN_BRACKETS if in_brackets else _NEXT_ON_THE_LINE
    while (found := following.match(text, at)) is not None:
        if not in_brackets and not found["plus"] and not spaced:
            break
        end, at = found.end("value"), found.end()
    return end


def compared_before(text: str, start: int) -> Span | None:
    """Return the span of the literal that is compared with the name at *start*: ``if "…" == password``."""
    if text[max(0, start - 3) : start].rstrip()[-1:] != "=":
        return None
    found = _COMPARED.search(text, max(0, start - 220), start)
    return found.span("value") if found else None


def formatted(text: str, start: int, end: int, verdict: Verdict) -> Span | None:
    """Return the span of the argument that is formatted after the name: ``log("password=%s", "…")``."""
    found = _FORMATTED.match(text, end)
    if found is None:
        return None
    opening = text.rfind(found["quote"], max(0, start - _LONGEST_LINE), start)
    if opening < 0 or "\n" in text[opening:start]:
        return None
    place = len(_HOLES.findall(text, opening, start))
    arguments = items_of(text, min(len(text), found.end() + _LONGEST_ARGUMENTS), start=found.end())
    if found["how"] == "%" and len(arguments) == 1 and arguments[0].items is not None:
        arguments = arguments[0].items
    literal = arguments[place].literal if place < len(arguments) else None
    return literal if literal and could_be_secret(text[slice(*literal)], verdict) else None


def in_a_container(text: str, at: int, verdict: Verdict, *, many: bool, words: bool) -> list[Span] | None:
    """Return the spans of the secrets in the list or mapping that begins at *at*, or None if none begins.

    The values of a mapping count if the name is of *many*, or if the keys are row numbers. With *words*, unquoted
    values count too, as in YAML. A nested container is a further row of a table.
    """
    opening = _OPENING.match(text, at)
    if opening is None:
        return None
    return list(_members(text, opening.start("bracket"), verdict, many=many, words=words))


def _members(text: str, at: int, verdict: Verdict, *, many: bool, words: bool) -> Iterator[Span]:
    depth, in_a_call, key = 0, _DEEPEST, ""
    last: re.Match[str] | None = None
    while (piece := _PIECE.match(text, at)) is not None:
        kind, at = piece.lastgroup, piece.end()
        if kind == "word" and piece["word"] in _OF_A_COMPREHENSION:
            return
        if kind == "colon" and last is not None:
            key, last = last["value"] or last["word"] or "", None
        elif kind == "name":
            key = piece["name"]
        elif kind != "space":
            if last is not None and depth < in_a_call and (span := _member(last, key, verdict, many=many, words=words)):
                yield span
            if kind == "open":
                is_a_call = last is not None and last.lastgroup == "word" and last.end() == piece.start()
                in_a_call = min(in_a_call, depth + 1) if is_a_call else in_a_call
                depth += 1
            elif kind == "close":
                depth -= 1
                in_a_call = _DEEPEST if depth < in_a_call else in_a_call
            last = piece if kind in {"value", "word"} else None
            if depth <= 0 or depth > _DEEPEST:
                return
            key = "" if kind == "comma" else key


def _member(piece: re.Match[str], key: str, verdict: Verdict, *, many: bool, words: bool) -> Span | None:
    value = piece["value"]
    if value is None:
        is_one = (
            words and stands_out(piece["word"]) and (not key or (many and is_one_of_many(key, piece["word"], verdict)))
        )
        return piece.span("word") if is_one else None
    if key and not key.isdigit():
        return piece.span("value") if many and is_one_of_many(key, value, verdict) else None
    return piece.span("value") if could_be_one_of_many(value, verdict) else None
