"""The static view of a comparison, a table and a picture, for nbconvert, GitHub and untrusted notebooks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlmagic.comparison.groups import groups_of, mean_of
from mlmagic.comparison.histories import best_curves, ranking_of
from mlmagic.errors import StoreError
from mlmagic.store.query.families import below_text, fold
from mlmagic.store.query.frames import ATTRS, frame_of, urls_of
from mlmagic.store.query.histories.extremes import are_last
from mlmagic.views.curve_picture import STYLES, Label, Panel, PictureSeries, Size, finite, picture
from mlmagic.views.rendering import MimeBundle, number, render, shorten
from mlmagic.views.tables.runs_table import table_html
from mlmagic.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from mlmagic.comparison.compared_runs import Comparison
    from mlmagic.comparison.groups import Mean
    from mlmagic.store.query.histories.curves import Curve

MOST_CURVES = len(STYLES)
_MOST_ROWS = 20
_MOST_DOTS = 1000
_MOST_POINTS = 200
_LONGEST_NAME = 40
_LONGEST_TITLE = 200
_MOST_DECIMALS = 8
_SIZE = Size(560, 150)


def still_of(comparison: Comparison) -> MimeBundle:
    """Return the static view of *comparison*, with the curves of its best runs in the main metric."""
    try:
        curves = best_curves(comparison.without_archived(), MOST_CURVES, points=_MOST_POINTS)
    except StoreError:  # if the store has become unavailable, show the table without curves
        curves = []
    return comparison_bundle(comparison, curves)


def static_view(comparison: Comparison, curves: Sequence[Curve]) -> str:
    """Return the static view of a saved page as HTML, drawn from the *curves* of the page."""
    main = comparison.main_metric
    of_main = [curve for curve in curves if main and curve.key == main.label]
    return comparison_bundle(comparison, of_main[:MOST_CURVES], rest="are in this page with JavaScript")["text/html"]


def comparison_bundle(
    comparison: Comparison,
    curves: Sequence[Curve],
    *,
    rest: str = "are in the live view: run the cell",
) -> MimeBundle:
    """Return the static view: a table of the best runs, and their *curves* or the main metric of each run.

    *curves* are at most six curves of the main metric, best run first. *rest* says where the runs are that the table
    leaves out. Everything is escaped and nothing needs a script. In JupyterLab and Notebook, the view is hidden behind
    a live widget.
    """
    unread = (comparison.total or len(comparison.runs)) - len(comparison.runs)
    comparison = comparison.without_archived()
    frame = _groups_frame(comparison) if comparison.group else _runs_frame(comparison)
    drawn = _curves_panel(comparison, curves) or _dots_panel(comparison)
    left_out = 0 if comparison.group else max(frame.attrs[ATTRS]["total"] - len(frame) + unread, 0)
    return {
        "text/html": render(
            "comparison.html",
            title=shorten(comparison.title, _LONGEST_TITLE),
            notice=comparison.notice,
            table=table_html(frame) if len(frame) else "",
            caption=_caption(comparison, curves) if drawn else "",
            panel=drawn,
            width=_SIZE.width,
            height=_SIZE.height,
            left_out=left_out,
            rest=rest,
        ),
        "text/plain": _plain(comparison, frame, left_out),
    }


def _runs_frame(comparison: Comparison) -> DataFrame:
    """Return the best runs; those below others are counted."""
    main, ranked = comparison.main_metric, ranking_of(comparison)
    every = ranked.runs if ranked else fold(comparison.runs)[0]
    runs = every[:_MOST_ROWS]
    measured = {}
    if main and ranked:
        known = {run_id: ranked.measured[run_id] for run in runs if (run_id := run.info.run_id) in ranked.measured}
        if not are_last(runs, main.label, known):
            measured = {main.label: known}
    below = ranked.below if ranked else fold(comparison.runs)[1]
    return frame_of(
        runs,
        sort=("metric", main.label) if main else None,
        ascending=bool(main and main.goal == "min"),
        measured=measured,
        value="best" if comparison.is_ranked_by_best else "last",
        below={run.info.run_id: len(below[run.info.run_id]) for run in runs if run.info.run_id in below},
        urls=urls_of(runs),
        total=len(every),
        listed=len(runs),
        is_still=True,
    )


def _groups_frame(comparison: Comparison) -> DataFrame:
    """Return the best groups, each with its number of runs, and the mean and standard error of its metrics."""
    from pandas import DataFrame

    groups = groups_of(comparison)[:_MOST_ROWS]
    metrics = sorted(
        (column for column in comparison.columns if column.kind == "metric"),
        key=lambda column: column is not comparison.main_metric,
    )
    columns: dict[str, list[str]] = {
        "name": [group.name for group in groups],
        "runs": [str(len(group.rows)) for group in groups],
    }
    for column in metrics:
        name = column.label if column.label not in columns else f"metrics.{column.label}"
        columns[name] = [_mean_text(mean_of(column, group.rows)) for group in groups]
    frame = DataFrame(columns)
    count = len(comparison.runs)
    best = f", best mean of {shorten(metrics[0].label, _LONGEST_NAME)} first" if metrics else ""
    shown = f"{len(groups)} group{'s' * (len(groups) != 1)} of {count} run{'s' * (count != 1)}"
    frame.attrs[ATTRS] = {"headline": f"{shown}{best}"}
    return frame


def mean_text(mean: float, error: float) -> str:
    """Format a mean and its standard error, to the second digit of the error; an error of NaN is left out.

    >>> mean_text(0.93125, 0.0123), mean_text(0.5, float("nan"))
    ('0.931 ± 0.012', '0.5')
    """
    if math.isnan(error):
        return number(mean)
    decimals = 1 - math.floor(math.log10(error)) if error and math.isfinite(error) else _MOST_DECIMALS + 1
    if not 0 <= decimals <= _MOST_DECIMALS:
        return f"{number(mean)} \N{PLUS-MINUS SIGN} {number(error)}"
    return f"{mean:.{decimals}f} \N{PLUS-MINUS SIGN} {error:.{decimals}f}"


def _mean_text(found: Mean | None) -> str:
    return "\N{EN DASH}" if found is None else mean_text(found.mean, found.error)


def _caption(comparison: Comparison, curves: Sequence[Curve]) -> str:
    name = shorten(comparison.main_metric.label, _LONGEST_NAME) if comparison.main_metric else ""
    if not _has_curves(curves):
        return f"{name} by run, oldest first"
    count = len(comparison.runs)
    return f"{name} of the {len(curves)} best of {count} runs" if len(curves) < count else name


def _has_curves(curves: Sequence[Curve]) -> bool:
    return any(curve.count > 1 for curve in curves)


def _curves_panel(comparison: Comparison, curves: Sequence[Curve]) -> Panel | None:
    shown = [curve for curve in curves if curve.count][:MOST_CURVES]
    if not _has_curves(shown):
        return None
    names = {run.info.run_id: run.info.run_name or run.info.run_id for run in comparison.runs}
    series = []
    goal = comparison.main_metric.goal if comparison.main_metric else None
    for curve in shown:
        steps, values = curve.steps.tolist(), curve.values.tolist()  # noqa: PD011  # no frame
        span = (int(min(steps)), int(max(steps)))
        extremes = comparison.extremes.get((curve.run_id, curve.key))
        told = (extremes and extremes.chosen("best", goal)) or (values[-1], None)  # the value by which the table ranks
        series.append(PictureSeries(names[curve.run_id], steps, values, values, values, span, told[0], curve.count))
    return _panel(series, "step ", which="best" if comparison.is_ranked_by_best else "last")


def _dots_panel(comparison: Comparison) -> Panel | None:
    """Return a panel with the main metric of each run in order of time, which shows the progress of the work."""
    main = comparison.main_metric
    if main is None or main.numbers is None:
        return None
    values = main.numbers.tolist()[::-1][-_MOST_DOTS:]
    if sum(map(math.isfinite, values)) < 2:  # noqa: PLR2004  # one dot is not worth a picture
        return None
    steps = list(range(1, len(values) + 1))
    last = values[-1]
    one = PictureSeries(main.label, steps, values, values, values, (1, len(values)), last, len(values))
    return _panel([one], "run ", dots=True)


def _panel(series: Sequence[PictureSeries], unit: str, *, dots: bool = False, which: str = "last") -> Panel:
    styled = [(one, *style) for one, style in zip(series, STYLES, strict=False)]
    low = min(finite(one.lows for one in series), default=math.nan)
    high = max(finite(one.highs for one in series), default=math.nan)
    first, final = min(one.span[0] for one in series), max(one.span[1] for one in series)
    labels = [
        Label(shorten(one.name, _LONGEST_NAME), number(one.last), colour, "dashed" if dash else "solid")
        for one, colour, dash in styled
    ]
    return Panel(
        labels=[] if dots else labels,
        picture=picture(styled, (first, final), (low, high), _SIZE, dots=dots),
        about="; ".join(f"{shorten(one.name, _LONGEST_NAME)}: {number(one.last)} at {which}" for one in series),
        high=number(high),
        low="" if low == high or math.isnan(low) else number(low),
        first=f"{unit}{first}",
        final="" if first == final else str(final),
        mark="",
    )


def _plain(comparison: Comparison, frame: DataFrame, left_out: int) -> str:
    title = shorten(comparison.title, _LONGEST_TITLE)
    if comparison.notice:
        return f"{title}\n{comparison.notice.text} {shorten(comparison.notice.hint, _LONGEST_TITLE)}"
    shown = frame.drop(columns=["run_id", "started"], errors="ignore")
    below = frame.attrs[ATTRS].get("below", {})
    if below:
        counts = [below_text(below.get(run_id, 0)) for run_id in frame["run_id"]]
        shown["name"] = [f"{name or ''} {count}".strip() for name, count in zip(frame["name"], counts, strict=True)]
    shown = shown.map(lambda value: shorten(value, _LONGEST_NAME) if isinstance(value, str) else value)
    shown.columns = [shorten(name, _LONGEST_NAME) for name in shown.columns]
    lines = [title, visible(shown.to_string(index=False, max_cols=12, na_rep="\N{EN DASH}"))]
    return "\n".join([*lines, f"and {left_out} more"] if left_out else lines)
