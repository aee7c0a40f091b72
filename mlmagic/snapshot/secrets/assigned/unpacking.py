"""Unpacking in Python: in ``user, password = "ana", "…"`` the second value is the password, even if it is nested."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.snapshot.secrets.assigned.named import Span

_LONGEST_BEFORE = 200
_LONGEST_AFTER = 2000
_MOST_ITEMS = 400
_DEEPEST = 4

# The targets, which are names, attributes and subscripts, are followed by the sign.
_TARGETS = re.compile(
    r"(?:[\w.*,()\[\] \t]|\[[\"']\w{1,40}[\"']\]){1,250}?(?=(?P<sign>=(?![=~>])|(?<=[ \t])in(?=[ \t(\[])))"
)
_TARGET = re.compile(r"\s*\*?[A-Za-z_][\w.]{0,100}(?:\[[\"']?\w{1,40}[\"']?\])?\s*")
_BEFORE = re.compile(r"[ \t+-]*(?:(?P<loop>(?:async[ \t]+)?for[ \t]+))?")
_LITERAL = r"[rbfuRBFU]{0,2}(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))(?:[^\n\\]|\\.)){0,1000}+)(?P=quote)"
_PIECE = re.compile(
    rf"{_LITERAL}|(?P<open>[\[({{])|(?P<close>[\])}}])|(?P<comma>,)|(?P<end>[\n;#:=])|(?P<other>\s+|[\w.*]+|.)"
)


class Item(NamedTuple):
    """One item of a tuple or list: its span, and its own ``items`` if it is a container itself.

    ``literal`` is the span of the text within the quotes of a string.
    """

    start: int
    end: int
    items: tuple[Item, ...] | None = None
    literal: Span | None = None


def unpacked(text: str, start: int, end: int) -> list[Span] | None:
    """Return the spans of the literals unpacked into the target from *start* to *end*, or None if it is no unpacking.

    >>> text = "(user, (host, password)) = ('ana', ('db', 'hunter2'))"
    >>> [text[slice(*span)] for span in unpacked(text, 14, 22)]
    ['hunter2']
    >>> unpacked("password = 'hunter2'", 0, 8) is None
    True
    """
    least = max(0, start - _LONGEST_BEFORE)
    line = text.rfind("\n", least, start) + 1 or least
    if "," not in text[line:start] and not text.startswith(",", end):
        return None
    before = _BEFORE.match(text, line)
    found = _TARGETS.match(text, before.end()) if before else None
    if before is None or found is None or found.end() < end or (found["sign"] == "in") != bool(before["loop"]):
        return None
    targets = items_of(text, found.end(), start=before.end())
    if len(targets) == 1 and targets[0].items is not None:
        targets = targets[0].items
    path = _path(text, targets, start, end)
    if path is None or len(targets) == 1 or not all(_is_a_target(text, item) for item in targets):
        return None
    values = items_of(text, min(len(text), found.end() + _LONGEST_AFTER), start=found.end("sign"))
    if len(values) == 1 and values[0].items is not None:
        values = values[0].items
    rows = [value.items or () for value in values] if before["loop"] else [values]
    return [item.literal for row in rows if (item := _at(row, path)) is not None and item.literal is not None]


def items_of(text: str, end: int, *, start: int) -> tuple[Item, ...]:
    """Return the items that *text* lists from *start* on, up to the end of the statement or to *end*.

    >>> [item.literal for item in items_of("'a', f(b, c), (d, e)", 20, start=0)]
    [(1, 2), None, None]
    """
    return _items(_PIECE.finditer(text, start, end), start, 0)[0]


def _items(pieces: Iterator[re.Match[str]], start: int, depth: int) -> tuple[tuple[Item, ...], int]:
    """Return the items up to the closing bracket, and its end."""
    found: list[Item] = []
    item, is_empty = Item(start, start), True
    for piece in pieces:
        kind = piece.lastgroup
        is_over = kind == "close" or (kind == "end" and depth == 0)
        if kind == "comma" or is_over:
            if not is_empty:
                found.append(item)
            item, is_empty = Item(piece.end(), piece.end()), True
            if is_over or len(found) > _MOST_ITEMS:
                return tuple(found), piece.end()
        elif kind == "open":
            if depth >= _DEEPEST:
                break
            inner, end = _items(pieces, piece.end(), depth + 1)
            # After a name the bracket is a call or a subscript.
            item = Item(piece.start() if is_empty else item.start, end, inner if is_empty else None)
            is_empty = False
        elif kind == "value":
            item = Item(item.start, piece.end(), None, piece.span("value") if is_empty else None)
            is_empty = False
        elif not piece[0].isspace():
            item, is_empty = Item(item.start, piece.end()), False
    if not is_empty:
        found.append(item)
    return tuple(found), item.end


def _is_a_target(text: str, item: Item) -> bool:
    if item.items is not None:
        return all(_is_a_target(text, inner) for inner in item.items)
    return _TARGET.fullmatch(text, item.start, item.end) is not None


def _path(text: str, items: tuple[Item, ...], start: int, end: int) -> list[int] | None:
    """Return the indices of the target from *start* to *end*, the outermost first; after a star from the end."""
    is_behind_a_star = False
    for at, item in enumerate(items):
        if item.start <= start and end <= item.end:
            place = at - len(items) if is_behind_a_star else at
            if item.items is None:
                return [place]
            inner = _path(text, item.items, start, end)
            return None if inner is None else [place, *inner]
        is_behind_a_star = is_behind_a_star or text[item.start : item.end].lstrip().startswith("*")
    return None


def _at(items: tuple[Item, ...], path: list[int]) -> Item | None:
    place, *rest = path
    if not -len(items) <= place < len(items):
        return None
    item = items[place]
    return _at(item.items or (), rest) if rest else item
