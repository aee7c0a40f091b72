"""How a metric goes with a param: in one direction or not, and at which value it is best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.store.query.filters.values import number_or_none

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.ensemble import RandomForestRegressor

    from mlmagic.comparison.columns import Column
    from mlmagic.store.query.direction import Direction

    Numbers = NDArray[Any]

_FEWEST_DIFFERENT = 2
_FEWEST_BEST = 3
_FEWEST_TURNING = 3
_GRID = 9
_ENDS = (0.05, 0.95)
_MOST_ROWS = 100
_MOST_TURN = 0.25
"""An effect that turns back by more than this part of its range is not monotonic.

Simulated effects that rise, saturate or step turn back by up to 0.3, almost all by less than 0.2 (15 to 120 runs with
noise). Those that fall and rise again to the same height turn back by 0.6 to 1 from 40 runs on.
"""


def is_monotonic(forest: RandomForestRegressor, features: Numbers, at: int) -> bool:
    """Return whether the metric goes in one direction with the feature *at*, the others being as they were.

    The effect is the partial dependence (Friedman 2001) of a fitted *forest*: the mean prediction at each of a few
    quantiles of the feature. Its ends are left out, where forests are guided by few runs.
    """
    import numpy as np

    given = features[:, at][~np.isnan(features[:, at])]
    grid = np.unique(np.quantile(given, np.linspace(*_ENDS, _GRID), method="nearest")) if len(given) else given
    if len(grid) < _FEWEST_TURNING:
        return True
    rows = np.linspace(0, len(features) - 1, min(len(features), _MOST_ROWS)).astype(int)
    repeated = np.repeat(features[rows], len(grid), axis=0)
    repeated[:, at] = np.tile(grid, len(rows))
    effect = forest.predict(repeated).reshape(len(rows), len(grid)).mean(axis=0)
    turn = min((np.maximum.accumulate(effect) - effect).max(), (effect - np.minimum.accumulate(effect)).max())
    return bool(turn <= _MOST_TURN * (effect.max() - effect.min()))


def feature_of(param: Column, rows: Numbers) -> Numbers:
    """Return the places of a param's numbers, or words, among all in order; NaN if it is missing.

    To a tree the order is all that counts, and places do not overflow.
    """
    import numpy as np

    codes = param.codes[rows] if param.codes is not None else np.full(len(rows), -1)
    read = [number_or_none(word) for word in param.words] if param.format == "number" else range(len(param.words))
    of_words = np.array([np.nan if one is None else one for one in read], dtype=np.float64)
    values = np.where(codes >= 0, of_words[codes], np.nan)
    given = ~np.isnan(values)
    places = np.full(len(values), np.nan)
    places[given] = np.unique(values[given], return_inverse=True)[1].reshape(-1)
    return places


def rank_correlation(param: Column, rows: Numbers, ranks: Numbers) -> float | None:
    """Return Spearman's correlation of a numeric param with the ranks, None for words or if it is undefined."""
    import numpy as np
    from scipy.stats import spearmanr

    if param.format != "number":
        return None
    numbers = feature_of(param, rows)
    given = ~np.isnan(numbers)
    if min(len(np.unique(numbers[given])), len(np.unique(ranks[given]))) < _FEWEST_DIFFERENT:
        return None
    return float(spearmanr(numbers[given], ranks[given]).statistic)


def best_value(param: Column, rows: Numbers, ranks: Numbers, goal: Direction | None) -> str | None:
    """Return the value of a param, as it was logged, at which the metric is best."""
    import numpy as np

    features = feature_of(param, rows)
    given = np.flatnonzero(~np.isnan(features))
    if goal is None or param.codes is None or not len(given):
        return None
    quality = ranks[given] if goal == "max" else -ranks[given]
    if param.format == "number":
        best = given[np.argsort(-quality, kind="stable")[: max(_FEWEST_BEST, len(given) // 10)]]
        middle = best[np.argsort(features[best], kind="stable")[len(best) // 2]]
        return str(param.words[param.codes[rows[middle]]])
    codes = param.codes[rows[given]]
    means = {int(code): float(quality[codes == code].mean()) for code in np.unique(codes)}
    return str(param.words[max(means, key=means.__getitem__)])
