"""Since when something shows that a whole period shows: the first day of those at its end that show it too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlmagic.monitoring.checks.performance_check import is_worse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.monitoring.checks.finding import Finding
    from mlmagic.monitoring.report import Day


def first_day(finding: Finding, days: Sequence[Day], limits: Mapping[str, float]) -> str | None:
    """Return the first day that shows a finding without an interruption until the last one, or None without days.

    If no day shows it by itself, it is the first of all days.
    """
    found = None
    for day in reversed(days):
        shows = _shows(finding, day, limits)
        if shows:
            found = day.day
        elif shows is False and found is not None:
            break
    return found or (days[0].day if days else None)


def _shows(finding: Finding, day: Day, limits: Mapping[str, float]) -> bool | None:
    """Return whether a day shows a finding, or None if it was not judged on that day."""
    if finding.topic in {"drift", "prediction drift"}:
        return finding.subject in day.drifted if finding.subject in day.distances else None
    limit = limits.get(finding.subject)
    one = next((one for one in day.performance if one.metric == finding.subject), None)
    if finding.topic != "performance" or limit is None or one is None or math.isnan(one.value):
        return None
    return is_worse(one.value, limit, one)
