"""Records a loop over folds: opens and ends their runs, and collects the numbers of each."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mlmagic.evaluation.fold_runs import FOLDS, FoldRun
from mlmagic.evaluation.fold_summary import record_summary
from mlmagic.evaluation.turn_values import Turn, clocks_in
from mlmagic.recording import open_runs
from mlmagic.recording.active_run import ActiveRun
from mlmagic.remembered import Remembered
from mlmagic.session.interrupts import deferred, whole_imports
from mlmagic.snapshot.randomness.generators import untouched
from mlmagic.user_objects import is_interrupt, one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

    from mlmagic.evaluation.splitters import FoldPlan
    from mlmagic.recording.run_context import RunContext
    from mlmagic.recording.summary import Status
    from mlmagic.session.observation.observed_calls import ObservedCalls


def record_plan(context: RunContext, plan: FoldPlan) -> None:
    """Record how the rows are divided: the splitter and its settings as parameters, the positions as a fingerprint."""
    for note in plan.notes:
        context.notices.warn(note)
    for name, value in {"splitter": plan.splitter, **plan.settings}.items():
        context.recorder.param(f"folds.{name}", value)
    context.recorder.tag(FOLDS, plan.digest)


class FoldLoop:
    """Records the folds of one loop in the active run: each as a run below it, or as numbers only in a sweep's trial.

    Nothing here raises but an interrupt: what goes wrong becomes a notice of the active run, and costs only itself.
    """

    def __init__(self, plan: FoldPlan) -> None:
        self._context = open_runs.active_or_none()
        self._plan = plan
        self._fold: FoldRun | None = None
        self._turn: Turn | None = None
        self._clocks: set[str] | None = None
        self._observed: _Observed | None = None
        self._left: tuple[CodeType, int] | None = None
        self._numbers: list[dict[str, float]] = []
        if self._context is not None:
            with self._told("the folds"):
                record_plan(self._context, plan)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn an error of ours into a notice; draw no random numbers of the user's."""
        try:
            with whole_imports(), untouched():
                yield
        except BaseException as error:  # noqa: BLE001  # every error of mlmagic ends here
            reraise_interrupt(error)
            if self._context is not None:
                self._context.notices.warn(f"{what} could not be recorded: {one_line(error)}")

    def begin(self, number: int, sizes: tuple[int, int], frame: FrameType) -> None:
        """Begin fold *number*, with *sizes* rows to train on and held out, whose code runs in *frame*."""
        if open_runs.active_or_none() is not self._context:
            self._context = None  # its run has ended, or another one has begun: this is no loop of that run
        if self._context is None:
            return
        with self._told(f"fold {number}"):
            if isinstance(self._context, ActiveRun):
                with deferred():
                    self._fold = FoldRun(self._context, number, sizes)
                    self._context.recorder.at_end.append(self._end_with_the_run)
                    self._fold.open()
                watch = self._context.origin.watch
                self._observed = _Observed(watch.calls) if watch is not None else None
            if self._clocks is None:
                self._clocks = clocks_in(frame)
            self._turn = Turn(frame, self._clocks)

    def end(self, frame: FrameType) -> None:
        """End the fold whose code ran in *frame*, and go on to the next."""
        if self._context is None:
            return
        with self._told("a fold"):
            self._collect(frame)
            fold, self._fold = self._fold, None
            if fold is not None:
                self._forget_end()
                fold.end("FINISHED")

    def leave(self, frame: FrameType) -> None:
        """Leave the loop before the fold has ended: by ``break``, or an exception that the end of the run tells."""
        if self._context is None:
            return
        with self._told("a fold"):
            self._left = (frame.f_code, frame.f_lineno)
            self._collect(frame)
            if self._fold is not None:
                self._fold.leave()
            which = f"fold {len(self._numbers) - 1}, the last is {len(self._plan.pairs) - 1}"
            self._context.notices.warn(f"the loop ended in {which}: no mean over the folds is recorded")

    def close(self) -> None:
        """Record the mean and the spread over the folds, which have all run."""
        if self._context is not None:
            with self._told("the mean over the folds"):
                if not any(self._numbers):
                    self._context.notices.info(
                        "the folds have no numbers: bind or log what each scores, in the loop itself"
                    )
                record_summary(self._context, self._numbers)

    def _collect(self, frame: FrameType) -> None:
        """Take the numbers of the turn out of the active run, and record them in the fold's."""
        turn, self._turn = self._turn, None
        if turn is None:
            return
        run = self._context if isinstance(self._context, ActiveRun) else None
        found = turn.metrics(frame) if run is None or run.options.auto else {}
        if run is not None:
            found = {name: numbers for name, numbers in found.items() if name not in run.options.exclude}
        numbers = {key: number for part in found.values() for key, number in part.items()}
        if self._observed is not None:
            numbers |= self._observed.take(set(found))
        logged = {}
        if self._fold is not None:
            recorder = self._fold.run.recorder
            logged = {name: line.value for name, line in recorder.metrics.items()}
            for key, number in numbers.items():
                if key not in logged:
                    recorder.metric(key, number)
        if run is not None:
            run.of_folds |= {name: Remembered(value) for name, value in turn.bound(frame).items()}
        self._numbers.append({**numbers, **logged})

    def _end_with_the_run(self) -> None:
        """End the fold in which the run ends: it failed if the error was raised where the loop was left."""
        fold, self._fold = self._fold, None
        if fold is None or not isinstance(self._context, ActiveRun):
            return
        error = self._context.error if self._left is None or _passed(self._context.error, *self._left) else None
        status: Status = "FINISHED"
        if error is not None:
            status = "KILLED" if is_interrupt(error) else "FAILED"
        with self._told("a fold"):
            fold.end(status, error)

    def _forget_end(self) -> None:
        if self._context is not None and self._end_with_the_run in self._context.recorder.at_end:
            self._context.recorder.at_end.remove(self._end_with_the_run)


def _passed(error: BaseException | None, code: CodeType, line: int) -> bool:
    """Return whether *error* was raised in, or below, this line of *code*."""
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        if trace.tb_frame.f_code is code and trace.tb_lineno == line:
            return True
        trace = trace.tb_next
    return False


class _Observed:
    """What the observer of a tracked cell has seen in one turn of the loop."""

    def __init__(self, calls: ObservedCalls) -> None:
        self._calls = calls
        self._measured = {key: len(one.values) for key, one in calls.measured.items()}
        self._series = {name: len(one.values) for name, one in calls.series.items()}

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
