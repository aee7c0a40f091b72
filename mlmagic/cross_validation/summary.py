"""The mean and the spread of the metrics over the folds of a cross-validation."""

from __future__ import annotations

import io
import math
import warnings
from typing import TYPE_CHECKING

from mlmagic.scalars import mean_and_std
from mlmagic.store.keys import unused
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.recording.run_context import RunContext

MEAN, STD = "cv_mean_", "cv_std_"
_MOST_DRAWN = 8
_ROW = 0.8
"""Inches."""
_DOT, _LINE = "#4b83c4", "#e0701a"


def record_summary(context: RunContext, folds: Sequence[Mapping[str, float]]) -> None:
    """Record ``cv_mean_<metric>``, ``cv_std_<metric>`` and a picture of the metrics that all *folds* have.

    The standard deviation is that of the folds themselves, as NumPy's ``std`` has it.
    """
    names = list(dict.fromkeys(name for numbers in folds for name in numbers))
    common = [name for name in names if all(name in numbers for numbers in folds)]
    for name in names:
        if name not in common:
            have = sum(name in numbers for numbers in folds)
            context.notices.info(f"{name}: {have} of {len(folds)} folds have it, so it has no mean over the folds")
    series = {name: [numbers[name] for numbers in folds] for name in common}
    for name, values in series.items():
        mean, std = mean_and_std(values)
        context.recorder.metric(f"{MEAN}{name}", mean)
        context.recorder.metric(f"{STD}{name}", std)
    try:
        picture = picture_of({name: values for name, values in series.items() if all(map(math.isfinite, values))})
    except BaseException as error:  # noqa: BLE001  # matplotlib cannot draw every value; the numbers are recorded
        reraise_interrupt(error)
        context.notices.warn(f"the picture of the folds could not be drawn: {one_line(error)[:200]}")
        return
    if picture is not None:
        name = unused("folds", context.figure_names)
        context.recorder.data(f"figures/{name}.png", picture)


def picture_of(series: Mapping[str, Sequence[float]]) -> bytes | None:
    """Return a PNG with a dot for each fold and a line at the mean, a panel for each metric.

    None if there is nothing to draw, or no matplotlib.
    """
    drawn = list(series.items())[:_MOST_DRAWN]
    if not drawn:
        return None
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    height = _ROW * len(drawn)
    figure = Figure(figsize=(5.2, height))
    FigureCanvasAgg(figure)
    # Set by hand: matplotlib's own layouts double the time.
    figure.subplots_adjust(left=0.05, right=0.95, top=1 - 0.3 / height, bottom=0.36 / height, hspace=2.4)
    for axes, (name, values) in zip(figure.subplots(len(drawn), 1, squeeze=False)[:, 0], drawn, strict=True):
        mean, std = mean_and_std(values)
        axes.plot(values, [0] * len(values), "o", color=_DOT, alpha=0.7)
        axes.axvline(mean, color=_LINE)
        axes.set_title(f"{name}   {mean:.4g} ± {std:.2g}", loc="left", fontsize=9, parse_math=False)
        axes.set_yticks([])
        axes.tick_params(labelsize=8)
        axes.locator_params(axis="x", nbins=5)
        for side in ("left", "right", "top"):
            axes.spines[side].set_visible(False)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # characters that matplotlib's fonts lack
        figure.canvas.print_png(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()
