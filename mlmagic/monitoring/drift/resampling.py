"""Splits of a reference into two parts that come from the same rows, and the p-values of a column in all of them.

All splits of a column are computed at once: its values are sorted once, and a split is a mask of the sorted rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.drift.dependence import FEWEST_BLOCKS
from mlmagic.monitoring.drift.sources.values import Levels
from mlmagic.monitoring.drift.statistics.counts import (
    LEAST_EXPECTED,
    are_tested,
    distance_beyond_chance,
    kept_levels,
    least_rows,
)
from mlmagic.monitoring.drift.statistics.rare_levels import RareLevels, distance_by_chance
from mlmagic.monitoring.drift.statistics.samples import ks_p_value, ks_statistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from mlmagic.monitoring.drift.sources.values import Numbers

_SEED = 20_160_229
_MOST_ROWS = 5000
_FEWEST_POOLS = 10
_MOST_CELLS = 2_000_000
_PAIR = 2
_POINTS = 96
_LARGEST_Z = 12.0


@dataclass(frozen=True, eq=False)
class Pool:
    """Some rows of the reference, divided many times: *is_current* has a row for each of them, a column for each split.

    The rows that are not current are the reference of the split.
    """

    rows: NDArray[Any]
    is_current: NDArray[Any]


def draw_pools(rows: int, current: int, *, block: int, splits: int) -> list[Pool]:
    """Return pools with so many *splits* in all; of each, blocks of consecutive rows stay together.

    A pool has all rows, or 5,000 of them (at least 20 blocks), of which as large a part is current as in the whole.
    """
    import numpy as np

    rng = np.random.default_rng(_SEED)
    size = min(rows, max(_MOST_ROWS, FEWEST_BLOCKS * block))
    at_once = max(1, min(splits, _MOST_CELLS // size))
    if size < rows:
        at_once = min(at_once, math.ceil(splits / _FEWEST_POOLS))
    pools, drawn = [], 0
    while drawn < splits:
        blocks = rng.permutation(math.ceil(rows / block))[: math.ceil(size / block)]
        members = (blocks[:, None] * block + np.arange(block)).reshape(-1)
        there = members < rows  # the last block may be shorter
        lengths = there.reshape(-1, block).sum(axis=1)
        most = max(int(current * lengths.sum() / rows), 1)
        pools.append(Pool(members[there], _divided(rng, lengths, most, min(at_once, splits - drawn))))
        drawn += at_once
    return pools


def _divided(rng: Generator, lengths: NDArray[Any], current: int, splits: int) -> NDArray[Any]:
    """Return the masks of blocks of these lengths: the first *current* rows of the blocks in a drawn order."""
    import numpy as np

    orders = rng.permuted(np.tile(np.arange(len(lengths)), (splits, 1)), axis=1)
    ordered = lengths[orders]
    begins = np.empty_like(ordered)
    np.put_along_axis(begins, orders, np.cumsum(ordered, axis=1) - ordered, axis=1)
    block = np.repeat(np.arange(len(lengths)), lengths)
    within = np.arange(len(block)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.ascontiguousarray((begins[:, block] + within < current).T)


def p_values(
    column: Numbers | Levels, pools: Sequence[Pool], min_effect: float, *, inflation: float = 1.0
) -> NDArray[Any]:
    """Return the smaller p-value of the values and the missing values in each split, as `compare_column` has them.

    It is 1 for what is below the smallest effect. Variances are taken to be *inflation* times what the splits show.
    """
    import numpy as np

    return np.concatenate([_in_pool(column.take(one.rows), one.is_current, min_effect, inflation) for one in pools])


def _in_pool(column: Numbers | Levels, is_current: NDArray[Any], min_effect: float, inflation: float) -> NDArray[Any]:
    import numpy as np

    missing = column.missing
    found = np.ones(is_current.shape[1])
    if missing.any():
        found = _of_counts(missing.astype(np.int64), is_current, min_effect, inflation)
        is_current = is_current[~missing]
        column = column.take(np.flatnonzero(~missing))
    if not len(is_current):
        return found
    if isinstance(column, Levels):
        of_values = _of_counts(column.codes, is_current, min_effect, inflation)
    else:
        of_values = _of_numbers(column.values, is_current, min_effect, inflation, is_whole=not missing.any())
    smaller: NDArray[Any] = np.minimum(found, of_values)
    return smaller


def _of_numbers(
    values: NDArray[Any], is_current: NDArray[Any], min_effect: float, inflation: float, *, is_whole: bool
) -> NDArray[Any]:
    """Return the p-values of the Kolmogorov-Smirnov test."""
    import numpy as np

    order = np.argsort(values)
    ordered = values[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)  # of equal values, the last one
    below = np.cumsum(is_current[order], axis=0, dtype=np.int32)[ends]
    current = below[-1].astype(np.float64)
    reference = len(ordered) - current
    found = np.ones(len(current))
    both = (current > 0) & (reference > 0)
    if not both.any():
        return found
    below, current, reference = below[:, both], current[both], reference[both]
    away = (ends + 1.0)[:, None] / reference - below * (1 / reference + 1 / current)
    distance = np.abs(away, out=away).max(axis=0)
    size = round(float(reference.mean())), round(float(current.mean()))
    scaled, logarithms = _ks_table(*(size if is_whole else map(_two_digits, size)))
    z = distance * np.sqrt(inflation * reference * current / (reference + current))
    found[both] = np.where(distance >= min_effect, np.exp(np.interp(z, scaled, logarithms)), 1.0)
    return found


@lru_cache(maxsize=64)  # it follows from the arguments alone
def _ks_table(reference: int, current: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return distances, times the root of the effective size, and the logarithms of their p-values."""
    import numpy as np

    root = math.sqrt(reference * current / (reference + current))
    many, few = max(reference, current), min(reference, current)
    spread = (np.arange(few) + 0.5) / few
    points = {0.0: 0.0}
    for z in np.linspace(_LARGEST_Z / _POINTS, _LARGEST_Z, _POINTS):
        first = min(round(z / root * many), many)
        # So many values stand below all of the others, with which the rest is level: that is the distance.
        sample = np.concatenate([np.full(first, -1.0), (np.arange(many - first) + 0.5) / max(many - first, 1)])
        distance = ks_statistic(sample, spread)
        points[distance * root] = math.log(max(ks_p_value(sample, spread, distance), 1e-300))
    scaled = np.array(sorted(points))
    return scaled, np.array([points[one] for one in scaled])


