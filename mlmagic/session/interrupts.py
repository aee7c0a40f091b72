"""Ctrl-C while mlmagic works: at once where it may wait for long, after a step where that step has to be whole."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise at once: for an async cell, the kernel's own handler would wait for the next await."""
    with _handled_by(signal.default_int_handler):
        yield


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Let Ctrl-C wait until the step within is done: half of it could not be taken back.

    >>> steps = []
    >>> try:
    ...     with deferred():
    ...         signal.raise_signal(signal.SIGINT)
    ...         steps.append("whole")
    ... except KeyboardInterrupt:
    ...     print(steps)
    ['whole']
    """
    came: list[tuple[int, Any]] = []
    with _handled_by(lambda number, frame: came.append((number, frame))) as before:
        yield
    if came and callable(before):
        before(*came[0])


@contextlib.contextmanager
def _handled_by(handler: Callable[[int, Any], Any]) -> Iterator[Any]:
    """Have *handler* take SIGINT, where this thread may decide that; yields the handler that took it before."""
    before = signal.getsignal(signal.SIGINT)
    # Signals arrive on the main thread. None: a handler that was not set by Python, and could not be put back.
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield None
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield before
    finally:
        signal.signal(signal.SIGINT, before)
