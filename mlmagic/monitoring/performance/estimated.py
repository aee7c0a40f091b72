"""The performance of a classifier whose labels are missing, estimated from its probabilities.

Confidence-based performance estimation (CBPE; NannyML, 2022, and Kivimäki et al., "Confidence-based Estimators for
Predictive Performance in Model Monitoring", 2024): if the probabilities are calibrated, a row whose prediction has the
probability p is right with the probability p, so the expected confusion matrix of unlabelled rows is known, and with it
every metric of it. Covariate shift is allowed for; if the relation between features and target changes (concept
drift), the estimate is wrong, and nothing but labels can tell. `benchmarks/performance_estimates.py` shows both.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.evaluation.measures.asked import named
from mlmagic.evaluation.measures.classification import of_classes
from mlmagic.evaluation.request import require_confidence
from mlmagic.monitoring.performance import inputs
from mlmagic.monitoring.performance.performance import Performance
from mlmagic.monitoring.performance.unlabelled import Unlabelled
from mlmagic.scalars import as_number
from mlmagic.store.query.direction import direction_of
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mlmagic.evaluation.measures.measure import Measure
    from mlmagic.monitoring.performance.calibration import Calibration
    from mlmagic.monitoring.performance.unlabelled import Drawn

    _Found = tuple[float, NDArray[Any] | None, str]
    """A value, its values for drawn labels, and a note."""

_TWO = 2
_MOST_LOST = 0.5
_CALLS, _FEW_CALLS, _SLOW_S = 200, 20, 0.02
_OF_TWO, _OF_MORE = ("accuracy", "f1", "roc_auc"), ("accuracy", "f1_macro", "roc_auc_ovr")


def estimated(
    predictions: Any,
    probabilities: Any,
    classes: Sequence[Any],
    *,
    metrics: Any = None,
    calibration: Calibration | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Performance]:
    """Return the expected metrics of predictions whose truth is not known.

    Parameters
    ----------
    predictions
        n labels.
    probabilities, classes
        An array of the shape (n, k), and the k labels of its columns.
    metrics
        Names and functions of truth and prediction, as `mlmagic.evaluate` takes them, in addition to the usual ones.
        Names are those of its metrics that follow from a confusion matrix, such as ``"precision"`` and ``"recall"``,
        or ``"precision_macro"``, the mean over the classes. A function is called with drawn labels.
    calibration
        Applied to the probabilities before.
    confidence
        Of the intervals. They are those in which the metric of these rows lies once their labels are known, if the
        probabilities are calibrated. They allow for the chance in the labels, and for that in the reference of the
        *calibration*; which rows were served is no chance here, because truth and estimate have the same.
    seed
        Of the draws from which the intervals are computed.

    Returns
    -------
    What is asked for, then accuracy, F1 and ROC AUC; of more than two classes accuracy, macro F1 and the mean ROC AUC
    of each class against the others. F1 is computed from the expected confusion matrix, the area from expected true and
    false positives at each threshold. Of two classes the larger label is the positive one, as in scikit-learn. A metric
    that is not defined is NaN, and its note says why. Without rows there are none.

    Raises
    ------
    UsageProblem
        If the shapes do not fit, the probabilities do not add up to 1, a prediction is no class, or there is no metric
        of a name.

    Examples
    --------
    >>> import numpy as np
    >>> found = estimated(np.array([1, 0]), np.array([[0.2, 0.8], [0.9, 0.1]]), [0, 1], metrics=["recall"])
    >>> [(one.metric, round(one.value, 2)) for one in found]
    [('recall', 0.89), ('accuracy', 0.85), ('f1', 0.84), ('roc_auc', 0.85)]
    """
    import numpy as np

    require_confidence(confidence)
    asked = named(metrics)
    labels = inputs.classes_of(classes)
    if len(labels) < _TWO:
        raise UsageProblem(f"{len(labels)} classes: with fewer than two nothing can be estimated")
    given = inputs.complete(predictions, "predictions")
    shares = inputs.probabilities_of(probabilities, labels, len(given))
    if not len(given):
        return []
    shares = inputs.proper(shares, "nothing can be estimated from them")
    codes = inputs.places_of(given, labels, "the prediction")
    is_two = len(labels) == _TWO
    positive = int(labels.argsort()[-1]) if is_two else None
    chances = shares if calibration is None else calibration.apply(shares)
    rows = Unlabelled(codes, shares, chances, positive, calibration)
    rng = np.random.default_rng(seed)
    drawn = rows.draw(rng)
    means = of_classes(codes[:0], codes[:0], len(labels), None)  # over the classes, such as f1_macro, also of two
    of_one = of_classes(codes[:0], codes[:0], len(labels), positive)
    known = {one.name: one for one in [*means, *of_one]}
    usual = _OF_TWO if is_two else _OF_MORE
    found = []
    for name, what in (asked | {name: name for name in usual if name not in asked}).items():
        if not isinstance(what, str):
            result = _of_function(what, rows, labels, given, rng)
        elif what in known:
            result = _of_confusion(known[what], drawn, labels, positive)
        elif what == usual[-1]:
            result = _of_ranking(drawn)
        else:
            several = [one for one in (f"{what}_macro", f"{what}_ovr") if one in {*known, usual[-1]}]
            near = f" Did you mean {several[0]!r}?" if several else did_you_mean(what, [*known, usual[-1]])
            result = math.nan, None, f"of {len(labels)} classes it cannot be estimated without labels.{near}"
        found.append(_performance(name, result, confidence=confidence, rows=len(given)))
    return found


def _of_confusion(measure: Measure, drawn: Drawn, labels: NDArray[Any], positive: int | None) -> _Found:
    if measure.name == "precision" and positive is not None and not drawn.expected[len(labels) + positive, 0]:
        return math.nan, None, f"no row is predicted as {labels[positive].item()!r}"
    return float(measure.finish(drawn.expected)[0]), measure.finish(drawn.sums), ""


def _of_ranking(drawn: Drawn) -> _Found:
    import numpy as np

    if not math.isfinite(drawn.area) or np.isfinite(drawn.areas).mean() <= _MOST_LOST:
        return math.nan, None, "a class has probably no rows, by the probabilities"
    return drawn.area, drawn.areas, ""


def _of_function(
    function: Callable[[Any, Any], Any], rows: Unlabelled, labels: NDArray[Any], given: NDArray[Any], rng: Any
) -> _Found:
    """Return the mean of a user's function over drawn labels, and its values."""
    import numpy as np

    found: list[float] = []
    calls = _CALLS
    began = time.perf_counter()
    try:
        for codes in rows.labels(_CALLS, rng):
            number = as_number(function(labels[codes], given))
            if number is None or not math.isfinite(number):
                return math.nan, None, "it returned no finite number"
            found.append(float(number))
            if len(found) == 1 and time.perf_counter() - began > _SLOW_S:
                calls = _FEW_CALLS
            if len(found) == calls:
                break
    except BaseException as error:  # noqa: BLE001  # whatever a user's function raises costs only this metric
        reraise_interrupt(error)
        return math.nan, None, f"it raised {one_line(error)[:200]}"
    if calls < _CALLS:
        return float(np.mean(found)), None, f"the function takes long: the mean of {calls} draws, without an interval"
    return float(np.mean(found)), np.array(found), ""


def _performance(metric: str, found: _Found, *, confidence: float, rows: int) -> Performance:
    import numpy as np

    value, drawn, note = found
    low = high = math.nan
    if math.isfinite(value) and drawn is not None:
        tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        low, high = map(float, np.quantile(drawn[np.isfinite(drawn)], tails))
    return Performance(metric, value, low, high, rows, True, direction_of(metric) != "min", note)