def _two_digits(size: int) -> int:
    """Round to two digits, so that columns that lack some values share a table of p-values.

    >>> _two_digits(4321), _two_digits(7)
    (4300, 7)
    """
    step = int(10 ** max(len(str(size)) - 2, 0))
    return max(round(size / step) * step, 1)


def _of_counts(codes: NDArray[Any], is_current: NDArray[Any], min_effect: float, inflation: float) -> NDArray[Any]:
    """Return the p-values of `compare_counts`; those of rare levels are not permuted, but from their moments."""
    import numpy as np

    totals = np.bincount(codes)
    levels = np.flatnonzero(totals)
    totals = totals[levels]
    sizes = is_current.sum(axis=0)
    found = np.ones(is_current.shape[1])
    both = (sizes > 0) & (sizes < len(codes))
    if len(levels) < _PAIR or not both.any():
        return found
    is_current, sizes = is_current[:, both], sizes[both]
    order = np.argsort(codes, kind="stable")
    begins = np.cumsum(totals) - totals
    current = np.add.reduceat(is_current[order], begins, axis=0, dtype=np.int64).astype(np.float64)
    reference = totals[:, None] - current
    rows = len(codes) - float(sizes.mean()), float(sizes.mean())
    kept = kept_levels(totals, rows)
    pooled = np.delete(np.arange(len(totals)), kept)
    whole = np.stack([reference, current])
    table = whole[:, kept]
    if len(pooled):
        table = np.concatenate([table, whole[:, pooled].sum(axis=1, keepdims=True)], axis=1)
    p = _of_tables(table, inflation)
    if are_tested(totals[pooled], rows):
        of_rare = _of_rare(totals[pooled], current[pooled], inflation)
        alone = table.shape[1] < _PAIR
        p = np.where(np.isnan(of_rare), p, of_rare if alone else 1 - (1 - np.fmin(p, of_rare)) ** 2)
    rare = totals[totals < least_rows(rows)]
    distance = distance_beyond_chance(whole, table, distance_by_chance(rare, rows) if len(rare) else 0.0)
    found[both] = np.where(distance >= min_effect, p, 1.0)
    return found


def _of_tables(table: NDArray[Any], inflation: float) -> NDArray[Any]:
    """Return the p-values of the chi-square test, or Fisher's, of tables of two rows."""
    import numpy as np
    from scipy.stats import chi2

    levels = table.shape[1]
    if levels < _PAIR:
        return np.ones(table.shape[2])
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    expected = rows[:, None, :] * columns / columns.sum(axis=0)
    away = np.abs(table - expected)
    if levels == _PAIR:
        away = np.maximum(away - 0.5, 0.0)  # Yates' correction, as SciPy's
    p: NDArray[Any] = chi2.sf(inflation * (away**2 / expected).sum(axis=(0, 1)), levels - 1)
    if levels == _PAIR:
        for at in np.flatnonzero(expected.min(axis=(0, 1)) < LEAST_EXPECTED):
            p[at] = _fisher(*table[:, :, at].astype(int).ravel().tolist())
    return p


def _of_rare(totals: NDArray[Any], current: NDArray[Any], inflation: float) -> NDArray[Any]:
    """Return the p-values of the division of rare levels; their chi-square statistic is multiplied by *inflation*."""
    rows = current.sum(axis=0)
    least = rows**2 / totals.sum()
    squares = (current**2 / totals[:, None]).sum(axis=0)
    return RareLevels(totals).tail(least + inflation * (squares - least), rows)


@lru_cache(maxsize=4096)  # it follows from the arguments alone
def _fisher(*counts: int) -> float:
    from scipy import stats

    return float(stats.fisher_exact([counts[:2], counts[2:]]).pvalue)
