"""The execution log: every cell that ran since the extension was loaded, in order. It is what can be replayed."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from mlmagic.session.script import as_python
from mlmagic.snapshot import secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

CellStatus = Literal["running", "ok", "error", "interrupted", "rejected", "unknown"]

FORMAT = 1


class Shown(NamedTuple):
    """A cell as it is recorded, without secrets: its source as typed and as Python, and how many secrets each had.

    ``known`` is what redaction knew when this was made.
    """

    source: str
    python: str
    in_source: int
    in_python: int
    known: tuple[object, ...]


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
    _shown: Shown | None = field(default=None, repr=False, compare=False)

    def shown(self) -> Shown:
        """Return the cell as it is recorded: each run records all cells up to it, so it is made once and kept here."""
        known = secrets.knowledge()
        if self._shown is None or self._shown.known != known:
            source, in_source = secrets.redact(self.source)
            python, in_python = secrets.redact(as_python(self.source))
            self._shown = Shown(source, python, in_source, in_python, known)
        return self._shown


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

    def to_dict(self) -> tuple[dict[str, object], int]:
        """Return what ``mlmagic/session.json`` holds, and how many secrets were redacted in it."""
        cells = []
        for cell in self.cells:
            facts = {name: value for name, value in vars(cell).items() if name != "_shown"}
            cells.append(facts | {"source": cell.shown().source})
        content = {"format": FORMAT, "python": sys.version.split()[0], "cells": cells}
        return content, sum(cell.shown().in_source for cell in self.cells)

    def to_script(self) -> tuple[str, int]:
        r"""Return a readable script in percent format, and how many secrets were redacted in it.

        What only IPython understands is a comment.

        >>> log = ExecutionLog()
        >>> log.end(log.begin("%seed 42\nx = 1", 1), "ok")
        >>> print(log.to_script()[0])
        # %% [1] ok
        # %seed 42
        x = 1
        <BLANKLINE>
        """
        cells = [cell for cell in self.cells if not cell.nested]
        numbers = ["" if cell.number is None else f"[{cell.number}] " for cell in cells]
        parts = [
            f"# %% {number}{cell.status}\n{cell.shown().python}\n" for number, cell in zip(numbers, cells, strict=True)
        ]
        return "\n".join(parts), sum(cell.shown().in_python for cell in cells)
