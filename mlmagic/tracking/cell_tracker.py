"""Track the cells of one shell: what the shell's hooks call when a cell begins, is parsed, and has ended."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.recording import open_runs
from mlmagic.session import percent_run
from mlmagic.session.header import CellRejectedError, has_header, holds_comments
from mlmagic.session.interrupts import interruptible
from mlmagic.session.observation.scopes import names_of
from mlmagic.session.running_cells import running
from mlmagic.snapshot.randomness.generators import untouched

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

    from mlmagic.recording.options import TrackOptions
    from mlmagic.session.log import LoggedCell
    from mlmagic.session.notebook_session import NotebookSession
    from mlmagic.tracking.open_run import OpenRun


class CellTracker:
    """Opens the runs of tracked cells, and closes what a cell left open.

    Parameters
    ----------
    session
        The session whose cells are tracked.
    options_of
        Returns what a header asks for: its text and the user's names are given.
    all_ended
        Called after each cell, when no run is open.
    """

    def __init__(
        self,
        session: NotebookSession,
        options_of: Callable[[str, Mapping[str, Any]], TrackOptions],
        all_ended: Callable[[], None],
    ) -> None:
        self._session = session
        self._options_of = options_of
        self._all_ended = all_ended

    def cell_begins(self, info: ExecutionInfo) -> None:
        """Note that a cell begins."""
        self._session.begin(info)

    def cell_of_file_begins(self) -> None:
        """Note that a cell of another notebook begins, which ``%run`` executes."""
        found = percent_run.beginning()
        if found is not None:
            self._session.begin(found.info, file=found.file)

    def open(self, header: str, tree: ast.Module) -> ast.Module:
        """Open the run of a tracked cell; return the tree to run. Any exception raised here rejects the cell."""
        with interruptible(), untouched():
            return self._open(header, tree)

    def _open(self, header: str, tree: ast.Module) -> ast.Module:
        options = self._options_of(header, self._session.namespace)
        cell = running.current()
        entry = self._session.entry(cell) if cell else None
        if cell is None or entry is None:
            raise UsageProblem("%%track: a silent execution cannot be tracked.")
        if not tree.body:
            if not holds_comments(cell.source):
                raise UsageProblem("%%track: the cell is empty, so there is nothing to track.")
            print("mlmagic: %%track: the cell holds comments only, so no run was made.")  # noqa: T201
            return tree
        if entry.run is not None:
            raise UsageProblem("%%track: this cell is tracked already; it takes one header.")
        from mlmagic.recording.code_source import origin_of_cell
        from mlmagic.session.observation.cell_observer import CellObserver
        from mlmagic.tracking import tracker

        watch = CellObserver(self._session.namespace) if options.auto else None
        origin = origin_of_cell(self._session, cell, binds=() if watch else _bound_by(tree), watch=watch)
        run = tracker.open_run(options, origin)
        entry.run = run.run_id
        watched = tracker.watch(run, tree)
        if watch is not None:
            entry.inputs = watch.digests_read()
        for problem in self._session.recorder.take_problems():
            run.notices.warn(f"what %reproduce needs of earlier cells is not all recorded: {problem}")
        run.is_opening = False
        return watched

    def watch_within(self, tree: ast.Module) -> ast.Module:
        """Watch the body of a magic within a tracked cell (``%%time``), but not what ``%timeit`` repeats."""
        cell = running.current()
        runs = self._opened_in(self._session.entry(cell) if cell else None)
        if not runs or _called_by_timeit():
            return tree
        from mlmagic.tracking import tracker

        return tracker.watch(runs[-1], tree)

    def cell_of_file_ended(self) -> None:
        """Close the runs of a cell of another notebook."""
        result = percent_run.ended()
        if result is not None:
            self.cell_ended(result)

    def cell_ended(self, result: ExecutionResult | None) -> None:
        """Close the runs of the cell that has ended, and show each."""
        for cell, error, value in self._session.end(result):
            entry = self._session.entry(cell)
            # Including a run that `with mlmagic.track()` left open, or whose opening was interrupted.
            for run in self._opened_in(entry):
                from mlmagic.tracking import tracker

                if isinstance(error, CellRejectedError) and run.is_opening:
                    tracker.abandon(run, error.problem)
                    continue
                # The summary reports an interrupt; the cell has ended already.
                with contextlib.suppress(KeyboardInterrupt), interruptible():
                    tracker.finish(run, error, value)
            if error is None and entry is not None and entry.run is None and has_header_below_a_magic(cell.source):
                print(  # noqa: T201
                    "mlmagic: this cell was not tracked, because the magic above %%track executes "
                    "the cell itself. Put %%track on the first line."
                )
            self._session.forget(cell)
        if not open_runs.open_here():
            self._all_ended()

    def _opened_in(self, entry: LoggedCell | None) -> list[OpenRun]:
        runs = open_runs.opened_in(entry)
        if not runs:
            return []
        from mlmagic.tracking.open_run import OpenRun

        return [run for run in runs if isinstance(run, OpenRun)]


def has_header_below_a_magic(source: str) -> bool:
    """Return whether *source* has a magic that runs code on its first line, and a tracking header on the next."""
    first, _, rest = source.lstrip().partition("\n")
    return first.startswith(("%%time", "%%prun", "%%mem")) and not has_header(first) and has_header(rest)


def _bound_by(tree: ast.Module) -> Iterable[str]:
    try:
        return names_of(tree).bound
    except SyntaxError:  # the cell fails with it
        return ()


def _called_by_timeit() -> bool:
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_name != "timeit":
        frame = frame.f_back
    return frame.f_code.co_name == "timeit"
