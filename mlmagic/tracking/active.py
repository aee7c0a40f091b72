"""The runs that are open now, and what belongs to each while it is."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.errors import NoActiveRunError
from mlmagic.session.threads import ThreadStacks
from mlmagic.tracking.logged import Logged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.remembered import Remembered
    from mlmagic.session.log import LoggedCell
    from mlmagic.session.log_storage import LogStorage
    from mlmagic.session.output.capture import Capture
    from mlmagic.snapshot.environment.system_metrics import SystemSampler
    from mlmagic.snapshot.git.state import GitState
    from mlmagic.store.delivery.delivery import Delivery
    from mlmagic.store.waiting import Patience, Pending
    from mlmagic.tracking.recording.notices import Notices
    from mlmagic.tracking.recording.options import Origin, TrackOptions
    from mlmagic.tracking.recording.recorder import Recorder
    from mlmagic.tracking.recording.summary import RunSummary
    from mlmagic.tracking.target import Target


@dataclass(eq=False)
class ActiveRun:
    """An open run.

    ``others`` are the MLflow runs that were open before it, which are none of its business. ``collectors`` record
    more when the run is closed, each with what it is to be called; ``datasets`` and ``models`` are those that were
    recorded, each in a few words. ``in_mlflow`` tells that it is MLflow's active run, to which the user's own
    ``mlflow.log_*`` go: the store answered in time when it was opened. ``logged`` is what that run held when the
    code had ended, ``autologged`` what was left to MLflow's autologging. ``is_opening`` is true until its code
    begins. ``recorded`` tells which searches and trials of studies have runs below it already. ``show`` shows its
    summary in place of the usual way.
    """

    delivery: Delivery
    target: Target
    patience: Patience
    options: TrackOptions
    origin: Origin
    recorder: Recorder
    notices: Notices
    capture: Capture
    git: Pending[GitState]
    in_mlflow: bool = False
    is_opening: bool = True
    others: frozenset[str] = frozenset()
    autologged: list[str] = field(default_factory=list)
    logged: Logged = field(default_factory=Logged)
    datasets: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    figure_names: set[str] = field(default_factory=set)
    recorded: set[int] = field(default_factory=set)
    before: dict[str, tuple[Remembered, object]] = field(default_factory=dict)
    collectors: list[tuple[str, Callable[[ActiveRun], None]]] = field(default_factory=list)
    sampler: SystemSampler | None = None
    show: Callable[[RunSummary], None] | None = None
    previous_cells: tuple[int, ...] = ()
    pid: int = field(default_factory=os.getpid)
    _began: float = field(default_factory=time.monotonic)

    @property
    def uid(self) -> str:
        """The run's own id, its tag ``mlmagic.id``."""
        return self.delivery.began.uid

    @property
    def run_id(self) -> str:
        """MLflow's id of the run, or the run's own while the store does not know it; both find it later."""
        return self.delivery.run_id or self.uid

    @property
    def name(self) -> str:
        """The run's name."""
        return self.delivery.began.name

    @property
    def experiment(self) -> str:
        """The name of the run's experiment."""
        return self.target.experiment

    @property
    def experiment_id(self) -> str:
        """The id of the run's experiment, empty while it is not known."""
        return self.delivery.run.info.experiment_id if self.delivery.run else self.target.experiment_id

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags that it was opened with."""
        earlier = self.target.earlier
        return earlier.tags if earlier else self.delivery.began.tags

    @property
    def metrics_before(self) -> Mapping[str, float]:
        """The metrics that a run that is continued had before."""
        return self.target.earlier.metrics if self.target.earlier else {}

    @property
    def began(self) -> int:
        """When its first cell began, in milliseconds since the epoch."""
        return self.target.earlier.began if self.target.earlier else self.delivery.began.started

    @property
    def seconds_before(self) -> float:
        """Seconds in the earlier cells of a run that is continued."""
        return self.target.earlier.seconds if self.target.earlier else 0.0

    @property
    def other_kernels(self) -> LogStorage | None:
        """The log of the earlier kernels that a run which is continued ran in."""
        return self.target.earlier.other_kernels if self.target.earlier else None

    @property
    def logged_params(self) -> set[str]:
        """The parameters that the code logged, but for those of before the run was continued: the recorder warns."""
        earlier = self.target.earlier.params if self.target.earlier else {}
        return {*self.logged.params, *self.recorder.params} - {*earlier}

    @property
    def duration_s(self) -> float:
        """Seconds since it was opened or continued, whatever the clock was set to meanwhile."""
        return time.monotonic() - self._began


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


def open_here() -> list[ActiveRun]:
    """Return all open runs of this process, the outermost first."""
    return [run for run in _open.all() if run.pid == os.getpid()]


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
            f"{what} was called where no run is active, or after its run has ended. Put %%track on the first line of "
            "the cell, or call it within `with mlmagic.track():`. In a worker process there is none: return the values."
        )
    return run
