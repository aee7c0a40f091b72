"""Compare two samples of categories, and two shares, by their counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.drift.statistics.rare_levels import RareLevels, distance_by_chance, new_beyond_unseen
from mlmagic.monitoring.drift.statistics.shares import jensen_shannon, stability_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_EXPECTED = 5
_PAIR = 2
_FEWEST_RARE = 10
"""The rows of rare levels that the smaller sample has to have on average, for a test of these."""
_CERTAIN = 1 - 1e-6


@dataclass(frozen=True)
class CountsCompared:
    """How two samples of categories differ; ``test`` is empty if there is nothing to test.

    ``distance`` is the total variation distance over all levels, less the most that chance is likely to give the
    ``rare`` ones, which is ``chance``. PSI and the Jensen-Shannon distance are over all levels as they
    are.
    """

    test: str
    statistic: float
    p: float
    distance: float
    psi: float
    jensen_shannon: float
    rare: int = 0
    chance: float = 0.0


def compare_counts(reference: NDArray[Any], current: NDArray[Any]) -> CountsCompared:
    """Compare the counts of the same levels in two samples.

    The chi-square test needs 5 expected rows in each cell of the table: rare levels are one level to it. Another test
    is that of the division of their rows, which is independent of the first one; with it the smaller p-value of both
    counts twice (Sidak's correction), and ``test`` is ``"sparse chi-square"``. It is left out where the smaller sample
    would have fewer than 10 rows of rare levels.

    Examples
    --------
    >>> import numpy as np
    >>> found = compare_counts(np.array([50, 40, 4, 3, 1]), np.array([20, 70, 4, 3, 1]))
    >>> found.test, found.rare, round(found.distance, 2)
    ('chi-square', 3, 0.31)
    """
    import numpy as np
    from scipy import stats

    both = np.stack([reference, current])
    both = both[:, both.sum(axis=0) > 0]
    rows = int(both[0].sum()), int(both[1].sum())
    totals = both.sum(axis=0)
    table, pooled = pool(reference, current)
    is_rare = totals < least_rows(rows)
    chance = distance_by_chance(totals[is_rare], rows) if is_rare.any() else 0.0
    shares = both[0] / rows[0], both[1] / rows[1]
    facts = (
        float(distance_beyond_chance(both.astype(float), table.astype(float), chance)),
        stability_index(*shares), jensen_shannon(*shares), int(is_rare.sum()), chance,
    )  # fmt: skip
    if table.shape[1] < _PAIR:
        test, statistic, p = "", 0.0, 1.0
    elif table.shape[1] == _PAIR and _expected(table).min() < LEAST_EXPECTED:
        test, statistic, p = "Fisher", facts[0], float(stats.fisher_exact(table).pvalue)
    else:
        found = stats.chi2_contingency(table)
        test, statistic, p = "chi-square", float(found.statistic), float(found.pvalue)
    if are_tested(totals[pooled], rows):
        of_rare = RareLevels(totals[pooled]).p_value(*both[:, pooled])
        if not math.isnan(of_rare):
            p = of_rare if not test else 1 - (1 - min(p, of_rare)) ** 2
            test, statistic = "sparse chi-square", float((both**2 / _expected(both)).sum() - sum(rows))
    return CountsCompared(test, statistic, p, *facts)


def distance_beyond_chance(both: NDArray[Any], table: NDArray[Any], chance: float) -> Any:
    """Return the total variation distance of the counts of *both* samples, less what chance may give rare levels.

    It is in parts of the most that it could be, and at least that of the *table* in which rare levels are one, and at
    least the share of rows with new levels, or of gone ones, that is not to be expected. Further axes are further pairs
    of samples.

    >>> import numpy as np
    >>> both = np.array([[4.0, 6.0], [6.0, 4.0]])
    >>> round(float(distance_beyond_chance(both, both, 0.0)), 6)
    0.2
    """
    import numpy as np

    distance = _total_variation(both)
    if not chance:
        return distance
    found = (distance - chance) / (1 - chance) if chance < _CERTAIN else distance * 0.0
    new, gone = new_beyond_unseen(both[0], both[1]), new_beyond_unseen(both[1], both[0])
    return np.maximum(np.maximum(found, _total_variation(table)), np.maximum(new, gone))


def _total_variation(table: NDArray[Any]) -> Any:
    import numpy as np

    shares = table / table.sum(axis=1, keepdims=True)
    return np.abs(shares[0] - shares[1]).sum(axis=0) / 2


def are_tested(totals: NDArray[Any], rows: tuple[float, float]) -> bool:
    """Return whether rare levels of so many rows in both samples are tested among themselves.

    >>> import numpy as np
    >>> are_tested(np.full(20, 2), (50, 50)), are_tested(np.full(3, 2), (50, 50))
    (True, False)
    """
    return len(totals) >= _PAIR and bool(totals.sum() * min(rows) / sum(rows) >= _FEWEST_RARE)


def pool(reference: NDArray[Any], current: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the table of counts with rare levels as its last column, and which of the levels that occur these are.

    Levels are pooled, the rarest first, until 5 rows are expected in each cell, or two columns are left.

    >>> import numpy as np
    >>> pool(np.array([90, 4, 3, 3]), np.array([80, 12, 4, 4]))
    (array([[90,  4,  6],
           [80, 12,  8]]), array([2, 3]))
    """
    import numpy as np

    table = np.stack([reference, current])
    table = table[:, table.sum(axis=0) > 0]
    rows = table.sum(axis=1)
    kept = kept_levels(table.sum(axis=0), (rows[0], rows[1]))
    rare = np.delete(np.arange(table.shape[1]), kept)
    if not len(rare):
        return table, rare
    return np.column_stack([table[:, kept], table[:, rare].sum(axis=1)]), rare


def kept_levels(totals: NDArray[Any], rows: tuple[float, float]) -> NDArray[Any]:
    """Return the levels that are not pooled, by the rows of each level and of each sample, the most frequent first.

    >>> import numpy as np
    >>> kept_levels(np.array([5, 170, 16, 7]), (100, 98))
    array([1, 2])
    """
    import numpy as np

    order = np.argsort(-totals, kind="stable")
    least = least_rows(rows)
    kept = int((totals >= least).sum())
    if kept < len(totals):
        while kept > 1 and totals[order[kept:]].sum() < least:
            kept -= 1
        # All levels rare: the most frequent one beside the rest, if both are there.
        kept = max(kept, 1)
    found: NDArray[Any] = order[:kept]
    return found


def least_rows(rows: tuple[float, float]) -> float:
    """Return the rows in both samples from which on a level is not rare: 5 are expected in the smaller sample.

    >>> least_rows((100, 300))
    20.0
    """
    return LEAST_EXPECTED * sum(rows) / min(rows)


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
