"""The execution log: every cell that ran since the extension was loaded, in order. It is what can be replayed."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

from mlmagic.session.script import as_python

if TYPE_CHECKING:
    from collections.abc import Iterable

CellStatus = Literal["running", "ok", "error", "interrupted", "rejected", "unknown"]

FORMAT = 1


@dataclass
class LoggedCell:
    """One executed cell. ``started`` is in seconds since the epoch, ``run`` the run that it was recorded in."""

    number: int | None
    source: str
    status: CellStatus = "running"
    started: float | None = None
    duration_s: float | None = None
    cell_id: str | None = None
    nested: bool = False
    run: str | None = None


@dataclass
class ExecutionLog:
    """What was executed, in order. Cells from before the extension was loaded have the status ``unknown``."""

    cells: list[LoggedCell] = field(default_factory=list)

    def before_load(self, sources: Iterable[tuple[int, str]]) -> None:
        """Take over the cells of the session that ran before: (number, source) pairs."""
        self.cells += [LoggedCell(number, source, "unknown") for number, source in sources if source.strip()]

    def begin(self, source: str, number: int | None, *, cell_id: str | None = None, nested: bool = False) -> LoggedCell:
        """Note that a cell starts."""
        cell = LoggedCell(number, source, started=time.time(), cell_id=cell_id, nested=nested)
        self.cells.append(cell)
        return cell

    def end(self, cell: LoggedCell, status: CellStatus) -> None:
        """Note how a cell ended."""
        cell.status = status
        if cell.started is not None:
            cell.duration_s = round(time.time() - cell.started, 4)

    def snapshot(self, upto: LoggedCell | None = None) -> ExecutionLog:
        """Return the log up to and including *upto*, or all of it."""
        if upto is None:
            return ExecutionLog(list(self.cells))
        at = next((i for i in reversed(range(len(self.cells))) if self.cells[i] is upto), len(self.cells) - 1)
        return ExecutionLog(self.cells[: at + 1])

    def to_dict(self) -> dict[str, object]:
        """Return what ``mlmagic/session.json`` holds."""
        return {
            "format": FORMAT,
            "python": sys.version.split()[0],
            "cells": [asdict(cell) for cell in self.cells],
        }

    def to_script(self) -> str:
        r"""Return a readable script in percent format; what only IPython understands is a comment.

        >>> log = ExecutionLog()
        >>> log.end(log.begin("%seed 42\nx = 1", 1), "ok")
        >>> print(log.to_script())
        # %% [1] ok
        # %seed 42
        x = 1
        <BLANKLINE>
        """
        parts = []
        for cell in self.cells:
            if cell.nested:
                continue
            number = "" if cell.number is None else f"[{cell.number}] "
            parts.append(f"# %% {number}{cell.status}\n{as_python(cell.source)}\n")
        return "\n".join(parts)
