"""Metrics of predicted classes and of probabilities."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.evaluation.measures.measure import Measure
from mlmagic.evaluation.statistics.summaries import Each, Ranking, Sums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlmagic.evaluation.statistics.summaries import Ranked

BINARY = 2


def of_classes(true: NDArray[Any], predicted: NDArray[Any], count: int, positive: int | None) -> Iterator[Measure]:
    """Yield the metrics of predicted classes, given as codes below *count*; *positive* is the code of two classes'."""
    import numpy as np

    codes = np.arange(count)
    is_true, is_predicted = true[:, None] == codes, predicted[:, None] == codes
    features = np.hstack([is_true, is_predicted, is_true & is_predicted]).astype(float)
    summary = Sums(features)
    yield Measure("accuracy", summary, _accuracy, "max", is_share=True)
    yield Measure("balanced_accuracy", summary, _balanced_accuracy, "max")
    if positive is not None:
        yield Measure("precision", summary, partial(_of_class, _precision, positive), "max")
        yield Measure("recall", summary, partial(_of_class, _recall, positive), "max")
        yield Measure("f1", summary, partial(_of_class, _f1, positive), "max")
    else:
        yield Measure("precision_macro", summary, partial(_macro, _precision), "max")
        yield Measure("recall_macro", summary, partial(_macro, _recall), "max")
        yield Measure("f1_macro", summary, partial(_macro, _f1), "max")
        yield Measure("f1_weighted", summary, partial(_weighted, _f1), "max")
        yield Measure("precision_weighted", summary, partial(_weighted, _precision), "max")
        yield Measure("recall_weighted", summary, partial(_weighted, _recall), "max")
    yield Measure("mcc", summary, _mcc, "max")
    for name in ("f1_micro", "precision_micro", "recall_micro"):  # each is the accuracy where a row has one label
        yield Measure(name, summary, _accuracy, "max", is_share=True)


def _parts(sums: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the rows of each class, the predictions of each class, and those that are right."""
    count = len(sums) // 3
    return sums[:count], sums[count : 2 * count], sums[2 * count :]


def _accuracy(sums: NDArray[Any]) -> NDArray[Any]:
    true, _, right = _parts(sums)
    found: NDArray[Any] = right.sum(axis=0) / true.sum(axis=0)
    return found


def _balanced_accuracy(sums: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    true, _, right = _parts(sums)
    recalls = np.where(true > 0, right / np.where(true > 0, true, 1), 0)
    found: NDArray[Any] = recalls.sum(axis=0) / (true > 0).sum(axis=0)
    return found


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any]:
    """Return the share, 0 where there is nothing to take a share of, as scikit-learn has it."""
    import numpy as np

    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), 0.0)


def _precision(_true: NDArray[Any], predicted: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    return _share(right, predicted)


def _recall(true: NDArray[Any], _predicted: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    return _share(right, true)


def _f1(true: NDArray[Any], predicted: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    return _share(2 * right, true + predicted)


def _of_class(function: Any, code: int, sums: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = function(*_parts(sums))[code]
    return found


def _macro(function: Any, sums: NDArray[Any]) -> NDArray[Any]:
    """Return the mean over the classes that occur among the labels or the predictions."""
    true, predicted, right = _parts(sums)
    occurs = (true + predicted) > 0
    found: NDArray[Any] = (function(true, predicted, right) * occurs).sum(axis=0) / occurs.sum(axis=0)
    return found


def _weighted(function: Any, sums: NDArray[Any]) -> NDArray[Any]:
    true, predicted, right = _parts(sums)
    found: NDArray[Any] = (function(true, predicted, right) * true).sum(axis=0) / true.sum(axis=0)
    return found


def _mcc(sums: NDArray[Any]) -> NDArray[Any]:
    """Return Matthews' correlation, for several classes that of Gorodkin (2004); 0 if one side has one class only."""
    import numpy as np

    true, predicted, right = _parts(sums)
    rows = true.sum(axis=0)
    covariance = right.sum(axis=0) * rows - (true * predicted).sum(axis=0)
    spread = (rows**2 - (true**2).sum(axis=0)) * (rows**2 - (predicted**2).sum(axis=0))
    return np.where(spread > 0, covariance / np.sqrt(np.where(spread > 0, spread, 1)), 0.0)


def of_ranking(is_positive: NDArray[Any], scores: NDArray[Any]) -> Iterator[Measure]:
    """Yield the metrics of a score that ranks the rows of two classes."""
    summary = Ranking(is_positive.astype(float), scores)
    yield Measure("roc_auc", summary, area_under_roc, "max")
    yield Measure("average_precision", summary, average_precision, "max")


def area_under_roc(ranked: Ranked) -> NDArray[Any]:
    """Return the share of pairs in which the positive ranks higher; a tie counts half."""
    higher = (ranked.positive * (ranked.total - ranked.negatives + ranked.tied / 2)).sum(axis=0)
    found: NDArray[Any] = higher / (ranked.positives[-1] * ranked.total)
    return found


def average_precision(ranked: Ranked) -> NDArray[Any]:
    """Return the mean of the precision over the steps of the recall."""
    precision = _share(ranked.positives, ranked.positives + ranked.negatives)
    found: NDArray[Any] = (ranked.positive * precision).sum(axis=0) / ranked.positives[-1]
    return found


def of_each_class(true: NDArray[Any], scores: NDArray[Any], name: str) -> Measure:
    """Return the mean, over the columns of *scores*, of the area under the ROC curve of that class against the rest."""
    rankings = tuple(Ranking((true == code).astype(float), scores[:, code]) for code in range(scores.shape[1]))
    return mean_area(rankings, name)


def mean_area(rankings: tuple[Ranking, ...], name: str) -> Measure:
    """Return the mean area under the ROC curves of several rankings."""

    def finish(areas: list[NDArray[Any]]) -> NDArray[Any]:
        total: NDArray[Any] = sum(areas)  # type: ignore[assignment]
        return total / len(areas)

    return Measure(name, Each(rankings, area_under_roc), finish, "max")


def of_probabilities(true: NDArray[Any], probabilities: NDArray[Any], positive: int | None) -> Iterator[Measure]:
    """Yield the metrics of the probabilities themselves: a column for each class, *true* is the column of each row."""
    import numpy as np

    least = np.finfo(probabilities.dtype).eps
    of_truth = np.clip(probabilities[np.arange(len(true)), true], least, 1 - least).astype(float)
    ones = np.ones(len(true))
    columns = [ones, -np.log(of_truth)]
    if positive is not None:
        columns.append((probabilities[:, positive].astype(float) - (true == positive)) ** 2)
    summary = Sums(np.column_stack(columns))
    yield Measure("log_loss", summary, partial(mean_of, 1), "min")
    if positive is not None:
        yield Measure("brier", summary, partial(mean_of, 2), "min")


def mean_of(feature: int, sums: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of a feature; the first feature is 1 for each row."""
    found: NDArray[Any] = sums[feature] / sums[0]
    return found
