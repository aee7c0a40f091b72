"""The loops that run now, and the step of what is logged in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mlmagic.session.threads import ThreadStacks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class CountsSteps(Protocol):
    """The part of a recorder that loops use."""

    def count_on(self, following: Mapping[str, int]) -> None:
        """Continue each metric that took its steps from a loop with the first step after the loop."""


class Loop:
    """A loop that runs now.

    ``recorder`` is that of the run in which the loop began, if any; ``outer`` is the enclosing loop. ``step`` is None
    before the first item. ``best_step`` and ``stopped`` are what early stopping found. ``at_end`` are the callbacks for
    the end of the loop, however it ends.
    """

    def __init__(self, recorder: CountsSteps | None = None) -> None:
        self.recorder = recorder
        self.outer: Loop | None = None
        self.step: int | None = None
        self.best_step: int | None = None
        self.stopped = False
        self.at_end: list[Callable[[], None]] = []
        self._first: int | None = None
        self._shifts: dict[str, int] = {}

    def at(self, step: int) -> None:
        """Begin the iteration of *step*."""
        if self._first is None:
            self._first = step
        self.step = step

    def step_of(self, name: str, following: int) -> int:
        """Return the step of a value of metric *name*, whose first unused step is *following*.

        It is the loop's own step, unless that was used before (by an earlier fold, the batches of the last epoch, a
        cell of the same run). Then the metric continues from there, so that its curve does not overlap itself.
        """
        if self.step is None or self._first is None:
            return following
        return self.step + self._shifts.setdefault(name, max(0, following - self._first))

    def following(self) -> dict[str, int]:
        """Return the first step after the loop for each metric that took its steps from it."""
        return {} if self.step is None else {name: self.step + shift + 1 for name, shift in self._shifts.items()}

    def hear(self, name: str, value: float, step: int, *, inner: bool = False) -> None:  # noqa: ARG002  # for others
        """Note what was logged in this loop, or in a loop within it; the enclosing loops are notified too."""
        if self.outer is not None:
            self.outer.hear(name, value, step, inner=True)


_running: ThreadStacks[Loop] = ThreadStacks()
"""Each leaves when it ends."""


def enter(loop: Loop) -> None:
    """Begin *loop* on the calling thread."""
    loop.outer = innermost(loop.recorder, here=True)
    _running.push(loop)


def leave(loop: Loop) -> None:
    """End *loop*, which may have ended already, and run its callbacks."""
    _running.remove(loop)
    if loop.recorder is not None:
        loop.recorder.count_on(loop.following())
    while loop.at_end:
        loop.at_end.pop(0)()


def leave_all(recorder: CountsSteps) -> None:
    """End the loops of a run that ends: an iterator that is still referenced keeps its loop open."""
    for loop in reversed(_running.all()):
        if loop.recorder is recorder:
            leave(loop)


def innermost(recorder: CountsSteps | None, *, here: bool = False) -> Loop | None:
    """Return the innermost loop of the calling thread that began in the run of *recorder* (None: in no run).

    A worker thread without a loop belongs to the latest loop, unless *here* limits the search to this thread.
    """
    if not _running:
        return None
    loops = _running.own()
    if not loops and not here:
        loops = _running.all()
    return next((loop for loop in reversed(loops) if loop.recorder is recorder), None)
