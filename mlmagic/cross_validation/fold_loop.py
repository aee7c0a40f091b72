"""Records a loop over folds: opens and ends their runs, and collects the numbers of each."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from mlmagic.cross_validation.fold_runs import FoldRun
from mlmagic.cross_validation.summary import MEAN, STD, record_summary
from mlmagic.cross_validation.turn_values import Turn, clocks_in, is_raising
from mlmagic.models.cross_validations import MOST_RUNS, Division, record_division
from mlmagic.recording import open_runs
from mlmagic.recording.active_run import ActiveRun
from mlmagic.remembered import Remembered
from mlmagic.session.interrupts import deferred, whole_imports
from mlmagic.snapshot.randomness.generators import untouched
from mlmagic.user_objects import is_interrupt, one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from mlmagic.data.split.fold_plan import FoldPlan
    from mlmagic.recording.run_context import RunContext
    from mlmagic.recording.summary import Status
    from mlmagic.session.observation.observed_calls import ObservedCalls


@contextlib.contextmanager
def recorded(context: RunContext, what: str) -> Iterator[None]:
    """Turn an error of mlmagic into a notice, and leave the random state of the user's code as it is."""
    try:
        with whole_imports(), untouched():
            yield
    except BaseException as error:  # noqa: BLE001  # every error of mlmagic ends here
        reraise_interrupt(error)
        context.notices.warn(f"{what} could not be recorded: {one_line(error)}")


def record_plan(context: RunContext, plan: FoldPlan, X: Any, y: Any) -> None:
    """Record how the rows of *X* and *y* are divided: the splitter and its settings as parameters, and fingerprints."""
    for note in plan.notes:
        context.notices.warn(note)
    for name, value in {"splitter": plan.splitter, **plan.settings}.items():
        context.recorder.param(f"folds.{name}", value)
    if isinstance(context, ActiveRun):
        record_division(context, Division.of(plan, X, y))


def next_loop(context: RunContext) -> str:
    """Return what stands before the names of a loop's folds: nothing for a run's first, ``loop 2`` for the next."""
    if not isinstance(context, ActiveRun):
        return ""
    context.loops += 1
    return "" if context.loops == 1 else f"loop {context.loops} "


