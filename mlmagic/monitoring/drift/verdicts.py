"""Which columns drifted: significant after the correction over all tests, and by at least the smallest effect."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlmagic.monitoring.drift.statistics.correction import corrected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.monitoring.drift.report import ColumnDrift, MultivariateDrift
    from mlmagic.monitoring.drift.statistics.correction import Correction

Columns = dict[str, "ColumnDrift"]
_ALL = ("", "", "all columns")


@dataclass(frozen=True)
class Threshold:
    """When a difference counts as drift; ``together`` is the classifier's own alpha, if it has one."""

    alpha: float
    correction: Correction
    min_effect: float
    together: float | None = None


def judge(
    groups: Mapping[str, Columns], together: MultivariateDrift | None, threshold: Threshold
) -> tuple[dict[str, Columns], MultivariateDrift | None, int]:
    """Return the columns of each group, and the classifier's result, with corrected p-values and verdicts.

    Also returns the number of tests. The columns of each group are ordered by severity, the target and the predictions
    first.
    """
    tests: dict[tuple[str, str, str], float] = {}
    for group, columns in groups.items():
        for name, one in columns.items():
            tests |= {(group, name, "values"): one.p, (group, name, "missing"): one.missing_p}
    if together is not None:
        tests[_ALL] = together.p
    tests = {key: p for key, p in tests.items() if not math.isnan(p)}
    p_values = corrected(tests, threshold.correction)
    judged = {
        group: _by_severity({
            name: _judged(
                one, p_values.get((group, name, "values"), math.nan), p_values.get((group, name, "missing"), math.nan),
                threshold,
            )
            for name, one in columns.items()
        })
        for group, columns in groups.items()
    }  # fmt: skip
    if together is not None:
        p = p_values[_ALL]
        alpha = threshold.alpha if threshold.together is None else threshold.together
        drifted = p < alpha and together.distance >= threshold.min_effect
        together = replace(together, p_corrected=p, drifted=drifted)
    return judged, together, len(tests)


def _judged(one: ColumnDrift, p: float, missing_p: float, threshold: Threshold) -> ColumnDrift:
    drifted = (p < threshold.alpha and one.distance >= threshold.min_effect) or (
        missing_p < threshold.alpha and one.missing_change >= threshold.min_effect
    )
    return replace(one, p_corrected=p, missing_p_corrected=missing_p, drifted=drifted)


def _by_severity(columns: Columns) -> Columns:
    """Return the drifted columns first, then the others, each by severity; target and predictions before both."""
    roles = {"target": 0, "prediction": 1, "column": 2}
    order = sorted(columns.values(), key=lambda one: (roles[one.role], not one.drifted, -one.severity, -one.distance))
    return {one.name: one for one in order}
