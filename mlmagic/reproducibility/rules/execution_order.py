"""MLM009: a notebook whose saved execution counts are not in the order of its cells."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from mlmagic.reproducibility.findings import found_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.findings import Finding


def find(cells: Iterable[CodeCell]) -> Iterator[Finding]:
    """Yield the fewest cells without which the others ran in order; a cell without a count is not judged."""
    counted = [(cell, cell.execution_count) for cell in cells if cell.execution_count is not None]
    counts = [count for _, count in counted]
    in_order = _longest_rising(counts)
    for at, (cell, count) in enumerate(counted):
        if at in in_order:
            continue
        below = next((other for other, later in counted[at + 1 :] if later <= count), None)
        above = next((other for other, earlier in reversed(counted[:at]) if earlier >= count), None)
        if below is not None:
            where = f"after cell {below.number} below it, [{below.execution_count}]"
        elif above is not None:
            where = f"before cell {above.number} above it, [{above.execution_count}]"
        else:
            continue
        message = f"was executed as [{count}], {where}"
        yield found_at(cell, 1, "MLM009", message, fix="Kernel > Restart Kernel and Run All Cells")


def _longest_rising(counts: Sequence[int]) -> set[int]:
    """Return the positions of a longest part of *counts* that rises strictly.

    >>> sorted(_longest_rising([1, 9, 2, 3]))
    [0, 2, 3]
    """
    ends: list[int] = []  # the last position of the best part of each length
    lasts: list[int] = []  # the counts there
    before: list[int] = []
    for at, count in enumerate(counts):
        length = bisect_left(lasts, count)
        before.append(ends[length - 1] if length else -1)
        ends[length:] = [at, *ends[length + 1 :]]
        lasts[length:] = [count, *lasts[length + 1 :]]
    found, at = set(), ends[-1] if ends else -1
    while at >= 0:
        found.add(at)
        at = before[at]
    return found
