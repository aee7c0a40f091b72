"""The performance of a classifier whose labels are missing, estimated from its probabilities.

Confidence-based performance estimation (CBPE; NannyML, 2022, and Kivimäki et al., "Confidence-based Estimators for
Predictive Performance in Model Monitoring", 2024): if the probabilities are calibrated, a row whose prediction has the
probability p is right with the probability p, so the expected confusion matrix of unlabelled rows is known, and with it
every metric of it. Covariate shift is allowed for; if the relation between features and target changes (concept
drift), the estimate is wrong, and nothing but labels can tell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.performance.performance import Performance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlmagic.monitoring.performance.calibration import Calibration

_TWO = 2
_DRAWS, _RANKED_DRAWS = 2000, 300
_MOST_RANKED = 10_000
_OUT_OF_ONE = 1e-3


def estimated(
    predictions: NDArray[Any],
    probabilities: NDArray[Any],
    classes: Sequence[Any],
    *,
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
    calibration
        Applied to the probabilities before.
    confidence
        Of the intervals. They are those in which the metric of these rows lies once their labels are known.
    seed
        Of the draws from which the intervals are computed.

    Returns
    -------
    Accuracy, F1 and ROC AUC; of more than two classes accuracy, macro F1 and the mean ROC AUC of each class against
    the others. The area is computed from expected true and false positives at each threshold.

    Raises
    ------
    UsageProblem
        If the shapes do not fit, the probabilities do not add up to 1, or a prediction is no class.

    Examples
    --------
    >>> import numpy as np
    >>> found = estimated(np.array([1, 0]), np.array([[0.2, 0.8], [0.9, 0.1]]), [0, 1])
    >>> found[0].metric, round(found[0].value, 2), found[0].is_estimate
    ('accuracy', 0.85, True)
    """
    import numpy as np

    codes = _codes(predictions, probabilities, classes)
    if not len(codes):
        return []
    chances = probabilities if calibration is None else calibration.apply(probabilities)
    rng = np.random.default_rng(seed)
    matrix, drawn = _confusions(codes, chances, rng)
    is_two = len(classes) == _TWO
    f1_name, area_name = ("f1", "roc_auc") if is_two else ("f1_macro", "roc_auc_ovr")
    f1 = _f1_of_second if is_two else _macro_f1
    found = [
        _performance("accuracy", _accuracy(matrix), _accuracy(drawn), confidence, len(codes)),
        _performance(f1_name, f1(matrix), f1(drawn), confidence, len(codes)),
    ]
    scores = [1] if is_two else range(len(classes))
    area, areas = _areas([(probabilities[:, at], chances[:, at]) for at in scores], rng)
    found.append(_performance(area_name, area, areas, confidence, len(codes)))
    return found


def _codes(predictions: NDArray[Any], probabilities: NDArray[Any], classes: Sequence[Any]) -> NDArray[Any]:
    """Return the place of each prediction among the classes."""
    import numpy as np

    if probabilities.shape != (len(predictions), len(classes)) or len(classes) < _TWO:
        shape = " x ".join(map(str, probabilities.shape))
        raise UsageProblem(f"{shape} probabilities for {len(predictions):,} predictions and {len(classes)} classes")
    if not np.isfinite(probabilities).all() or (abs(probabilities.sum(axis=1) - 1) > _OUT_OF_ONE).any():
        raise UsageProblem("the probabilities do not add up to 1 in each row: nothing can be estimated from them")
    codes = np.full(len(predictions), -1)
    for place, label in enumerate(classes):
        codes[predictions == label] = place
    if (codes < 0).any():
        raise UsageProblem(f"the prediction {predictions[codes < 0][0]} is none of the classes")
    return codes


def _confusions(codes: NDArray[Any], chances: NDArray[Any], rng: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the expected confusion matrix (true, predicted), and draws of it, of the shape (draws, true, predicted).

    The labels of rows with one prediction are independent: their counts are nearly normal, and what is below 0 is 0.
    """
    import numpy as np

    count = chances.shape[1]
    matrix, drawn = np.zeros((count, count)), np.zeros((_DRAWS, count, count))
    for code in range(count):
        rows = chances[codes == code]
        if len(rows):
            mean = rows.sum(axis=0)
            spread = np.diag(mean) - rows.T @ rows
            matrix[:, code] = mean
            drawn[:, :, code] = rng.multivariate_normal(mean, spread, _DRAWS, method="svd").clip(0)
    return matrix, drawn


def _accuracy(matrix: NDArray[Any]) -> Any:
    import numpy as np

    return np.trace(matrix, axis1=-2, axis2=-1) / matrix.sum(axis=(-2, -1))


def _f1s(matrix: NDArray[Any]) -> Any:
    import numpy as np

    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    both = matrix.sum(axis=-1) + matrix.sum(axis=-2)
    return np.divide(2 * right, both, out=np.zeros_like(both), where=both > 0)


def _f1_of_second(matrix: NDArray[Any]) -> Any:
    return _f1s(matrix)[..., 1]


def _macro_f1(matrix: NDArray[Any]) -> Any:
    return _f1s(matrix).mean(axis=-1)


def _areas(pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]], rng: Any) -> tuple[float, NDArray[Any]]:
    """Return the expected area under the ROC curve, and areas for drawn labels, as a mean over (scores, chances).

    Of many rows, some are drawn, and the spread is that of all rows.
    """
    import numpy as np

    values, draws = [], []
    for scores, chances in pairs:
        order = np.argsort(scores, kind="stable")
        ordered, chance = scores[order], chances[order]
        value = float(_area(ordered, chance[None])[0])
        rows = np.sort(rng.choice(len(ordered), _MOST_RANKED, replace=False)) if len(ordered) > _MOST_RANKED else None
        some = slice(None) if rows is None else rows
        drawn = (rng.random((_RANKED_DRAWS, len(ordered[some]))) < chance[some]).astype(float)
        areas = _area(ordered[some], drawn)
        middle = np.nanmean(areas) if np.isfinite(areas).any() else math.nan
        values.append(value)
        draws.append(value + (areas - middle) * math.sqrt(len(ordered[some]) / len(ordered)))
    return float(np.mean(values)), np.mean(draws, axis=0)


def _area(scores: NDArray[Any], is_positive: NDArray[Any]) -> NDArray[Any]:
    """Return the area under the ROC curve for each row of *is_positive*, whose columns follow ascending *scores*."""
    import numpy as np

    starts = np.flatnonzero(np.r_[True, np.diff(scores) != 0])
    positive = np.add.reduceat(is_positive, starts, axis=1)
    negative = np.add.reduceat(1 - is_positive, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    with np.errstate(divide="ignore", invalid="ignore"):
        area: NDArray[Any] = (positive * (below + negative / 2)).sum(axis=1) / (
            positive.sum(axis=1) * negative.sum(axis=1)
        )
    return area


def _performance(metric: str, value: Any, drawn: NDArray[Any], confidence: float, rows: int) -> Performance:
    import numpy as np

    number, known = float(value), drawn[np.isfinite(drawn)]
    if not math.isfinite(number) or not len(known):
        return Performance(metric, math.nan, math.nan, math.nan, rows, True, note="there is one class only")
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Performance(metric, number, float(low), float(high), rows, True)
