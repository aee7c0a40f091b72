"""Which runs are open now, on which thread, and which one ended last."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmagic.errors import NoActiveRunError, UsageProblem
from mlmagic.recording.active_run import ActiveRun
from mlmagic.session.threads import ThreadStacks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmagic.recording.run_context import RunContext
    from mlmagic.session.log import LoggedCell

_open: ThreadStacks[RunContext] = ThreadStacks()
"""Each leaves when its code ends. In a script there is no session."""
_last: list[str] = []
"""The id of the run that ended last in this process."""


def enter(context: RunContext) -> None:
    """Make *context* the one that ``mlmagic.log`` writes to."""
    _open.push(context)


def leave(context: RunContext) -> None:
    """Make *context* inactive."""
    _open.remove(context)


def on_this_thread() -> ActiveRun | None:
    """Return the innermost open run of the calling thread."""
    return next(_runs(reversed(_open.own())), None)


def opened_in(entry: LoggedCell | None) -> list[ActiveRun]:
    """Return the open runs that the cell of this log entry opened on the calling thread, the innermost first."""
    return [run for run in _runs(reversed(_open.own())) if entry is not None and run.origin.log_entry is entry]


def open_here() -> list[ActiveRun]:
    """Return all open runs of this process, the outermost first."""
    return [run for run in _runs(_open.all()) if run.pid == os.getpid()]


def open_ids() -> set[str]:
    """Return the ids of all open runs."""
    return {run.run_id for run in _runs(_open.all())}


def _runs(contexts: Iterable[RunContext]) -> Iterator[ActiveRun]:
    return (context for context in contexts if isinstance(context, ActiveRun))


def active() -> RunContext | None:
    """Return the active run or sweep trial of the calling thread and process, or None."""
    context = _open.current()
    return context if context is not None and context.pid == os.getpid() else None


def require_active(what: str) -> RunContext:
    """Return the active run or sweep trial of the calling thread; *what* is the called function, for the error.

    Raises
    ------
    NoActiveRunError
        If nothing is.
    """
    context = _open.current()
    if context is not None and context.pid != os.getpid():
        raise NoActiveRunError(
            f"{what} was called in another process than the run's, where nothing that is logged would arrive. "
            "Return the values, and log them in the cell."
        )
    if context is None:
        raise NoActiveRunError(
            f"{what} was called where no run is active, or after its run has ended. Put %%track on the first line of "
            "the cell, or call it within `with mlmagic.track():`. In a worker process there is none: return the values."
        )
    return context


def around_folds() -> RunContext | None:
    """Return the run or sweep trial that a loop over folds on the calling thread belongs to, or None.

    A thread without a run of its own belongs to the latest run, but not to a fold of another thread.
    """
    context = _open.top()
    if context is None:
        others = (one for one in reversed(_open.all()) if not (isinstance(one, ActiveRun) and one.above))
        context = next(others, None)
    return context if context is not None and context.pid == os.getpid() else None


def is_open(context: RunContext) -> bool:
    """Return whether *context* has not ended."""
    return any(one is context for one in _open.all())


def require_run(what: str) -> ActiveRun:
    """Return the active run of the calling thread; *what* is the called function, which creates child runs.

    Raises
    ------
    NoActiveRunError
        If none is, or within a trial of a sweep, which has no runs below it.
    """
    context = require_active(what)
    if not isinstance(context, ActiveRun):
        raise NoActiveRunError(
            f"{what} was called within a trial of a sweep, whose run has none below it. Call it in a tracked cell, or "
            "log what the trial found with mlmagic.log"
        )
    return context


def require_no_trial(what: str) -> None:
    """Refuse *what*, which opens a run, within a trial of a sweep.

    Raises
    ------
    UsageProblem
        If a trial is active on the calling thread.
    """
    context = _open.top()
    if context is not None and not isinstance(context, ActiveRun):
        raise UsageProblem(
            f"{what} was called within a trial of a sweep, which is a run already: write mlmagic.log(...) and "
            "mlmagic.log_params(...) there"
        )


def note_last(run_id: str) -> None:
    """Note which run ended last."""
    _last[:] = [run_id]


def last_id() -> str | None:
    """Return the id of the run that ended last in this process, or None if none has ended."""
    return _last[0] if _last else None
