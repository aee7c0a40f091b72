"""Compare means where the values of one sample are not known: Welch's test, with the most that their spread can be."""

from __future__ import annotations

import math
from dataclasses import dataclass

_TWO = 2


@dataclass(frozen=True)
class Moments:
    """The number, the mean and the standard deviation of values; the deviation may be an upper bound."""

    count: int
    mean: float
    deviation: float


def within_range(count: int, mean: float, low: float, high: float) -> Moments:
    """Return the moments of values of which only mean and range are known: the deviation is the largest possible.

    Its square is at most (high - mean) (mean - low) (Bhatia and Davis, The American Mathematical Monthly 107(4), 2000).

    >>> within_range(100, 1.0, 0.0, 5.0).deviation
    2.0
    """
    return Moments(count, mean, math.sqrt(max(high - mean, 0.0)) * math.sqrt(max(mean - low, 0.0)))


def means_differ(first: Moments, second: Moments) -> tuple[float, float]:
    """Return the statistic and the p-value of Welch's test, as `scipy.stats.ttest_ind_from_stats` has them.

    A bound in place of a standard deviation only makes the test careful. NaN if there are too few values.

    >>> statistic, p = means_differ(Moments(50, 0.0, 1.0), Moments(40, 1.0, 1.5))
    >>> round(statistic, 3), round(p, 6)
    (-3.621, 0.000574)
    """
    if min(first.count, second.count) < _TWO or not math.isfinite(first.mean - second.mean):
        return math.nan, math.nan
    if first.deviation == second.deviation == 0:
        return (0.0, 1.0) if first.mean == second.mean else (math.inf, 0.0)
    from scipy.stats import ttest_ind_from_stats

    found = ttest_ind_from_stats(
        first.mean, first.deviation, first.count, second.mean, second.deviation, second.count, equal_var=False
    )
    return float(found.statistic), float(found.pvalue)


def distance_of_means(first: Moments, second: Moments) -> float:
    """Return the Kolmogorov-Smirnov distance of normal distributions with these means and their common deviation.

    >>> round(distance_of_means(Moments(9, 0.0, 1.0), Moments(9, 0.5, 1.0)), 3)
    0.197
    """
    away = abs(first.mean - second.mean)
    deviation = math.hypot(first.deviation, second.deviation) / math.sqrt(2)
    if not away or not math.isfinite(away):
        return 0.0
    return math.erf(away / deviation / (2 * math.sqrt(2))) if deviation else 1.0
