"""Levels too rare for a chi-square distribution: what chance alone does to their counts, and a test that holds.

All of it follows from the rows of each level in both samples together, and from the sizes of the samples: without drift
the rows of a level that are current have a hypergeometric distribution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEED = 20_160_229
_MOST_ROWS = 10_000
_PERMUTATIONS, _ENOUGH, _FEWEST_EXCEEDING = 1000, 50, 10
_OBVIOUS, _LEAST_P = 100, 1e-4
"""After so many divisions of which none reaches the statistic, such a p-value is taken as it is."""
_ROUNDING = 1e-9
_LEAST_VARIANCE, _LEAST_SKEWNESS = 1e-9, 1e-3
_MOST_COUNT = 64
"""The most rows of a rare level that the smaller sample may well have: fewer than 5 are expected."""


def distance_by_chance(totals: NDArray[Any], rows: tuple[float, float]) -> float:
    """Return the most that chance is likely to give levels of so many rows of the total variation distance.

    That is the mean, half the mean absolute difference of hypergeometric shares, which has a closed form (Diaconis and
    Zabell, Statistical Science 6(3), 1991), and two standard deviations, in which levels are taken as independent.

    Examples
    --------
    >>> import numpy as np
    >>> round(distance_by_chance(np.full(1000, 2), (1000, 1000)), 3)  # each level has 2 rows
    0.531
    """
    import numpy as np
    from scipy.special import gammaln

    several, levels = np.unique(totals, return_counts=True)
    size, current = float(sum(rows)), float(rows[1])
    above = np.floor(several * current / size) + 1  # the least number above the mean
    possible = (above <= np.minimum(several, current)) & (current - above <= size - several)
    several, levels, above = several[possible].astype(float), levels[possible], above[possible]

    def ways(total: Any, part: Any) -> Any:
        return gammaln(total + 1) - gammaln(part + 1) - gammaln(total - part + 1)

    logarithm = ways(several, above) + ways(size - several, current - above) - ways(size, current)
    away = 2 * above * (size - several - current + above) / size * np.exp(logarithm)
    variance = current * several / size * (1 - several / size) * (size - current) / max(size - 1, 1)
    spread = np.sqrt((levels * np.maximum(variance - away**2, 0.0)).sum())
    share = size / (2 * rows[0] * current)
    return float(min(share * ((levels * away).sum() + 2 * spread), 1.0))


def new_beyond_unseen(reference: NDArray[Any], current: NDArray[Any]) -> Any:
    """Return by how much the share of current rows with new levels exceeds what the reference has not seen.

    That is Good and Turing's estimate: the share of reference rows whose level has no other row. Two standard errors
    are left out. What remains is a lower bound of the total variation distance. Further axes are further samples.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(new_beyond_unseen(np.array([400, 300, 0]), np.array([80, 70, 50]))), 2)
    0.19
    >>> round(float(new_beyond_unseen(np.repeat([1, 0], 500), np.repeat([0, 1], 500))), 2)
    0.0
    """
    import numpy as np

    rows, current_rows = reference.sum(axis=0), current.sum(axis=0)
    new = np.where(reference == 0, current, 0).sum(axis=0) / current_rows
    once, twice = ((reference == count).sum(axis=0) for count in (1, 2))
    variance = new * (1 - new) / current_rows + (once + 2 * twice) / rows**2
    return np.maximum(new - once / rows - 2 * np.sqrt(variance), 0.0)


@dataclass(frozen=True, eq=False)
class RareLevels:
    """Levels of so many rows in both samples together; only their division among the samples is tested."""

    totals: NDArray[Any]

    def p_value(self, reference: NDArray[Any], current: NDArray[Any]) -> float:
        """Return how often rows that are divided by chance have as large a chi-square statistic as these.

        The rows are permuted until 50 divisions reach the statistic, at most 1,000 times (Besag and Clifford,
        Biometrika 78(2), 1991). If fewer than ten do, or if the smaller sample has more than 10,000 rows of levels with
        two rows or more, the p-value is that of `tail`. NaN if every division has the same statistic.

        Examples
        --------
        >>> import numpy as np
        >>> some = RareLevels(np.full(100, 2))
        >>> some.p_value(np.repeat([0, 2], 50), np.repeat([2, 0], 50)) < 1e-9
        True
        """
        import numpy as np

        few = current if current.sum() <= reference.sum() else reference
        rows, size = int(few.sum()), int(self.totals.sum())
        found = _squares(few, self.totals)
        p = float(self.tail(found, np.array(float(rows)))) if rows else math.nan
        several = self.totals[self.totals > 1]
        if math.isnan(p) or rows / size * several.sum() > _MOST_ROWS:
            return p
        # Of a level with one row, it does not matter which it is.
        rng = np.random.default_rng(_SEED)
        codes = np.repeat(np.arange(len(several)), several)
        exceeding = 0
        for drawn in range(1, _PERMUTATIONS + 1):
            some = rng.hypergeometric(len(codes), size - len(codes), rows)
            counts = np.bincount(rng.choice(codes, some, replace=False, shuffle=False), minlength=len(several))
            exceeding += int(_squares(counts, several) + rows - some >= found - _ROUNDING)
            if exceeding == _ENOUGH:
                return exceeding / drawn
            if drawn == _OBVIOUS and not exceeding and p < _LEAST_P:
                return p
        return (exceeding + 1) / (_PERMUTATIONS + 1) if exceeding >= _FEWEST_EXCEEDING else p

    def tail(self, squares: NDArray[Any], few: NDArray[Any]) -> NDArray[Any]:
        """Return the p-values of sums of squared counts over totals, of *few* rows each.

        They are those of gamma distributions (Pearson's type III) with the exact mean and variance of the sum under the
        multivariate hypergeometric distribution. Its skewness is that of independent binomial counts whose sum is held.
        """
        import numpy as np
        from scipy.stats import gamma

        several, levels = np.unique(self.totals.astype(float), return_counts=True)
        size = float((several * levels).sum())
        mean, variance = _moments(several, levels, size, few)
        skewness = _skewness(several, levels, float(np.mean(few)) / size)
        scaled = (squares - mean) / np.sqrt(np.maximum(variance, _LEAST_VARIANCE))
        shape = 4 / max(skewness, _LEAST_SKEWNESS) ** 2
        found: NDArray[Any] = gamma.sf(shape + scaled * np.sqrt(shape), shape)
        return np.where(variance > _LEAST_VARIANCE, found, np.nan)


def _squares(counts: NDArray[Any], totals: NDArray[Any]) -> Any:
    """Return the sum of squared counts over totals, which grows with the chi-square statistic of the table."""
    return (counts.astype(float) ** 2 / totals).sum(axis=0)


def _moments(several: NDArray[Any], levels: NDArray[Any], size: float, few: NDArray[Any]) -> tuple[Any, Any]:
    """Return the mean and the variance of the sum, for *levels* levels of *several* rows each.

    A falling factorial of hypergeometric numbers has as its mean that of the rows, times a ratio of falling factorials
    of the two sizes.
    """
    one = few / size
    two = one * (few - 1) / max(size - 1, 1)
    three = two * (few - 2) / max(size - 2, 1)
    four = three * (few - 3) / max(size - 3, 1)
    count, less = levels.sum(), several - 1
    pairs = (levels * less).sum()
    mean = two * pairs + one * count
    # Of two levels, each with X(X - 1) / t + X / t; then of one level, X^4 / t^2.
    different = (
        four * (pairs**2 - (levels * less**2).sum()) + 2 * three * (count * pairs - pairs) + two * (count**2 - count)
    )
    same = (
        four * (levels * less * (several - 2) * (several - 3) / several).sum()
        + 6 * three * (levels * less * (several - 2) / several).sum()
        + 7 * two * (levels * less / several).sum()
        + one * (levels / several).sum()
    )
    return mean, different + same - mean**2


def _skewness(several: NDArray[Any], levels: NDArray[Any], share: float) -> float:
    """Return the skewness of the sum of squares of independent binomial counts, less what their number explains."""
    import numpy as np
    from scipy.stats import binom

    counts = np.arange(_MOST_COUNT + 1)[:, None]
    weights = binom.pmf(counts, several, share)

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        found: NDArray[Any] = (weights * values).sum(axis=0)
        return found

    away = counts - several * share
    squares = counts**2 / several
    squares = squares - mean(squares)
    slope = (levels * mean(squares * away)).sum() / (levels * mean(away**2)).sum()
    rest = squares - slope * away
    variance = (levels * mean(rest**2)).sum()
    return float((levels * mean(rest**3)).sum() / variance**1.5) if variance > _LEAST_VARIANCE else 0.0
