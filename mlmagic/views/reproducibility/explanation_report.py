"""The view of an explanation as text and HTML: what each difference between two runs is worth in each metric."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mlmagic.views.rendering import MimeBundle, duration, number, numbers, render, shorten
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.replay.explaining.explanation import ExplainedMetric, Explanation, Share

_MOST_METRICS = 3
_MOST_SHOWN = 120
_LONGEST = 500
_LARGEST_PLAIN = 1e9
_MOST_DECIMALS = 8


@dataclass(frozen=True)
class ShareRow:
    """A part of a metric's change; its bar reaches from ``left`` and is ``width`` wide, in percent of the column."""

    name: str
    kind: str
    value: str
    note: str
    left: float
    width: float
    is_up: bool
    is_noise: bool


@dataclass(frozen=True)
class MetricPart:
    """A metric with its rows, and the sentence that says the same."""

    name: str
    values: str
    change: str
    noise: str
    rows: list[ShareRow]


def explanation_bundle(found: Explanation) -> MimeBundle:
    """Return *found* as HTML and as plain text.

    Examples
    --------
    >>> from mlmagic.replay.explaining.explanation import ExplainedMetric, Explanation, Factor, Share
    >>> depth, seed = Factor("parameter", "depth", "3", "5"), Factor("seed", "seed", "42", "43")
    >>> shares = [Share([depth], 0.02, False), Share([seed], 0.001, True)]
    >>> metric = ExplainedMetric("accuracy", 0.912, 0.933, shares, 0.0, 0.0, 0.004)
    >>> print(explanation_bundle(Explanation("a" * 32, "b" * 32, ("forest", "boost"), [metric]))["text/plain"])
    forest (aaaaaaaa) → boost (bbbbbbbb)
      accuracy 0.9120 → 0.9330: +0.0210, noise of seeds ±0.004
        +0.0200  depth 3 → 5
        +0.0010  seed 42 → 43 (within ±0.004 of noise)
    """
    parts = [_part(one) for one in found.metrics]
    return {
        "text/html": render(
            "explanation_report.html",
            found=found,
            parts=parts[:_MOST_METRICS],
            more=parts[_MOST_METRICS:],
            nothing=_nothing(found),
            factors=[str(one) for one in found.factors],
            footer=_footer(found),
        ),
        "text/plain": "\n".join(_plain(found, parts)),
    }


def _signed(values: Sequence[float]) -> list[str]:
    """Return *values* with their signs, and with three digits of the largest.

    >>> _signed([0.0213, -0.003, 0.0])
    ['+0.0213', '-0.0030', '0']
    """
    largest = max(map(abs, values))
    decimals = max(0, 2 - math.floor(math.log10(largest))) if largest else 0
    if largest >= _LARGEST_PLAIN or decimals > _MOST_DECIMALS:
        return [f"{value:+.2e}" if value else "0" for value in values]
    return [f"{value:+,.{decimals}f}" if value else "0" for value in values]


def _part(metric: ExplainedMetric) -> MetricPart:
    before, after = numbers([metric.before, metric.after])
    parts = [*(share.value for share in metric.shares), metric.together, metric.unexplained]
    ends = [0.0, *itertools.accumulate(parts)]  # where the bars begin and end, from the first run's value on
    scale = _Scale(min(ends), (max(ends) - min(ends)) or 1.0)
    starts, texts = iter(ends), iter(_signed(parts))
    rows = [_share_row(share, next(texts), scale.place(next(starts), share.value), metric) for share in metric.shares]
    for name, value, note in (
        ("only together", metric.together, "the differences strengthen or weaken each other"),
        ("not explained", metric.unexplained, "the records differ by more than today's replays of them"),
    ):
        place, text = scale.place(next(starts), value), next(texts)
        if value:
            rows.append(ShareRow(name, "", text, note, *place, is_up=value > 0, is_noise=False))
    noise = f"±{number(metric.noise)}" if metric.noise else ""
    return MetricPart(metric.name, f"{before} → {after}", _signed([metric.change])[0], noise, rows)


class _Scale(NamedTuple):
    """The least value of a metric's bars, and how far they reach in all."""

    low: float
    span: float

    def place(self, start: float, value: float) -> tuple[float, float]:
        """Return where the bar of *value* begins and how wide it is, in percent."""
        left = 100 * (min(start, start + value) - self.low) / self.span
        return round(left, 2), round(100 * abs(value) / self.span, 2)


def _share_row(share: Share, text: str, place: tuple[float, float], metric: ExplainedMetric) -> ShareRow:
    note = f"within ±{number(metric.noise or 0.0)} of noise" if share.is_noise else ""
    return ShareRow(
        shorten(str(share), _MOST_SHOWN),
        ", ".join(dict.fromkeys(one.kind for one in share.factors)),
        text,
        note if share.value else "no effect",
        *place,
        is_up=share.value >= 0,
        is_noise=share.is_noise or not share.value,
    )


def _nothing(found: Explanation) -> str:
    if found.metrics:
        return ""
    if not found.factors and not found.not_swapped:
        return "The records do not differ: the same code ran, from the same random state, with the same data."
    if not found.replays:
        return (
            "No metric of both runs differs." if found.factors else "Nothing that differs can be taken into a replay."
        )
    return "No metric could be divided."


def _footer(found: Explanation) -> str:
    return f"{found.replays} replays in {duration(found.seconds)}" if found.replays else ""


def _plain(found: Explanation, parts: list[MetricPart]) -> list[str]:
    lines = [
        f"{shorten(found.names[0])} ({found.first[:8]}) → {shorten(found.names[1])} ({found.second[:8]})",
        *([f"  {_nothing(found)}"] if not parts else []),
    ]
    for part in parts:
        noise = f", noise of seeds {part.noise}" if part.noise else ""
        lines.append(clean(f"  {shorten(part.name)} {part.values}: {part.change}{noise}"))
        width = max((len(row.value) for row in part.rows), default=0)
        for row in part.rows:
            note = f" ({row.note})" if row.note else ""
            lines.append(clean(f"    {row.value.rjust(width)}  {row.name}{note}"))
    if not parts:
        lines += [f"  differs: {shorten(one, _LONGEST)}" for one in found.factors]
    lines += [f"  not taken from one into the other: {shorten(one, _LONGEST)}" for one in found.not_swapped]
    lines += [f"  note {shorten(one, _LONGEST)}" for one in found.notes]
    footer = _footer(found)
    return [*lines, *([f"  {footer}"] if footer else [])]
