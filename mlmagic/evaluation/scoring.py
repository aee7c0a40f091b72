"""Compute the metrics of an outcome with their intervals, alone and beside another outcome on the same rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlmagic.evaluation.evaluation import EvaluatedSlice, ModelDifference
from mlmagic.evaluation.measures.asked import measures_asked
from mlmagic.evaluation.measures.standard import Measures
from mlmagic.evaluation.slices import divide, warning_of
from mlmagic.evaluation.statistics.intervals import Interval, interval_of, resample, share_interval
from mlmagic.evaluation.statistics.paired_tests import mcnemar
from mlmagic.evaluation.statistics.resampling import SEED, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mlmagic.evaluation.measures.measure import Measure
    from mlmagic.evaluation.outcomes.outcome import Outcome
    from mlmagic.evaluation.statistics.intervals import Resampled
    from mlmagic.evaluation.statistics.resampling import Resampling

_RESAMPLES = ((20_000, 1000), (200_000, 500))
"""How often so many rows are drawn at most; intervals of more rows are short."""
_FEWEST_RESAMPLES = 200
_RARE = 10


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be computed: the metrics, the confidence, the groups of the rows, and how often they are drawn.

    ``is_stratified`` says that the test set has fixed numbers of rows of each class. If these vary between test sets,
    drawing rows within each class makes the intervals of accuracy, precision and F1 too narrow.
    """

    metrics: Mapping[str, Any]
    confidence: float
    groups: NDArray[Any] | None
    resamples: int | None
    is_stratified: bool = False
    usual: tuple[str, ...] | None = None
    """The standard metrics that are computed; all of them if it is None."""
    seed: int = SEED

    def plan(self, outcome: Outcome) -> Resampling:
        """Return how the rows of *outcome* are drawn."""
        usual = next((times for rows, times in _RESAMPLES if len(outcome) <= rows), _FEWEST_RESAMPLES)
        count = self.resamples or usual
        has_classes = outcome.task in {"binary", "multiclass"}
        classes = outcome.codes if has_classes and (self.is_stratified or _has_rare_class(outcome)) else None
        return plan(len(outcome), classes=classes, groups=self.groups, resamples=count, seed=self.seed)

    def of(self, rows: NDArray[Any]) -> Wanted:
        """Return the same for some of the rows."""
        return replace(self, groups=None if self.groups is None else self.groups[rows], is_stratified=False)


def _has_rare_class(outcome: Outcome) -> bool:
    """Return whether a class has so few rows that resamples of all rows might lack it."""
    import numpy as np

    counts = np.bincount(outcome.codes)
    return bool((counts[counts > 0] < _RARE).any())


@dataclass(frozen=True, eq=False)
class Scores:
    """The metrics of an outcome, and what their intervals are computed from."""

    measures: Mapping[str, Measure]
    resampled: Mapping[str, Resampled]
    intervals: Mapping[str, Interval]
    left_out: Mapping[str, str]
    """The reason for each metric that was left out."""

    @property
    def values(self) -> Mapping[str, float]:
        """The value of each metric; no dict, so that a tracked cell does not record it as a dict of results."""
        return MappingProxyType({name: one.value for name, one in self.resampled.items()})


def score(outcome: Outcome, wanted: Wanted, *, model: str) -> Scores:
    """Return the standard metrics of *outcome* and those that are wanted."""
    known = Measures(outcome)
    slow_too = wanted.resamples is not None
    asked = measures_asked(wanted.metrics, known, outcome, model=model, slow_too=slow_too)
    measures = {one.name: one for one in asked}
    usual = known.standard()
    if wanted.usual is not None:
        usual = {name: usual[name] for name in wanted.usual if name in usual}
    measures |= {name: one for name, one in usual.items() if name not in measures}
    resampled = resample(wanted.plan(outcome), measures)
    intervals = {}
    for name, one in resampled.items():
        intervals[name] = _interval(measures[name], one, outcome, wanted)
    return Scores(measures, resampled, MappingProxyType(intervals), known.left_out)


def _interval(measure: Measure, found: Resampled, outcome: Outcome, wanted: Wanted) -> Interval:
    if measure.summary.most_blocks == 1:
        note = "the function takes long: resamples=200 computes its interval"
        return replace(interval_of(found, wanted.confidence), note=note)
    interval = interval_of(found, wanted.confidence)
    if interval.method == "none" and measure.is_share and wanted.groups is None:
        return share_interval(round(found.value * len(outcome)), len(outcome), wanted.confidence)
    return interval


def score_slices(
    by: str, values: NDArray[Any], outcome: Outcome, wanted: Wanted, *, model: str, note: Callable[[str], None]
) -> tuple[EvaluatedSlice, ...]:
    """Return the metrics of each part of the rows that the column *by* divides."""
    found = []
    for part in divide(by, values, note):
        rows = outcome.take(part.rows)
        scores = score(rows, wanted.of(part.rows), model=model)
        found.append(EvaluatedSlice(by, part.value, len(rows), scores.values, scores.intervals, warning_of(rows)))
    return tuple(found)


def compare(first: tuple[str, Outcome, Scores], second: tuple[str, Outcome, Scores], wanted: Wanted) -> ModelDifference:
    """Return how two models differ; each is its name, its outcome and its scores on the same rows and resamples."""
    model, outcome, scores = first
    against, other, others = second
    shared = [name for name in scores.resampled if name in others.resampled]
    differences = {name: scores.resampled[name].minus(others.resampled[name]) for name in shared}
    right, others_right = outcome.is_right, other.is_right
    return ModelDifference(
        model,
        against,
        len(outcome),
        shared[0],
        MappingProxyType({name: one.value for name, one in differences.items()}),
        MappingProxyType({name: interval_of(one, wanted.confidence) for name, one in differences.items()}),
        {name: scores.measures[name].direction for name in shared},
        # It counts rows that are independent of each other.
        mcnemar(right, others_right)
        if right is not None and others_right is not None and wanted.groups is None
        else None,
    )
