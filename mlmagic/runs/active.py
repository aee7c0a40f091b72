"""The runs that are open now, and what belongs to each while it is."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from mlmagic.errors import NoActiveRunError
from mlmagic.session.threads import ThreadStacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.runs.mlflow_sink import MlflowSink
    from mlmagic.runs.notices import Notices
    from mlmagic.runs.options import Origin, TrackOptions
    from mlmagic.runs.recorder import Recorder
    from mlmagic.session.capture import Capture
    from mlmagic.session.log import LoggedCell
    from mlmagic.snapshot.git import GitState
    from mlmagic.snapshot.system import SystemSampler

T = TypeVar("T")


class Pending(Generic[T]):
    """What *work* returns, worked out on a thread of its own while the caller goes on.

    >>> Pending(lambda: 6 * 7).result(timeout_s=5)
    42
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._value: T | None = None
        self._error: Exception | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, name="mlmagic-pending", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._work()
        except Exception as error:  # noqa: BLE001  # raised again where the result is asked for
            self._error = error

    def peek(self, timeout_s: float) -> T | None:
        """Return the value if it is there within *timeout_s* seconds; a failure is told by ``result``."""
        self._thread.join(timeout_s)
        return self._value

    def result(self, timeout_s: float) -> T | None:
        """Return the value, or None when it is not there after *timeout_s* seconds."""
        self._thread.join(timeout_s)
        if self._error is not None:
            raise self._error
        return self._value


@dataclass(eq=False)
class ActiveRun:
    """An open run.

    ``tags`` and ``metrics_before`` are those it was opened with; ``others`` are the MLflow runs that were open before
    it, which are none of its business. ``collectors`` record more when the run is closed, each with what it is to be
    called; ``datasets`` and ``models`` are those that were recorded, each in a few words. ``stored`` is what MLflow
    held of it when the code had ended, before anything was recorded by itself; ``autologged`` is what was left to
    MLflow's autologging.
    """

    run_id: str
    name: str
    experiment_id: str
    experiment: str
    options: TrackOptions
    origin: Origin
    client: MlflowClient
    sink: MlflowSink
    recorder: Recorder
    notices: Notices
    capture: Capture
    git: Pending[GitState]
    tags: dict[str, str]
    metrics_before: dict[str, float]
    others: frozenset[str]
    stored: Run | None = None
    autologged: list[str] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    figure_names: set[str] = field(default_factory=set)
    held_before: dict[str, tuple[object, object]] = field(default_factory=dict)
    collectors: list[tuple[str, Callable[[ActiveRun], None]]] = field(default_factory=list)
    sampler: SystemSampler | None = None
    previous_cells: tuple[int, ...] = ()
    pid: int = field(default_factory=os.getpid)
    started: float = field(default_factory=time.time)


_open: ThreadStacks[ActiveRun] = ThreadStacks()


def enter(run: ActiveRun) -> None:
    """Make *run* the one that ``mlmagic.log`` writes to."""
    _open.push(run)


def leave(run: ActiveRun) -> None:
    """Let *run* be active no longer."""
    _open.remove(run)


def on_this_thread() -> ActiveRun | None:
    """Return the innermost open run of the calling thread."""
    return _open.top()


def opened_in(entry: LoggedCell | None) -> list[ActiveRun]:
    """Return the open runs that the cell of this log entry opened on the calling thread, the innermost first."""
    return [run for run in reversed(_open.own()) if entry is not None and run.origin.log_entry is entry]


def open_ids() -> set[str]:
    """Return the ids of all open runs."""
    return {run.run_id for run in _open.all()}


def require_active(what: str) -> ActiveRun:
    """Return the run that is active for the calling thread; *what* was called, for the error.

    Raises
    ------
    NoActiveRunError
        When none is.
    """
    run = _open.current()
    if run is not None and run.pid != os.getpid():
        raise NoActiveRunError(
            f"{what} was called in another process than the run's, where nothing that is logged would arrive. "
            "Return the values, and log them in the cell."
        )
    if run is None:
        raise NoActiveRunError(
            f"{what} was called where no run is active. Put %%track on the first line of the cell, "
            "or call it within `with mlmagic.track():`. In a worker process there is none: return the values instead."
        )
    return run
