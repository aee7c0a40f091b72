"""Plan the folds of a cross-validation: which rows are trained on, and which are held out, in each."""

from __future__ import annotations

import copy
import hashlib
import numbers
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.arguments import described
from mlmagic.data.split.fold_arguments import require_known_targets, require_order
from mlmagic.data.split.rows import common_length
from mlmagic.data.split.split_columns import find_key
from mlmagic.errors import UsageProblem
from mlmagic.snapshot.randomness import seeding
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_FEWEST = 2
_MOST_CLASSES = 20
_PLAIN = (bool, int, float, str)


@dataclass(frozen=True)
class FoldRows:
    """The positions of one fold's rows; where all others are trained on, in order, only those held out are kept.

    >>> import numpy as np
    >>> kept = FoldRows.of(np.array([0, 1, 3]), np.array([2]), rows=4)
    >>> kept.given is None, kept.train
    (True, array([0, 1, 3]))
    """

    val: NDArray[np.intp]
    rows: int
    given: NDArray[np.intp] | None = None

    @classmethod
    def of(cls, train: NDArray[np.intp], val: NDArray[np.intp], rows: int) -> FoldRows:
        """Return the rows of a fold of a table with so many *rows*."""
        import numpy as np

        kept = cls(val, rows)
        return kept if np.array_equal(kept.train, train) else cls(val, rows, train)

    @property
    def train(self) -> NDArray[np.intp]:
        """The positions of the rows that are trained on."""
        import numpy as np

        if self.given is not None:
            return self.given
        others = np.ones(self.rows, bool)
        others[self.val] = False
        return np.flatnonzero(others)

    @property
    def sizes(self) -> tuple[int, int]:
        """The number of rows that are trained on, and of those held out."""
        return len(self.train) if self.given is not None else self.rows - len(self.val), len(self.val)


@dataclass(frozen=True)
class FoldPlan:
    """The folds of a cross-validation.

    Attributes
    ----------
    folds
        The positions of the rows of each fold.
    splitter
        The name of the splitter's class, or ``"given"`` for folds that were given as positions.
    settings
        The splitter's settings, for the run's parameters.
    digest
        The fingerprint of all positions: two runs with the same one were validated on the same rows.
    notes
        What the user should know of these folds, a line each.
    """

    folds: Sequence[FoldRows]
    splitter: str
    settings: Mapping[str, Any]
    digest: str
    notes: Sequence[str]


def plan_folds(
    cv: Any,
    X: Any,
    y: Any = None,
    groups: Any = None,
    *,
    classifier: bool | None = None,
    what: str = "mlmagic.folds",
) -> FoldPlan:
    """Return the folds into which *cv* divides the rows of *X*.

    Parameters
    ----------
    cv
        A number of folds, a splitter of scikit-learn or one like it, or pairs of positions (train, held out).
    X, y
        The rows, n of each; *y* is needed by stratified splitters.
    groups
        The column of groups, of which none is divided, or its values.
    classifier
        Whether a number of folds means folds with each class's share; by default if *y* holds classes.
    what
        The called function, for messages.

    Raises
    ------
    UsageProblem
        *cv* is none of these, or cannot divide these rows.
    """
    require_order(cv, X, y, what)
    data = {"X": X} | ({} if y is None else {"y": y})
    rows = common_length(tuple(data.values()), tuple(data), what)
    labels = None if groups is None else _groups(groups, X, rows)
    notes: list[str] = []
    settings: dict[str, Any] = {}
    if _are_pairs(cv):
        name, found = "given", iter(cv)
    else:
        splitter = _seeded(_splitter(cv, y, classifier, what, in_groups=labels is not None), notes)
        name = type(splitter).__name__
        own = getattr(splitter, "__dict__", {})
        settings = {key: value for key, value in own.items() if key[0] != "_" and isinstance(value, _PLAIN)}
        found = _divided(splitter, X, y, labels, name=name, rows=rows)
    folds = [FoldRows.of(*_checked(pair, number, rows), rows) for number, pair in enumerate(found)]
    if len(folds) < _FEWEST:
        pairs = "1 pair of positions was" if len(folds) == 1 else f"{len(folds)} pairs of positions were"
        given = f"{pairs} given" if name == "given" else f"{name} makes {len(folds)} fold"
        raise UsageProblem(f"{what}: {given}, and a cross-validation has 2 folds or more.")
    notes += _overlaps(folds)
    return FoldPlan(folds, name, {"n_splits": len(folds), **settings}, _digest(folds), notes)


def _are_pairs(cv: Any) -> bool:
    return not hasattr(cv, "split") and hasattr(cv, "__iter__") and not isinstance(cv, str | bytes)


def _groups(groups: Any, X: Any, rows: int) -> NDArray[Any]:
    import numpy as np

    key = find_key("groups", groups, (X,), ("X",), rows)
    if len(key.raw) == 1:
        return np.asarray(key.raw[0])
    together = ["\0".join(map(str, parts)) for parts in zip(*(np.asarray(one) for one in key.raw), strict=True)]
    return np.asarray(together)


