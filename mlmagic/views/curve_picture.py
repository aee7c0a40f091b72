"""Draws curves as static SVG in a data URL, which is shown without scripts and in untrusted notebooks."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MARGIN = 4
# Distinguishable in light and dark themes, by dash if colours look alike.
STYLES = (
    ("#3b82e0", ""), ("#e0701a", "5 3"), ("#2f9e57", "1.5 3"), ("#a05ad0", "8 3 1.5 3"), ("#d6428b", "10 4"),
    ("#7c8a99", "3 2"),
)  # fmt: skip
"""Colour and dash of each curve of a picture."""


@dataclass(frozen=True)
class PictureSeries:
    """A metric to draw: means, lows and highs of neighbouring values at ``steps``, NaN for a gap.

    ``span`` is its lowest and highest step, ``last`` its last value, ``count`` the number of its values. ``inner`` says
    whether its steps are those of a nested loop.
    """

    name: str
    steps: Sequence[float]
    means: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    span: tuple[int, int]
    last: float
    count: int
    inner: bool = False


@dataclass(frozen=True)
class Label:
    """A series in the legend."""

    name: str
    last: str
    colour: str
    line: str


@dataclass(frozen=True)
class Panel:
    """One plot, its legend, and its axis labels: ``high`` and ``low`` at the left, the others below."""

    labels: Sequence[Label]
    picture: str
    about: str
    high: str
    low: str
    first: str
    final: str
    mark: str


@dataclass(frozen=True)
class Size:
    """Width and height of a picture in pixels."""

    width: int
    height: int


def picture(
    styled: Sequence[tuple[PictureSeries, str, str]],
    across: tuple[float, float],
    up: tuple[float, float],
    size: Size,
    mark: int | None = None,
    *,
    dots: bool = False,
) -> str:
    """Draw curves, each with its colour and dash, and return the picture's data URL. It contains nothing to escape.

    *across* and *up* are the ranges of the axes; a vertical line is drawn at *mark*. With *dots*, values are drawn as
    separate dots.
    """
    svg = _svg(styled, across, up, size, mark, dots=dots)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def finite(columns_: Iterable[Sequence[float]]) -> Iterator[float]:
    """Yield all finite values."""
    return (value for column in columns_ for value in column if math.isfinite(value))


def _svg(
    styled: Sequence[tuple[PictureSeries, str, str]],
    across: tuple[float, float],
    up: tuple[float, float],
    size: Size,
    mark: int | None,
    *,
    dots: bool,
) -> str:
    width, height = size.width, size.height

    def x(step: float) -> float:
        return place(step, *across, _MARGIN, width - _MARGIN)

    def y(value: float) -> float:
        return place(value, *up, height - _MARGIN, _MARGIN)

    grid = "".join(f"M0 {at}H{width}" for at in (_MARGIN, height // 2, height - _MARGIN))
    parts = [f'<path d="{grid}" stroke="#888" stroke-opacity=".28"/>']
    if mark is not None:
        parts.append(f'<path d="M{x(mark):.1f} 0V{height}" stroke="#888" stroke-dasharray="2 2"/>')
    for one, colour, dash in reversed(styled):
        for piece in _pieces(one):
            if dots:
                parts += [
                    f'<circle cx="{x(step):.1f}" cy="{y(mean):.1f}" r="3" fill="{colour}" fill-opacity=".8"/>'
                    for step, mean, _, _ in piece
                ]
                continue
            top = [f"{x(step):.1f},{y(high):.1f}" for step, _, _, high in piece]
            bottom = [f"{x(step):.1f},{y(low):.1f}" for step, _, low, _ in piece]
            if top != bottom:
                band = " ".join([*top, *reversed(bottom)])
                parts.append(f'<polygon points="{band}" fill="{colour}" fill-opacity=".22"/>')
            line = " ".join(f"{x(step):.1f},{y(mean):.1f}" for step, mean, _, _ in piece)
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            parts.append(
                f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.8" '
                f'stroke-linejoin="round"{dashes}/>'
            )
            step, mean, _, _ = piece[-1]
            parts.append(f'<circle cx="{x(step):.1f}" cy="{y(mean):.1f}" r="2.4" fill="{colour}"/>')
    box = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{"".join(parts)}</svg>'


def _pieces(one: PictureSeries) -> Iterator[list[tuple[float, float, float, float]]]:
    """Yield the parts of a curve between its gaps, as (step, mean, low, high)."""
    piece: list[tuple[float, float, float, float]] = []
    for point in zip(one.steps, one.means, one.lows, one.highs, strict=True):
        if math.isfinite(point[1]):
            piece.append(point)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def place(value: float, low: float, high: float, start: float, end: float) -> float:
    """Map *value* linearly from [*low*, *high*] to [*start*, *end*], to the middle if *low* equals *high*."""
    span = high / 2 - low / 2  # halves, because the full range of floats would overflow
    share = 0.5 if span == 0 else (value / 2 - low / 2) / span
    return start + share * (end - start)
