"""A threshold that keeps false alarms within a budget, calibrated on the reference itself.

The reference is split many times into two parts that come from the same rows, as reference and current do if nothing
drifted; the smallest p-value of each split says how often a threshold would raise a false alarm.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.monitoring.drift.resampling import FEWEST_BLOCKS, draw_pools, p_values
from mlmagic.monitoring.drift.sources.values import Levels
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.monitoring.drift.sources.values import Numbers

FEWEST_ROWS = 200
_MOST_SPLITS, _FEWEST_SPLITS, _MOST_TESTS = 1000, 200, 60_000
_IN_TAIL = 10
"""At least so many splits lie beyond the quantile that is read off; beyond it, the rate is taken as proportional."""
_CORRELATED = 3.5
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
    pools = draw_pools(rows, min(current_rows, rows // 2), block=block, splits=splits)
    smallest = np.sort(np.min([p_values(one, pools, min_effect) for one in columns], axis=0))
    level = max(rate, _IN_TAIL / splits)
    alpha = float(smallest[max(int(level * splits) - 1, 0)]) * rate / level
    return min(alpha, most), splits


def block_length(columns: Sequence[Numbers | Levels]) -> int:
    """Return how many consecutive rows depend on each other, 1 if none do."""
    return max(_block_length(one) for one in columns)


def _block_length(column: Numbers | Levels) -> int:
    """Return the length of blocks by the correlation of neighbours (Andrews 1991, for an autoregression)."""
    import numpy as np
    from scipy.stats import rankdata

    values = column.codes if isinstance(column, Levels) else column.values
    ranks = rankdata(values[~column.missing])
    rows = len(ranks)
    if rows < FEWEST_BLOCKS or ranks[0] == ranks[-1] == ranks.mean():
        return 1
    centered = ranks - ranks.mean()
    power = float(centered @ centered)
    correlation = float(centered[1:] @ centered[:-1]) / power if power else 0.0
    if correlation < _CORRELATED / math.sqrt(rows):
        return 1
    correlation = min(correlation, 0.99)
    length = (math.sqrt(6) * correlation / (1 - correlation**2)) ** (2 / 3) * rows ** (1 / 3)
    return int(np.clip(math.ceil(length), 1, rows // FEWEST_BLOCKS))
