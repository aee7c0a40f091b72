"""A threshold that keeps false alarms within a budget, calibrated on the reference itself.

The reference is split many times into two parts that come from the same rows, as reference and current do if nothing
drifted; the smallest p-value of each split says how often a threshold would raise a false alarm.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.monitoring.drift.sources.values import Levels, Numbers
from mlmagic.monitoring.drift.statistics.counts import compare_counts, two_shares
from mlmagic.monitoring.drift.statistics.samples import ks_statistic
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Split = tuple[NDArray[Any], NDArray[Any]]

FEWEST_ROWS = 200
_SEED = 20_160_229
_MOST_ROWS = 5000
_MOST_SPLITS, _FEWEST_SPLITS, _MOST_TESTS = 1000, 200, 60_000
_IN_TAIL = 10
"""At least so many splits lie beyond the quantile that is read off; beyond it, the rate is taken as proportional."""
_CORRELATED = 3.5
_MOST_BLOCKS = 20
_PER_MONTH = {"hour": 730.5, "day": 30.44, "week": 4.348, "month": 1.0, "year": 1 / 12}
_CHECKS = {"hourly": 730.5, "daily": 30.44, "weekly": 4.348, "monthly": 1.0}
_EXAMPLE = 'budget="1 per month", checks="daily"'


def per_check(budget: object, checks: object) -> float:
    """Return the probability of a false alarm that one check may have.

    Raises
    ------
    UsageProblem
        If one of the two has another form.

    Examples
    --------
    >>> round(per_check("1 per month", "daily"), 4), per_check("1 per month", 10)
    (0.0329, 0.1)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:per|a|/)\s*(\w+?)\s*", str(budget))
    if found is None or found[2] not in _PER_MONTH or not float(found[1]):
        hint = "" if found is None else did_you_mean(found[2], _PER_MONTH)
        raise UsageProblem(
            f"budget is a number of false alarms per time, not {described(budget)}.{hint} Such as {_EXAMPLE}"
        )
    if isinstance(checks, str) and checks not in _CHECKS:
        valid = ", ".join(_CHECKS)
        raise UsageProblem(
            f"checks is {valid}, or a number per month, not {described(checks)}.{did_you_mean(checks, _CHECKS)}"
        )
    often = _CHECKS[checks] if isinstance(checks, str) else checks
    if not isinstance(often, int | float) or isinstance(often, bool) or not often > 0:
        raise UsageProblem(f"checks says how often drift is checked, not {described(checks)}. Such as {_EXAMPLE}")
    rate = float(found[1]) * _PER_MONTH[found[2]] / often
    if rate >= 1:
        raise UsageProblem(
            f"budget {budget!r} is more than one false alarm in each check ({checks}): nothing is limited"
        )
    return rate


def calibrate(
    columns: Sequence[Numbers | Levels], current_rows: int, rate: float, *, block: int, min_effect: float, most: float
) -> tuple[float, int]:
    """Return the alpha at which one check raises a false alarm with probability *rate*, and how that was found.

    Parameters
    ----------
    columns
        The columns of the reference.
    current_rows
        The number of current rows: the second part of a split is as long, if the reference is long enough.
    rate
        The accepted probability.
    block
        How many consecutive rows stay together, see `block_length`.
    min_effect
        A difference that is smaller raises no alarm.
    most
        The largest alpha that is returned.

    Returns
    -------
    alpha, and the number of splits.
    """
    import numpy as np

    rows = len(columns[0].missing)
    splits = int(min(max(_MOST_TESTS // len(columns), _FEWEST_SPLITS), _MOST_SPLITS))
    drawn = _splits(rows, min(current_rows, rows // 2), block, splits)
    p_values = [[_p(one, split, min_effect) for split in drawn] for one in columns]
    smallest = np.sort(np.min(p_values, axis=0))
    level = max(rate, _IN_TAIL / splits)
    alpha = float(smallest[max(int(level * splits) - 1, 0)]) * rate / level
    return min(alpha, most), splits


def block_length(columns: Sequence[Numbers | Levels]) -> int:
    """Return how many consecutive rows depend on each other, 1 if none do."""
    return max(_block_length(one) for one in columns)


def _splits(rows: int, current: int, block: int, count: int) -> list[Split]:
    """Return splits of the rows into a reference and a current part; blocks of rows stay together."""
    import numpy as np

    rng = np.random.default_rng(_SEED)
    share = min(1.0, _MOST_ROWS / rows)
    sizes = max(int(current * share), 1), max(int((rows - current) * share), 1)
    blocks = math.ceil(rows / block)
    found = []
    for _ in range(count):
        order = rng.permutation(blocks)
        needed = math.ceil(sum(sizes) / block) + 1
        drawn = (order[:needed, None] * block + np.arange(block)).reshape(-1)
        drawn = drawn[drawn < rows]
        found.append((drawn[sizes[0] :][: sizes[1]], drawn[: sizes[0]]))
    return found


def _p(column: Numbers | Levels, split: Split, min_effect: float) -> float:
    """Return the smaller p-value of the values and the missing values, 1 for what is below the smallest effect."""
    import numpy as np
    from scipy.special import kolmogorov

    first, second = (column.take(rows) for rows in split)
    gone = [int(one.missing.sum()) for one in (first, second)]
    rows = [len(one) for one in split]
    p = 1.0
    if any(gone) and abs(gone[0] / rows[0] - gone[1] / rows[1]) >= min_effect:
        p = two_shares((gone[0], rows[0]), (gone[1], rows[1]))
    if gone[0] == rows[0] or gone[1] == rows[1]:
        return p
    if isinstance(first, Levels):
        assert isinstance(second, Levels)  # noqa: S101  # of the same column
        found = compare_counts(first.counts(), second.counts())
        return min(p, found.p if found.distance >= min_effect else 1.0)
    assert isinstance(second, Numbers)  # noqa: S101
    sides = [
        np.sort(one.values)[: len(one.values) - missing] for one, missing in zip((first, second), gone, strict=True)
    ]
    distance = ks_statistic(*sides)
    if distance < min_effect:
        return p
    effective = len(sides[0]) * len(sides[1]) / (len(sides[0]) + len(sides[1]))
    return min(p, float(kolmogorov(math.sqrt(effective) * distance)))


def _block_length(column: Numbers | Levels) -> int:
    """Return the length of blocks by the correlation of neighbours (Andrews 1991, for an autoregression)."""
    import numpy as np
    from scipy.stats import rankdata

    values = column.codes if isinstance(column, Levels) else column.values
    ranks = rankdata(values[~column.missing])
    rows = len(ranks)
    if rows < _MOST_BLOCKS or ranks[0] == ranks[-1] == ranks.mean():
        return 1
    centered = ranks - ranks.mean()
    power = float(centered @ centered)
    correlation = float(centered[1:] @ centered[:-1]) / power if power else 0.0
    if correlation < _CORRELATED / math.sqrt(rows):
        return 1
    correlation = min(correlation, 0.99)
    length = (math.sqrt(6) * correlation / (1 - correlation**2)) ** (2 / 3) * rows ** (1 / 3)
    return int(np.clip(math.ceil(length), 1, rows // _MOST_BLOCKS))
