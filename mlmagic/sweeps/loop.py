"""The one loop that runs every sweep: as many trials at a time as the engine takes, and what became of each."""

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


class Loop:
    """Runs the trials of a sweep.

    A worker that dies takes with it what ran beside; these trials run again, one at a time, and one in whose second
    run a worker dies is failed.
    """

    def __init__(
        self, engine: Engine, job: Job, *, done: Callable[[Outcome], None], idle: Callable[[int], None] = lambda _: None
    ) -> None:
        """Prepare to run trials of *job*: *done* is called with each outcome, *idle* a few times a second."""
        self._engine = engine
        self._job = job
        self._done = done
        self._idle = idle
        self._running: dict[Future[Outcome], tuple[Task, int]] = {}
        self._suspects: deque[Task] = deque()
        self._strikes: Counter[int] = Counter()

    def run(self, tasks: Iterator[Task]) -> None:
        """Run all *tasks*, which are asked for when there is room for one.

        Raises
        ------
        KeyboardInterrupt
            After what ran was ended and told as killed.
        """
        try:
            while self._fill(tasks):
                self._idle(len(self._running))
                finished, _ = wait(self._running, timeout=_LOOK_UP_EVERY_S, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._take(future)
        except BaseException:
            # Whatever ends the loop, an interrupt above all: nothing may go on without it.
            self._engine.stop()
            for task, began in self._running.values():
                self._done(_ended(task, "KILLED", began, "interrupted"))
            self._running.clear()
            raise

    def _fill(self, tasks: Iterator[Task]) -> bool:
        """Begin as many trials as there is room for; tell whether any runs."""
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
        if future not in self._running:  # of a pool that broke
            return
        try:
            outcome = future.result()
        except (Exception, CancelledError) as one:  # noqa: BLE001  # each engine has its own for a worker that died
            error = one
        else:
            self._running.pop(future)
            self._done(outcome)
            return
        if self._engine.breaks_as_a_whole:
            # No one knows which trial did it: all that ran are suspects.
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
    """Return the outcome of a trial that did not come back."""
    took = max(time.time_ns() / 1e9 - began / 1e3, 0.0)
    return Outcome(task.number, status, began, took, error=reason)  # type: ignore[arg-type]
