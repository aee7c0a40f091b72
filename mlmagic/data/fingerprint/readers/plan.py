"""Choose which rows to read, and the deadline for reading them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLE_PIECES = 64
_SAMPLE_PIECE_ROWS = 1024
_SAMPLE_PIECE_BYTES = 1 << 20
_SAMPLE_READS = 20_000
"""Pieces times columns in a sample: a frame with very many columns has fewer pieces."""


class OutOfTimeError(Exception):
    """The time budget is exhausted; the caller falls back to the sample."""


@dataclass(frozen=True)
class ReadPlan:
    """Read all rows until `deadline` (of ``time.perf_counter``), or a sample.

    The sample depends only on the shape and the size of a row, not on the speed of the machine.

    >>> list(ReadPlan().pieces(5, at_once=2))
    [(0, 2), (2, 4), (4, 5)]
    >>> sample = list(ReadPlan(sample=True).pieces(10**9, at_once=4096))
    >>> len(sample), sample[0], sample[-1]
    (64, (0, 1024), (999998976, 1000000000))
    """

    deadline: float | None = None
    sample: bool = False

    def check(self) -> None:
        """Raise `OutOfTimeError` once the deadline has passed."""
        if self.deadline is not None and time.perf_counter() > self.deadline:
            raise OutOfTimeError

    def pieces(self, rows: int, *, at_once: int, row_bytes: int = 8, columns: int = 1) -> Iterator[tuple[int, int]]:
        """Yield the pieces of ``range(rows)`` to read, in order, each of at most *at_once* rows."""
        for first, last in self._ranges(rows, row_bytes, columns):
            for start in range(first, last, at_once):
                self.check()
                yield start, min(start + at_once, last)

    def _ranges(self, rows: int, row_bytes: int, columns: int) -> Iterator[tuple[int, int]]:
        count = max(4, min(_SAMPLE_PIECES, _SAMPLE_READS // max(columns, 1)))
        size = max(1, min(_SAMPLE_PIECE_ROWS, _SAMPLE_PIECE_BYTES // max(row_bytes, 1)))
        if not self.sample or rows <= count * size:
            yield 0, rows
            return
        for number in range(count):
            start = number * (rows - size) // (count - 1)
            yield start, start + size
