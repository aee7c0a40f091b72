"""The importance of params for a metric: how much worse random forests predict it if a param is shuffled.

Forests see the ranks of the metric, not its values: a run that diverged counts as the worst one, however far off it is.
Each refit takes a bootstrap sample of the runs, and a param is shuffled among the runs that the sample left out, so the
importance of a param without effect is about zero. Seeds are no params here: they tell repetitions of a configuration
apart. Failed and killed runs, which logged a part of their values, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.comparison.compared_runs import ENDED_EARLY
from mlmagic.comparison.param_effects import best_value, feature_of, is_monotonic, rank_correlation
from mlmagic.errors import UsageProblem
from mlmagic.store.query.families import is_repetition
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from pandas import DataFrame

    from mlmagic.comparison.columns import Column
    from mlmagic.comparison.compared_runs import Comparison

    Numbers = NDArray[Any]

FEWEST_RUNS = 10
_MOST_RUNS = 1000
_MOST_PARAMS = 40
_REFITS = 20
_SHUFFLES = 3
_TREES = 40
_TREES_OF_ALL = 200
_INTERVAL = (5, 95)
_LEAST_EXPLAINED = 0.1
_LONGEST = 200


@dataclass(frozen=True)
class ParamImportance:
    """The importance of one param.

    ``importance`` is the median over refits of the share of the variance of the ranks that goes with the param, alone
    or together with others (the total Sobol index): half of the increase of the squared error if it is shuffled.
    ``low`` and ``high`` enclose 90% of the refits. ``monotonic`` is False if the metric gets better and then worse as
    the param rises, or the other way round, and None for words. ``direction`` is Spearman's correlation with the
    metric, None for words and if the effect is not monotonic. ``best`` is the value, as it was logged, at which the
    metric is best: the word with the best mean, or the median number of the best tenth of the runs; None if the metric
    has no direction.
    """

    param: str
    importance: float
    low: float
    high: float
    direction: float | None
    best: str | None = None
    monotonic: bool | None = None


@dataclass(frozen=True)
class Importance:
    """The params by their importance for a metric, the most important first.

    ``runs`` is the number of runs with the metric. ``explained`` is the out-of-bag R² of a forest of all of them, None
    if none was fitted. ``notice`` says why there are no ``params``; ``notes`` say what was left out.
    """

    metric: str
    params: tuple[ParamImportance, ...] = ()
    runs: int = 0
    explained: float | None = None
    notice: str = ""
    notes: tuple[str, ...] = field(default=())

    def to_dataframe(self) -> DataFrame:
        """Return one row per param: param, importance, low, high, direction, best, monotonic."""
        from pandas import DataFrame

        columns = ["param", "importance", "low", "high", "direction", "best", "monotonic"]
        return DataFrame([[getattr(one, name) for name in columns] for one in self.params], columns=columns)

    def to_json(self) -> dict[str, Any]:
        """Return what the browser shows."""
        return {
            "params": [
                {
                    "name": one.param,
                    "importance": one.importance,
                    "low": one.low,
                    "high": one.high,
                    "direction": one.direction,
                    "best": None if one.best is None else one.best[:_LONGEST],
                    "monotonic": one.monotonic,
                }
                for one in self.params
            ],
            "runs": self.runs,
            "explained": self.explained,
            "notice": self.notice,
            "notes": list(self.notes),
        }


def importance_of(comparison: Comparison, metric: str | None = None, runs: Iterable[str] | None = None) -> Importance:
    """Return the importance of the params that vary among runs for a metric.

    Parameters
    ----------
    comparison
        The runs and their columns.
    metric
        The name of the metric, or the id of its column; None is the main metric.
    runs
        The ids of the runs to use; None is all of them.

    Raises
    ------
    UsageProblem
        If no run has logged the metric.
    MissingPackageError
        If scikit-learn is not installed.
    """
    require("sklearn", "the importance of params", pip="scikit-learn")
    column = _metric(comparison, metric)
    if column is None:
        return Importance("", notice="The runs have no metrics. In a cell: mlmagic.log(loss=loss)")
    wanted = None if runs is None else set(runs)
    rows = [row for row, run in enumerate(comparison.runs) if wanted is None or run.info.run_id in wanted]
    return _computed(comparison, column, rows)


def _metric(comparison: Comparison, name: str | None) -> Column | None:
    if name is None:
        return comparison.main_metric
    metrics = [column for column in comparison.columns if column.kind == "metric"]
    found = next((column for column in metrics if name in {column.id, column.label}), None)
    if found is None:
        labels = [column.label for column in metrics]
        raise UsageProblem(f"No run has the metric {name!r}.{did_you_mean(name, labels)} All metrics: to_dataframe()")
    return found


def _computed(comparison: Comparison, metric: Column, rows: Sequence[int]) -> Importance:
    import numpy as np

    values = metric.numbers if metric.numbers is not None else np.full(len(comparison.runs), np.nan)
    ended = [row for row in rows if comparison.runs[row].info.status not in ENDED_EARLY]
    known = np.array([row for row in ended if not np.isnan(values[row])], dtype=np.int64)
    notes = [
        *_notes_of_left_out(len(rows) - len(ended), "failed or killed runs logged a part of their values"),
        *_notes_of_left_out(len(ended) - len(known), f"{metric.label} is missing or not a number"),
    ]
    if len(known) < FEWEST_RUNS:
        told = (
            f"{len(known)} run{'' if len(known) == 1 else 's'} with {metric.label}: at least {FEWEST_RUNS} are needed."
        )
        return Importance(metric.label, runs=len(known), notice=f"{told} Select more runs, or track more of them.")
    if len(known) > _MOST_RUNS:
        notes.append(f"{_MOST_RUNS} of them were drawn at random.")
        known = np.sort(np.random.default_rng(0).choice(known, _MOST_RUNS, replace=False))
    if len(np.unique(values[known])) == 1:
        return Importance(metric.label, runs=len(known), notice=f"{metric.label} is the same in all {len(known)} runs.")
    varying = [column for column in comparison.columns if column.kind == "param" and _varies(column, known)]
    params = [column for column in varying if not is_repetition(column.label)]
    if seeds := [column.label for column in varying if is_repetition(column.label)]:
        are = "is no param" if len(seeds) == 1 else "are no params"
        notes.append(f"{', '.join(seeds)[:_LONGEST]} {are} here: repetitions of a configuration differ in it.")
    if not params:
        but = " but the seed" if seeds else ""
        notice = f"No param{but} varies among these {len(known)} runs, so none can explain {metric.label}."
        return Importance(metric.label, runs=len(known), notice=notice)
    if len(params) > _MOST_PARAMS:
        notes.append(f"The first {_MOST_PARAMS} of {len(params)} params that vary were used.")
        params = params[:_MOST_PARAMS]
    return _fitted(metric, params, values[known], known, notes)


def _notes_of_left_out(count: int, reason: str) -> list[str]:
    return [f"{count} run{' is' if count == 1 else 's are'} left out: {reason}."] if count else []


def _fitted(metric: Column, params: Sequence[Column], values: Numbers, rows: Numbers, notes: list[str]) -> Importance:
    import numpy as np
    from scipy.stats import rankdata
    from sklearn.ensemble import RandomForestRegressor

    ranks = rankdata(values) / len(values)
    features = np.column_stack([feature_of(param, rows) for param in params])
    forest = RandomForestRegressor(_TREES_OF_ALL, min_samples_leaf=2, oob_score=True, random_state=0, n_jobs=1)
    explained = float(forest.fit(features, ranks).oob_score_)
    known: dict[str, Any] = {"runs": len(rows), "explained": explained, "notes": tuple(notes)}
    if explained < _LEAST_EXPLAINED:
        notice = (
            f"The params do not explain {metric.label}: of the order of {len(rows)} runs, random forests predict "
            f"{max(0.0, explained):.0%} (out-of-bag R² {explained:.2f}). Bars would be noise. More runs may help."
        )
        return Importance(metric.label, notice=notice, **known)
    drops = _drops(features, ranks)
    low, middle, high = np.percentile(drops, (_INTERVAL[0], 50, _INTERVAL[1]), axis=0)
    found = []
    for at, param in enumerate(params):
        is_one_way = is_monotonic(forest, features, at) if param.format == "number" else None
        found.append(
            ParamImportance(
                param.label,
                float(middle[at]),
                float(low[at]),
                float(high[at]),
                rank_correlation(param, rows, ranks) if is_one_way else None,
                best_value(param, rows, ranks, metric.goal),
                is_one_way,
            )
        )
    found.sort(key=lambda one: -one.importance)
    return Importance(metric.label, tuple(found), **known)


def _drops(features: Numbers, ranks: Numbers) -> Numbers:
    """Return the importance of each feature (columns) in each refit (rows)."""
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    random = np.random.default_rng(0)
    every = np.arange(len(ranks))
    drops = []
    for refit in range(_REFITS):
        drawn = random.choice(every, len(every))
        left = np.setdiff1d(every, drawn)
        if not len(left):  # pragma: no cover  # ten runs leave none out in one of three thousand samples
            continue
        forest = RandomForestRegressor(_TREES, min_samples_leaf=2, random_state=refit, n_jobs=1)
        forest.fit(features[drawn], ranks[drawn])
        shuffled = permutation_importance(
            forest, features[left], ranks[left],
            scoring="neg_mean_squared_error", n_repeats=_SHUFFLES, random_state=refit,
        )  # fmt: skip
        drops.append(shuffled.importances_mean / (2 * ranks.var()))
    return np.array(drops)


def _varies(param: Column, rows: Numbers) -> bool:
    import numpy as np

    return param.codes is not None and len(np.unique(param.codes[rows])) > 1
