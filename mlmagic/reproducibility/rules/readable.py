"""MLM000: a cell that is no Python, so no rule has looked at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.reproducibility.findings import found_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.findings import Finding


def find(cells: Iterable[CodeCell]) -> Iterator[Finding]:
    """Yield the cells that cannot be parsed."""
    for cell in cells:
        if cell.problem:
            yield found_at(cell, cell.problem_line, "MLM000", f"the cell is not checked: {cell.problem}")
