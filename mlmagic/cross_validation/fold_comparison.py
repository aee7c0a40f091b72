"""``mlmagic.compare_folds``: which of two cross-validated models is better, by the corrected resampled t-test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import require_text_or_none
from mlmagic.comparison.diffs.references import references_in
from mlmagic.cross_validation.recorded_folds import read_folds
from mlmagic.cross_validation.same_folds import require_same_folds
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.statistics.paired_tests import corrected_t_test
from mlmagic.evaluation.statistics.sentences import difference_sentence
from mlmagic.session.interrupts import whole_imports
from mlmagic.store.keys import key_among
from mlmagic.store.query import queries
from mlmagic.store.query.direction import direction_of, split_direction
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.cross_validation.recorded_folds import RecordedFolds
    from mlmagic.store.query.direction import Direction

_PAIR = 2
_EXAMPLE = "mlmagic.compare_folds('forest', 'tree', metric='accuracy')"
_LEAST_P = 1e-3


@dataclass(frozen=True)
class FoldComparison:
    """The corrected resampled t-test of two models over the same folds; as text it is one sentence.

    Attributes
    ----------
    first, second
        The names of the runs.
    metric, direction
        What was compared, and whether more or less of it is better (None if that is unknown).
    scores
        The values of the first run and of the second, fold by fold.
    difference
        The mean of the first minus the second.
    low, high, confidence
        The interval of the difference.
    statistic, degrees, p_value
        Student's t, its degrees of freedom, and the two-sided p-value.
    train_rows, val_rows
        The mean number of rows that a fold trained on, and held out.
    splitter
        The splitter of both, with its settings.
    notes
        What to know of the comparison.
    """

    first: str
    second: str
    metric: str
    direction: Direction | None
    scores: tuple[tuple[float, ...], tuple[float, ...]]
    difference: float
    low: float
    high: float
    confidence: float
    statistic: float
    degrees: int
    p_value: float
    train_rows: float
    val_rows: float
    splitter: str
    notes: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return the answer in one sentence, with its interval and p-value."""
        p = f"p < {_LEAST_P:g}" if self.p_value < _LEAST_P else f"p = {self.p_value:.2g}"
        count = len(self.scores[0])
        where = f"in {self.metric} over the same {count} folds (corrected resampled t-test, {p})"
        names, ends = (self.first, self.second), (self.low, self.high)
        return difference_sentence(names, self.difference, ends, self.direction, where)

    def __str__(self) -> str:
        return self.sentence()

    def __repr__(self) -> str:
        return "\n".join([self.sentence(), *self.notes])


@whole_imports()
def compare_folds(
    first: Any, second: Any, *, metric: str | None = None, confidence: float = 0.95, experiment: str | None = None
) -> FoldComparison:
    """Compare two cross-validated models by their recorded folds, with the corrected resampled t-test.

    The folds of a cross-validation share training rows, so the usual paired t-test finds differences where there are
    none. This test takes that into account (Nadeau and Bengio 2003, "Inference for the Generalization Error"). The runs
    are those of tracked cells or blocks with `mlmagic.folds`, `mlmagic.cross_validate`, or scikit-learn's
    ``cross_validate`` and ``cross_val_score``. Nothing is fitted again.

    It is a function of its own because the others have another task: `mlmagic.diff` shows whatever differs between runs
    and refuses none, `mlmagic.compare` shows any number of them, and `mlmagic.evaluate` has models and test data.

    Parameters
    ----------
    first, second
        The runs: names, ids, beginnings of ids, `mlmagic.Run` objects, or rows of the table of ``mlmagic.runs``.
    metric
        A metric of the folds; not needed if they share one only. ``"score min"`` or ``"score max"`` if its name does
        not tell what is better.
    confidence
        The confidence of the interval.
    experiment
        The name or id of the experiment in which to look names up.

    Returns
    -------
    The difference with its interval, as a sentence and as fields.

    Raises
    ------
    UsageProblem
        The splitter, the number of folds, the data or the rows of the folds differ, so that a paired test would be
        wrong; a run has no folds, or they have no such metric.
    RunNotFoundError, StoreError
        A run does not exist, or the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> models = {"linear": LinearDiscriminantAnalysis(), "tree": DecisionTreeClassifier(random_state=0)}
    >>> for name, model in models.items():  # doctest: +SKIP
    ...     with mlmagic.track(name, quiet=True):
    ...         scores = mlmagic.cross_validate(model, X, y, scoring="accuracy")
    >>> mlmagic.compare_folds("linear", "tree")  # doctest: +SKIP
    linear is better by 0.04... [0.01..., 0.07...] in accuracy over the same 5 folds (corrected resampled t-test, ...)
    """
    require_text_or_none("mlmagic.compare_folds", _EXAMPLE, metric=metric, experiment=experiment)
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 < confidence < 1:
        raise UsageProblem(f"confidence is a part between 0 and 1, such as 0.95, not {confidence!r}")
    named = [reference.text for reference in references_in([first, second])]
    if len(named) != _PAIR:
        raise UsageProblem(f"mlmagic.compare_folds compares two runs, got {len(named)}. For example: {_EXAMPLE}")
    runs = [queries.find_run(name, experiment=experiment) for name in named]
    if runs[0].info.run_id == runs[1].info.run_id:
        raise UsageProblem(
            f"{named[0]!r} and {named[1]!r} are the same run (id {runs[0].info.run_id[:8]}). A name means the newest "
            "run of that name: give the beginning of an id for another. The last runs: %runs"
        )
    one, other = read_folds(runs[0]), read_folds(runs[1])
    notes = require_same_folds(one, other)
    key, goal = _metric(metric, one, other)
    scores = _scores(one, key), _scores(other, key)
    train, val = (sum(sizes[side] for sizes in one.sizes) for side in (0, 1))
    # Only the ratio of the sizes counts: that of all folds is that of their means.
    found = corrected_t_test(*scores, n_train=train, n_test=val, confidence=confidence)
    count = len(one.sizes)
    return FoldComparison(
        *_names(one, other),
        metric=key,
        direction=goal or direction_of(key),
        scores=scores,
        difference=found.difference,
        low=found.low,
        high=found.high,
        confidence=confidence,
        statistic=found.statistic,
        degrees=found.degrees,
        p_value=found.p_value,
        train_rows=train / count,
        val_rows=val / count,
        splitter=one.splitter,
        notes=(*notes, *_uneven(one.sizes)),
    )


