"""Run work on another thread, and limit how long a cell waits for the store in all.

Why another thread: an interrupt during a query on the user's thread would leave the cursor in the traceback and SQLite
locked. During MLflow's migrations it would leave half of the tables, and in a callback of the garbage collector CPython
loses it. A server that did not answer in time is only probed until it answers.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from mlmagic.errors import StoreAwayError
from mlmagic.session import interrupts

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

OWN_THREAD = "mlmagic-"
"""Name prefix of mlmagic's threads, on which MLflow's retries are limited (`own_requests.limit_own_retries`)."""

PROBE_S = 1.0
"""How long to wait for a store that did not answer the last time."""
_answers = 0
"""How many answers stores have given to this process."""
_silent: dict[str, int] = {}
"""Stores that did not answer in time, and how many answers any store had given by then."""


def answered() -> None:
    """Note that a store has answered."""
    global _answers  # noqa: PLW0603  # shared by all threads; a lost increment does no harm
    _answers += 1


def answers() -> int:
    """Return how many answers there have been."""
    return _answers


def note_silence(uri: str) -> None:
    """Note that the store at *uri* did not answer in time; until a store answers, waits for it are brief."""
    _silent[uri] = _answers


def is_silent(uri: str) -> bool:
    """Return whether the store at *uri* did not answer in time and no store has answered since."""
    return _silent.get(uri) == _answers


def is_ours(thread: str | None) -> bool:
    """Return whether a thread of this name is one of mlmagic's."""
    return (thread or "").startswith(OWN_THREAD)


class BackgroundTask(Generic[T]):
    """A call of *work* on its own thread, while the caller continues.

    >>> BackgroundTask(lambda: 6 * 7).result(timeout_s=5)
    42
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._value: T | None = None
        self._error: BaseException | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, name=f"{OWN_THREAD}pending", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001  # ``result`` raises it again
            self._error = error

    @property
    def is_done(self) -> bool:
        """Whether the work has ended."""
        return not self._thread.is_alive()

    def peek(self, timeout_s: float) -> T | None:
        """Return the value if it is available within *timeout_s* seconds; only ``result`` raises an error."""
        self._thread.join(timeout_s)
        return self._value

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for the work, no longer than *timeout_s* seconds, and return whether it has ended."""
        interrupts.deliver()
        self._thread.join(timeout_s)
        return self.is_done

    def result(self, timeout_s: float | None) -> T | None:
        """Return the value, or None if it is not available after *timeout_s* seconds (None: wait without limit)."""
        self.wait(timeout_s)
        if self._error is not None:
            raise self._error
        return self._value


class WaitBudget:
    """How long a cell may still wait for the store, over all its waits.

    A *local* store runs on this machine's processor, so a cell waits as long as the store makes progress. After a wait
    in which the store at *uri* gave no answer, waits for it are brief.

    >>> patience = WaitBudget(limit_s=3.0, local=False)
    >>> patience.left_s
    3.0
    """

    def __init__(self, limit_s: float, *, local: bool, uri: str = "") -> None:
        self._limit_s = limit_s
        self._uri = uri
        self._heard = 0
        self.local = local
        self.left_s = min(limit_s, PROBE_S) if is_silent(uri) else limit_s

    def ask(self, work: Callable[[], T]) -> T:
        """Run *work* and return its result.

        Raises
        ------
        StoreAwayError
            When it takes longer than there is patience left. The work goes on, and its result is dropped.
        """
        if self.left_s <= 0:
            raise StoreAwayError("the MLflow store does not answer")
        was_silent, self._heard = is_silent(self._uri), answers()
        pending = BackgroundTask(work)
        began, limit_s = time.monotonic(), self.left_s
        try:
            value = pending.result(limit_s)
        finally:
            self._spend(time.monotonic() - began)
        if not pending.is_done:
            raise StoreAwayError(f"the MLflow store does not answer within {round(limit_s, 1):g} s")
        if was_silent and not is_silent(self._uri):
            self.left_s = self._limit_s
        return value  # type: ignore[return-value]  # the work has ended, so this is its result

    def wait(self, condition: threading.Condition, reached: Callable[[], bool], moved: Callable[[], int]) -> bool:
        """Wait until *reached*, or until the budget is spent; *moved* counts the completed steps."""
        interrupts.deliver()
        self._heard = answers()
        with condition:
            while not reached() and self.left_s > 0:
                before, began = moved(), time.monotonic()
                condition.wait(self.left_s)
                self._spend(time.monotonic() - began)
                if self.local and moved() != before:
                    self.left_s = self._limit_s
            return reached()

    def _spend(self, seconds: float) -> None:
        if not self.local:
            self.left_s = max(0.0, self.left_s - seconds)
        elif seconds >= self.left_s:
            self.left_s = 0.0
        if self.left_s <= 0 and not self.local and answers() == self._heard:
            note_silence(self._uri)
