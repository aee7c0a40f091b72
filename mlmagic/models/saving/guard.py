"""Runs a model's and MLflow's code without visible effects: no warnings, no output, no changed state."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

from mlmagic.snapshot.randomness.generators import saved_states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PROGRESS_BAR = "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"

# Warning filters and standard streams are global: two threads could each restore the other's replacement.
_one_at_a_time = threading.RLock()


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Suppress warnings, printed output and MLflow's log lines of the enclosed code. Exceptions propagate."""
    with _one_at_a_time, _without_log_lines(), _without_progress_bars(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out, error = _OthersOnly(sys.stdout), _OthersOnly(sys.stderr)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            yield


class _OthersOnly:
    """A standard stream that drops the writes of the thread that created it and passes on those of other threads."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._thread = stream, threading.get_ident()

    def write(self, text: str) -> int:
        return len(text) if threading.get_ident() == self._thread else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _without_log_lines() -> Iterator[None]:
    """Drop this thread's records in the handlers of MLflow's and the root logger; other threads' records pass."""
    thread = threading.get_ident()

    def is_anothers(record: logging.LogRecord) -> bool:
        return record.thread != thread

    handlers = {*logging.getLogger("mlflow").handlers, *logging.getLogger().handlers}
    for handler in handlers:
        handler.addFilter(is_anothers)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_anothers)


@contextlib.contextmanager
def _without_progress_bars() -> Iterator[None]:
    before = os.environ.get(_PROGRESS_BAR)
    os.environ[_PROGRESS_BAR] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PROGRESS_BAR]
        else:
            os.environ[_PROGRESS_BAR] = before


@contextlib.contextmanager
def preserve_state() -> Iterator[Callable[[], None]]:
    """Restore the generators of random, NumPy and torch and torch's grad mode; disable MLflow's autologging meanwhile.

    Yields a function that restores the generators at once, so that the code after it draws the same numbers.

    >>> import random
    >>> with preserve_state() as rewind:
    ...     first = random.random()
    ...     rewind()
    ...     first == random.random()
    True
    """
    rewind = saved_states()
    torch = sys.modules.get("torch")
    grad = torch.is_grad_enabled() if torch is not None else True
    with _autologging_asleep():
        try:
            yield rewind
        finally:
            rewind()
            if torch is not None:
                torch.set_grad_enabled(grad)


def _autologging_asleep() -> contextlib.AbstractContextManager[Any]:
    """Disable ``mlflow.autolog()``, which would log mlmagic's own `predict` calls as the user's."""
    utilities = sys.modules.get("mlflow.utils.autologging_utils")
    return utilities.disable_autologging() if utilities is not None else contextlib.nullcontext()
