"""Compare two samples of numbers: the Kolmogorov-Smirnov test, and distances in several scales."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.drift.statistics.shares import jensen_shannon, stability_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_EXACT = 10_000
"""The most values for which SciPy computes an exact p-value."""
_FAR_OUT = ((5000, 18.0), (100_000, 12.0))
"""From so many rows on, and beyond such an exponent, the expansion of the p-value differs by less than 1e-12."""
_MOST_EXACT_WASSERSTEIN = 20_000
_QUANTILES = 10_000
_BINS = 24
_DECILES = 10


@dataclass(frozen=True)
class NumbersCompared:
    """How two samples of numbers differ.

    ``wasserstein`` is in standard deviations of the reference, and NaN if that is constant. ``edges`` are those of the
    bins whose shares are ``reference_shares`` and ``current_shares``; the first and the last bin are open.
    """

    statistic: float
    p: float
    wasserstein: float
    psi: float
    jensen_shannon: float
    means: tuple[float, float]
    deviations: tuple[float, float]
    outside: float
    edges: tuple[float, ...]
    reference_shares: tuple[float, ...]
    current_shares: tuple[float, ...]


def compare_numbers(reference: NDArray[Any], current: NDArray[Any]) -> NumbersCompared:
    """Compare two samples of at least one number each, which may be infinite.

    Examples
    --------
    >>> import numpy as np
    >>> found = compare_numbers(np.arange(100.0), np.arange(50.0, 150.0))
    >>> found.statistic, found.outside, found.means
    (0.5, 0.5, (49.5, 99.5))
    """
    import numpy as np

    first, second = np.sort(reference), np.sort(current)
    statistic = ks_statistic(first, second)
    finite = _finite(first), _finite(second)
    known = all(len(one) for one in finite)
    deviations = tuple(float(one.std()) if len(one) else math.nan for one in finite)
    wasserstein = math.nan
    if known and deviations[0] > 0:
        wasserstein = _wasserstein(*finite) / deviations[0]
    deciles = _shares(first, second, np.unique(_quantiles(first, _DECILES)))
    edges = _edges(*finite) if known else np.zeros(0)
    shares = _shares(first, second, edges[1:-1])
    low, high = first[0], first[-1]
    outside = np.searchsorted(second, low, side="left") + len(second) - np.searchsorted(second, high, side="right")
    return NumbersCompared(
        statistic,
        ks_p_value(first, second, statistic),
        wasserstein,
        stability_index(*deciles),
        jensen_shannon(*deciles),
        (_mean(finite[0]), _mean(finite[1])),
        (deviations[0], deviations[1]),
        float(outside) / len(second),
        tuple(edges.tolist()),
        tuple(shares[0].tolist()),
        tuple(shares[1].tolist()),
    )


def _finite(ordered: NDArray[Any]) -> NDArray[Any]:
    """Return a sorted sample without its infinities, which stand at its ends."""
    import numpy as np

    return ordered[np.searchsorted(ordered, -np.inf, side="right") : np.searchsorted(ordered, np.inf, side="left")]


def ks_statistic(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the largest distance of the empirical distribution functions of two sorted samples.

    One sample's function exceeds the other's the most at one of its own values, and falls short of it the most just
    before one: it is enough to look up the values of the smaller sample in the larger one.
    """
    import numpy as np

    few, many = (first, second) if len(first) <= len(second) else (second, first)
    rank = np.arange(len(few) + 1) / len(few)
    above = rank[1:] - np.searchsorted(many, few, side="right") / len(many)
    below = np.searchsorted(many, few, side="left") / len(many) - rank[:-1]
    return max(float(above.max()), float(below.max()), 0.0)


def ks_p_value(first: NDArray[Any], second: NDArray[Any], statistic: float) -> float:
    """Return the p-value that `scipy.stats.ks_2samp` gives for this *statistic*.

    SciPy sums as many terms as there are values if p is small, which takes seconds. Far out, the expansion of Simard
    and L'Ecuyer (Journal of Statistical Software 39(11), 2011, ``KSPlusbarAsymp``) differs by less than 1e-12.
    """
    from scipy import stats

    rows = len(first), len(second)
    if max(rows) <= _MOST_EXACT:
        return float(stats.ks_2samp(first, second).pvalue)
    effective = round(float(rows[0]) * rows[1] / (rows[0] + rows[1]))
    exponent = (6 * effective * statistic + 1) ** 2 / (18 * effective)
    if any(effective > fewest and exponent > far for fewest, far in _FAR_OUT):
        return 2 * (1 - (2 * exponent**2 - 4 * exponent - 1) / (18 * effective)) * math.exp(-exponent)
    return float(min(max(stats.kstwo.sf(statistic, effective), 0.0), 1.0))


def _wasserstein(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the Wasserstein distance of two sorted samples; of long ones, that of their quantiles."""
    import numpy as np

    if max(len(first), len(second)) <= _MOST_EXACT_WASSERSTEIN:
        from scipy.stats import wasserstein_distance

        return float(wasserstein_distance(first, second))
    at = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    return float(np.abs(first[(at * len(first)).astype(int)] - second[(at * len(second)).astype(int)]).mean())


def _quantiles(ordered: NDArray[Any], parts: int) -> NDArray[Any]:
    """Return the inner quantiles of a sorted sample."""
    import numpy as np

    found: NDArray[Any] = ordered[np.arange(1, parts) * len(ordered) // parts]
    return found


def _shares(first: NDArray[Any], second: NDArray[Any], edges: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the shares of two sorted samples between *edges*; the first and the last bin are open."""
    import numpy as np

    found = []
    for ordered in (first, second):
        until = np.searchsorted(ordered, edges, side="right")
        found.append(np.diff(until, prepend=0, append=len(ordered)) / len(ordered))
    return found[0], found[1]


def _edges(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Return the edges of a histogram of both samples, without the longest tails."""
    import numpy as np

    ends = [one[[len(one) // 100, len(one) - 1 - len(one) // 100]] for one in (first, second)]
    low, high = min(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1])
    with np.errstate(over="ignore"):
        width = high - low
    if not width or not np.isfinite(width):
        return np.array([low, high])
    return np.linspace(low, high, _BINS + 1)


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else math.nan
