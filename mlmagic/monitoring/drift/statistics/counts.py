"""Compare two samples of categories, and two shares, by their counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.drift.statistics.shares import jensen_shannon, stability_index, total_variation

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_EXPECTED = 5
_PAIR = 2


@dataclass(frozen=True)
class CountsCompared:
    """How two samples of categories differ; ``test`` is empty if there is nothing to test."""

    test: str
    statistic: float
    p: float
    distance: float
    psi: float
    jensen_shannon: float
    pooled: int
    """How many rare levels were counted as one."""


def compare_counts(reference: NDArray[Any], current: NDArray[Any]) -> CountsCompared:
    """Compare the counts of the same levels in two samples.

    The test and the distances take rare levels as one, until 5 rows are expected in each cell of the table: the
    distance of many rare levels is large by chance alone.

    Examples
    --------
    >>> import numpy as np
    >>> found = compare_counts(np.array([50, 40, 4, 3, 3]), np.array([20, 70, 4, 3, 3]))
    >>> found.test, found.pooled, round(found.distance, 6)
    ('chi-square', 3, 0.3)
    """
    from scipy import stats

    table, pooled = pool(reference, current)
    shares = table[0] / table[0].sum(), table[1] / table[1].sum()
    distances = total_variation(*shares), stability_index(*shares), jensen_shannon(*shares)
    if table.shape[1] < _PAIR:
        return CountsCompared("", 0.0, 1.0, *distances, pooled)
    if table.shape[1] == _PAIR and _expected(table).min() < LEAST_EXPECTED:
        return CountsCompared("Fisher", distances[0], float(stats.fisher_exact(table).pvalue), *distances, pooled)
    found = stats.chi2_contingency(table)
    return CountsCompared("chi-square", float(found.statistic), float(found.pvalue), *distances, pooled)


def pool(reference: NDArray[Any], current: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return the table of counts with rare levels as its last column, and how many these are.

    Levels are pooled, the rarest first, until 5 rows are expected in each cell, or two columns are left.

    >>> import numpy as np
    >>> pool(np.array([90, 4, 3, 3]), np.array([80, 12, 4, 4]))
    (array([[90,  4,  6],
           [80, 12,  8]]), 2)
    """
    import numpy as np

    table = np.stack([reference, current])
    table = table[:, table.sum(axis=0) > 0]
    rows = table.sum(axis=1)
    kept = kept_levels(table.sum(axis=0), (rows[0], rows[1]))
    rare = np.delete(np.arange(table.shape[1]), kept)
    if not len(rare):
        return table, 0
    return np.column_stack([table[:, kept], table[:, rare].sum(axis=1)]), len(rare)


def kept_levels(totals: NDArray[Any], rows: tuple[float, float]) -> NDArray[Any]:
    """Return the levels that are not pooled, by the rows of each level and of each sample, the most frequent first.

    >>> import numpy as np
    >>> kept_levels(np.array([5, 170, 16, 7]), (100, 98))
    array([1, 2])
    """
    import numpy as np

    order = np.argsort(-totals, kind="stable")
    least = LEAST_EXPECTED * sum(rows) / min(rows)
    kept = int((totals >= least).sum())
    if kept < len(totals):
        while kept > 1 and totals[order[kept:]].sum() < least:
            kept -= 1
        # All levels rare: the most frequent one beside the rest, if both are there.
        kept = max(kept, 1)
    found: NDArray[Any] = order[:kept]
    return found


def two_shares(reference: tuple[int, int], current: tuple[int, int]) -> float:
    """Return the p-value of two shares, each given as a number of rows among all rows: chi-square, or Fisher's test.

    >>> round(two_shares((10, 100), (30, 100)), 5), round(two_shares((0, 10), (1, 10)), 5)
    (0.00078, 1.0)
    """
    import numpy as np
    from scipy import stats

    table = np.array([[part, rows - part] for part, rows in (reference, current)])
    if not table.sum(axis=0).all():
        return 1.0
    if _expected(table).min() < LEAST_EXPECTED:
        return float(stats.fisher_exact(table).pvalue)
    return float(stats.chi2_contingency(table).pvalue)


def _expected(table: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    found: NDArray[Any] = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return found
