"""Calibrate probabilities on a reference whose labels are known, so that they say how often each class occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST_ROWS = 300
_FOLDS, _BINS = 3, 10
_SEED = 20_161_130


@dataclass(frozen=True, eq=False)
class Calibration:
    """Isotonic regressions, one for each class, with their errors before and after.

    The expected calibration error is the mean, over classes and ten bins of equal size, of the distance between the
    mean probability and the share of the class. ``error`` is that of the model's own probabilities, ``error_after`` is
    measured on rows that the regressions were not fitted on. Without an improvement, probabilities stay as they are.
    """

    error: float
    error_after: float
    note: str = ""
    _maps: tuple[Any, ...] = ()

    @classmethod
    def fit(cls, truth: NDArray[Any], probabilities: NDArray[Any], classes: Sequence[Any]) -> Calibration:
        """Fit on labels of the shape (n,) and probabilities of the shape (n, k), whose columns are *classes*.

        Raises
        ------
        UsageProblem
            If the shapes do not fit.
        """
        import numpy as np

        if probabilities.shape != (len(truth), len(classes)):
            shape = " x ".join(map(str, probabilities.shape))
            raise UsageProblem(f"{shape} probabilities for {len(truth):,} labels of {len(classes)} classes")
        is_class = np.column_stack([truth == one for one in classes]).astype(float)
        before = _error(is_class, probabilities)
        if len(truth) < FEWEST_ROWS:
            note = f"the probabilities are taken as they are: {len(truth):,} labels of the reference are too few"
            return cls(before, before, note)
        fold = np.random.default_rng(_SEED).permutation(len(truth)) % _FOLDS
        unseen = np.empty_like(probabilities, dtype=float)
        for one in range(_FOLDS):
            inside, outside = fold != one, fold == one
            unseen[outside] = _applied(_fitted(is_class[inside], probabilities[inside]), probabilities[outside])
        after = _error(is_class, unseen)
        if after >= before:
            return cls(before, before, "the probabilities are calibrated as they are")
        return cls(before, after, "", _fitted(is_class, probabilities))

    def apply(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Return calibrated probabilities of the shape (n, k), which add up to 1 in each row."""
        return _applied(self._maps, probabilities) if self._maps else probabilities


def _fitted(is_class: NDArray[Any], probabilities: NDArray[Any]) -> tuple[Any, ...]:
    from sklearn.isotonic import IsotonicRegression

    return tuple(
        IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(probabilities[:, at], is_class[:, at])
        for at in range(probabilities.shape[1])
    )


def _applied(maps: tuple[Any, ...], probabilities: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    found = np.column_stack([one.predict(probabilities[:, at]) for at, one in enumerate(maps)])
    total = found.sum(axis=1, keepdims=True)
    is_empty = total[:, 0] <= 0
    found[is_empty], total[is_empty] = probabilities[is_empty], 1.0
    calibrated: NDArray[Any] = found / total
    return calibrated


def _error(is_class: NDArray[Any], probabilities: NDArray[Any]) -> float:
    import numpy as np

    found = []
    for at in range(probabilities.shape[1]):
        order = np.argsort(probabilities[:, at], kind="stable")
        bins = np.array_split(order, _BINS)
        found.append(
            sum(
                len(rows) * abs(float(probabilities[rows, at].mean() - is_class[rows, at].mean()))
                for rows in bins
                if len(rows)
            )
            / len(order)
        )
    return float(np.mean(found))
