"""What a sweep came to: a DataFrame with a row a trial, and the best of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mlmagic.store.query.direction import Direction
    from mlmagic.sweeps.trials.trial import Status


_MEASURED = ("mean", "error", "count")


@dataclass(frozen=True)
class Trial:
    """One trial: the *point* it was run at, how many points came before it, its seed, and what became of it.

    ``uid`` is its run's own id (the tag ``mlmagic.id``), by which `mlmagic.Run` finds it.
    """

    number: int
    point_number: int
    point: Mapping[str, Any]
    seed: int
    status: Status
    metrics: Mapping[str, float]
    duration_s: float
    uid: str
    error: str | None = None
    pruned: bool = False


@dataclass(frozen=True)
class Summary:
    """A point over its seeds: the mean of the metric and its standard error (NaN of one), and how many it is of."""

    point_number: int
    point: Mapping[str, Any]
    mean: float
    error: float
    count: int


@dataclass(frozen=True)
class Results:
    """All trials of a sweep, in order, and the metric that they are judged by."""

    name: str
    run_id: str
    trials: Sequence[Trial]
    metric: str | None
    goal: Direction | None

    def summaries(self) -> list[Summary]:
        """Return a summary of each point that has a finite value of the metric, the best first."""
        import statistics

        by_point: dict[int, list[Trial]] = {}
        for trial in self.trials:
            by_point.setdefault(trial.point_number, []).append(trial)
        found = []
        for number, trials in by_point.items():
            values = [value for trial in trials if (value := self.value(trial)) is not None]
            if values:
                error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
                found.append(Summary(number, trials[0].point, statistics.fmean(values), error, len(values)))
        return sorted(found, key=lambda one: one.mean, reverse=self.goal == "max")

    def value(self, trial: Trial) -> float | None:
        """Return the finite value that a trial that finished has of the metric, else None."""
        value = trial.metrics.get(self.metric or "") if trial.status == "FINISHED" else None
        return value if value is not None and math.isfinite(value) else None

    @property
    def best(self) -> Mapping[str, Any] | None:
        """The point with the best mean of the metric; None where no trial has one."""
        summaries = self.summaries() if self.goal else []
        return dict(summaries[0].point) if summaries else None

    def points(self) -> pd.DataFrame:
        """Return one row a point, the best first: what was swept, and of the metric mean, standard error and count.

        They are called ``loss.mean``, ``loss.error`` (NaN of one trial) and ``loss.count``.
        """
        import pandas as pd

        summaries = self.summaries() if self.goal else []
        names = dict.fromkeys(name for one in summaries for name in one.point)
        columns: dict[str, list[Any]] = {name: [one.point.get(name) for one in summaries] for name in names}
        measured = {f"{self.metric}.{key}": [getattr(one, key) for one in summaries] for key in _MEASURED}
        return pd.DataFrame(columns | measured)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row a trial: trial, status, duration (s), seed, what was swept, the metrics, and the error.

        Swept parameters keep their names. If ``seed`` is swept, the trial's own seed is ``trial.seed``.
        """
        import pandas as pd

        swept = dict.fromkeys(name for trial in self.trials for name in trial.point)
        metrics = dict.fromkeys(name for trial in self.trials for name in trial.metrics)
        own: dict[str, list[Any]] = {
            "trial": [trial.number for trial in self.trials],
            "status": [trial.status for trial in self.trials],
            "duration": [trial.duration_s for trial in self.trials],
            "seed": [trial.seed for trial in self.trials],
        }
        columns = {name if name not in swept else f"trial.{name}": values for name, values in own.items()}
        for name in swept:
            columns[name] = [trial.point.get(name) for trial in self.trials]
        for name in metrics:
            key = name if name not in columns else f"metrics.{name}"
            columns[key] = [trial.metrics.get(name, math.nan) for trial in self.trials]
        if any(trial.error for trial in self.trials):
            key = "error" if "error" not in columns else "trial.error"
            columns[key] = [trial.error for trial in self.trials]
        return pd.DataFrame(columns)
