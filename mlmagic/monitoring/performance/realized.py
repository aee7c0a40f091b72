"""The performance of rows whose labels have arrived: the metrics and intervals of `mlmagic.evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.evaluation.measures.asked import named
from mlmagic.evaluation.outcomes.answers import Answers
from mlmagic.evaluation.outcomes.interpreting import of_classes, of_numbers
from mlmagic.evaluation.outcomes.tasks import task_of
from mlmagic.evaluation.scoring import Wanted, score
from mlmagic.monitoring.performance.performance import Performance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_OF_CLASSES: tuple[str, ...] = ("accuracy", "f1", "f1_macro", "roc_auc", "roc_auc_ovr", "log_loss")
_OF_NUMBERS: tuple[str, ...] = ("mae", "rmse", "r2")
_NOT_OF_TWO = frozenset(["f1_macro"])
_NAME = "the model"


def realized(
    truth: NDArray[Any],
    predictions: NDArray[Any],
    probabilities: NDArray[Any] | None = None,
    classes: Sequence[Any] = (),
    *,
    metrics: Any = None,
    confidence: float = 0.95,
) -> list[Performance]:
    """Return the metrics of predictions whose truth is known.

    Parameters
    ----------
    truth, predictions
        Arrays of the shape (n,). Rows whose truth is NaN are left out.
    probabilities, classes
        An array of the shape (n, k), and the k labels of its columns.
    metrics
        Names and functions as `mlmagic.evaluate` takes them, in addition to the usual ones: of classes accuracy, F1,
        ROC AUC and log loss, of numbers the mean absolute error, RMSE and R2.
    confidence
        Of the intervals.

    Raises
    ------
    UsageProblem
        If the lengths differ, or truth and predictions have nothing in common.

    Examples
    --------
    >>> import numpy as np
    >>> found = realized(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]))
    >>> found[0].metric, found[0].value
    ('accuracy', 0.75)
    """
    import numpy as np

    if len(truth) != len(predictions) or (probabilities is not None and len(probabilities) != len(truth)):
        raise UsageProblem(f"{len(truth):,} labels for {len(predictions):,} predictions: one for each is needed")
    if truth.dtype.kind == "f" and (known := ~np.isnan(truth)).sum() < len(truth):
        truth, predictions = truth[known], predictions[known]
        probabilities = None if probabilities is None else probabilities[known]
    if not len(truth):
        return []
    answers = Answers(predictions, probabilities, None, np.asarray(classes) if len(classes) else None)
    task = task_of(None, truth, answers, lambda _: None)
    if task == "regression":
        outcome, usual = of_numbers(answers, truth, (), _NAME), _OF_NUMBERS
    else:
        outcome = of_classes(answers, truth, None, _NAME, positive=None, note=lambda _: None)
        usual = _OF_CLASSES
    asked = named(metrics)
    scores = score(outcome, Wanted(asked, confidence, None, None), model=_NAME)
    is_two = outcome.task == "binary"
    wanted = [*asked, *(one for one in usual if one not in asked and not (is_two and one in _NOT_OF_TWO))]
    if not is_two:
        wanted = [one for one in wanted if one != "f1" or one in asked]
    found = []
    for name in wanted:
        if name in scores.resampled:
            interval = scores.intervals[name]
            is_better = scores.measures[name].direction != "min"
            value = scores.resampled[name].value
            found.append(
                Performance(name, value, interval.low, interval.high, len(truth), False, is_better, interval.note)
            )
        elif name in scores.left_out and (name in asked or _belongs(name, is_two=is_two)):
            nan = float("nan")
            found.append(Performance(name, nan, nan, nan, len(truth), note=scores.left_out[name]))
    return found


def _belongs(name: str, *, is_two: bool) -> bool:
    return name != ("roc_auc_ovr" if is_two else "roc_auc")
