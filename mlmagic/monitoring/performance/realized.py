"""The performance of rows whose labels have arrived: the metrics and intervals of `mlmagic.evaluate`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.evaluation.measures.asked import named
from mlmagic.evaluation.outcomes.answers import Answers
from mlmagic.evaluation.outcomes.interpreting import of_classes, of_numbers
from mlmagic.evaluation.outcomes.tasks import task_of
from mlmagic.evaluation.request import require_confidence
from mlmagic.evaluation.scoring import Wanted, score
from mlmagic.monitoring.performance import inputs
from mlmagic.monitoring.performance.performance import Performance
from mlmagic.store.query.direction import direction_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Outcome

_USUAL = {
    "binary": ("accuracy", "f1", "roc_auc", "log_loss"),
    "multiclass": ("accuracy", "f1_macro", "roc_auc_ovr", "log_loss"),
    "regression": ("mae", "rmse", "r2"),
}
_NAME = "the model"


def realized(
    truth: Any,
    predictions: Any,
    probabilities: Any = None,
    classes: Sequence[Any] = (),
    *,
    metrics: Any = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Performance]:
    """Return the metrics of predictions whose truth is known.

    Parameters
    ----------
    truth, predictions
        n labels or numbers. Rows whose truth is NaN or None are left out, and counted in the notes.
    probabilities, classes
        An array of the shape (n, k), and the k labels of its columns.
    metrics
        Names and functions as `mlmagic.evaluate` takes them, in addition to the usual ones.
    confidence
        Of the intervals: over many such periods, how often one contains the value of infinitely many rows.
    seed
        Of the resamples of rows (bootstrap, BCa; see `mlmagic.evaluation.statistics.intervals`).

    Returns
    -------
    What is asked for, then of two classes accuracy, F1, ROC AUC and log loss, of more of them macro F1 and the mean ROC
    AUC of each class against the others, of numbers the mean absolute error, RMSE and R2. A metric that is not defined
    on these rows is NaN, and its note says why. Without rows there are none.

    Raises
    ------
    UsageProblem
        If the lengths differ, truth and predictions have nothing in common, numbers are infinite, or there is no metric
        of a name.

    Examples
    --------
    >>> found = realized([0, 1, None, 1, 0], [0, 1, 1, 0, 0])
    >>> found[0].metric, found[0].value, found[0].note
    ('accuracy', 0.75, '1 row without a label is left out')
    """
    import numpy as np

    require_confidence(confidence)
    asked = named(metrics)
    given = inputs.complete(predictions, "predictions")
    labels, is_known = inputs.labels_of(truth, "labels")
    if len(labels) != len(given):
        raise UsageProblem(f"{len(labels):,} labels for {len(given):,} predictions: one for each is needed")
    columns = inputs.classes_of(classes) if len(classes) else None
    shares = None
    if probabilities is not None:
        if columns is None:
            raise UsageProblem("the classes of the probabilities are missing: realized(…, classes=model.classes_)")
        shares = inputs.probabilities_of(probabilities, columns, len(given))[is_known]
    if not is_known.any():
        return []
    outcome = _outcome(labels[is_known], Answers(given[is_known], shares, None, columns))
    usual = _USUAL[outcome.task]
    scores = score(outcome, Wanted(asked, confidence, None, None, usual=usual, seed=seed), model=_NAME)
    missing = int(np.count_nonzero(~is_known))
    some = f"{missing:,} row{'s' * (missing != 1)} without a label {'are' if missing != 1 else 'is'} left out"
    found = []
    for name in [*asked, *(one for one in usual if one not in asked)]:
        value, low, high, note = math.nan, math.nan, math.nan, scores.left_out.get(name, "")
        direction = direction_of(name)
        if name in scores.resampled:
            interval = scores.intervals[name]
            value, low, high, note = scores.resampled[name].value, interval.low, interval.high, interval.note
            direction = scores.measures[name].direction
        elif shares is None and name in {"roc_auc", "roc_auc_ovr", "log_loss"}:
            if name not in asked:
                continue
            note = "there are no probabilities"
        notes = "; ".join(filter(None, [note, some if missing else ""]))
        found.append(Performance(name, value, low, high, len(outcome), False, direction != "min", notes))
    return found


def _outcome(truth: NDArray[Any], answers: Answers) -> Outcome:
    task = task_of(None, truth, answers, lambda _: None)
    if task == "regression":
        return of_numbers(answers, truth, (), _NAME)
    return of_classes(answers, truth, None, _NAME, positive=None, note=lambda _: None)
