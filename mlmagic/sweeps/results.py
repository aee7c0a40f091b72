"""The results of a sweep: its trials, the best point, and DataFrames of both."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.sweeps.trials.best_value import best_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mlmagic.store.query.direction import Direction
    from mlmagic.store.query.histories.extremes import Extremes
    from mlmagic.sweeps.trials.trial import Status


_MEASURED = ("mean", "error", "count")


@dataclass(frozen=True)
class Trial:
    """One trial: its *point*, the number of that point, its seed, and its result.

    ``uid`` is its run's tag ``mlmagic.id``, by which `mlmagic.Run` finds it. ``metrics`` are the last values,
    ``extremes`` those of the metrics with steps.
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
    extremes: Mapping[str, Extremes] = field(default_factory=dict)


@dataclass(frozen=True)
class PointSummary:
    """A point's metric over its seeds: the mean, its standard error (NaN for one trial), and the number of trials."""

    point_number: int
    point: Mapping[str, Any]
    mean: float
    error: float
    count: int


@dataclass(frozen=True)
class Results:
    """All trials of a sweep, in order, and the metric by which they are compared."""

    name: str
    run_id: str
    trials: Sequence[Trial]
    metric: str | None
    goal: Direction | None

    def summaries(self) -> list[PointSummary]:
        """Return a summary of each point with a finite value of the metric, best first."""
        import statistics

        by_point: dict[int, list[Trial]] = {}
        for trial in self.trials:
            by_point.setdefault(trial.point_number, []).append(trial)
        found = []
        for number, trials in by_point.items():
            values = [value for trial in trials if (value := self.value(trial)) is not None]
            if values:
                error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
                found.append(PointSummary(number, trials[0].point, statistics.fmean(values), error, len(values)))
        return sorted(found, key=lambda one: one.mean, reverse=self.goal == "max")

    def value(self, trial: Trial) -> float | None:
        """Return the metric of a finished trial if it is finite, else None: the best value if it has steps."""
        value = self._best(trial)[0] if trial.status == "FINISHED" else None
        return value if value is not None and math.isfinite(value) else None

    @property
    def is_by_best(self) -> bool:
        """Whether the best value of a finished trial is not the last one."""
        finished = [trial for trial in self.trials if trial.status == "FINISHED"]
        return any(repr(self._best(trial)[0]) != repr(trial.metrics.get(self.metric or "")) for trial in finished)

    def _best(self, trial: Trial) -> tuple[float | None, int | None]:
        return best_value(self.metric or "", trial.metrics, trial.extremes, self.goal)

    @property
    def best(self) -> Mapping[str, Any] | None:
        """The point with the best mean of the metric, or None if no trial has the metric.

        A metric with steps counts with its best value in each trial, as in ``%runs``.
        """
        summaries = self.summaries() if self.goal else []
        return dict(summaries[0].point) if summaries else None

    def points(self) -> pd.DataFrame:
        """Return a DataFrame with one row per point, best first: the swept values, and a summary of the metric.

        The summary's columns are ``loss.mean``, ``loss.error`` (the standard error, NaN for one trial), ``loss.count``.
        """
        import pandas as pd

        summaries = self.summaries() if self.goal else []
        names = dict.fromkeys(name for one in summaries for name in one.point)
        columns: dict[str, list[Any]] = {name: [one.point.get(name) for one in summaries] for name in names}
        measured = {f"{self.metric}.{key}": [getattr(one, key) for one in summaries] for key in _MEASURED}
        return pd.DataFrame(columns | measured)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per trial: trial, status, duration (s), seed, the swept values, the metrics, and the error.

        Swept parameters keep their names. If ``seed`` is swept, the trial's own seed is ``trial.seed``. Metrics are the
        last values. If the best value of the sweep's metric is another one, ``loss (best)`` and ``loss (best step)``
        stand before it.
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
        columns: dict[str, Any] = {
            name if name not in swept else f"trial.{name}": values for name, values in own.items()
        }
        for name in swept:
            columns[name] = [trial.point.get(name) for trial in self.trials]
        for name in metrics:
            key = name if name not in columns else f"metrics.{name}"
            if name == self.metric and self.is_by_best:
                best = [self._best(trial) for trial in self.trials]
                columns[f"{key} (best)"] = [math.nan if value is None else value for value, _ in best]
                columns[f"{key} (best step)"] = pd.array([step for _, step in best], dtype="Int64")
            columns[key] = [trial.metrics.get(name, math.nan) for trial in self.trials]
        if any(trial.error for trial in self.trials):
            key = "error" if "error" not in columns else "trial.error"
            columns[key] = [trial.error for trial in self.trials]
        return pd.DataFrame(columns)
