"""The view of a model in service as text and HTML: alerts, performance, predictions, and drift by column and day."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlmagic.views.monitoring.day_charts import ESTIMATED, kind, performance_charts, prediction_charts, shown
from mlmagic.views.monitoring.heat_map import STEPS, heat_rows, worst_first
from mlmagic.views.monitoring.silent_days import silent_after, with_silent_days
from mlmagic.views.rendering import MimeBundle, columns, pad, render, shorten
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.monitoring.report import Alert, MonitoringReport

_DOT = " \N{MIDDLE DOT} "
_LONGEST = 40
_MOST_DAYS, _MOST_COLUMNS, _MOST_ALERTS, _MOST_METRICS = 92, 20, 30, 6
_TEXT_DAYS, _TEXT_ALERTS, _TEXT_DRIFTED = 7, 8, 5
_LEVELS = ("critical", "warning", "info")


def monitoring_report_bundle(report: MonitoringReport) -> MimeBundle:
    """Return *report* as HTML and as plain text.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from mlmagic.monitoring.report import Day, MonitoringReport
    >>> moment = datetime(2026, 5, 1, tzinfo=UTC)
    >>> days = (Day("2026-05-01", 1200),)
    >>> report = MonitoringReport("churn", moment, moment, ("3",), 1200, 300, days=days, judged=("drift",))
    >>> print(monitoring_report_bundle(report)["text/plain"])
    churn · version 3 · 2026-05-01 to 2026-05-01 (UTC) · 1,200 predictions, 25 % labelled
    No alert
      2026-05-01  1,200 predictions
    """
    all_days = with_silent_days(report.days, report.unit, report.until, _MOST_DAYS)
    days = all_days[-_MOST_DAYS:]
    metrics = performance_charts(report, days)
    found = [one for day in days for one in day.performance if math.isfinite(one.value)]
    return {
        "text/html": render(
            "monitoring_report.html",
            model=shorten(report.model, _LONGEST),
            about=_about(report),
            verdict=verdict(report),
            level=report.level or ("fine" if report.is_judged else "info"),
            alerts=[(one, _when(one)) for one in report.alerts[:_MOST_ALERTS]],
            more_alerts=_more(len(report.alerts) - _MOST_ALERTS, "alert"),
            charts=[*metrics[:_MOST_METRICS], *prediction_charts(days, report.unit)],
            rest=metrics[_MOST_METRICS:],
            unit=report.unit,
            has_labels=any(not one.is_estimate for one in found),
            has_estimates=any(one.is_estimate for one in found),
            estimated=next((kind(one) for one in found if not one.is_calibrated), ESTIMATED),
            baseline=bool(report.baseline) and bool(metrics),
            limits=bool({one.metric for day in days for one in day.performance} & set(report.limits)),
            days=[day.day for day in days],
            ends=[_short(day.day, report.unit) for day in (days[0], days[-1])] if days else [],
            heat=heat_rows(days, _MOST_COLUMNS),
            steps=STEPS,
            more_columns=_more(len(worst_first(days)) - _MOST_COLUMNS, "column"),
            more_days=_more(len(all_days) - len(days), report.unit),
            notes=[*report.notes, *_advice(report)],
        ),
        "text/plain": _plain(report),
    }


def headline(report: MonitoringReport) -> str:
    """Return what is reported on: the model, the period, and how much is known."""
    return _DOT.join([shorten(report.model, _LONGEST), *_about(report)])


def verdict(report: MonitoringReport) -> str:
    """Return how many alerts there are of each level, and whether anything could be judged if there is none.

    >>> from datetime import UTC, datetime
    >>> from mlmagic.monitoring.report import MonitoringReport
    >>> moment = datetime(2026, 5, 1, tzinfo=UTC)
    >>> verdict(MonitoringReport("churn", moment, moment, rows=9, judged=("drift",)))
    'No alert'
    >>> verdict(MonitoringReport("churn", moment, moment)), verdict(MonitoringReport("churn", moment, moment, rows=9))
    ('No predictions', 'Never checked: neither limits nor a reference are recorded')
    """
    counts = [(level, sum(one.level == level for one in report.alerts)) for level in _LEVELS]
    found = [f"{count:,} {level}{'s' * (count > 1 and level == 'warning')}" for level, count in counts if count]
    if found:
        return ", ".join(found)
    if not report.rows:
        return "No predictions"
    if report.unjudged:
        return f"No alert, but not judged: {_names(report.unjudged)}"
    if not report.is_judged:
        how = "Never checked" if report.last_check is None else "Not judged"
        return f"{how}: neither limits nor a reference are recorded"
    return "No alert"


def _about(report: MonitoringReport) -> list[str]:
    versions = [shorten(one, _LONGEST) for one in report.versions]
    parts = [f"version{'s' * (len(versions) > 1)} {', '.join(versions)}"] if versions else []
    parts.append(f"{report.since:%Y-%m-%d} to {report.until:%Y-%m-%d} (UTC)")
    labelled = f", {100 * report.labelled / report.rows:.0f} % labelled" if report.rows else ""
    if report.served > report.rows:
        sample = f", of which a sample of {report.rows:,} is recorded{labelled}"
        return [*parts, f"{report.served:,} predictions{sample}"]
    return [*parts, f"{_predictions(report.rows)}{labelled}"]


def _predictions(count: int) -> str:
    return f"{count:,} prediction{'s' * (count != 1)}"


def _advice(report: MonitoringReport) -> list[str]:
    """Return what to do about what is missing."""
    if not report.rows:
        another = f"for another period: %monitor {shorten(report.model, _LONGEST)} --since 90d"
        return [f"mlmagic.ModelMonitor.predict(X) records predictions; {another}"]
    found = []
    if len(silent_after(report.days, report.unit, report.until)) > 1:
        found.append(f"the last predictions are of {span_of(report.days[-1].day, report.unit)}")
    if not report.labelled and not report.performance:
        found.append("no performance: no label is known. ModelMonitor.actuals(ids, y) records labels")
    return found


def _when(alert: Alert) -> str:
    how = "new" if alert.is_new else "known" if alert.is_raised else "not raised by a check"
    return f"{how}, since {alert.since:%Y-%m-%d %H:%M}"


def span_of(day: str, unit: str) -> str:
    """Return what a point stands for: a day, a month, or the week that begins on a day.

    >>> span_of("2026-11-23", "day"), span_of("2026-11-23", "week"), span_of("2026-11-01", "month")
    ('2026-11-23', 'week of 2026-11-23', '2026-11')
    """
    return day[:7] if unit == "month" else f"week of {day}" if unit == "week" else day


def _short(day: str, unit: str) -> str:
    return day[:7] if unit == "month" else day[5:]


def _more(count: int, what: str) -> str:
    """Return how many are not shown, or an empty text."""
    return f"{count:,} more {what}{'s' * (count > 1)}" if count > 0 else ""


def _plain(report: MonitoringReport) -> str:
    lines = [headline(report), verdict(report)]
    for alert in report.alerts[:_TEXT_ALERTS]:
        mark = "!" if alert.level != "info" else "-"
        lines.append(f"  {mark} {alert.level}: {alert.what} ({_when(alert)})")
    if more := _more(len(report.alerts) - _TEXT_ALERTS, "alert"):
        lines.append(f"    and {more}: report.alerts has all of them")
    before = {one.metric: one for one in report.baseline}
    width = max((columns(shorten(one.metric, _LONGEST)) for one in report.performance), default=0)
    for one in report.performance:
        how = f"  {kind(one)}" if one.is_estimate else ""
        usual = f"  reference {shown(before[one.metric])}" if one.metric in before else ""
        limit = f"  limit {report.limits[one.metric]:.4g}" if one.metric in report.limits else ""
        lines.append(f"  {pad(shorten(one.metric, _LONGEST), width)}  {shown(one)}{how}{usual}{limit}")
    for day in report.days[-_TEXT_DAYS:]:
        first = next((one for one in day.performance if math.isfinite(one.value)), None)
        parts = [span_of(day.day, report.unit), _predictions(day.served or day.rows)]
        if first is not None:
            how = f" (estimated{'' if first.is_calibrated else ', not checked'})" if first.is_estimate else ""
            parts.append(f"{shorten(first.metric, _LONGEST)} {shown(first)}{how}")
        if day.drifted:
            parts.append(f"drifted: {_names(day.drifted)}")
        lines.append("  " + "  ".join(parts))
    if (hidden := len(report.days) - _TEXT_DAYS) > 0:
        lines.append(f"    and {hidden:,} {report.unit}{'s' * (hidden > 1)} before: to_dataframe() has all of them")
    return "\n".join(clean(line) for line in [*lines, *(f"  - {note}" for note in [*report.notes, *_advice(report)])])


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _TEXT_DRIFTED} more" if len(names) > _TEXT_DRIFTED else ""
    return ", ".join(shorten(name, _LONGEST) for name in names[:_TEXT_DRIFTED]) + more
