"""Records each trial of an Optuna study that a cell runs as a child run of the cell's run."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import optuna
from mlmagic.journal.records import Metric
from mlmagic.recording.child_runs import ChildRun
from mlmagic.recording.open_runs import require_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.session.observation.cell_observer import CellObserver

_STATUSES = {"COMPLETE": "FINISHED", "PRUNED": "KILLED", "FAIL": "FAILED"}
_VALUE = "value"


def optuna_callback(name: str = "study") -> Callable[[Any, Any], None]:
    """Return a callback for ``study.optimize(…, callbacks=[…])`` that records each trial as a child of the active run.

    A tracked cell records the trials of its studies automatically at its end. The callback records them while the cell
    runs, and works within ``with mlmagic.track():``.

    Returns
    -------
    A function of a study and one of its trials, as Optuna calls it.

    Raises
    ------
    NoActiveRunError
        If no run is active.

    Examples
    --------
    >>> import mlmagic
    >>> with mlmagic.track("tuning"):  # doctest: +SKIP
    ...     study.optimize(objective, n_trials=50, callbacks=[mlmagic.optuna_callback()])
    """
    run = require_run("mlmagic.optuna_callback")

    def record(study: Any, trial: Any) -> None:
        record_study_trial(run, name, study, trial)

    return record


class StudyCapture:
    """Records the trials that a cell ran of the Optuna studies that it reads or binds."""

    what = "studies"

    def __init__(self) -> None:
        self._began = datetime.min  # noqa: DTZ901  # as Optuna dates its trials
        self._place = 0

    def before(self, run: ActiveRun) -> None:  # noqa: ARG002  # it reads nothing of the cell
        """Note the start time of the cell."""
        self._began = datetime.now()  # noqa: DTZ005  # as above
        self._place = optuna.now()

    def after(self, run: ActiveRun) -> None:
        """Record the trials of this process that began or ended while the cell ran."""
        watch = run.origin.watch
        if watch is None or "optuna" not in sys.modules:
            return
        for name, study in _studies(watch):
            watch.skips.read(name, study, partial(self._record, run, name), default=None)

    def _record(self, run: ActiveRun, name: str, study: Any) -> None:
        count = others = 0
        for trial in study.get_trials(deepcopy=False):
            if not trial.state.is_finished():
                continue
            place = optuna.begun_here(study.study_name, trial)
            # An earlier cell may have called `study.ask`, and this one `study.tell`.
            ended_here = trial.datetime_complete is None or trial.datetime_complete >= self._began
            if place is not None and (place > self._place or ended_here):
                count += record_study_trial(run, name, study, trial)
            elif place is None and ended_here:
                others += 1
        if count:
            run.notices.info(f"{name}: each of its {count} trials is a run below this one")
        if others:
            trials = "1 trial" if others == 1 else f"{others} trials"
            run.notices.info(f"{name}: {trials} of other processes ended meanwhile, not recorded here")


def record_study_trial(run: ActiveRun, name: str, study: Any, trial: Any) -> bool:
    """Record an ended trial of a study as a child run of *run*, once; return whether it was recorded.

    The run's parameters are those that Optuna proposed. Its metrics are the objective's values, named as in the study
    (else ``value``). The intermediate values of a single objective form the metric's curve.
    """
    status = _STATUSES.get(trial.state.name)
    key = hash((study.study_name, trial.number, trial.datetime_start))
    if status is None or key in run.recorded:
        return False
    run.recorded.add(key)
    started = _ms(trial.datetime_start)
    child = ChildRun(
        run, f"{name} {trial.number}", started, {"mlmagic.trial": str(trial.number), "mlmagic.search": name}
    )
    for param, value in trial.params.items():
        child.recorder.param(param, value)
    values = list(trial.values or ())
    names = study.metric_names or [_VALUE if len(values) == 1 else f"{_VALUE}_{at}" for at in range(len(values))]
    reported = sorted(trial.intermediate_values.items())
    if len(names) == 1 or not values:
        metric = names[0] if names else _VALUE
        child.records(Metric(metric, float(value), started, step) for step, value in reported)
    for metric, value in zip(names, values, strict=False):
        child.recorder.metric(metric, value, reported[-1][0] + 1 if reported and len(names) == 1 else None)
    for attribute, value in trial.user_attrs.items():
        child.recorder.tag(attribute, value)
    child.end(status, _ms(trial.datetime_complete))
    return True


def _ms(moment: Any) -> int:
    return round(moment.timestamp() * 1000) if moment is not None else time.time_ns() // 1_000_000


def _studies(watch: CellObserver) -> Iterator[tuple[str, Any]]:
    seen: set[int] = set()
    for name, value in watch.objects((*watch.reads, *watch.bound.names())).items():
        is_study = watch.skips.read(name, value, _is_study, default=False)
        if is_study and id(value) not in seen and not name.startswith("_"):
            seen.add(id(value))
            yield name, value


def _is_study(value: Any) -> bool:
    library = sys.modules.get("optuna")
    return library is not None and isinstance(value, library.Study)
