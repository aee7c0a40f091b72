"""Records a cross-validation: how it divided its rows, and each of its folds that is over as a child run."""

from __future__ import annotations

import json
import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.recording.child_runs import ChildRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlmagic.data.split.fold_plan import FoldPlan
    from mlmagic.recording.active_run import ActiveRun

FOLD = "mlmagic.fold"
"""The tag with the number of a fold, from 0."""
FOLDS = "mlmagic.folds"
"""The tag with the fingerprint of all folds, of the run above them."""
DIVISION = "mlmagic.folds.division"
"""The tag with the splitter, the number of folds, and the digests of X and y, as JSON, of the run above the folds."""
MOST_RUNS = 100
"""Limit of the folds of a loop, or of a cell's cross-validations, that are runs."""


@dataclass(frozen=True)
class Division:
    """How a cross-validation divides its rows, without the rows.

    Attributes
    ----------
    splitter
        The splitter with its settings, as in ``"KFold(n_splits=5, shuffle=True)"``.
    digest
        The fingerprint of all positions.
    sizes
        The number of rows that each fold trains on, and holds out.
    data
        The digests of X and y.
    """

    splitter: str
    digest: str
    sizes: Sequence[tuple[int, int]]
    data: Mapping[str, str]

    @classmethod
    def of(cls, plan: FoldPlan, X: Any, y: Any) -> Division:
        """Return how *plan* divides *X* and *y*; what is no table and no array, such as a list, has no digest."""
        from mlmagic.data.fingerprint.fingerprint import fingerprint
        from mlmagic.data.kinds import class_of
        from mlmagic.user_settings import settings

        data = {"X": X, "y": y}
        digests = {
            name: fingerprint(value, budget_s=settings.data_budget_s).digest
            for name, value in data.items()
            if class_of(value) is not None
        }
        listed = ", ".join(f"{name}={value!r}" for name, value in plan.settings.items())
        return cls(f"{plan.splitter}({listed})", plan.digest, [fold.sizes for fold in plan.folds], digests)


def record_division(run: ActiveRun, division: Division) -> None:
    """Record how the rows are divided, as `mlmagic.compare_folds` reads it: positions and data as fingerprints."""
    data = division.data if run.options.data else {}
    told = {"splitter": division.splitter, "folds": len(division.sizes), "data": data}
    run.recorder.tag(FOLDS, division.digest)
    run.recorder.tag(DIVISION, json.dumps(told))


def division_of_call(given: Mapping[int | str, Any]) -> Division | None:
    """Return how a call of scikit-learn's ``cross_validate`` divides its rows; *given* are its arguments.

    Return None if its splitter would divide them in another way when it is asked again, or runs the user's code.
    """
    from sklearn.base import is_classifier

    from mlmagic.data.split.fold_plan import plan_folds

    X, y, cv = given.get(1, given.get("X")), given.get(2, given.get("y")), given.get("cv")
    if X is None or {"*", "**", "params"} & given.keys() or not _is_repeatable(cv):
        return None
    classifier = bool(is_classifier(given.get(0, given.get("estimator"))))
    try:
        plan = plan_folds(5 if cv is None else cv, X, y, given.get("groups"), classifier=classifier)
    except UsageProblem:
        return None
    return Division.of(plan, X, y)


def _is_repeatable(cv: Any) -> bool:
    if cv is None or isinstance(cv, numbers.Integral | list | tuple):
        return True
    if not str(type(cv).__module__).startswith("sklearn.model_selection."):
        return False
    shuffles = hasattr(cv, "random_state") and getattr(cv, "shuffle", True)
    return not shuffles or isinstance(cv.random_state, numbers.Integral)


class CrossValidationCapture:
    """Records the folds of scikit-learn's ``cross_val_score`` and ``cross_validate`` that a tracked cell called."""

    what = "folds"

    def __init__(self) -> None:
        self._asked = 0

    def before(self, run: ActiveRun) -> None:
        """Observe how the calls divide their rows: the data may be gone when the cell has ended."""
        if run.origin.watch is not None:
            run.origin.watch.calls.on_validated = self._division

    def _division(self, given: Mapping[int | str, Any]) -> Division | None:
        self._asked += 1
        return division_of_call(given) if self._asked <= MOST_RUNS else None

    def after(self, run: ActiveRun) -> None:
        """Record a run for each fold, up to 100 in a cell."""
        watch = run.origin.watch
        if watch is None:
            return
        called = [one for one in watch.calls.measured.values() if any(one.folds)]
        results = [
            (one.site.bound or one.name, number, scores, division)
            for one in called
            for number, (scores, division) in enumerate(zip(one.folds, one.divisions, strict=True))
        ]
        left = MOST_RUNS
        for name, number, scores, division in results:
            again = "" if len(results) == 1 else f"{name} " if number == 0 else f"{name} {number + 1} "
            named = {part or name: values for part, values in scores.items() if name not in run.options.exclude}
            sizes = division.sizes if division is not None else ()
            left -= record_folds(run, named, before=again, most=left, sizes=sizes)
        if left == 0 and (count := _count(scores for _, _, scores, _ in results)) > MOST_RUNS:
            run.notices.info(f"this cell has {count:,} folds: the first {MOST_RUNS} are runs")
        first = results[0][-1] if results else None
        if first is not None and all(division == first for *_, division in results):
            record_division(run, first)


def _count(results: Iterable[Mapping[str, Sequence[float]]]) -> int:
    return sum(min(map(len, scores.values()), default=0) for scores in results)


def record_folds(
    run: ActiveRun,
    scores: Mapping[str, Sequence[float]],
    *,
    seconds: Sequence[float] = (),
    sizes: Sequence[tuple[int, int]] = (),
    before: str = "",
    most: int = MOST_RUNS,
) -> int:
    """Record the *scores* of each fold, but at *most* so many, as a child run of *run*; return the number of runs.

    Parameters
    ----------
    scores
        For each metric its value in each fold.
    seconds
        The time that each fold took, if it is known.
    sizes
        The number of rows that each trained on, and held out, if they are known.
    before
        What stands before the names ``fold_0``, ``fold_1`` and so on.
    """
    # The start of each fold is unknown. 1 ms before the cell's run keeps the cell's run the newest.
    started = run.delivery.began.started - 1
    count = min(most, min(map(len, scores.values()), default=0))
    for number in range(count):
        child = ChildRun(run, f"{before}fold_{number}", started, {FOLD: str(number)})
        child.recorder.param("fold", number)
        for side, rows in zip(("train", "val"), sizes[number] if sizes else (), strict=False):
            child.recorder.param(f"fold.{side}_rows", rows)
        for metric, values in scores.items():
            child.recorder.metric(metric, values[number])
        child.end("FINISHED", started + round(1000 * (seconds[number] if seconds else 0)))
    return count
