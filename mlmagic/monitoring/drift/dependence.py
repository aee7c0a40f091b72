"""Rows that depend on those before them: how long blocks have to be, and how far their variance falls short."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.drift.sources.values import Levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlmagic.monitoring.drift.sources.values import Numbers

FEWEST_BLOCKS = 20
_SIGNIFICANT, _SIGNIFICANT_AFTER = 3.5, 1.0
_LARGEST = 0.99


def neighbour_correlation(column: Numbers | Levels) -> float:
    """Return the correlation of neighbouring rows, 0 if it is not significant.

    It is that of normal values whose ranks are correlated as these are. Levels have the ranks of their labels; if it is
    larger, the correlation is that by which near rows are equal more often than by chance. That of a short series falls
    short of the true one, by (1 + 4 r) / n on average (Kendall 1954), which is added.

    >>> import numpy as np
    >>> from mlmagic.monitoring.drift.sources.values import Numbers
    >>> neighbour_correlation(Numbers(np.arange(100.0) % 50, "number", "")) > 0.4
    True
    """
    import numpy as np

    values = column.codes if isinstance(column, Levels) else column.values
    values = values[~column.missing]
    rows = len(values)
    if rows < FEWEST_BLOCKS:
        return 0.0
    found = _of_ranks(values)
    if isinstance(column, Levels):
        found = max(found, _of_equal_rows(values))
    return float(np.clip(found + (1 + 4 * found) / rows, 0.0, _LARGEST)) if found else 0.0


def _of_ranks(values: NDArray[Any]) -> float:
    from scipy.stats import rankdata

    ranks = rankdata(values)
    centered = ranks - ranks.mean()
    power = float(centered @ centered)
    found = float(centered[1:] @ centered[:-1]) / power if power else 0.0
    return 2 * math.sin(math.pi / 6 * min(found, 1.0)) if found >= _SIGNIFICANT / math.sqrt(len(ranks)) else 0.0


def _of_equal_rows(codes: NDArray[Any]) -> float:
    """Return the correlation by how much more often rows of a small distance are equal than in a random order.

    Near rows of many levels are seldom equal, even if all of them are close: what counts is how slowly that falls with
    the distance, and how much it is in sum, whichever says more. Distances are counted as long as the number of equal
    rows is significant. The mean and the variance of that number over all orders are exact for neighbours (a join
    count).
    """
    import numpy as np

    rows, totals = len(codes), np.bincount(codes).astype(float)
    two, three, four = (_falling(totals, order) for order in (2, 3, 4))
    by_chance = two.sum() / _falling(rows, 2)
    triple = three.sum() / _falling(rows, 3)
    apart = (two.sum() ** 2 - (two**2).sum() + four.sum()) / _falling(rows, 4)
    expected = (rows - 1) * by_chance
    variance = expected + 2 * (rows - 2) * triple + (rows - 2) * (rows - 3) * apart - expected**2
    spread = math.sqrt(max(variance, 1.0))
    if by_chance >= 1:
        return 0.0
    found: list[float] = []
    for lag in range(1, max(rows // FEWEST_BLOCKS, 2)):
        more = int((codes[lag:] == codes[:-lag]).sum()) - (rows - lag) * by_chance
        if more < (_SIGNIFICANT if lag == 1 else _SIGNIFICANT_AFTER) * spread:
            break
        found.append(more / (rows - lag) / (1 - by_chance))
    if not found:
        return 0.0
    slowly = sum(found[1:]) / sum(found[:-1]) if len(found) > 1 else 0.0
    return min(max(sum(found) / (1 + sum(found)), slowly), 1.0)


def _falling(value: Any, order: int) -> Any:
    """Return value * (value - 1) * ... of so many factors."""
    return math.prod(value - at for at in range(order))


def block_length(correlations: Sequence[float], rows: int) -> int:
    """Return how many consecutive rows are to stay together, 1 if none depend on each other.

    That is the length of Andrews (1991) for an autoregression, at most a twentieth of the rows.

    >>> block_length([0.0, 0.7], 2000), block_length([0.0], 2000)
    (29, 1)
    """
    correlation = max(correlations, default=0.0)
    if not correlation:
        return 1
    length = (math.sqrt(6) * correlation / (1 - correlation**2)) ** (2 / 3) * rows ** (1 / 3)
    return max(1, min(math.ceil(float(length)), rows // FEWEST_BLOCKS))


def inflation(correlation: float, block: int, rows: int, reference_rows: int) -> float:
    """Return the variance of the mean of so many consecutive *rows*, as a multiple of what blocks in any order show.

    Rows at both sides of the end of a block depend on each other too: what blocks lack of that is the larger, the
    shorter they are. And blocks of one reference vary around its mean, not around the true one. The variance is that of
    an autoregression of first order.

    >>> round(inflation(0.9, 50, 1000, 2000), 2), inflation(0.0, 50, 1000, 2000)
    (1.23, 1.0)
    """
    shown = _of_stretch(correlation, block)
    blocks = reference_rows / block
    between = (_of_stretch(correlation, reference_rows) - shown) / max(blocks - 1, 1)
    return max(_of_stretch(correlation, rows) / (shown - between), 1.0)


def _of_stretch(correlation: float, rows: int) -> float:
    """Return the variance of the sum of consecutive rows, as a multiple of that of independent ones."""
    rest = 1 - correlation
    return (1 + correlation) / rest - 2 * correlation * (1 - correlation**rows) / (rows * rest**2)
