"""The running cells: a stack per thread; IPython's info object identifies the cell that ends."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.session.threads import ThreadStacks

if TYPE_CHECKING:
    from pathlib import Path

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult


@dataclass(eq=False)
class Cell:
    """One execution of a cell.

    ``number`` is the prompt's number, or None if the cell has none (a nested ``run_cell``). ``file`` is the notebook
    that the cell is in, if ``%run`` executes it.
    """

    info: ExecutionInfo
    number: int | None
    nested: bool = False
    started: float = field(default_factory=time.time)
    file: Path | None = None

    @property
    def source(self) -> str:
        """The cell as typed."""
        return str(self.info.raw_cell or "")

    @property
    def id(self) -> str | None:
        """The notebook's id of the cell, or None if the front end sends none."""
        return getattr(self.info, "cell_id", None)


class RunningCells:
    """Matches IPython's events after a cell with those before it.

    Hooks nest, run on several threads, and ``post_run_cell`` may get None or a result with another info object.
    """

    def __init__(self) -> None:
        self._stacks: ThreadStacks[Cell] = ThreadStacks()

    def begin(self, info: ExecutionInfo, number: int, *, file: Path | None = None) -> Cell:
        """Note that a cell starts on the calling thread."""
        nested = self._stacks.top() is not None
        cell = Cell(info, number if getattr(info, "store_history", False) else None, nested, file=file)
        self._stacks.push(cell)
        return cell

    def current(self) -> Cell | None:
        """Return the innermost cell of the calling thread."""
        return self._stacks.top()

    def busy_elsewhere(self) -> set[int]:
        """Return the other threads (by identity) that run a cell now: the subshells."""
        return self._stacks.threads() - {threading.get_ident()}

    def end(self, result: ExecutionResult | None) -> list[Cell]:
        """Return the cells that ended, the innermost first; empty if the cell's start was not observed.

        A cell above the one that ended never got its own end event: it ended with it.
        """
        own = self._stacks.own()
        at = _matching(result, own)
        if at is None:
            return []
        ended = own[at:][::-1]
        for cell in ended:
            self._stacks.remove(cell)
        return ended


def _matching(result: Any, own: list[Cell]) -> int | None:
    """Return the index in *own*, the outermost first, of the cell that *result* ends, or None."""
    if result is None:  # an async cell was cancelled: the innermost
        return len(own) - 1 if own else None
    info = getattr(result, "info", None)
    if info is None:
        return None
    numbers = range(len(own) - 1, -1, -1)
    same = next((i for i in numbers if own[i].info is info), None)
    # IPython creates a new info object after an internal exception; then the source identifies the cell.
    return next((i for i in numbers if own[i].info.raw_cell == info.raw_cell), None) if same is None else same


running = RunningCells()
"""The cells that run in this process now."""
