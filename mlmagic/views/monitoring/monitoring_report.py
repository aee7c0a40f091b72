"""The view of a model in service as text and HTML: alerts, performance, predictions, and drift by column and day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.views.monitoring.charts import Point, bars_svg, line_svg
from mlmagic.views.rendering import MimeBundle, number, render, shorten
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from mlmagic.monitoring.performance.performance import Performance
    from mlmagic.monitoring.report import Alert, Day, MonitoringReport

_DOT = " \N{MIDDLE DOT} "
_LONGEST = 40
_MOST_DAYS, _MOST_COLUMNS, _MOST_ALERTS, _MOST_CHARTS = 60, 20, 30, 6
_TEXT_DAYS = 10
_LEVELS = ("critical", "warning", "info")
_STEPS = (0.05, 0.1, 0.2, 0.4)


@dataclass(frozen=True)
class Chart:
    """A chart with its heading, what it says in words, and the ends of its scale."""

    title: str
    value: str
    svg: Markup
    top: str = ""
    bottom: str = ""
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """A day of a column in the heat map; ``step`` is its shade from 0 to 4."""

    title: str
    step: int = 0
    drifted: bool = False
    is_known: bool = True


def monitoring_report_bundle(report: MonitoringReport) -> MimeBundle:
    """Return *report* as HTML and as plain text.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from mlmagic.monitoring.report import MonitoringReport
    >>> moment = datetime(2026, 5, 1, tzinfo=UTC)
    >>> report = MonitoringReport("churn", moment, moment, ("3",), 1200, 300)
    >>> print(monitoring_report_bundle(report)["text/plain"])
    churn · version 3 · 2026-05-01 to 2026-05-01 (UTC) · 1,200 predictions, 25 % labelled
    No alert
    """
    days = report.days[-_MOST_DAYS:]
    return {
        "text/html": render(
            "monitoring_report.html",
            headline=headline(report),
            verdict=verdict(report.alerts),
            level=report.level or "fine",
            alerts=[(one, _when(one)) for one in report.alerts[:_MOST_ALERTS]],
            more_alerts=max(len(report.alerts) - _MOST_ALERTS, 0),
            charts=[*_performance_charts(report, days), *_prediction_charts(days, report.unit)][:_MOST_CHARTS],
            unit=report.unit,
            has_estimates=any(one.is_estimate for day in days for one in day.performance),
            baseline=bool(report.baseline),
            days=[day.day for day in days],
            heat=_heat(days),
            more_columns=max(len(_by_distance(days)) - _MOST_COLUMNS, 0),
            more_days=len(report.days) - len(days),
            notes=report.notes,
        ),
        "text/plain": _plain(report),
    }


def headline(report: MonitoringReport) -> str:
    """Return what is reported on: the model, the period, and how much is known."""
    parts = [shorten(report.model, _LONGEST)]
    if report.versions:
        parts.append(f"version{'s' * (len(report.versions) > 1)} {', '.join(report.versions)}")
    parts.append(f"{report.since:%Y-%m-%d} to {report.until:%Y-%m-%d} (UTC)")
    labelled = f", {100 * report.labelled / report.rows:.0f} % labelled" if report.rows else ""
    parts.append(f"{report.rows:,} prediction{'s' * (report.rows != 1)}{labelled}")
    return _DOT.join(parts)


def verdict(alerts: Sequence[Alert]) -> str:
    """Return how many alerts there are of each level.

    >>> verdict([])
    'No alert'
    """
    counts = [(level, sum(one.level == level for one in alerts)) for level in _LEVELS]
    return ", ".join(f"{count:,} {level}" for level, count in counts if count) or "No alert"


def _when(alert: Alert) -> str:
    since = f"since {alert.since:%Y-%m-%d %H:%M}"
    return f"new{_DOT}{since}" if alert.is_new else since


def shown(one: Performance) -> str:
    """Return a metric with its interval in words."""
    if not math.isfinite(one.value):
        return one.note or "not known"
    known = math.isfinite(one.low) and math.isfinite(one.high)
    interval = f" [{number(float(f'{one.low:.4g}'))}, {number(float(f'{one.high:.4g}'))}]" if known else ""
    return f"{number(float(f'{one.value:.4g}'))}{interval}"


def _performance_charts(report: MonitoringReport, days: Sequence[Day]) -> list[Chart]:
    before = {one.metric: one for one in report.baseline}
    whole = {one.metric: one for one in report.performance}
    names = list(dict.fromkeys([*whole, *(one.metric for day in days for one in day.performance)]))
    found = []
    for name in names:
        by_day = [next((one for one in day.performance if one.metric == name), None) for day in days]
        points = [
            Point(
                f"{day.day}: {shown(one)}{' (estimated)' * one.is_estimate}",
                one.value,
                one.low,
                one.high,
                one.is_estimate,
            )
            if one is not None
            else Point("", math.nan)
            for day, one in zip(days, by_day, strict=True)
        ]
        usual = before[name].value if name in before else math.nan
        svg, scale = line_svg(points, label=f"{name} by {report.unit}", baseline=usual)
        all_of_it = whole.get(name)
        value = shown(all_of_it) if all_of_it is not None else ""
        notes = ["estimated"] if all_of_it is not None and all_of_it.is_estimate else []
        notes += [f"reference {number(float(f'{usual:.4g}'))}"] if math.isfinite(usual) else []
        if scale is not None or value:
            ends = ("", "") if scale is None else (f"{scale.most:.3g}", f"{scale.least:.3g}")
            found.append(Chart(shorten(name, _LONGEST), value, svg, *ends, _DOT.join(notes)))
    return found


def _prediction_charts(days: Sequence[Day], unit: str) -> list[Chart]:
    if not days:
        return []
    counts = [(f"{day.day}: {day.rows:,} predictions", float(day.rows)) for day in days]
    most = max(day.rows for day in days)
    found = [Chart(f"predictions a {unit}", "", bars_svg(counts, label=f"predictions by {unit}"), f"{most:,}", "0")]
    if all(isinstance(day.predicted, float) for day in days):
        means = [day.predicted for day in days if isinstance(day.predicted, float)]
        points = [Point(f"{day.day}: {number(value)}", value) for day, value in zip(days, means, strict=True)]
        svg, scale = line_svg(points, label=f"mean prediction by {unit}")
        if scale is not None:
            found.append(Chart("mean prediction", "", svg, f"{scale.most:.3g}", f"{scale.least:.3g}"))
        return found
    shares = [day.predicted if not isinstance(day.predicted, float) else {} for day in days]
    labels = sorted({label for one in shares for label in one})
    if labels:
        label = labels[-1]
        values = [one.get(label, 0.0) if one else math.nan for one in shares]
        points = [Point(f"{day.day}: {100 * value:.3g} %", value) for day, value in zip(days, values, strict=True)]
        svg, scale = line_svg(points, label=f"share of {label} by {unit}")
        if scale is not None:
            ends = f"{100 * scale.most:.3g} %", f"{100 * scale.least:.3g} %"
            found.append(Chart(f"predicted {shorten(label, _LONGEST)}", "", svg, *ends))
    return found


def _by_distance(days: Sequence[Day]) -> list[str]:
    """Return the columns, those first that drifted on most days and then the most distant ones."""
    names = dict.fromkeys(name for day in days for name in day.distances)
    worst = {name: max(day.distances.get(name, 0.0) for day in days) for name in names}
    drifted = {name: sum(name in day.drifted for day in days) for name in names}
    return sorted(names, key=lambda name: (-drifted[name], -worst[name], name))


def _heat(days: Sequence[Day]) -> list[tuple[str, list[Cell]]]:
    return [
        (shorten(name, _LONGEST), [_cell(day, name) for day in days]) for name in _by_distance(days)[:_MOST_COLUMNS]
    ]


def _cell(day: Day, name: str) -> Cell:
    distance = day.distances.get(name)
    if distance is None or not math.isfinite(distance):
        return Cell(f"{day.day}: not compared", is_known=False)
    drifted = name in day.drifted
    step = sum(distance >= least for least in _STEPS)
    return Cell(f"{day.day}: distance {distance:.3f}{', drifted' * drifted}", step, drifted)


def _plain(report: MonitoringReport) -> str:
    lines = [clean(headline(report)), verdict(report.alerts)]
    for alert in report.alerts[:_MOST_ALERTS]:
        mark = "!" if alert.level != "info" else "-"
        lines.append(f"  {mark} {alert.level}: {clean(alert.what)} ({_when(alert)})")
    if len(report.alerts) > _MOST_ALERTS:
        lines.append(f"    and {len(report.alerts) - _MOST_ALERTS:,} more alerts")
    lines += [f"  {clean(one.metric)}  {shown(one)}{' (estimated)' * one.is_estimate}" for one in report.performance]
    for day in report.days[-_TEXT_DAYS:]:
        first = next((one for one in day.performance if math.isfinite(one.value)), None)
        metric = f"  {clean(first.metric)} {shown(first)}{' (estimated)' * first.is_estimate}" if first else ""
        drifted = f"  drifted: {clean(', '.join(day.drifted[:5]))}" if day.drifted else ""
        more = f" and {len(day.drifted) - 5} more" if len(day.drifted) > 5 else ""  # noqa: PLR2004  # as many are named
        lines.append(f"  {day.day}  {day.rows:,} predictions{metric}{drifted}{more}")
    if len(report.days) > _TEXT_DAYS:
        lines.append(f"    and {len(report.days) - _TEXT_DAYS:,} {report.unit}s before: to_dataframe() has all of them")
    return "\n".join([*lines, *(f"  - {clean(note)}" for note in report.notes)])
