"""The curves below a progress bar: one small plot for each quantity, without a script."""

from __future__ import annotations

import base64
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.views.bundle import MimeBundle, columns, number, pad, render, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_SERIES = 4
WIDTH, HEIGHT = 300, 96
_MARGIN = 4
_LONGEST_NAME = 40
_SPARK = "▁▂▃▄▅▆▇█"
_SPARK_COLUMNS = 24
# Told apart in a light and in a dark theme, by dash where colours look alike.
_STYLES = (("#3b82e0", ""), ("#e0701a", "5 3"), ("#2f9e57", "1.5 3"), ("#a05ad0", "8 3 1.5 3"))
# The part of the data that a metric's name tells, and the style that it has in every plot where it is free.
_PARTS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "eval": 1, "test": 2}


@dataclass(frozen=True)
class Series:
    """A metric as it is drawn: means, lows and highs of neighbouring values at ``steps``, NaN for a gap.

    ``span`` are its least and its greatest step, ``last`` its last value, ``count`` the number of its values.
    ``inner`` tells that its steps are those of a loop within the loop.
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
    """One plot: the series of one quantity, and the numbers around it."""

    labels: Sequence[Label]
    picture: str
    about: str
    high: str
    low: str
    first: str
    final: str
    mark: str


def live_curve(series: Sequence[Series], *, mark: int | None = None) -> MimeBundle:
    """Return the curves of at most four metrics as HTML with static pictures, and as lines of text.

    ``train_loss`` and ``val_loss`` share a plot, ``accuracy`` has its own: the y axes are linear, and a loss would
    flatten a score. The pictures are SVG in ``<img>``, where nothing can run, and hold no text; so they show in a
    notebook that is not trusted too.

    Parameters
    ----------
    series
        The metrics, in the order in which they appeared; those after the fourth are only counted.
    mark
        A step of the loop that is marked, such as the best epoch.

    Examples
    --------
    >>> values = [3.0, 2.0, 1.0]
    >>> print(live_curve([Series("loss", [0, 1, 2], values, values, values, (0, 2), last=1.0, count=3)])["text/plain"])
    loss  █▅▁  3 → 1 in 3 steps
    """
    shown = series[:MOST_SERIES]
    panels = [_panel(group, mark) for group in _groups(shown)]
    more = len(series) - len(shown)
    return {
        "text/html": render("live_curve.html", panels=panels, more=more, width=WIDTH, height=HEIGHT),
        "text/plain": "\n".join(_plain(shown)),
    }


def _groups(series: Iterable[Series]) -> list[list[Series]]:
    """Put together what measures the same quantity on different data, over the same steps."""
    groups: dict[tuple[bool, tuple[str, ...]], list[Series]] = {}
    for one in series:
        groups.setdefault((one.inner, quantity(one.name)), []).append(one)
    return list(groups.values())


def quantity(name: str) -> tuple[str, ...]:
    """Return the words of a metric's name without those that say on which part of the data it was computed.

    >>> quantity("val_loss") == quantity("train/loss") == quantity("loss")
    True
    >>> quantity("val_top5_accuracy"), quantity("val")
    (('top5', 'accuracy'), ('val',))
    """
    words = _words(name)
    return tuple(word for word in words if word not in _PARTS) or words


def _words(name: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[\W_]+", name.lower()) if word)


def _styled(group: Sequence[Series]) -> list[tuple[Series, str, str]]:
    """Give each series a colour and a dash of its own within its plot."""
    free = list(range(len(_STYLES)))
    styled = []
    for one in group:
        wanted = next((_PARTS[word] for word in _words(one.name) if word in _PARTS), 0)
        taken = wanted if wanted in free else free[0]
        free.remove(taken)
        styled.append((one, *_STYLES[taken]))
    return styled


def _panel(group: Sequence[Series], mark: int | None) -> Panel:
    styled = _styled(group)
    labels = [
        Label(shorten(one.name, _LONGEST_NAME), number(one.last), colour, "dashed" if dash else "solid")
        for one, colour, dash in styled
    ]
    low = min(_finite(one.lows for one in group), default=math.nan)
    high = max(_finite(one.highs for one in group), default=math.nan)
    first, final = min(one.span[0] for one in group), max(one.span[1] for one in group)
    marked = mark is not None and first <= mark <= final and not any(one.inner for one in group)
    svg = _svg(styled, (first, final), (low, high), mark if marked else None)
    return Panel(
        labels=labels,
        picture="data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode(),
        about="; ".join(_about(one) for one in group),
        high=number(high),
        low="" if low == high or math.isnan(low) else number(low),
        first=f"step {first}",
        final="" if first == final else str(final),
        mark=f"best at {mark}" if marked else "",
    )


def _finite(columns_: Iterable[Sequence[float]]) -> Iterator[float]:
    return (value for column in columns_ for value in column if math.isfinite(value))


def _svg(
    styled: Sequence[tuple[Series, str, str]], across: tuple[int, int], up: tuple[float, float], mark: int | None
) -> str:
    """Draw a panel: numbers only, so there is nothing to escape."""

    def x(step: float) -> float:
        return _place(step, *across, _MARGIN, WIDTH - _MARGIN)

    def y(value: float) -> float:
        return _place(value, *up, HEIGHT - _MARGIN, _MARGIN)

    grid = "".join(f"M0 {at}H{WIDTH}" for at in (_MARGIN, HEIGHT // 2, HEIGHT - _MARGIN))
    parts = [f'<path d="{grid}" stroke="#888" stroke-opacity=".28"/>']
    if mark is not None:
        parts.append(f'<path d="M{x(mark):.1f} 0V{HEIGHT}" stroke="#888" stroke-dasharray="2 2"/>')
    for one, colour, dash in reversed(styled):
        for piece in _pieces(one):
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
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def _pieces(one: Series) -> Iterator[list[tuple[float, float, float, float]]]:
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


def _place(value: float, low: float, high: float, start: float, end: float) -> float:
    """Return where *value* lies when *low* lies at *start* and *high* at *end*; in the middle when they are one."""
    span = high / 2 - low / 2  # halves: the range from the least to the largest float is itself no float
    share = 0.5 if span == 0 else (value / 2 - low / 2) / span
    return start + share * (end - start)


def _about(one: Series) -> str:
    name = shorten(one.name, _LONGEST_NAME)
    steps = f"{one.count} step{'s' if one.count != 1 else ''}"
    start = next((mean for mean in one.means if math.isfinite(mean)), math.nan)
    return f"{name} {number(start)} → {number(one.last)} in {steps}"


def _plain(series: Sequence[Series]) -> Iterator[str]:
    """Yield each curve as a line of blocks with its first and last value."""
    names = [shorten(one.name, _LONGEST_NAME) for one in series]
    width = max(map(columns, names), default=0)
    for name, one in zip(names, series, strict=True):
        yield f"{pad(name, width)}  {_spark(one.means)}  {_about(one).removeprefix(name).lstrip()}"


def _spark(values: Sequence[float]) -> str:
    count = min(len(values), _SPARK_COLUMNS)
    picked = [values[round(at * (len(values) - 1) / max(count - 1, 1))] for at in range(count)]
    finite = [value for value in picked if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    top = len(_SPARK) - 1
    return "".join(_SPARK[round(_place(v, low, high, 0, top))] if math.isfinite(v) else " " for v in picked)
