"""The session of the open notebook: its namespace, its cells, and the log of its cells."""

from __future__ import annotations

import ast
import asyncio
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.session.log import CellStatus, ExecutionLog, LoggedCell
from mlmagic.session.log_storage import LogStorage
from mlmagic.session.observation.scopes import names_of
from mlmagic.session.record.cell_record import CellRecorder
from mlmagic.session.running_cells import Cell, running
from mlmagic.session.script import as_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell


class EndedCell(NamedTuple):
    """A cell that ended, its exception (None if it succeeded), and the value of its last expression."""

    cell: Cell
    error: BaseException | None
    value: Any = None


class NotebookSession:
    """Follows a shell through its ``pre_run_cell`` and ``post_run_cell`` events."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.log = ExecutionLog()
        self.recorder = CellRecorder(shell.user_ns)
        self.storage = LogStorage(self.log, start=self.recorder.shown_start, so_far=self.recorder.so_far)
        self._entries: dict[Cell, LoggedCell] = {}
        history = getattr(shell.history_manager, "input_hist_raw", [])
        # The cell that loads the extension is running now: it is logged when it ends.
        self.log.before_load(list(enumerate(history))[1:-1])

    @property
    def namespace(self) -> dict[str, Any]:
        """The user's namespace, live."""
        names: dict[str, Any] = self.shell.user_ns
        return names

    def binds(self, name: str) -> bool:
        """Return whether a cell of this session binds *name*, as ``import`` and an assignment do."""
        cells = (cell for cell in self.log.cells if name in cell.source and cell.status != "unknown")
        return any(name in _bound_by(cell.source) for cell in cells)

    def entry(self, cell: Cell) -> LoggedCell | None:
        """Return the log entry of a cell that is running or has just ended."""
        return self._entries.get(cell)

    def begin(self, info: ExecutionInfo, *, file: Path | None = None) -> Cell:
        """Note that a cell starts; *file* is the notebook that contains it, if that is another one."""
        cell = running.begin(info, self._number(), file=file)
        entry = self.log.begin(cell.source, cell.number, cell_id=cell.id, nested=cell.nested)
        self._entries[cell] = entry
        if not cell.nested:
            entry.states, entry.record = self.recorder.before()
        return cell

    def _number(self) -> int:
        """Return the number of the cell that starts: IPython counts it before this event, or (until 9.0) after it."""
        count = int(self.shell.execution_count)
        stored = len(getattr(self.shell.history_manager, "input_hist_raw", ()))
        return count if stored >= count else count - 1

    def end(self, result: ExecutionResult | None) -> list[EndedCell]:
        """Note which cells ended, the innermost first; call ``forget`` for each when it has been handled."""
        ended = running.end(result)
        if not ended:
            self._log_unseen(result)
        errors = [asyncio.CancelledError()] * len(ended[:-1]) + [_error_of(result)]
        for cell, error in zip(ended, errors, strict=False):
            if (entry := self._entries.get(cell)) is not None:
                if not cell.nested:
                    entry.record |= self.recorder.after(cell.source)
                self.log.end(entry, _status_of(result, error))
        value = getattr(result, "result", None)
        return [EndedCell(cell, error, value) for cell, error in zip(ended, errors, strict=False)]

    def forget(self, cell: Cell) -> None:
        """Drop a cell that has been handled."""
        entry = self._entries.pop(cell, None)
        if entry is not None:
            entry.states = {}

    def _log_unseen(self, result: ExecutionResult | None) -> None:
        """Log the cell that loaded the extension, whose start was not observed."""
        info = getattr(result, "info", None)
        if info is None or not info.raw_cell or not info.raw_cell.strip() or not info.store_history:
            return
        number = getattr(result, "execution_count", None)
        self.log.cells.append(
            LoggedCell(
                number,
                info.raw_cell,
                _status_of(result, _error_of(result)),
                cell_id=getattr(info, "cell_id", None),
                record=self.recorder.after(info.raw_cell),
            )
        )


def _bound_by(source: str) -> set[str]:
    try:
        return set(names_of(ast.parse(as_python(source))).bound)
    except (SyntaxError, ValueError):
        return set()


def _error_of(result: ExecutionResult | None) -> BaseException | None:
    if result is None:  # an async cell was cancelled before its task completed
        return asyncio.CancelledError()
    return result.error_before_exec or result.error_in_exec


def _status_of(result: ExecutionResult | None, error: BaseException | None) -> CellStatus:
    if error is None:
        return "ok"
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)):
        return "interrupted"
    return "rejected" if result is not None and result.error_before_exec is error else "error"


_current: NotebookSession | None = None
"""The session of the shell that mlmagic is loaded in; `enter` returns the way back."""


def enter(session: NotebookSession) -> Callable[[], None]:
    """Make *session* the current one of this process, and return a function that restores the previous one."""
    global _current  # one notebook a kernel
    before, _current = _current, session

    def leave() -> None:
        global _current  # noqa: PLW0603  # as above
        _current = before

    return leave


def current() -> NotebookSession | None:
    """Return the session of this process, or None in a script."""
    return _current


def in_shell() -> bool:
    """Return whether an IPython shell runs in this process."""
    shell = sys.modules.get("IPython.core.interactiveshell")
    return shell is not None and shell.InteractiveShell.initialized()


def seeding(seed: int) -> str:
    """Return how the user sets a seed here: by the magic, or by a call in a script."""
    return f"%seed {seed}" if in_shell() else f"mlmagic.seed({seed})"


def in_notebook() -> bool:
    """Return whether an IPython kernel runs here: IPython in a terminal has a shell, but no kernel."""
    if not in_shell():
        return False
    shell = sys.modules["IPython.core.interactiveshell"].InteractiveShell.instance()
    return getattr(shell, "kernel", None) is not None
