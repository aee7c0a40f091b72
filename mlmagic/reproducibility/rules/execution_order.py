"""MLM009: a notebook whose saved execution counts are not in the order of its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.reproducibility.findings import found_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.findings import Finding


def find(cells: Iterable[CodeCell]) -> Iterator[Finding]:
    """Yield each cell that ran before a cell above it; cells without a count did not run or were cleared."""
    last: CodeCell | None = None
    for cell in cells:
        count = cell.execution_count
        if count is None:
            continue
        if last is not None and last.execution_count is not None and count <= last.execution_count:
            message = f"was executed as [{count}], before cell {last.number} above it, [{last.execution_count}]"
            yield found_at(cell, 1, "MLM009", message, fix="Kernel > Restart Kernel and Run All Cells")
            continue
        last = cell
