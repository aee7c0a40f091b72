"""A stack per thread: cells, captures and runs nest on one thread, and subshells run on other threads."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class ThreadStacks(Generic[T]):
    """Stacks of *T*, one per thread. All methods may be called from any thread.

    >>> stacks = ThreadStacks[str]()
    >>> stacks.push("outer")
    >>> stacks.push("inner")
    >>> stacks.top(), stacks.current()
    ('inner', 'inner')
    >>> stacks.remove("inner")
    >>> stacks.own()
    ['outer']
    """

    def __init__(self) -> None:
        self._stacks: dict[int, list[T]] = {}
        self._order: list[T] = []
        self._lock = threading.RLock()

    def __bool__(self) -> bool:
        """Return whether there is an item on any thread."""
        return bool(self._order)

    def push(self, item: T) -> None:
        """Push *item* on the calling thread's stack."""
        with self._lock:
            self._stacks.setdefault(threading.get_ident(), []).append(item)
            self._order.append(item)

    def remove(self, item: T) -> None:
        """Remove *item*, whichever thread's stack it is on and whatever is above it."""
        with self._lock:
            self._order = [other for other in self._order if other is not item]
            for thread, stack in list(self._stacks.items()):
                stack[:] = [other for other in stack if other is not item]
                if not stack:
                    del self._stacks[thread]

    def own(self) -> list[T]:
        """Return the calling thread's stack, the outermost first."""
        with self._lock:
            return list(self._stacks.get(threading.get_ident(), ()))

    def top(self) -> T | None:
        """Return the innermost item of the calling thread."""
        with self._lock:
            stack = self._stacks.get(threading.get_ident())
            return stack[-1] if stack else None

    def current(self) -> T | None:
        """Return the innermost item of the calling thread, or the latest of the process if this thread has none.

        A worker thread that a cell started has no stack: its work belongs to the latest item.
        """
        with self._lock:
            return self.top() or (self._order[-1] if self._order else None)

    def all(self) -> list[T]:
        """Return the items of all threads in the order in which they were pushed."""
        with self._lock:
            return list(self._order)

    def threads(self) -> set[int]:
        """Return the identities of the threads whose stack is not empty."""
        with self._lock:
            return set(self._stacks)
