"""An open run: what the captures of configs, data, models and sweeps read from it and record to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError
from mlmagic.recording.run_context import RunContext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from mlmagic.recording.options import Origin, TrackOptions
    from mlmagic.recording.summary import Status
    from mlmagic.recording.target import Target
    from mlmagic.remembered import Remembered
    from mlmagic.session.log_storage import LogStorage
    from mlmagic.store.delivery.delivery import Delivery
    from mlmagic.store.waiting import WaitBudget


@dataclass(frozen=True)
class Logged:
    """What the user's own code and MLflow's autologging logged with MLflow; ``models`` are ids of logged models.

    ``status`` is set if the user's code ended the run itself, by ``mlflow.end_run`` or ``set_terminated``.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    status: Status | None = None


@dataclass(eq=False, kw_only=True)
class ActiveRun(RunContext):
    """An open run.

    ``datasets`` and ``models`` are those that were recorded, each in a few words. ``logged`` is what MLflow's run
    contained when the code had ended, ``autologged`` what was left to MLflow's autologging. ``recorded`` says which
    searches and trials of studies have child runs already. ``of_folds`` has the objects that the last fold of a loop
    bound, by name, and ``models_of_folds`` the models that were fitted in one: they are no results of this run.
    ``on_data`` takes data that a magic or function of mlmagic was given: name, data, fingerprint and use.
    ``loops`` counts its loops over folds; ``above`` is set for the run of a fold. ``error`` is what ended the code.
    """

    delivery: Delivery
    target: Target
    patience: WaitBudget
    options: TrackOptions
    origin: Origin
    autologged: list[str] = field(default_factory=list)
    logged: Logged = field(default_factory=Logged)
    datasets: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    recorded: set[int] = field(default_factory=set)
    of_folds: dict[str, Remembered] = field(default_factory=dict)
    models_of_folds: list[Remembered] = field(default_factory=list)
    on_data: Callable[[str, Any, Any, str], None] | None = None
    loops: int = 0
    above: ActiveRun | None = None
    error: BaseException | None = None
    _began: float = field(default_factory=time.monotonic)

    @property
    def uid(self) -> str:
        """The run's own id, its tag ``mlmagic.id``."""
        return self.delivery.began.uid

    @property
    def run_id(self) -> str:
        """MLflow's id of the run, or the run's own id while the store does not know the run; both find it later."""
        return self.delivery.run_id or self.uid

    def text_of_earlier_cells(self, file: str, what: str) -> str:
        """Return the text of a *file* that the earlier cells of a continued run recorded, empty if there is none.

        If it cannot be read, a notice says that *what* it had is lost.
        """
        if self.target.earlier is None:
            return ""
        from mlmagic.store.query.run import Run  # `%load_ext` needs none of it

        try:
            stored = Run(self.target.earlier.run_id)
            return stored.text(file) if file in stored.artifacts else ""
        except MLMagicError as error:
            self.notices.warn(f"the {what} of earlier cells are not in {file} any more: {error}")
            return ""

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
        """The tags that the run was opened with."""
        earlier = self.target.earlier
        return earlier.tags if earlier else self.delivery.began.tags

    @property
    def metrics_before(self) -> Mapping[str, float]:
        """The metrics that a continued run had before."""
        return self.target.earlier.metrics if self.target.earlier else {}

    @property
    def began(self) -> int:
        """When the run's first cell began, in milliseconds since the epoch."""
        return self.target.earlier.began if self.target.earlier else self.delivery.began.started

    @property
    def seconds_before(self) -> float:
        """Seconds in the earlier cells of a continued run."""
        return self.target.earlier.seconds if self.target.earlier else 0.0

    @property
    def other_kernels(self) -> LogStorage | None:
        """The log of the earlier kernels in which a continued run ran."""
        return self.target.earlier.other_kernels if self.target.earlier else None

    @property
    def logged_params(self) -> set[str]:
        """The parameters that the code logged, except those from before a continuation: the recorder warns of these."""
        earlier = self.target.earlier.params if self.target.earlier else {}
        return {*self.logged.params, *self.recorder.params} - {*earlier}

    @property
    def duration_s(self) -> float:
        """Seconds since the run was opened or continued, independent of changes to the clock."""
        return time.monotonic() - self._began
