"""Records each fold of a cross-validation that is over as a child run of the run in which it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.recording.child_runs import ChildRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.recording.active_run import ActiveRun

FOLD = "mlmagic.fold"
"""The tag with the number of a fold, from 0."""
MOST_RUNS = 100
"""Limit of the folds of a loop, or of a cell's cross-validations, that are runs."""


class CrossValidationCapture:
    """Records the folds of scikit-learn's ``cross_val_score`` and ``cross_validate`` that a tracked cell called."""

    what = "folds"

    def before(self, run: ActiveRun) -> None:
        """Do nothing: what the calls return is observed while the cell runs."""

    def after(self, run: ActiveRun) -> None:
        """Record a run for each fold, up to 100 in a cell."""
        watch = run.origin.watch
        if watch is None:
            return
        called = [one for one in watch.calls.measured.values() if any(one.folds)]
        results = [
            (one.site.bound or one.name, number, scores) for one in called for number, scores in enumerate(one.folds)
        ]
        left = MOST_RUNS
        for name, number, scores in results:
            again = "" if len(results) == 1 else f"{name} " if number == 0 else f"{name} {number + 1} "
            named = {part or name: values for part, values in scores.items() if name not in run.options.exclude}
            left -= record_folds(run, named, before=again, most=left)
        if left == 0 and (count := _count(results)) > MOST_RUNS:
            run.notices.info(f"this cell has {count:,} folds: the first {MOST_RUNS} are runs")


def _count(results: Sequence[tuple[str, int, Mapping[str, Sequence[float]]]]) -> int:
    return sum(min(map(len, scores.values()), default=0) for _, _, scores in results)


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
