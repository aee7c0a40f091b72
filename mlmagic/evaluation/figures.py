"""The figures of an evaluation, drawn by scikit-learn's displays on figures that pyplot does not know."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import matplotlib
from mlmagic.adapters.optional import require
from mlmagic.store.keys import slug
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlmagic.evaluation.outcomes.outcome import Outcome

Draw = tuple[str, "Callable[[Any], None]"]
_WIDTH, _HEIGHT, _DPI = 4.6, 3.8, 90
_LONGEST_IN_MARGIN = 6
_MOST_CLASSES = 10
_MOST_CELLS = 30
_MOST_OUTPUTS = 4
_MOST_POINTS = 2000
_MOST_COLUMNS = 20


def draw(outcome: Outcome, note: Callable[[str], None]) -> dict[str, bytes]:
    """Return the figures that suit the task, as PNG by name; one that cannot be drawn is told to *note*."""
    require("sklearn", "mlmagic.evaluate", pip="scikit-learn")
    require("matplotlib", "mlmagic.evaluate")
    found = {}
    for name, function in _of_task(outcome):
        picture = render(function, name, note)
        if picture is not None:
            found[name] = picture
    return found


def render(function: Callable[[Any], None], name: str, note: Callable[[str], None]) -> bytes | None:
    """Return what *function* draws on the axes that it gets, as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Fixed margins take a third less time than a layout, which is needed where the user's labels stand on an axis.
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI)
    FigureCanvasAgg(figure)
    figure.subplots_adjust(left=0.16, right=0.97, bottom=0.14, top=0.91)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(figure.subplots())
            return matplotlib.to_png(figure, bbox_inches=None)
    except BaseException as error:  # noqa: BLE001  # a figure that cannot be drawn costs only itself
        reraise_interrupt(error)
        note(f"the figure {name} could not be drawn: {one_line(error)[:200]}")
        return None


def _of_task(outcome: Outcome) -> Iterator[Draw]:
    if outcome.task == "regression":
        yield from _of_numbers(outcome)
    elif outcome.task in {"binary", "multiclass"}:
        yield from _of_classes(outcome)


def _of_classes(outcome: Outcome) -> Iterator[Draw]:
    from sklearn.metrics import ConfusionMatrixDisplay

    labels = [str(one)[:20] for one in outcome.classes]

    def confusion(axes: Any) -> None:
        if max(map(len, labels)) > _LONGEST_IN_MARGIN:
            axes.figure.set_layout_engine("constrained")
        display = ConfusionMatrixDisplay.from_predictions(
            outcome.codes,
            outcome.predicted_codes,
            labels=range(len(labels)),
            display_labels=labels,
            xticks_rotation="vertical" if max(map(len, labels)) * len(labels) > 40 else "horizontal",  # noqa: PLR2004
            cmap="Blues",
            colorbar=False,
            include_values=len(labels) <= _MOST_CELLS // 2,
            ax=axes,
        )
        display.ax_.set_title("Confusion matrix")

    if len(labels) <= _MOST_CELLS:
        yield "confusion_matrix", confusion
    present = set(outcome.codes.tolist())
    if outcome.scores is None or len(present) == 1:
        return
    yield "roc", lambda axes: _roc(outcome, axes, labels)
    yield "precision_recall", lambda axes: _precision_recall(outcome, axes, labels)
    if outcome.probabilities is not None and not outcome.unseen:
        yield "calibration", lambda axes: _calibration(outcome, axes, labels)


def _curves(outcome: Outcome, labels: list[str]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name, the truth and the score of each curve: the positive class, or each class against the rest."""
    assert outcome.scores is not None  # noqa: S101  # checked before anything is drawn
    if outcome.positive is not None:
        yield labels[outcome.positive], outcome.codes == outcome.positive, outcome.scores
        return
    rows = [int((outcome.codes == code).sum()) for code in range(len(labels))]
    largest = sorted(range(len(labels)), key=lambda code: -rows[code])[:_MOST_CLASSES]
    for code in sorted(largest):
        if 0 < rows[code] < len(outcome):
            yield labels[code], outcome.codes == code, outcome.scores[:, code]


def _roc(outcome: Outcome, axes: Any, labels: list[str]) -> None:
    from sklearn.metrics import RocCurveDisplay

    for name, true, scores in _curves(outcome, labels):
        RocCurveDisplay.from_predictions(true, scores, name=name, ax=axes)
    axes.plot([0, 1], [0, 1], linestyle="--", linewidth=1, color="#888888")
    axes.legend(fontsize=8, loc="lower right")
    axes.set(title="ROC", xlabel="False positive rate", ylabel="True positive rate")


def _precision_recall(outcome: Outcome, axes: Any, labels: list[str]) -> None:
    from sklearn.metrics import PrecisionRecallDisplay

    for name, true, scores in _curves(outcome, labels):
        PrecisionRecallDisplay.from_predictions(true, scores, name=name, ax=axes)
    axes.legend(fontsize=8, loc="lower left")
    axes.set(title="Precision and recall", xlabel="Recall", ylabel="Precision", ylim=(0, 1.02))


def _calibration(outcome: Outcome, axes: Any, labels: list[str]) -> None:
    from sklearn.calibration import CalibrationDisplay

    for name, true, scores in _curves(outcome, labels):
        CalibrationDisplay.from_predictions(
            true, scores, n_bins=10, strategy="quantile", name=name, ax=axes, ref_line=False
        )
    axes.plot([0, 1], [0, 1], linestyle="--", linewidth=1, color="#888888")
    axes.legend(fontsize=8, loc="upper left")
    axes.set(title="Calibration", xlabel="Predicted probability", ylabel="Share of positives")


def _of_numbers(outcome: Outcome) -> Iterator[Draw]:
    from sklearn.metrics import PredictionErrorDisplay

    names = outcome.outputs or ("",)
    for at, name in enumerate(names[:_MOST_OUTPUTS]):
        true = outcome.true[:, at] if outcome.outputs else outcome.true
        predicted = outcome.predicted[:, at] if outcome.outputs else outcome.predicted
        for kind, title in (("actual_vs_predicted", "Actual and predicted"), ("residual_vs_predicted", "Residuals")):

            def function(
                axes: Any, true: Any = true, predicted: Any = predicted, kind: str = kind, t: str = title
            ) -> None:
                PredictionErrorDisplay.from_predictions(
                    true,
                    predicted,
                    kind=kind,
                    subsample=_MOST_POINTS,
                    random_state=0,
                    ax=axes,
                    scatter_kwargs={"alpha": 0.5, "s": 12},
                )
                axes.set_title(t)

            suffix = f"_{slug(name) or at}" if name else ""
            yield f"{title.lower().replace(' ', '_')}{suffix}", function


def draw_importance(importance: Mapping[str, tuple[float, float]], metric: str) -> Callable[[Any], None]:
    """Return what draws how much *metric* suffers if a column is shuffled; the most important ones, on top."""

    def function(axes: Any) -> None:
        axes.figure.set_layout_engine("constrained")
        shown = list(importance.items())[:_MOST_COLUMNS][::-1]
        axes.barh(
            [str(name)[:30] for name, _ in shown],
            [mean for _, (mean, _) in shown],
            xerr=[deviation for _, (_, deviation) in shown],
            color="#3b7dd8",
        )
        axes.set(title="Permutation importance", xlabel=f"Loss in {metric}")
        axes.tick_params(axis="y", labelsize=8)

    return function
