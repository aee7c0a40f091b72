"""The domain classifier: whether a model can tell reference rows from current rows that it has not seen.

It finds drift that no column shows alone, such as a correlation that is gone.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import autologging
from mlmagic.adapters.optional import require
from mlmagic.monitoring.drift.report import MultivariateDrift
from mlmagic.snapshot.randomness.generators import untouched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

MOST_ROWS = 20_000
FEWEST_ROWS = 50
_SEED = 20_160_229
_PERMUTATIONS, _AT_ONCE = 1000, 100
_FEWEST_EXCEEDING = 10
_SHOWN, _IMPORTANCE_ROWS = 5, 4000
_LOOKED_AT = 0.05
_ROWS_FOR_THREADS = 10_000
"""Threads of fewer rows wait for each other longer than they work."""


def sampled_rows(rows: tuple[int, int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the rows of each side that the classifier sees: at most 20,000, drawn with a fixed seed."""
    import numpy as np

    rng = np.random.default_rng(_SEED)
    return tuple(  # type: ignore[return-value]
        np.arange(one) if one <= MOST_ROWS else np.sort(rng.choice(one, MOST_ROWS, replace=False)) for one in rows
    )


def tell_apart(samples: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]) -> MultivariateDrift | None:
    """Train a classifier on one random half of both samples, and return how well it orders the other half.

    Gradient boosting sees interactions of columns. The seed is fixed, and the user's random generators stay as they
    are. None if the first half has no values at all.
    """
    require("sklearn", "the drift of all columns together", pip="scikit-learn")
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(_SEED)
    sides = [np.column_stack([pair[at] for pair in samples.values()]) for at in (0, 1)]
    halves: list[tuple[NDArray[Any], NDArray[Any]]] = []
    for side in sides:
        order = rng.permutation(len(side))
        halves.append((side[order[: len(side) // 2]], side[order[len(side) // 2 :]]))
    train, test = (np.concatenate([halves[0][at], halves[1][at]]) for at in (0, 1))
    is_current = [np.repeat([0, 1], [len(halves[0][at]), len(halves[1][at])]) for at in (0, 1)]
    has_values = ~np.isnan(train).all(axis=0)  # without any, the histogram of a column cannot be computed
    if not has_values.any():
        return None
    train, test = train[:, has_values], test[:, has_values]
    names = [name for name, has in zip(samples, has_values, strict=True) if has]
    threads = 1 if len(train) < _ROWS_FOR_THREADS else None
    with autologging.switched_off(), untouched(), threadpool_limits(threads, "openmp"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = HistGradientBoostingClassifier(
            max_iter=60, max_leaf_nodes=15, learning_rate=0.1, early_stopping=False, class_weight="balanced",
            random_state=_SEED,
        ).fit(train, is_current[0])  # fmt: skip
        auc, p = _auc_with_p(model.decision_function(test), is_current[1], rng)
        columns = _columns(model, test, is_current[1], names, rng) if p < _LOOKED_AT else ()
    return MultivariateDrift(auc, p, len(test), columns=columns)


def auc_of(ranks: NDArray[Any], is_current: NDArray[Any]) -> float:
    """Return the area under the ROC curve from the ranks of the scores."""
    current = int(is_current.sum())
    others = len(ranks) - current
    return float((ranks[is_current == 1].sum() - current * (current + 1) / 2) / (current * others))


def _auc_with_p(scores: NDArray[Any], is_current: NDArray[Any], rng: Generator) -> tuple[float, float]:
    """Return the AUC, and how often permuted labels give one as large.

    Beyond the reach of 1,000 permutations the p-value is that of the normal distribution with the mean and variance
    that the sum of ranks has over all permutations.
    """
    import numpy as np
    from scipy import stats

    ranks = stats.rankdata(scores)
    current, rows = int(is_current.sum()), len(scores)
    found = ranks[is_current == 1].sum()
    exceeding = 0
    for _ in range(_PERMUTATIONS // _AT_ONCE):
        drawn = rng.permuted(np.broadcast_to(ranks, (_AT_ONCE, rows)), axis=1)[:, :current]
        exceeding += int((drawn.sum(axis=1) >= found).sum())
    p = (exceeding + 1) / (_PERMUTATIONS + 1)
    if exceeding < _FEWEST_EXCEEDING:
        variance = current * (rows - current) / rows * ranks.var(ddof=1)
        if variance > 0:
            p = float(stats.norm.sf((found - current * (rows + 1) / 2) / np.sqrt(variance)))
    return auc_of(ranks, is_current), p


def _columns(
    model: Any, test: NDArray[Any], is_current: NDArray[Any], names: list[str], rng: Generator
) -> tuple[tuple[str, float], ...]:
    """Return the columns by which *model* tells the rows apart, with the loss in AUC if one is shuffled."""
    from scipy import stats

    some = rng.permutation(len(test))[:_IMPORTANCE_ROWS]
    rows, labels = test[some].copy(), is_current[some]

    def auc() -> float:
        return auc_of(stats.rankdata(model.decision_function(rows)), labels)

    whole = auc()
    losses = []
    for at, name in enumerate(names):
        kept = rows[:, at].copy()
        rows[:, at] = rng.permutation(kept)
        losses.append((name, whole - auc()))
        rows[:, at] = kept
    losses.sort(key=lambda one: -one[1])
    return tuple((name, float(loss)) for name, loss in losses[:_SHOWN] if loss > 0)
