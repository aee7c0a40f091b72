"""Draws the picture of a sweep: the best value over time, the parameters' importance, and the points."""

from __future__ import annotations

import io
import math
import statistics
import warnings
from typing import TYPE_CHECKING, Any

from mlmagic.sweeps.points.search import new_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.sweeps.results import PointSummary, Results

_FEWEST = 2
_FEWEST_FOR_IMPORTANCE = 4
_MOST_PARAMETERS = 12
_MOST_LINES = 500
_LONGEST_NAME = 24
_DOT, _BEST, _BAR = "#9aa4b2", "#1f6feb", "#4b83c4"


def picture_of(results: Results) -> bytes | None:
    """Return the picture as PNG, or None if there are fewer than two points to compare, or no matplotlib.

    Its parts are the metric of each trial with the best so far; the importance of the parameters, if Optuna is
    installed (fANOVA: Hutter et al., An efficient approach for assessing hyperparameter importance, 2014); and
    the points as lines over parallel axes.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    summaries = results.summaries() if results.goal else []
    varied = _varied(summaries)
    if len(summaries) < _FEWEST or not varied:
        return None
    importance = _importance(results, varied)
    parts = 3 if importance else 2
    figure = Figure(figsize=(4.3 * parts, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, parts)
    _so_far(axes[0], results)
    if importance:
        _bars(axes[1], importance)
    _parallel(axes[-1], results, summaries, varied[: _MOST_PARAMETERS // 2])
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # characters that matplotlib's fonts lack
        # Not `savefig`, whose `print_figure` is wrapped to record the figures of the user's cell.
        figure.canvas.print_png(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


def _varied(summaries: Sequence[PointSummary]) -> list[str]:
    names = dict.fromkeys(name for one in summaries for name in one.point)
    return [name for name in names if len({repr(one.point.get(name)) for one in summaries}) > 1]


def _so_far(axes: Any, results: Results) -> None:
    """Draw the metric of each trial, and the best mean so far after the last trial of each point."""
    from matplotlib.ticker import MaxNLocator

    by_point: dict[int, list[tuple[int, float]]] = {}
    for trial in results.trials:
        if (value := results.value(trial)) is not None:
            by_point.setdefault(trial.point_number, []).append((trial.number, value))
    places = [place for of_point in by_point.values() for place in of_point]
    axes.scatter(*zip(*places, strict=True), s=14, color=_DOT, label="trial")
    better = min if results.goal == "min" else max
    best, line = math.nan, []
    for of_point in sorted(by_point.values(), key=lambda one: one[-1][0]):
        mean = statistics.fmean(value for _, value in of_point)
        best = mean if math.isnan(best) else better(best, mean)
        line.append((of_point[-1][0], best))
    is_repeated = len(places) > len(by_point)
    label = "best mean so far" if is_repeated else "best so far"
    axes.step(*zip(*line, strict=True), where="post", color=_BEST, linewidth=1.8, label=label)
    axes.set_xlabel("trial")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(_short(results.metric or ""), fontsize=10, parse_math=False)
    axes.legend(fontsize=8, frameon=False)
    _plain(axes)


def _bars(axes: Any, importance: dict[str, float]) -> None:
    names = list(importance)[:_MOST_PARAMETERS][::-1]
    axes.barh(range(len(names)), [importance[name] for name in names], color=_BAR)
    axes.set_yticks(range(len(names)), [_short(name) for name in names], parse_math=False)
    axes.set_title("importance", fontsize=10)
    axes.set_xlim(0, 1)
    _plain(axes)


def _parallel(axes: Any, results: Results, summaries: Sequence[PointSummary], names: Sequence[str]) -> None:
    """Draw one line per point over parallel axes of the parameters and the metric; better points are more opaque."""
    shown = list(summaries[:_MOST_LINES])
    scales = [_scale([one.point.get(name) for one in shown]) for name in names]
    means = [one.mean for one in shown]
    scales.append(_scale(means))
    for place in range(len(shown) - 1, -1, -1):
        heights = [scale[0][place] for scale in scales]
        strength = 1 - place / max(len(shown) - 1, 1)
        axes.plot(
            heights,
            color=_BEST if place == 0 else _DOT,
            alpha=0.15 + 0.75 * strength,
            linewidth=2.2 if place == 0 else 0.9,
        )
    for at, (_, low, high) in enumerate(scales):
        axes.axvline(at, color="#c5ccd6", linewidth=0.8, zorder=0)
        axes.text(at, -0.04, low, ha="center", va="top", fontsize=7, parse_math=False)
        axes.text(at, 1.03, high, ha="center", va="bottom", fontsize=7, parse_math=False)
    labels = [_short(name) for name in (*names, results.metric or "")]
    axes.set_xticks(range(len(scales)), labels, rotation=20, fontsize=8, parse_math=False)
    axes.set_yticks([])
    axes.set_ylim(-0.14, 1.12)
    axes.set_title("points, the best in blue", fontsize=10)
    _plain(axes)


def _scale(values: Sequence[Any]) -> tuple[list[float], str, str]:
    """Return the position of each value between 0 and 1, and the labels of both ends."""
    numbers = [float(one) for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) == len(values):
        low, high = min(numbers), max(numbers)
        is_log = low > 0 and high >= 100 * low  # use a log scale from two orders of magnitude on
        at = [math.log(one) for one in numbers] if is_log else numbers
        span = (max(at) - min(at)) or 1.0
        return [(one - min(at)) / span for one in at], f"{low:.4g}", f"{high:.4g}"
    words = list(dict.fromkeys(str(one) for one in values))
    span = max(len(words) - 1, 1)
    return [words.index(str(one)) / span for one in values], _short(words[0]), _short(words[-1])


def _importance(results: Results, varied: Sequence[str]) -> dict[str, float]:
    """Return the share of the metric's variance that each parameter explains, largest first; empty without Optuna."""
    trials = [(trial, value) for trial in results.trials if (value := results.value(trial)) is not None]
    if len(varied) < _FEWEST or len(trials) < _FEWEST_FOR_IMPORTANCE:
        return {}
    try:
        import optuna
    except ImportError:
        return {}
    options = {name: list(dict.fromkeys(repr(trial.point.get(name)) for trial, _ in trials)) for name in varied}
    distributions = {name: optuna.distributions.CategoricalDistribution(words) for name, words in options.items()}
    study = new_study(f"{results.goal}imize")
    for trial, value in trials:
        params = {name: repr(trial.point.get(name)) for name in varied}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=value))
    try:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    except (RuntimeError, ValueError, ImportError):  # all values are equal, or scikit-learn is missing
        return {}
    return dict(found)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def _plain(axes: Any) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=8)
