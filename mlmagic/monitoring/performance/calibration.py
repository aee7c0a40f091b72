"""Calibrate probabilities on a reference whose labels are known, so that they say how often each class occurs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.performance import inputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    _Map = tuple[NDArray[Any], NDArray[Any]]
    """A probability for each probability, between which the line is straight."""

FEWEST_ROWS = 300
RESAMPLES = 40
_FOLDS, _BINS, _LEVELS = 3, 10, 1000
_SEED = 20_161_130


@dataclass(frozen=True, eq=False)
class Calibration:
    """Isotonic regressions, one for each class, with their errors before and after (Zadrozny and Elkan, 2002).

    The expected calibration error is the mean, over classes and ten bins of equal size, of the distance between the
    mean probability and the share of the class; it lies between 0 and 1. Without an improvement, and with fewer than
    300 labels, probabilities stay as they are.

    Attributes
    ----------
    error
        The expected calibration error of the model's own probabilities.
    error_after
        That of the calibrated ones, on rows that the regressions were not fitted on.
    note
        Why the probabilities stay as they are, or empty.
    is_checked
        Whether there are enough labels to say how well the probabilities are calibrated.

    Examples
    --------
    >>> import numpy as np
    >>> sure = np.where(np.arange(400) % 2, 0.9, 0.1)  # it is right in 3 of 4 rows only
    >>> truth = np.where(np.arange(400) % 8 < 2, sure < 0.5, sure > 0.5)
    >>> calibration = Calibration.fit(truth, np.column_stack([1 - sure, sure]), [False, True])
    >>> round(calibration.error, 2), calibration.error_after < 0.05
    (0.15, True)
    >>> calibration.apply(np.array([[0.1, 0.9]])).round(2).tolist()
    [[0.25, 0.75]]
    """

    error: float
    error_after: float
    note: str = ""
    is_checked: bool = True
    _maps: tuple[_Map, ...] = field(default=(), repr=False)
    _resampled: tuple[tuple[_Map, ...], ...] = field(default=(), repr=False)

    @classmethod
    def fit(cls, truth: Any, probabilities: Any, classes: Sequence[Any]) -> Calibration:
        """Fit on labels of the shape (n,) and probabilities of the shape (n, k), whose columns are *classes*.

        Rows whose label is NaN or None are left out.

        Raises
        ------
        UsageProblem
            If the shapes do not fit, a label is no class, or probabilities do not add up to 1.
        """
        import numpy as np

        labels, is_known = inputs.labels_of(truth, "labels")
        columns = inputs.classes_of(classes)
        shares = inputs.probabilities_of(probabilities, columns, len(labels))[is_known]
        shares = inputs.proper(shares, "nothing can be calibrated")
        codes = inputs.places_of(labels[is_known], columns, "the label")
        if not len(codes):
            raise UsageProblem("there are no labels to calibrate on")
        is_class = (codes[:, None] == np.arange(len(columns))).astype(float)
        before = _error(is_class, shares)
        if len(codes) < FEWEST_ROWS:
            note = f"the probabilities are taken as they are: {len(codes):,} labels of the reference are too few"
            return cls(before, before, note, is_checked=False)
        rng = np.random.default_rng(_SEED)
        fold = rng.permutation(len(codes)) % _FOLDS
        unseen = np.empty_like(shares)
        for one in range(_FOLDS):
            inside, outside = fold != one, fold == one
            unseen[outside] = _applied(_fitted(is_class[inside], shares[inside]), shares[outside])
        after = _error(is_class, unseen)
        if after >= before:
            return cls(before, before, "the probabilities are calibrated as they are")
        return cls(before, after, "", True, _fitted(is_class, shares), tuple(_refitted(is_class, shares, rng)))

    @property
    def is_identity(self) -> bool:
        """Whether probabilities stay as they are."""
        return not self._maps

    def apply(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Return calibrated probabilities of the shape (n, k), which add up to 1 in each row."""
        return _applied(self._maps, probabilities) if self._maps else probabilities

    def resampled(self, probabilities: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """Yield what `apply` would return if the reference had been another one of as many rows (bootstrap).

        There are 40 of them; none if the probabilities stay as they are.
        """
        for maps in self._resampled:
            yield _applied(maps, probabilities)


def _fitted(
    is_class: NDArray[Any], probabilities: NDArray[Any], weights: NDArray[Any] | None = None
) -> tuple[_Map, ...]:
    from sklearn.isotonic import IsotonicRegression

    found = []
    for at in range(probabilities.shape[1]):
        one = IsotonicRegression(y_min=0, y_max=1).fit(
            probabilities[:, at], is_class[:, at], None if weights is None else weights[:, at]
        )
        found.append((one.X_thresholds_, one.y_thresholds_))
    return tuple(found)


def _refitted(is_class: NDArray[Any], probabilities: NDArray[Any], rng: Any) -> Iterator[tuple[_Map, ...]]:
    """Yield regressions of resampled rows; of many rows, those next to each other are taken together."""
    import numpy as np

    rows, classes = probabilities.shape
    levels = min(rows, _LEVELS)
    ranks = probabilities.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    level = ranks * levels // rows
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(0, rows, rows), minlength=rows).astype(float)
        maps: list[_Map] = []
        for at in range(classes):
            total = np.bincount(level[:, at], times, levels)
            some = total > 0
            mean = [
                np.bincount(level[:, at], times * values[:, at], levels)[some] / total[some]
                for values in (is_class, probabilities)
            ]
            maps += _fitted(mean[0][:, None], mean[1][:, None], total[some][:, None])
        yield tuple(maps)


def _applied(maps: tuple[_Map, ...], probabilities: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    found = np.column_stack([np.interp(probabilities[:, at], *one) for at, one in enumerate(maps)])
    total = found.sum(axis=1, keepdims=True)
    is_empty = total[:, 0] <= 0
    found[is_empty], total[is_empty] = probabilities[is_empty], 1.0
    calibrated: NDArray[Any] = found / total
    return calibrated


def _error(is_class: NDArray[Any], probabilities: NDArray[Any]) -> float:
    import numpy as np

    found = []
    for at in range(probabilities.shape[1]):
        column = probabilities[:, at]
        edges = np.unique(np.quantile(column, np.arange(1, _BINS) / _BINS))  # equal probabilities are in one bin
        part = np.searchsorted(edges, column, side="right")
        gaps = np.bincount(part, column - is_class[:, at])
        found.append(float(np.abs(gaps).sum()) / len(column))
    return float(np.mean(found))
