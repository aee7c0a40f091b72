"""Rows without labels: what their labels may be, by their probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.evaluation.measures.classification import area_under_roc
from mlmagic.evaluation.statistics.summaries import Ranking
from mlmagic.monitoring.performance.calibration import RESAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlmagic.monitoring.performance.calibration import Calibration

_DRAWS = 1000
_BATCHES = 20
_MOST_DRAWN, _FEWEST_DRAWN = 10_000, 1000


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a metric is computed from: expected, and for drawn labels.

    Attributes
    ----------
    expected
        The expected sums over the rows, of the shape (3 x classes, 1): labels of each class, predictions of each class,
        and those that are right.
    sums
        The same for drawn labels, of the shape (3 x classes, draws).
    area
        The area under the ROC curve from expected rates of true and false positives at each threshold; of more than
        two classes the mean of each against the others. NaN if there is one class only.
    areas
        The areas for drawn labels.
    """

    expected: NDArray[Any]
    sums: NDArray[Any]
    area: float
    areas: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """n rows: the place of each prediction among k classes, the model's probabilities (n, k) and calibrated ones.

    ``positive`` is the place of the positive one of two classes.
    """

    predicted: NDArray[Any]
    probabilities: NDArray[Any]
    chances: NDArray[Any]
    positive: int | None
    calibration: Calibration | None

    def draw(self, rng: Any) -> Drawn:
        """Draw labels for all rows, again and again.

        They are drawn from the calibrated probabilities and, in each batch, from those of another resample of the
        reference. How far these are from the first shows how uncertain the calibration is, and its bias, which is
        subtracted: isotonic regression makes probabilities too extreme where the reference has few rows (the basic
        bootstrap; Davison and Hinkley 1997, section 5.2).

        Of more rows than 10,000 divided by the classes, the counts are drawn from the normal distribution that the sum
        of so many labels has, and the areas from some of the rows.
        """
        import numpy as np

        count, classes = self.chances.shape
        most = max(_MOST_DRAWN // classes, _FEWEST_DRAWN)
        rows = np.sort(rng.choice(count, most, replace=False)) if count > most else np.arange(count)
        ranked = _Ranked(self.probabilities[rows], self.positive)
        spreads = None if len(rows) == count else [_spread(part) for part in self._parts(self.chances)]
        middle = ranked.areas(self.chances[rows][None])[0]
        narrow = math.sqrt(len(rows) / count)
        expected = self._confusion(self.chances)
        confusions, areas, shifts = [], [], []
        for chances, draws in self._batches():
            labels = _labels(chances[rows], draws, rng)
            shift = self._confusion(chances) - expected
            if spreads is None:
                noise = _counted(labels, self.predicted, classes) - expected - shift
            else:
                noise = _normal(spreads, draws, rng)
            confusions.append(_sums(expected - shift + noise))
            is_class = labels[:, :, None] == np.arange(classes)
            other, *drawn = ranked.areas(np.concatenate([chances[rows][None], is_class]))
            areas.append(middle - other + (np.array(drawn) - other) * narrow)
            shifts.append((shift, other - middle))
        area = middle if len(rows) == count else _Ranked(self.probabilities, self.positive).areas(self.chances[None])[0]
        return Drawn(
            _sums(expected - np.mean([one for one, _ in shifts], axis=0)),
            np.concatenate(confusions, axis=1),
            float(np.clip(area - np.mean([one for _, one in shifts]), 0, 1)),
            (area + np.concatenate(areas)).clip(0, 1),
        )

    def _confusion(self, chances: NDArray[Any]) -> NDArray[Any]:
        """Return the expected confusion matrix, of the shape (1, true, predicted)."""
        import numpy as np

        return np.stack([part.sum(axis=0) for part in self._parts(chances)], axis=-1)[None]

    def labels(self, draws: int, rng: Any) -> Iterator[NDArray[Any]]:
        """Yield the places of drawn labels, *draws* times of the shape (n,)."""
        for _ in range(draws):
            yield _labels(self.chances, 1, rng)[0]

    def _batches(self) -> Iterator[tuple[NDArray[Any], int]]:
        resampled = None
        if self.calibration is not None and not self.calibration.is_identity:
            resampled = self.calibration.resampled(self.probabilities)
        if resampled is None:
            for _ in range(_BATCHES):
                yield self.chances, _DRAWS // _BATCHES
        else:
            for chances in resampled:
                yield chances, _DRAWS // RESAMPLES

    def _parts(self, chances: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the rows of each prediction."""
        return [chances[self.predicted == code] for code in range(chances.shape[1])]


def _labels(chances: NDArray[Any], draws: int, rng: Any) -> NDArray[Any]:
    """Return the places of drawn labels, of the shape (draws, rows)."""
    import numpy as np

    limits = np.cumsum(chances, axis=1)
    luck = rng.random((draws, len(chances)))
    labels: NDArray[Any] = np.zeros(luck.shape, dtype=np.int64)
    for at in range(chances.shape[1] - 1):
        labels += luck >= limits[:, at]
    return labels


def _counted(labels: NDArray[Any], predicted: NDArray[Any], classes: int) -> NDArray[Any]:
    """Return the confusion matrices of drawn labels, of the shape (draws, true, predicted)."""
    import numpy as np

    cells = (np.arange(len(labels))[:, None] * classes + labels) * classes + predicted
    counts = np.bincount(cells.reshape(-1), minlength=len(labels) * classes * classes)
    return counts.reshape(-1, classes, classes).astype(float)


def _spread(chances: NDArray[Any]) -> NDArray[Any]:
    """Return a square root of the covariance of the counts of the classes, over independent rows."""
    import numpy as np

    values, vectors = np.linalg.eigh(np.diag(chances.sum(axis=0)) - chances.T @ chances)
    root: NDArray[Any] = vectors * np.sqrt(values.clip(0))
    return root


def _normal(spreads: list[NDArray[Any]], draws: int, rng: Any) -> NDArray[Any]:
    """Return how far confusion matrices of drawn labels are from the expected one."""
    import numpy as np

    columns = [rng.standard_normal((draws, len(spread))) @ spread.T for spread in spreads]
    return np.stack(columns, axis=-1)


def _sums(confusions: NDArray[Any]) -> NDArray[Any]:
    """Return the sums of confusion matrices of the shape (draws, true, predicted), a column for each.

    A count that is below 0 is 0.
    """
    import numpy as np

    confusions = confusions.clip(0)
    right = np.diagonal(confusions, axis1=1, axis2=2)
    return np.hstack([confusions.sum(axis=2), confusions.sum(axis=1), right]).T


class _Ranked:
    """The ranking of rows by the probability of the positive class, or by that of each class in turn."""

    def __init__(self, scores: NDArray[Any], positive: int | None) -> None:
        import numpy as np

        self._places = range(scores.shape[1]) if positive is None else [positive]
        is_positive = np.repeat([1.0, 0.0], len(scores))  # each row stands for a positive and for a negative one
        self._rankings = [Ranking(is_positive, np.tile(scores[:, at], 2)) for at in self._places]

    def areas(self, chances: NDArray[Any]) -> NDArray[Any]:
        """Return the areas under the ROC curve, for the chances of classes of the shape (draws, rows, classes)."""
        import numpy as np

        total = np.zeros(len(chances))
        with np.errstate(divide="ignore", invalid="ignore"):
            for at, ranking in zip(self._places, self._rankings, strict=True):
                positive = chances[:, :, at].T
                total += area_under_roc(ranking.of(np.vstack([positive, 1.0 - positive])))
        return total / len(self._rankings)
