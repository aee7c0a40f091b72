"""Metrics of several labels of each row."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.evaluation.measures.classification import mean_area, mean_of
from mlmagic.evaluation.measures.measure import Measure
from mlmagic.evaluation.statistics.summaries import Ranking, Sums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def of_labels(true: NDArray[Any], predicted: NDArray[Any]) -> Iterator[Measure]:
    """Yield the metrics of predicted labels, a column of 0 and 1 for each."""
    import numpy as np

    is_true, is_predicted = true.astype(bool), predicted.astype(bool)
    differs = is_true != is_predicted
    means = Sums(np.column_stack([np.ones(len(true)), ~differs.any(axis=1), differs.mean(axis=1)]).astype(float))
    counts = Sums(np.hstack([is_true, is_predicted, is_true & is_predicted]).astype(float))
    yield Measure("accuracy", means, partial(mean_of, 1), "max", is_share=True)
    yield Measure("f1_micro", counts, _f1_micro, "max")
    yield Measure("f1_macro", counts, _f1_macro, "max")
    yield Measure("hamming_loss", means, partial(mean_of, 2), "min")


def of_label_scores(true: NDArray[Any], scores: NDArray[Any]) -> Measure:
    """Return the mean over the labels of the area under the ROC curve."""
    rankings = tuple(Ranking(true[:, at].astype(float), scores[:, at]) for at in range(true.shape[1]))
    return mean_area(rankings, "roc_auc_macro")


def _f1(sums: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    count = len(sums) // 3
    return 2 * sums[2 * count :], sums[:count] + sums[count : 2 * count]


def _f1_micro(sums: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    right, both = (part.sum(axis=0) for part in _f1(sums))
    return np.where(both > 0, right / np.where(both > 0, both, 1), 0.0)


def _f1_macro(sums: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    right, both = _f1(sums)
    found: NDArray[Any] = np.where(both > 0, right / np.where(both > 0, both, 1), 0.0).mean(axis=0)
    return found
