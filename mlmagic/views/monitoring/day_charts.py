"""The charts of a monitoring report by day: each metric, the number of predictions, and what was predicted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.views.monitoring.charts import Point, Scale, bars_svg, line_svg, stacks_svg
from mlmagic.views.rendering import number, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from mlmagic.monitoring.performance.performance import Performance
    from mlmagic.monitoring.report import Day, MonitoringReport

ESTIMATED = "estimated (CBPE)"
"""What is said of a metric that follows from probabilities instead of labels."""
NOT_CALIBRATED = "uncalibrated probabilities, not checked"
_DOT = " \N{MIDDLE DOT} "
_LONGEST = 40
_TWO = 2
_MOST_CLASSES = 5
_OTHERS = "others"


@dataclass(frozen=True)
class Chart:
    """A chart with its heading, what it says in words, the ends of its scale, and the parts of its bars."""

    title: str
    value: str
    svg: Markup
    top: str = ""
    bottom: str = ""
    note: str = ""
    parts: tuple[str, ...] = ()


def kind(one: Performance) -> str:
    """Return what kind of a value it is if it is not of labels, or an empty text."""
    if not one.is_estimate:
        return ""
    return ESTIMATED if one.is_calibrated else f"{ESTIMATED}, {NOT_CALIBRATED}"


def shown(one: Performance) -> str:
    """Return a metric with its interval in words.

    >>> from mlmagic.monitoring.performance.performance import Performance
    >>> shown(Performance("accuracy", 0.91234, 0.9, 0.925, 900))
    '0.9123 [0.9, 0.925]'
    """
    if not math.isfinite(one.value):
        return one.note or "not known"
    known = math.isfinite(one.low) and math.isfinite(one.high)
    return _rounded(one.value) + (f" [{_rounded(one.low)}, {_rounded(one.high)}]" if known else "")


def performance_charts(report: MonitoringReport, days: Sequence[Day]) -> list[Chart]:
    """Return a chart for each metric; its scale includes the reference."""
    usual = {one.metric: one.value for one in report.baseline}
    whole = {one.metric: one for one in report.performance}
    names = dict.fromkeys([*whole, *(one.metric for day in days for one in day.performance)])
    across = {name: (usual.get(name, math.nan), report.limits.get(name, math.nan)) for name in names}
    charts = [_metric_chart(name, whole.get(name), across[name], days, report.unit) for name in names]
    return [chart for chart in charts if chart.svg or chart.value]


def prediction_charts(days: Sequence[Day], unit: str) -> list[Chart]:
    """Return the number of predictions by day, and the mean prediction or the share of each class."""
    if not days:
        return []
    numbers = [day.served or day.rows for day in days]
    counts = [
        (f"{day.day}: {count:,} prediction{'s' * (count != 1)}", float(count))
        for day, count in zip(days, numbers, strict=True)
    ]
    most = f"{max(numbers):,}"
    found = [
        Chart(f"predictions a {unit}", "", bars_svg(counts, label=f"predictions by {unit}, up to {most}"), most, "0")
    ]
    shares = [day.predicted if not isinstance(day.predicted, float) else {} for day in days]
    labels = _most_frequent(days)
    if not labels:
        values = [day.predicted if isinstance(day.predicted, float) else math.nan for day in days]
        chart = _line(
            "mean prediction",
            [Point(f"{day.day}: {_rounded(value)}", value) for day, value in zip(days, values, strict=True)],
            unit,
        )
    elif len(labels) <= _TWO:
        label = max(labels)
        values = [one.get(label, 0.0) if one else math.nan for one in shares]
        points = [Point(f"{day.day}: {_percent(value)}", value) for day, value in zip(days, values, strict=True)]
        chart = _line(f"predicted {shorten(label, _LONGEST)}", points, unit, is_share=True)
    else:
        chart = _stacked(labels, days, unit)
    return [*found, *filter(None, [chart])]


def _metric_chart(
    name: str, whole: Performance | None, across: tuple[float, float], days: Sequence[Day], unit: str
) -> Chart:
    """Return the chart of a metric, with lines *across* it: the value on the reference, and the limit."""
    usual, limit = across
    points = []
    for day in days:
        one = next((one for one in day.performance if one.metric == name), None)
        if one is None:
            points.append(Point("", math.nan))
            continue
        how = f", {kind(one)}" if one.is_estimate else ""
        points.append(Point(f"{day.day}: {shown(one)}{how}", one.value, one.low, one.high, one.is_estimate))
    value = "" if whole is None else shown(whole)
    label = f"{shorten(name, _LONGEST)} by {unit}" + (f", {value} in all" if value else "")
    label += f", limit {_rounded(limit)}" * math.isfinite(limit)
    svg, scale = line_svg(points, label=label, baseline=usual, limit=limit)
    notes = [] if whole is None else [*filter(None, [kind(whole)])]
    notes += [f"reference {_rounded(usual)}"] * math.isfinite(usual)
    notes += [f"limit {_rounded(limit)}"] * math.isfinite(limit)
    return Chart(shorten(name, _LONGEST), value, svg, *_ends(scale), _DOT.join(notes))


def _line(title: str, points: Sequence[Point], unit: str, *, is_share: bool = False) -> Chart | None:
    svg, scale = line_svg(points, label=f"{title} by {unit}", has_marks=False)
    return None if scale is None else Chart(title, "", svg, *_ends(scale, is_share=is_share))


def _stacked(labels: Sequence[str], days: Sequence[Day], unit: str) -> Chart:
    """Return bars of the shares of classes, the most frequent one at the bottom."""
    named = labels[:_MOST_CLASSES]
    stacks = []
    for day in days:
        shares = day.predicted if not isinstance(day.predicted, float) else {}
        heights = [shares.get(label, 0.0) for label in named]
        heights.append(max(1 - sum(heights), 0.0) if shares else 0.0)
        texts = [
            f"{day.day}: {shorten(label, _LONGEST)} {_percent(height)}"
            for label, height in zip([*named, _OTHERS], heights, strict=True)
        ]
        stacks.append(list(zip(texts, heights, strict=True)))
    has_others = any(stack[-1][1] > 1e-9 for stack in stacks)  # noqa: PLR2004  # more than rounding
    parts = tuple(shorten(label, _LONGEST) for label in named) + (_OTHERS,) * has_others
    if not has_others:
        stacks = [stack[:-1] for stack in stacks]
    svg = stacks_svg(stacks, label=f"share of each predicted class by {unit}: {', '.join(parts)}")
    return Chart("predicted classes", "", svg, "100 %", "0 %", "", parts)


def _most_frequent(days: Sequence[Day]) -> list[str]:
    """Return the predicted classes, those of most rows first."""
    counts: dict[str, float] = {}
    for day in days:
        if not isinstance(day.predicted, float):
            for label, share in day.predicted.items():
                counts[label] = counts.get(label, 0.0) + share * day.rows
    return sorted(counts, key=lambda label: (-counts[label], label))


def _ends(scale: Scale | None, *, is_share: bool = False) -> tuple[str, str]:
    """Return the largest and the least value of a chart; constant values have one only."""
    if scale is None:
        return "", ""
    top, bottom = (_percent(end) if is_share else f"{end:.3g}" for end in (scale.most, scale.least))
    return top, "" if top == bottom else bottom


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _rounded(value: float) -> str:
    return number(float(f"{value:.4g}"))