class FoldLoop:
    """Records the folds of one loop in the active run: each as a run below it, or as numbers only in a sweep's trial.

    Nothing here raises but an interrupt: what goes wrong becomes a notice of the active run, and costs only itself.
    """

    def __init__(self, plan: FoldPlan, X: Any, y: Any) -> None:
        self._context = open_runs.around_folds()
        self._plan = plan
        self._number = -1
        self._before = ""
        self._fold: FoldRun | None = None
        self._turn: Turn | None = None
        self._clocks: set[str] | None = None
        self._observed: _Observed | None = None
        self._was_left = self._has_raised = self._is_used_by_mlflow = False
        self._numbers: list[dict[str, float]] = []
        if self._context is not None:
            with recorded(self._context, "the folds"):
                self._before = next_loop(self._context)
                record_plan(self._context, plan, X, y)

    @property
    def _run(self) -> ActiveRun | None:
        return self._context if isinstance(self._context, ActiveRun) else None

    def begin(self, number: int, frame: FrameType | None) -> None:
        """Begin fold *number*, whose code runs in *frame*."""
        context = self._context
        if context is None:
            return
        if not open_runs.is_open(context):
            context.notices.warn(
                f"a loop over folds went on after the run in which it began: from fold {number} on it is not recorded"
            )
            self._context = None
            return
        self._number = number
        with recorded(context, f"fold {number}"):
            if self._run is not None and number < MOST_RUNS:
                with deferred():
                    self._fold = FoldRun(self._run, number, self._plan.folds[number].sizes, before=self._before)
                    context.recorder.at_end.append(self._end_with_the_run)
                    self._fold.open()
            elif self._run is not None:
                count = len(self._plan.folds)
                context.notices.info(f"the first {MOST_RUNS} of {count} folds are runs; the means are over all")
            watch = self._run.origin.watch if self._run is not None else None
            self._observed = None if watch is None else _Observed(watch.calls)
            if frame is not None:
                if self._clocks is None:
                    self._clocks = clocks_in(frame)
                self._turn = Turn(frame, self._clocks)

    def end(self, frame: FrameType | None) -> None:
        """End the fold whose code ran in *frame*, and go on to the next."""
        if self._context is None:
            return
        with recorded(self._context, "a fold"):
            self._collect(frame)
            fold, self._fold = self._fold, None
            if fold is not None:
                self._forget_end()
                fold.end("FINISHED")

    def leave(self, frame: FrameType | None) -> None:
        """Leave the loop before its iterator has ended: by ``break``, the end of a ``zip``, or an exception."""
        if self._context is None:
            return
        with recorded(self._context, "a fold"):
            self._was_left = True
            self._has_raised = frame is not None and is_raising(frame)
            self._collect(frame)
            if self._fold is not None:
                self._fold.leave()
            last = len(self._plan.folds) - 1
            if self._number < last:
                why = "raised" if self._has_raised else "was left"
                self._context.notices.warn(f"the loop {why} in fold {self._number} of 0 to {last}: it has no mean")
            elif not self._has_raised:  # as `zip` does, whose other iterable is asked first
                self.close()

    def close(self) -> None:
        """Record the mean and the spread over the folds, which have all run."""
        if self._context is not None:
            with recorded(self._context, "the mean over the folds"):
                if not any(self._numbers) and not self._is_used_by_mlflow:
                    self._context.notices.info(
                        "the folds have no numbers: bind or log what each scores, in the loop itself"
                    )
                record_summary(self._context, self._numbers)

    def _collect(self, frame: FrameType | None) -> None:
        """Take the numbers of the turn out of the active run, and record them in the fold's."""
        turn, self._turn = self._turn, None
        run, fold = self._run, self._fold.run if self._fold is not None else None
        found: dict[str, dict[str, float]] = {}
        if turn is not None and frame is not None and (run is None or run.options.auto):
            inner = fold.of_folds if fold is not None else {}
            bound = {name: value for name, value in turn.bound(frame).items() if name in inner}
            of_inner = {name for name, value in bound.items() if inner[name].is_(value)}
            left_out = of_inner | (run.options.exclude if run is not None else frozenset())
            found = {name: numbers for name, numbers in turn.metrics(frame).items() if name not in left_out}
        numbers = {key: number for part in found.values() for key, number in part.items()}
        if self._observed is not None and run is not None:
            numbers |= self._observed.take(set(found))
            run.models_of_folds += self._observed.fitted()
        logged = {}
        if self._fold is not None and fold is not None:
            self._is_used_by_mlflow |= self._fold.is_used_by_mlflow
            logged = {name: line.value for name, line in fold.recorder.metrics.items()}
            for key, number in numbers.items():
                if key not in logged:
                    fold.recorder.metric(key, number)
        if run is not None and turn is not None and frame is not None:
            run.of_folds |= {name: Remembered(value) for name, value in turn.bound(frame).items()}
        means = (MEAN, STD)
        self._numbers.append({**numbers, **{name: one for name, one in logged.items() if not name.startswith(means)}})

    def _end_with_the_run(self) -> None:
        """End the fold in which the run ends, or in which the loop was left."""
        fold, run, self._fold = self._fold, self._run, None
        if fold is None or run is None:
            return
        error = run.error if self._has_raised or not self._was_left else None
        status: Status = "FAILED" if self._has_raised or error is not None else "FINISHED"
        if error is not None and is_interrupt(error):
            status = "KILLED"
        with recorded(run, "a fold"):
            fold.end(status, error)

    def _forget_end(self) -> None:
        if self._context is not None and self._end_with_the_run in self._context.recorder.at_end:
            self._context.recorder.at_end.remove(self._end_with_the_run)


class _Observed:
    """What the observer of a tracked cell has seen in one turn of the loop."""

    def __init__(self, calls: ObservedCalls) -> None:
        self._calls = calls
        self._measured = {key: len(one.values) for key, one in calls.measured.items()}
        self._series = {name: len(one.values) for name, one in calls.series.items()}
        self._fitted = {key: id(one) for key, one in calls.fitted.items()}

    def take(self, names: set[str]) -> dict[str, float]:
        """Remove what belongs to the fold, and return the results of metric functions that have no name.

        *names* are those whose numbers the fold has already.
        """
        calls = self._calls
        numbers: dict[str, float] = {}
        for key, measurement in list(calls.measured.items()):
            new = measurement.values[self._measured.get(key, 0) :]
            del measurement.values[self._measured.get(key, 0) :]
            if not measurement.values:
                del calls.measured[key]
            within = names & {name.partition(".")[0] for name in measurement.site.within}
            if new and measurement.site.bound not in names and not within:
                found = {".".join(filter(None, (measurement.name, part))): one for part, one in new[-1].items()}
                numbers |= {key: one for key, one in found.items() if key not in numbers}
        for name, series in list(calls.series.items()):
            if name.partition(".")[0] in names:
                del series.values[self._series.get(name, 0) :]
                if not series.values:
                    del calls.series[name]
        for name in names & calls.dicts.keys():
            del calls.dicts[name]
        return numbers

    def fitted(self) -> list[Remembered]:
        """Remove the models that were fitted in the fold, which are no results of the cell, and return them."""
        calls = self._calls
        new = [key for key, one in calls.fitted.items() if self._fitted.get(key) != id(one)]
        return [Remembered(model) for key in new if (model := calls.fitted.pop(key).model) is not None]
