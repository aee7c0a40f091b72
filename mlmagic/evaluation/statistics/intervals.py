"""Bootstrap intervals of metrics: BCa (Efron 1987), or percentiles where BCa is not defined.

`scipy.stats.bootstrap` computes the same intervals, a test compares them. It has neither groups nor weights: it calls
the statistic once more for each row that it leaves out, on all other rows.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from mlmagic.evaluation.statistics.resampling import Resampling
    from mlmagic.evaluation.statistics.summaries import Summary

Method = Literal["BCa", "percentile", "exact", "none"]
_FEWEST_DEFINED = 0.5


class Statistic(Protocol):
    """What has a value on weighted rows."""

    @property
    def summary(self) -> Summary:
        """What it needs to know of the rows."""

    @property
    def finish(self) -> Callable[[Any], NDArray[Any]]:
        """Compute the value of each resample from the summary."""


@dataclass(frozen=True)
class Interval:
    """A confidence interval of a metric; ``nan`` at both ends if none can be told, for the reason in ``note``.

    Attributes
    ----------
    low, high
        The ends.
    confidence
        How often, over many test sets, such an interval contains the true value; 0.95 for 95 %.
    method
        ``"BCa"``, ``"percentile"``, ``"exact"`` (Clopper and Pearson, of a share of rows), or ``"none"``.
    note
        What to know about it, often empty.
    """

    low: float
    high: float
    confidence: float
    method: Method
    note: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the interval has two ends."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Resampled:
    """A statistic's *value*, its values on all resamples, and those with one unit of each stratum left out."""

    value: float
    distribution: NDArray[Any]
    left_out: tuple[NDArray[Any], ...]

    def minus(self, other: Resampled) -> Resampled:
        """Return the difference from *other*, whose values come from the same resamples."""
        left_out = tuple(one - two for one, two in zip(self.left_out, other.left_out, strict=True))
        return Resampled(self.value - other.value, self.distribution - other.distribution, left_out)


def resample(plan: Resampling, statistics: Mapping[str, Statistic]) -> dict[str, Resampled]:
    """Return the values of all *statistics*, on the rows and on the resamples of *plan*."""
    import numpy as np

    with _one_thread():
        values = _of_weights(np.ones((plan.rows, 1)), statistics)
        parts = [_of_weights(weights, statistics) for weights in plan.weights()]
        left_out = _left_out(plan, statistics)
    distributions = {name: np.concatenate([part[name] for part in parts]) for name in statistics}
    return {name: Resampled(float(values[name][0]), distributions[name], tuple(left_out[name])) for name in statistics}


