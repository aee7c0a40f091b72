"""One background thread for all open comparisons: it looks whether their stores have changed.

It costs a training loop less than 2 % of its time: after each look it rests for a hundred times the processor time that
the look took. A SQLite file that was not written to is not read. The thread ends with the last comparison.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Protocol

from mlmagic.store.waiting import OWN_THREAD

_TICK_S = 0.5
_SHARE = 100


class Follower(Protocol):
    """An open comparison."""

    def look(self) -> float:
        """Read and show what has changed; return after how many seconds to look again."""


class Watcher:
    """Calls the `look` of each follower, again and again, on one thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._due: dict[Follower, float] = {}
        self._thread: threading.Thread | None = None

    def clear(self) -> None:
        """Follow nothing any more; the thread ends."""
        with self._condition:
            self._due.clear()
            self._condition.notify_all()

    def add(self, follower: Follower) -> None:
        """Look at *follower*'s store from now on."""
        with self._condition:
            self._due.setdefault(follower, time.monotonic() + _TICK_S)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name=f"{OWN_THREAD}live", daemon=True)
                self._thread.start()

    def remove(self, follower: Follower) -> None:
        """Leave *follower* alone."""
        with self._condition:
            self._due.pop(follower, None)
            self._condition.notify_all()

    def _work(self) -> None:
        while True:
            with self._condition:
                if not self._due:
                    self._thread = None
                    return
                self._condition.wait(max(min(self._due.values()) - time.monotonic(), 0.0))
                ready = [one for one, due in self._due.items() if due <= time.monotonic()]
            for follower in ready:
                self._look(follower)

    def _look(self, follower: Follower) -> None:
        began, rest = time.thread_time(), 60.0
        with contextlib.suppress(Exception):  # a follower shows its own problems; the others go on
            rest = follower.look()
        rest = max(rest, _TICK_S, _SHARE * (time.thread_time() - began))
        with self._condition:
            if follower in self._due:
                self._due[follower] = time.monotonic() + rest
