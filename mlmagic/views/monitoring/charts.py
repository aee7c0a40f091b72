"""Small charts of days as inline SVG: no library, no script, and readable on light and dark pages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 320.0, 96.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 4.0, 4.0, 6.0, 4.0
_MARKS = 90
_MARGIN = 0.08


@dataclass(frozen=True)
class Point:
    """A value of one day, with its interval; hollow if it is estimated."""

    title: str
    value: float
    low: float = math.nan
    high: float = math.nan
    is_estimate: bool = False


@dataclass(frozen=True)
class Scale:
    """From values to the height of a chart; *low* and *high* leave a margin around *least* and *most*."""

    low: float
    high: float
    least: float
    most: float

    def at(self, value: float) -> float:
        """Return the y of a value."""
        share = (value - self.low) / (self.high - self.low)
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - share)


def line_svg(
    points: Sequence[Point],
    *,
    label: str,
    baseline: float = math.nan,
    limit: float = math.nan,
    has_marks: bool = True,
) -> tuple[Markup, Scale | None]:
    """Return a line with its intervals, and the scale; an empty text and None without a finite value.

    *baseline* and *limit* are lines across, and within the scale. Without marks a point is shown where it has no line.

    >>> svg, scale = line_svg([Point("1 May", 0.5), Point("2 May", 0.7)], label="accuracy")
    >>> scale.least, scale.most
    (0.5, 0.7)
    """
    known = [one for one in points if math.isfinite(one.value)]
    if not known:
        return Markup(), None
    ends = [end for one in known for end in (one.value, one.low, one.high) if math.isfinite(end)]
    across = {name: value for name, value in (("base", baseline), ("limit", limit)) if math.isfinite(value)}
    scale = _scale([*ends, *across.values()])
    xs = _places(len(points))
    parts = [_band(points, xs, scale)]
    for name, value in across.items():
        y = scale.at(value)
        parts.append(f'<line class="{name}" x1="{_LEFT:g}" x2="{WIDTH - _RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}"/>')
    runs = _runs(points)
    joined = {at for run, _ in runs for at in run}
    for run, is_estimate in runs:
        path = " ".join(f"{xs[at]:.1f},{scale.at(points[at].value):.1f}" for at in run)
        parts.append(f'<polyline class="line{" estimate" * is_estimate}" points="{path}"/>')
    radius = 2.5 if len(points) <= _MARKS else 1.2
    for at, (x, one) in enumerate(zip(xs, points, strict=True)):
        if math.isfinite(one.value):
            kind = "mark estimate" if one.is_estimate else "mark"
            if not has_marks:
                kind = "joint" if at in joined else "joint lone"
            parts.append(
                f'<circle class="{kind}" cx="{x:.1f}" cy="{scale.at(one.value):.1f}" r="{radius:g}">'
                f"<title>{escape(clean(one.title))}</title></circle>"
            )
    return _svg("".join(parts), label), scale


def bars_svg(values: Sequence[tuple[str, float]], *, label: str) -> Markup:
    """Return a bar for each (title, value); values are not negative."""
    largest = max((value for _, value in values), default=0.0)
    if not largest:
        return Markup()
    step = (WIDTH - _LEFT - _RIGHT) / len(values)
    wide = min(max(step * 0.8, 0.8), 40.0)
    parts = []
    for at, (title, value) in enumerate(values):
        high = (HEIGHT - _TOP - _BOTTOM) * value / largest
        x, y = _LEFT + step * at + (step - wide) / 2, HEIGHT - _BOTTOM - high
        parts.append(
            f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}">'
            f"<title>{escape(clean(title))}</title></rect>"
        )
    return _svg("".join(parts), label)


def stacks_svg(stacks: Sequence[Sequence[tuple[str, float]]], *, label: str) -> Markup:
    """Return a bar of (title, share) parts for each of *stacks*, from the bottom to the top."""
    step = (WIDTH - _LEFT - _RIGHT) / max(len(stacks), 1)
    wide = min(max(step * 0.8, 0.8), 40.0)
    parts = []
    for at, stack in enumerate(stacks):
        x, y = _LEFT + step * at + (step - wide) / 2, HEIGHT - _BOTTOM
        for place, (title, share) in enumerate(stack):
            high = (HEIGHT - _TOP - _BOTTOM) * min(max(share, 0.0), 1.0)
            y -= high
            parts.append(
                f'<rect class="part p{place}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}">'
                f"<title>{escape(clean(title))}</title></rect>"
            )
    return _svg("".join(parts), label)


def _svg(inner: str, label: str) -> Markup:
    about = f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{escape(clean(label))}"'
    return Markup(f'<svg class="chart" {about}>{inner}</svg>')  # noqa: S704  # made of numbers and escaped texts


def _scale(values: Sequence[float]) -> Scale:
    low, high = min(values), max(values)
    margin = (high - low) * _MARGIN or max(abs(low) * _MARGIN, 1e-9)
    return Scale(low - margin, high + margin, low, high)


def _places(count: int) -> list[float]:
    inner = WIDTH - _LEFT - _RIGHT
    if count == 1:
        return [WIDTH / 2]
    return [_LEFT + 3 + (inner - 6) * at / (count - 1) for at in range(count)]


def _runs(points: Sequence[Point]) -> list[tuple[list[int], bool]]:
    """Return the places of consecutive finite values, and whether the line to them is of estimates.

    A gap is not drawn over. A line to or from an estimate counts as one.
    """
    found: list[tuple[list[int], bool]] = []
    for at in range(1, len(points)):
        one, other = points[at - 1], points[at]
        if not (math.isfinite(one.value) and math.isfinite(other.value)):
            continue
        is_estimate = one.is_estimate or other.is_estimate
        if found and found[-1][0][-1] == at - 1 and found[-1][1] == is_estimate:
            found[-1][0].append(at)
        else:
            found.append(([at - 1, at], is_estimate))
    return found


def _band(points: Sequence[Point], xs: Sequence[float], scale: Scale) -> str:
    parts = []
    for x, one in zip(xs, points, strict=True):
        if math.isfinite(one.low) and math.isfinite(one.high):
            parts.append(
                f'<line class="interval" x1="{x:.1f}" x2="{x:.1f}" y1="{scale.at(one.low):.1f}" '
                f'y2="{scale.at(one.high):.1f}"/>'
            )
    return "".join(parts)
