"""The live curves below a progress bar: one small plot for each quantity, without scripts."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from mlmagic.views.curve_picture import STYLES, Label, Panel, PictureSeries, Size, finite, picture, place
from mlmagic.views.rendering import MimeBundle, columns, number, pad, render, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_SERIES = 4
WIDTH, HEIGHT = 300, 96
_LONGEST_NAME = 40
_SPARK = "▁▂▃▄▅▆▇█"
_SPARK_COLUMNS = 24
# The words in a metric's name for a part of the data, with the index of the preferred style.
_PARTS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "eval": 1, "test": 2}


def live_curve(series: Sequence[PictureSeries], *, mark: int | None = None) -> MimeBundle:
    """Return the curves of at most four metrics as HTML with static pictures, and as lines of text.

    ``train_loss`` and ``val_loss`` share a plot. ``accuracy`` has its own, because on a shared linear axis a loss would
    flatten it. The pictures are SVG in ``<img>``, which runs no scripts, and contain no text, so they are shown in
    untrusted notebooks too.

    Parameters
    ----------
    series
        The metrics in order of appearance; those after the fourth are only counted.
    mark
        A step of the loop to mark, such as the best epoch.

    Examples
    --------
    >>> values = [3.0, 2.0, 1.0]
    >>> loss = PictureSeries("loss", [0, 1, 2], values, values, values, (0, 2), last=1.0, count=3)
    >>> print(live_curve([loss])["text/plain"])
    loss  █▅▁  3 → 1 in 3 steps
    """
    shown = series[:MOST_SERIES]
    panels = [_panel(group, mark) for group in _groups(shown)]
    more = len(series) - len(shown)
    return {
        "text/html": render("live_curve.html", panels=panels, more=more, width=WIDTH, height=HEIGHT),
        "text/plain": "\n".join(_plain(shown)),
    }


def _groups(series: Iterable[PictureSeries]) -> list[list[PictureSeries]]:
    """Group the series that measure the same quantity on different data over the same steps."""
    groups: dict[tuple[bool, tuple[str, ...]], list[PictureSeries]] = {}
    for one in series:
        groups.setdefault((one.inner, quantity(one.name)), []).append(one)
    return list(groups.values())


def quantity(name: str) -> tuple[str, ...]:
    """Return the words of a metric's name without those that name a part of the data.

    >>> quantity("val_loss") == quantity("train/loss") == quantity("loss")
    True
    >>> quantity("val_top5_accuracy"), quantity("val")
    (('top5', 'accuracy'), ('val',))
    """
    words = _words(name)
    return tuple(word for word in words if word not in _PARTS) or words


def _words(name: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[\W_]+", name.lower()) if word)


def _styled(group: Sequence[PictureSeries]) -> list[tuple[PictureSeries, str, str]]:
    """Give each series a unique colour and dash within its plot."""
    free = list(range(len(STYLES)))
    styled = []
    for one in group:
        wanted = next((_PARTS[word] for word in _words(one.name) if word in _PARTS), 0)
        taken = wanted if wanted in free else free[0]
        free.remove(taken)
        styled.append((one, *STYLES[taken]))
    return styled


def _panel(group: Sequence[PictureSeries], mark: int | None) -> Panel:
    styled = _styled(group)
    labels = [
        Label(shorten(one.name, _LONGEST_NAME), number(one.last), colour, "dashed" if dash else "solid")
        for one, colour, dash in styled
    ]
    low = min(finite(one.lows for one in group), default=math.nan)
    high = max(finite(one.highs for one in group), default=math.nan)
    first, final = min(one.span[0] for one in group), max(one.span[1] for one in group)
    marked = mark is not None and first <= mark <= final and not any(one.inner for one in group)
    return Panel(
        labels=labels,
        picture=picture(styled, (first, final), (low, high), Size(WIDTH, HEIGHT), mark if marked else None),
        about="; ".join(_about(one) for one in group),
        high=number(high),
        low="" if low == high or math.isnan(low) else number(low),
        first=f"step {first}",
        final="" if first == final else str(final),
        mark=f"best at {mark}" if marked else "",
    )


def _about(one: PictureSeries) -> str:
    name = shorten(one.name, _LONGEST_NAME)
    steps = f"{one.count} step{'s' if one.count != 1 else ''}"
    start = next((mean for mean in one.means if math.isfinite(mean)), math.nan)
    return f"{name} {number(start)} → {number(one.last)} in {steps}"


def _plain(series: Sequence[PictureSeries]) -> Iterator[str]:
    """Yield each curve as a sparkline with its first and last value."""
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
    return "".join(_SPARK[round(place(v, low, high, 0, top))] if math.isfinite(v) else " " for v in picked)
