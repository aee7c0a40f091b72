"""A threshold that keeps false alarms within a budget, calibrated on the reference itself.

The reference is split many times into two parts that come from the same rows, as reference and current do if nothing
drifted; the smallest p-value of each split says how often a threshold would raise a false alarm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.monitoring.drift.dependence import block_length, inflation
from mlmagic.monitoring.drift.resampling import draw_pools, p_values
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlmagic.monitoring.drift.sources.values import Levels, Numbers

FEWEST_ROWS = 200
_MOST_SPLITS, _FEWEST_SPLITS, _MOST_TESTS = 1000, 200, 60_000
_IN_TAIL = 10
"""At least so many splits lie beyond the quantile that is read off."""
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
    if found is not None and not float(found[1]):
        raise UsageProblem(f"budget {budget!r} accepts no false alarm: a test needs more than 0. Such as {_EXAMPLE}")
    if found is None or found[2] not in _PER_MONTH:
        hint = "" if found is None else did_you_mean(found[2], _PER_MONTH)
        raise UsageProblem(
            f"budget is a number of false alarms per time, not {described(budget)}.{hint} Such as {_EXAMPLE}"
        )
    checks = as_number(checks)
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


def as_number(checks: Any) -> Any:
    """Return a number of checks that is given as text as a number.

    >>> as_number("4"), as_number("daily")
    (4.0, 'daily')
    """
    try:
        return float(checks) if isinstance(checks, str) else checks
    except ValueError:
        return checks


@dataclass(frozen=True)
class Calibrated:
    """The *alpha* that keeps to a rate, found by so many *splits*, in which *block* consecutive rows stay together."""

    alpha: float
    splits: int
    block: int


def calibrate(
    columns: Sequence[Numbers | Levels], correlations: Sequence[float], current_rows: int, *, rate: float,
    min_effect: float, most: float,
) -> Calibrated:  # fmt: skip
    """Return the alpha at which one check raises a false alarm with probability *rate*, and how that was found.

    Parameters
    ----------
    columns, correlations
        The columns of the reference, and how much neighbouring rows depend on each other in each of them.
    current_rows
        The number of current rows: the second part of a split is as long, if the reference is long enough.
    rate
        The accepted probability.
    min_effect
        A difference that is smaller raises no alarm.
    most
        The largest alpha that is returned.
    """
    import numpy as np

    rows = len(columns[0].missing)
    splits = int(min(max(_MOST_TESTS // len(columns), _FEWEST_SPLITS), _MOST_SPLITS))
    block = block_length(correlations, rows)
    pools = draw_pools(rows, min(current_rows, rows // 2), block=block, splits=splits)
    found = [
        p_values(one, pools, min_effect, inflation=inflation(correlation, block, current_rows, rows))
        for one, correlation in zip(columns, correlations, strict=True)
    ]
    alpha = _quantile(np.sort(np.min(found, axis=0)), rate)
    return Calibrated(min(alpha, most), splits, block)


def _quantile(ordered: NDArray[Any], rate: float) -> float:
    """Return the quantile of smallest p-values; beyond ten of them, their tail goes on as it did (Hill's estimator).

    The rate of independent rows is proportional to p; that of rows that depend on each other falls more slowly.
    """
    import numpy as np

    level = max(rate, _IN_TAIL / len(ordered))
    at = max(int(level * len(ordered)) - 1, 0)
    if level == rate or not ordered[at]:
        return float(ordered[at])
    with np.errstate(divide="ignore"):
        steepness = float(np.mean(np.log(ordered[at] / np.maximum(ordered[:at], 1e-300))))
    return float(ordered[at] * (rate / level) ** max(steepness, 1.0))
