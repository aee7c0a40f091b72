"""What every other cell pays: a trivial cell with mlmagic loaded beside the same without."""

from __future__ import annotations

import statistics

from benchmarks.measure import Comparison, Goal, interleaved
from benchmarks.project import Notebook, project

_ROUNDS = 40
_CELLS = 50


def measure() -> list[Comparison]:
    """Compare blocks of cells in one shell, into which mlmagic is loaded and out of which it is taken by turns."""
    with project():
        notebook = Notebook()

        def loaded() -> float:
            notebook.run("%load_ext mlmagic")
            took = _block(notebook)
            notebook.run("%unload_ext mlmagic")
            return took

        ours, other = interleaved(
            {"x = 1, loaded": loaded, "x = 1, not loaded": lambda: _block(notebook)}, rounds=_ROUNDS
        )
    return [Comparison("Untracked cell", ours, other, (Goal("difference", 0.001),))]


def _block(notebook: Notebook) -> float:
    """Return the median seconds of a cell, over a block of them."""
    return statistics.median(notebook.run("x = 1") for _ in range(_CELLS))
