"""Records each fold of a cross-validation that is over as a child run of the run in which it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.recording.child_runs import ChildRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.recording.active_run import ActiveRun

FOLD = "mlmagic.fold"
"""The tag with the number of a fold, from 0."""
_MOST_RUNS = 100


class ValidationCapture:
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
        left = _MOST_RUNS
        for name, number, scores in results:
            again = "" if len(results) == 1 else f"{name} " if number == 0 else f"{name} {number + 1} "
            count = min(map(len, scores.values()), default=0)
            if count > left:
                run.notices.info(f"this cell has {_count(results)} folds: the first {_MOST_RUNS - left} are runs")
                return
            left -= count
            record_folds(run, {part or name: values for part, values in scores.items()}, before=again)


def _count(results: Sequence[tuple[str, int, Mapping[str, Sequence[float]]]]) -> int:
    return sum(min(map(len, scores.values()), default=0) for _, _, scores in results)


def record_folds(
    run: ActiveRun, scores: Mapping[str, Sequence[float]], *, seconds: Sequence[float] = (), before: str = ""
) -> int:
    """Record the *scores* of each fold as a child run of *run*, and return the number of folds.

    Parameters
    ----------
    scores
        For each metric its value in each fold.
    seconds
        The time that each fold took, if it is known.
    before
        What stands before the names ``fold_0``, ``fold_1`` and so on.
    """
    # The start of each fold is unknown. 1 ms before the cell's run keeps the cell's run the newest.
    started = run.delivery.began.started - 1
    count = min(map(len, scores.values()), default=0)
    for number in range(count):
        child = ChildRun(run, f"{before}fold_{number}", started, {FOLD: str(number)})
        child.recorder.param("fold", number)
        for metric, values in scores.items():
            child.recorder.metric(metric, values[number])
        child.end("FINISHED", started + round(1000 * (seconds[number] if seconds else 0)))
    return count