def _one_thread() -> contextlib.AbstractContextManager[object]:
    """Keep BLAS to one thread: on a busy machine the small products take ten times as long on several.

    A product's last digits depend on the number of threads too. threadpoolctl comes with scikit-learn.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return contextlib.nullcontext()
    return threadpool_limits(1, user_api="blas")  # type: ignore[no-any-return]


def _of_weights(weights: NDArray[Any], statistics: Mapping[str, Statistic]) -> dict[str, NDArray[Any]]:
    import numpy as np

    summaries: dict[int, Any] = {}
    found = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, statistic in statistics.items():
            key = id(statistic.summary)
            if key not in summaries:
                summaries[key] = statistic.summary.of(weights)
            found[name] = np.asarray(statistic.finish(summaries[key]), dtype=float).reshape(-1)
    return found


def _left_out(plan: Resampling, statistics: Mapping[str, Statistic]) -> dict[str, list[NDArray[Any]]]:
    """Return the values of each statistic with one unit left out, for each stratum."""
    import numpy as np

    found: dict[str, list[NDArray[Any]]] = {name: [] for name in statistics}
    by_blocks: dict[int, dict[str, Statistic]] = {}
    units: dict[int, NDArray[Any]] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, statistic in statistics.items():
            summary = statistic.summary
            if summary.most_blocks:
                by_blocks.setdefault(summary.most_blocks, {})[name] = statistic
                continue
            if id(summary) not in units:
                units[id(summary)] = plan.units_of(summary.features)  # type: ignore[attr-defined]  # of sums only
            sums = units[id(summary)]
            total = sums.sum(axis=0)[:, None]
            found[name] = [np.asarray(statistic.finish(total - sums[one].T)).reshape(-1) for one in plan.strata]
    for most, some in by_blocks.items():
        for batches in plan.left_out(most):
            parts = [_of_weights(weights, some) for weights in batches]
            for name in some:
                found[name].append(np.concatenate([part[name] for part in parts]))
    return found


def interval_of(found: Resampled, confidence: float = 0.95) -> Interval:
    """Return the interval of a resampled statistic.

    Examples
    --------
    >>> import numpy as np
    >>> from mlmagic.evaluation.statistics.resampling import plan
    >>> from mlmagic.evaluation.statistics.summaries import Sums
    >>> from mlmagic.evaluation.measures.measure import Measure
    >>> rows = np.column_stack([np.ones(20), np.arange(20.0)])
    >>> mean = Measure("mean", Sums(rows), lambda sums: sums[1] / sums[0])
    >>> found = interval_of(resample(plan(20), {"mean": mean})["mean"])
    >>> found.method, round(found.low, 1), round(found.high, 1)
    ('BCa', 6.8, 11.9)
    """
    import numpy as np

    values = found.distribution[np.isfinite(found.distribution)]
    lost = len(found.distribution) - len(values)
    if not math.isfinite(found.value) or len(values) < _FEWEST_DEFINED * len(found.distribution):
        return _none(confidence, f"{lost:,} of {len(found.distribution):,} resamples have no value")
    if np.ptp(values) <= 1e-12 * max(1.0, abs(float(values[0]))):
        return _none(confidence, "all resamples have the same value: these rows cannot tell how far it may vary")
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    note = f"{lost:,} of {len(found.distribution):,} resamples have no value" if lost else ""
    levels = None if lost else _bca_levels(found, tails)
    low, high = np.percentile(values, 100 * (tails if levels is None else levels))
    return Interval(float(low), float(high), confidence, "percentile" if levels is None else "BCa", note)


def _none(confidence: float, why: str) -> Interval:
    return Interval(math.nan, math.nan, confidence, "none", why)


def _bca_levels(found: Resampled, tails: NDArray[Any]) -> NDArray[Any] | None:
    """Return the levels at which BCa reads the distribution, or None where it is not defined."""
    import numpy as np
    from scipy.special import ndtr, ndtri

    values = found.distribution
    share = (np.mean(values < found.value) + np.mean(values <= found.value)) / 2
    bias = ndtri(share)
    acceleration = _acceleration(found.left_out)
    if not (math.isfinite(bias) and math.isfinite(acceleration)):
        return None
    shifted = bias + ndtri(tails)
    levels: NDArray[Any] = ndtr(bias + shifted / (1 - acceleration * shifted))
    return levels if np.all(np.isfinite(levels)) and levels[0] < levels[1] else None


def _acceleration(left_out: Sequence[NDArray[Any]]) -> float:
    """Return the acceleration of several samples (Davison and Hinkley 1997, equation 5.37)."""
    import numpy as np

    cubes = squares = 0.0
    for values in left_out:
        count = len(values)
        influence = (count - 1) * (values.mean() - values)
        cubes += float(np.sum(influence**3)) / count**3
        squares += float(np.sum(influence**2)) / count**2
    return cubes / (6 * squares**1.5) if squares > 0 else math.nan


def share_interval(count: int, rows: int, confidence: float = 0.95) -> Interval:
    """Return the exact interval of a share of rows, such as accuracy (Clopper and Pearson 1934).

    >>> found = share_interval(10, 10)
    >>> round(found.low, 3), found.high
    (0.692, 1.0)
    """
    from scipy.stats import binomtest

    found = binomtest(count, rows).proportion_ci(confidence, method="exact")
    return Interval(float(found.low), float(found.high), confidence, "exact", "")