def _splitter(cv: Any, y: Any, classifier: bool | None, what: str, *, in_groups: bool) -> Any:
    selection = require("sklearn.model_selection", what, pip="scikit-learn")
    is_text = isinstance(cv, str | bytes)
    if is_text or isinstance(cv, bool) or not (isinstance(cv, numbers.Integral) or hasattr(cv, "split")):
        named = did_you_mean(str(cv).partition("(")[0], _names(selection)) if is_text else ""
        if is_text and str(cv) in _names(selection):
            named = f" Without quotes: {cv!s}(5)."
        is_loop = what == "mlmagic.folds"
        call = f"{what}(KFold(5), X, y)" if is_loop else f"{what}(model, X, y, cv=KFold(5))"
        raise UsageProblem(
            f"{what} takes {'first' if is_loop else 'as cv'} a splitter, a number of folds or pairs of positions, "
            f"not {described(cv)}.{named} For example: {call}"
        )
    if isinstance(cv, type):
        raise UsageProblem(f"{what}: {cv.__name__} is a class: write {cv.__name__}(5).")
    if not isinstance(cv, numbers.Integral):
        return cv
    if cv < _FEWEST:
        raise UsageProblem(f"{what}: a cross-validation has 2 folds or more, not {cv}.")
    stratify = classifier if classifier is not None else y is not None and _are_classes(y)
    if in_groups:
        return (selection.StratifiedGroupKFold if stratify else selection.GroupKFold)(int(cv))
    try:
        return selection.check_cv(int(cv), _labels(y), classifier=stratify)
    except (ValueError, TypeError) as error:
        require_known_targets(y, what)
        raise UsageProblem(f"{what} cannot give each fold its share of these classes: {quoted(error)}") from error


def _names(selection: Any) -> Iterable[str]:
    return (name for name, thing in vars(selection).items() if isinstance(thing, type) and hasattr(thing, "split"))


def _are_classes(y: Any) -> bool:
    """Return whether *y* holds classes: text, booleans or categories; numbers are if they are whole and few."""
    import numpy as np

    labels = _labels(y)
    if labels.ndim != 1 or labels.dtype.kind == "f":
        return False
    return labels.dtype.kind not in "iu" or len(np.unique(labels)) <= max(_MOST_CLASSES, len(labels) // 20)


def _labels(y: Any) -> Any:
    """Return *y* as an array, or None."""
    import numpy as np

    if y is None:
        return None
    labels = np.asarray(y.detach().cpu() if hasattr(y, "detach") else y)
    return labels.ravel() if labels.ndim == _FEWEST and labels.shape[1] == 1 else labels


def _seeded(splitter: Any, notes: list[str]) -> Any:
    """Return *splitter*, or a copy with the session's seed if it shuffles without one; note what is not repeatable."""
    shuffles = hasattr(splitter, "random_state") and getattr(splitter, "shuffle", True)
    if not shuffles or isinstance(splitter.random_state, numbers.Integral):
        return splitter
    name = type(splitter).__name__
    if splitter.random_state is not None:
        notes.append(f"{name} draws its folds from a generator: when the cell runs again they are others")
        return splitter
    seed = seeding.current()
    if seed is None:
        notes.append(f"{name} shuffles without a seed, so the next run has other folds: random_state=0, or %seed 0")
        return splitter
    seeded = copy.copy(splitter)
    seeded.random_state = seed.value
    return seeded


def _divided(splitter: Any, X: Any, y: Any, groups: Any, *, name: str, rows: int) -> Iterator[Any]:
    """Yield the pairs of a splitter of scikit-learn's protocol."""
    import numpy as np

    table = X if isinstance(X, list) or hasattr(X, "shape") else np.empty((rows, 0))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="The groups parameter is ignored")
            yield from splitter.split(table, _labels(y), groups)
    except UserWarning as error:
        raise UsageProblem(
            f"{name} does not keep groups together: take GroupKFold, or StratifiedGroupKFold for classes"
        ) from error
    except (ValueError, TypeError) as error:
        if groups is None and "groups" in str(error):
            raise UsageProblem(
                f"{name} keeps groups together, and needs them: name their column, groups='user_id'"
            ) from error
        require_known_targets(y, name)
        if y is None and (name.startswith("Stratified") or re.search(r"\by\b", str(error)) is not None):
            raise UsageProblem(f"{name} divides each class, and needs y: mlmagic.folds(cv, X, y)") from error
        raise UsageProblem(f"{name} cannot divide these {rows:,} rows: {quoted(error)}") from error


def _checked(pair: Any, number: int, rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return one pair as two arrays of positions.

    Raises
    ------
    UsageProblem
        It is no pair, a side is empty, or a position is none of the data's.
    """
    import numpy as np

    try:
        sides = [np.asarray(side) for side in pair]
    except (TypeError, ValueError):  # it has no sides, or one of them has rows of different lengths
        sides = []
    if len(sides) != _FEWEST or any(side.ndim != 1 for side in sides):
        raise UsageProblem(f"fold {number} is no pair of positions (train, held out): {pair!r:.80}")
    found = []
    for side, held in zip(sides, ("train", "validation"), strict=True):
        if side.dtype == bool and len(side) == rows:
            side = np.flatnonzero(side)  # noqa: PLW2901  # a mask of the rows
        if not len(side):
            raise UsageProblem(f"fold {number} has no rows to {'train on' if held == 'train' else 'validate on'}.")
        if side.dtype.kind not in "iu" or side.min() < 0 or side.max() >= rows:
            raise UsageProblem(f"fold {number}: its {held} rows are no positions from 0 to {rows - 1:,}.")
        found.append(side.astype(np.intp))
    return found[0], found[1]


def _overlaps(folds: Sequence[FoldRows]) -> list[str]:
    import numpy as np

    shared = [len(np.intersect1d(fold.given, fold.val)) for fold in folds if fold.given is not None]
    if not any(shared):
        return []
    return [f"{sum(map(bool, shared))} of {len(folds)} folds validate on rows that they train on ({max(shared):,})"]


def _digest(folds: Sequence[FoldRows]) -> str:
    import numpy as np

    digest = hashlib.blake2b(digest_size=16)
    for fold in folds:
        for side in (fold.train, fold.val):
            digest.update(len(side).to_bytes(8, "little") + np.ascontiguousarray(side, dtype="<i8").tobytes())
    return digest.hexdigest()