def _metric(metric: str | None, first: RecordedFolds, second: RecordedFolds) -> tuple[str, Direction | None]:
    """Return the metric that is meant, and its direction if *metric* names one."""
    in_all = [
        list(dict.fromkeys(key for scores in one.scores for key in scores if all(key in each for each in one.scores)))
        for one in (first, second)
    ]
    shared = [key for key in in_all[0] if key in in_all[1]]
    listed = ", ".join(shared) or "none"
    if not shared:
        pairs = zip((first, second), in_all, strict=True)
        own = "; ".join(f"those of {one.name!r} have {', '.join(keys) or 'none'}" for one, keys in pairs)
        raise UsageProblem(
            f"the folds of the two runs share no metric: {own}. A metric is compared by its name, which is that of the "
            "variable: give both the same"
        )
    if metric is None:
        if len(shared) == 1:
            return shared[0], None
        raise UsageProblem(f"metric says which one to compare: the folds of both runs have {listed}. {_EXAMPLE}")
    wanted, goal = split_direction(metric)
    key = key_among(wanted, shared)
    if key in shared:
        return key, goal
    lacking = [
        one.name for one, keys in zip((first, second), in_all, strict=True) if key_among(wanted, keys) not in keys
    ]
    where = f"the folds of {lacking[0]!r}" if len(lacking) == 1 else "the folds"
    raise UsageProblem(f"{where} have no metric {wanted!r}.{did_you_mean(wanted, shared)} Both runs have: {listed}.")


def _scores(folds: RecordedFolds, key: str) -> tuple[float, ...]:
    for number, scores in enumerate(folds.scores):
        if not math.isfinite(scores[key]):
            raise UsageProblem(f"fold {number} of {folds.name!r} has {key} = {scores[key]}, which no test can compare.")
    return tuple(scores[key] for scores in folds.scores)


def _names(first: RecordedFolds, second: RecordedFolds) -> tuple[str, str]:
    """Return the names of the runs, with the beginnings of their ids if they are the same."""
    if first.name != second.name:
        return first.name, second.name
    return f"{first.name} ({first.run_id[:8]})", f"{second.name} ({second.run_id[:8]})"


def _uneven(sizes: Sequence[tuple[int, int]]) -> list[str]:
    """Say that the folds are of unequal size, where they differ by more than their rows' remainder."""
    for side, what in enumerate(("train on", "hold out")):
        rows = [one[side] for one in sizes]
        if max(rows) - min(rows) > max(1, max(rows) // 10):
            return [f"the folds {what} {min(rows):,} to {max(rows):,} rows: the test takes their mean"]
    return []
