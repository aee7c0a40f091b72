"""``for fold in mlmagic.folds(KFold(5), X, y)``: a cross-validation whose folds are runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.cross_validation.fold_loop import FoldLoop
from mlmagic.cross_validation.turn_values import caller
from mlmagic.data.split.fold_plan import plan_folds
from mlmagic.data.split.registry import SplitPart, remember
from mlmagic.data.split.rows import take
from mlmagic.errors import UsageProblem
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from types import CodeType

    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.split.fold_plan import FoldPlan, FoldRows


_NAMES = ("index", "X_train", "y_train", "X_val", "y_val", "train_rows", "val_rows")


class FoldAttributeError(UsageProblem, AttributeError):
    """A fold has no such part; Python's own functions take it for an AttributeError."""


class FoldUnpackingError(UsageProblem, TypeError):
    """A fold was unpacked as scikit-learn's pairs are; Python's own functions take it for a TypeError."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold: the rows to train on, and those that are held out.

    Attributes
    ----------
    index
        The number of the fold, from 0.
    X_train, y_train
        The rows to train on, of the type of X and y; ``y_train`` is None without y.
    X_val, y_val
        The rows that are held out.
    train_rows, val_rows
        Their positions in X.
    """

    index: int
    X_train: Any
    y_train: Any
    X_val: Any
    y_val: Any
    train_rows: NDArray[np.intp]
    val_rows: NDArray[np.intp]

    def __getattr__(self, name: str) -> Any:
        meant = {"X_test": "X_val", "y_test": "y_val", "number": "index", "test_rows": "val_rows"}.get(name)
        hint = f" Did you mean {meant!r}?" if meant else did_you_mean(name, _NAMES)
        raise FoldAttributeError(f"a fold has no {name!r}.{hint} It has {', '.join(_NAMES)}.")

    def __iter__(self) -> Iterator[Any]:
        raise FoldUnpackingError(
            "a fold is no pair: for fold in mlmagic.folds(cv, X, y), with fold.train_rows and fold.val_rows"
        )

    def __repr__(self) -> str:
        return f"<Fold {self.index}: {len(self.train_rows):,} rows to train on, {len(self.val_rows):,} held out>"


def folds(cv: Any, X: Any, y: Any = None, *, groups: Any = None) -> Folds:
    """Loop over the folds of a cross-validation; in a tracked cell or block, each is a run of its own.

    The run of a fold, ``fold_0`` and so on, is nested below the cell's. Its metrics are the floats that the loop's body
    binds, the results of metric functions, what a list gets that grows with each fold, and what ``mlmagic.log`` and
    MLflow's own functions log in it. The cell's run gets ``cv_mean_<metric>`` and ``cv_std_<metric>`` over all folds
    (but for what only MLflow's functions logged), the settings of the splitter, and a picture of the spread. The models
    of the folds are not kept. From the 101st on, and in a trial of a sweep, a fold has no run: its numbers count in the
    means. Without a run, nothing is recorded.

    Parameters
    ----------
    cv
        A splitter of scikit-learn or one like it, a number of folds (stratified for classes), or pairs of positions.
        A splitter that shuffles without a ``random_state`` gets the seed of ``%seed``.
    X, y
        The rows, n of each: pandas, polars, Arrow, NumPy, torch, SciPy (csr), lists.
    groups
        The name of a column of X with groups of which none is divided, or its values.

    Returns
    -------
    An iterable of `Fold`, whose length is the number of folds.

    Raises
    ------
    UsageProblem
        *cv* is no splitter, or cannot divide these rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import KFold
    >>> for fold in folds(KFold(2), np.arange(6)):
    ...     print(fold.index, fold.X_train, fold.X_val)
    0 [3 4 5] [0 1 2]
    1 [0 1 2] [3 4 5]
    """
    return Folds(plan_folds(cv, X, y, groups), X, y, sys._getframe(1).f_code)


class Folds(Iterable[Fold]):
    """The folds that ``mlmagic.folds`` returns."""

    def __init__(self, plan: FoldPlan, X: Any, y: Any, code: CodeType) -> None:
        self._plan = plan
        self._data = X, y
        self._code = code

    def __len__(self) -> int:
        return len(self._plan.folds)

    def __repr__(self) -> str:
        return f"<{len(self)} folds of {self._plan.splitter}>"

    def __iter__(self) -> Iterator[Fold]:
        # A generator, because leaving the loop by break, an exception or an interrupt drops it, which closes it.
        loop = FoldLoop(self._plan, *self._data)
        for number, rows in enumerate(self._plan.folds):
            loop.begin(number, caller(self._code))
            try:
                yield self._fold(number, rows)  # not held here: the code may delete it
            except GeneratorExit:
                loop.leave(caller(self._code))
                raise
            loop.end(caller(self._code))
        loop.close()

    def _fold(self, number: int, rows: FoldRows) -> Fold:
        (X, y), train, val = self._data, rows.train, rows.val
        sides = [(take(X, side), None if y is None else take(y, side)) for side in (train, val)]
        parts = Fold(number, *sides[0], *sides[1], train, val)
        identity = {"method": "folds", "fold": number, "digest": self._plan.digest}
        for name, side, source in (("X_train", train, X), ("y_train", train, y), ("X_val", val, X), ("y_val", val, y)):
            remember(getattr(parts, name), SplitPart(name, f"fold {number}", len(side), identity), source)
        return parts
