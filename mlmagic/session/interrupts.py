"""Ctrl-C while mlmagic works: at once during a long wait, and after a step that must be complete.

Every import is such a step: after an interrupted import, Python keeps half of the package's modules, and cannot
complete the package from them.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from mlmagic.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler = Callable[[int, FrameType | None], Any]

_IMPORT = "<frozen importlib"
_CONTEXTS = {__file__, contextlib.__file__}


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise at once, or as soon as an import in progress is complete.

    For an async cell, the kernel's own handler would wait for the next await.
    """
    with _after_imports(signal.default_int_handler):
        yield


@contextlib.contextmanager
def whole_imports() -> Iterator[None]:
    """Leave Ctrl-C to its current handler, but not before an import in progress is complete."""
    before = signal.getsignal(signal.SIGINT)
    with _after_imports(before) if callable(before) else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def in_one_line(what: str) -> Iterator[None]:
    """Let Ctrl-C end *what* at once, as `interruptible` does, and show it in one line without a traceback."""
    try:
        with interruptible():
            yield
    except KeyboardInterrupt:
        raise Interrupted(f"{what} was interrupted.") from None


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Defer Ctrl-C until the enclosed step is complete, because half of it could not be undone.

    >>> steps = []
    >>> try:
    ...     with deferred():
    ...         signal.raise_signal(signal.SIGINT)
    ...         steps.append("whole")
    ... except KeyboardInterrupt:
    ...     print(steps)
    ['whole']
    """
    came: list[int] = []
    with _handled_by(lambda number, _: came.append(number)) as before:
        yield
    if came and callable(before):
        before(came[0], sys._getframe())


def deliver() -> None:
    """Raise the Ctrl-C that arrived during an import, if one did; to be called before a wait."""
    if threading.current_thread() is threading.main_thread():
        shield = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
        if isinstance(shield, _Shield):
            shield.deliver()


class _Shield:
    """Passes SIGINT to *handler*, but defers one that arrives during an import until `deliver`."""

    def __init__(self, handler: Handler, outside: FrameType) -> None:
        self._handler = handler
        self._outside = outside
        self._came: int | None = None

    def take(self, number: int, frame: FrameType | None) -> None:
        if self._is_importing(frame):
            self._came = number
        else:
            self._handler(number, frame)

    def deliver(self) -> None:
        number, self._came = self._came, None
        if number is not None:
            self._handler(number, sys._getframe())

    def _is_importing(self, frame: FrameType | None) -> bool:
        """Return whether *frame* is within an import that began after this shield was installed."""
        while frame is not None and frame is not self._outside:
            if frame.f_code.co_filename.startswith(_IMPORT):
                return True
            frame = frame.f_back
        return False


@contextlib.contextmanager
def _after_imports(handler: Handler) -> Iterator[None]:
    frame: Any = sys._getframe()
    while frame.f_code.co_filename in _CONTEXTS:
        frame = frame.f_back
    shield = _Shield(handler, frame)
    with _handled_by(shield.take):
        try:
            yield
        finally:
            shield.deliver()


@contextlib.contextmanager
def _handled_by(handler: Handler) -> Iterator[Any]:
    """Handle SIGINT by *handler*, if this thread may set handlers; yield the previous handler, or None."""
    before = signal.getsignal(signal.SIGINT)
    # Signals arrive on the main thread. None means a handler that Python did not set and could not restore.
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield None
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield before
    finally:
        signal.signal(signal.SIGINT, before)
