"""The other keys of the mapping that a key stands in, in JSON and in Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_REACH = 400
_PIECE = re.compile(r"(?P<bracket>[{}])|\\{0,8}[\"'](?P<key>[\w.-]{1,60})\\{0,8}[\"'][ \t]{0,8}:")


def siblings(text: str, start: int, end: int) -> Iterator[str]:
    """Yield the keys of the mapping around *start* to *end*, without those of mappings within it.

    >>> text = "{'a': {'b': 1}, 'password': 'x', 'c': 2}, {'d': 3}"
    >>> list(siblings(text, 17, 31))
    ['a', 'c']
    """
    # The quote before the key is not part of *start*.
    before = list(_PIECE.finditer(text, max(0, start - _REACH), max(0, start - 1)))
    yield from _within(reversed(before), opens="}", closes="{")
    yield from _within(_PIECE.finditer(text, end, end + _REACH), opens="{", closes="}")


def _within(pieces: Iterable[re.Match[str]], *, opens: str, closes: str) -> Iterator[str]:
    depth = 0
    for piece in pieces:
        if piece["bracket"] == opens:
            depth += 1
        elif piece["bracket"] == closes:
            if depth == 0:
                return
            depth -= 1
        elif depth == 0:
            yield piece["key"]
