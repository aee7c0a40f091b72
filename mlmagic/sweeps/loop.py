"""The loop of every sweep: keeps the engine busy with trials, and reports each outcome."""

from __future__ import annotations

import time
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from typing import TYPE_CHECKING

from mlmagic.sweeps.trials.trial import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from mlmagic.sweeps.engines import Engine
    from mlmagic.sweeps.trials.task import Job, Task

_LOOK_UP_EVERY_S = 0.25
_STRIKES = 2


class TrialLoop:
    """Runs the trials of a sweep.

    If a worker dies, the trials that were lost run again one at a time. A trial whose worker dies a second time is
    marked as failed.
    """

    def __init__(
        self, engine: Engine, job: Job, *, done: Callable[[Outcome], None], idle: Callable[[int], None] = lambda _: None
    ) -> None:
        """Prepare to run trials of *job*.

        *done* is called with each outcome, *idle* a few times a second with the number of running trials.
        """
        self._engine = engine
        self._job = job
        self._done = done
        self._idle = idle
        self._running: dict[Future[Outcome], tuple[Task, int]] = {}
        self._suspects: deque[Task] = deque()
        self._strikes: Counter[int] = Counter()

    def run(self, tasks: Iterator[Task]) -> None:
        """Run all *tasks*; the next task is requested when the engine has a free slot.

        Raises
        ------
        KeyboardInterrupt
            After the running trials have been ended and reported as killed.
        """
        try:
            while self._fill(tasks):
                self._idle(len(self._running))
                finished, _ = wait(self._running, timeout=_LOOK_UP_EVERY_S, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._take(future)
        except BaseException:
            # Whatever ends the loop, above all an interrupt: no trial may continue without it.
            self._engine.stop()
            for task, began in self._running.values():
                self._done(_ended(task, "KILLED", began, "interrupted"))
            self._running.clear()
            raise

    def _fill(self, tasks: Iterator[Task]) -> bool:
        """Start as many trials as the engine has free slots; return whether any is running."""
        while not self._suspects and len(self._running) < self._engine.jobs:
            task = next(tasks, None)
            if task is None:
                break
            self._begin(task)
        if self._suspects and not self._running:
            self._begin(self._suspects.popleft())
        return bool(self._running)

    def _begin(self, task: Task) -> None:
        began = time.time_ns() // 1_000_000
        try:
            future = self._engine.submit(self._job, task)
        except KeyboardInterrupt:
            self._done(_ended(task, "KILLED", began, "interrupted"))
            raise
        self._running[future] = (task, began)

    def _take(self, future: Future[Outcome]) -> None:
        if future not in self._running:  # of a broken pool
            return
        try:
            outcome = future.result()
        except (Exception, CancelledError) as one:  # noqa: BLE001  # each engine raises its own error for a dead worker
            error = one
        else:
            self._running.pop(future)
            self._done(outcome)
            return
        if self._engine.breaks_as_a_whole:
            # Any of the running trials may have killed the worker: all are suspects.
            lost, self._running = list(self._running.values()), {}
        else:
            lost = [self._running.pop(future)]
        self._engine.renew()
        for task, began in lost:
            self._strikes[task.number] += 1
            if self._strikes[task.number] >= _STRIKES:
                reason = f"the process of this trial died twice ({type(error).__name__})"
                self._done(_ended(task, "FAILED", began, reason))
            else:
                self._suspects.append(task)


def _ended(task: Task, status: str, began: int, reason: str) -> Outcome:
    """Return the outcome of a trial that did not return one."""
    took = max(time.time_ns() / 1e9 - began / 1e3, 0.0)
    return Outcome(task.number, status, began, took, error=reason)  # type: ignore[arg-type]
