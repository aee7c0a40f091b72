"""Since when something shows that a whole period shows: the first day of those at its end that show it too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlmagic.monitoring.checks import performance_check

if TYPE_CHECKING:
    from mlmagic.monitoring.checks.finding import Finding
    from mlmagic.monitoring.report import Day, MonitoringReport


def first_day(finding: Finding, report: MonitoringReport) -> str | None:
    """Return the first day that shows a finding without an interruption until the last one, or None without days.

    If no day shows it by itself, it is the first of all days.
    """
    found = None
    for day in reversed(report.days):
        shows = _shows(finding, day, report)
        if shows:
            found = day.day
        elif shows is False and found is not None:
            break
    return found or (report.days[0].day if report.days else None)


def _shows(finding: Finding, day: Day, report: MonitoringReport) -> bool | None:
    """Return whether a day shows a finding, or None if it was not judged on that day."""
    if finding.topic in {"drift", "prediction drift"}:
        return finding.subject in day.drifted if finding.subject in day.distances else None
    if finding.topic != "performance":
        return None
    known = [one for one in day.performance if one.metric == finding.subject and not math.isnan(one.value)]
    return any(performance_check.findings(known, report.baseline, report.limits)) if known else None
