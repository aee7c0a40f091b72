"""Record the standard ``logging`` as lines with time and level, without a handler.

A handler on the root logger would change what is shown: ``logging.basicConfig`` does nothing if there is one, and
Python's handler of last resort, which prints warnings if nothing is configured, would be silent. So the one method
that passes a record to its handlers is wrapped while listening. The wrapper sees the records that the loggers' levels
and filters let through, and what the handlers print of them. A record is kept if a handler of the root logger would
get it, or if a handler printed it. It is kept once, as the line made here.
"""

from __future__ import annotations

import copy
import logging
import threading
from typing import TYPE_CHECKING

from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[str, str], None]
    CallHandlers = Callable[[logging.Logger, logging.LogRecord], None]

STREAM = "logging"
_LEFT_OUT = ("mlflow", "alembic")  # MLflow, and the library that creates its tables
_FORMAT = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")


class LoggingRecords:
    """Passes a line for each record to *write*, on the thread that logs, with the stream name ``"logging"``."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._handling = _Handling()
        self._listening = False
        self._wrapped: CallHandlers | None = None
        self._wrapper: CallHandlers | None = None

    def start(self) -> None:
        """Start listening."""
        self._listening = True
        if self._wrapper is not None:  # another tool has wrapped the method since: this wrapper is still there
            return
        self._wrapped = original = logging.Logger.callHandlers

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            if self._listening and record.name.partition(".")[0] not in _LEFT_OUT:
                self._handle(original, logger, record)
            else:
                original(logger, record)

        self._wrapper = call_handlers
        logging.Logger.callHandlers = call_handlers  # type: ignore[assignment, method-assign]

    def stop(self) -> None:
        """Stop listening, and restore the method unless another tool has wrapped it since."""
        self._listening = False
        if self._wrapped is not None and logging.Logger.callHandlers is self._wrapper:
            logging.Logger.callHandlers = self._wrapped  # type: ignore[assignment, method-assign]
            self._wrapped = self._wrapper = None

    def holds(self, stream: str, text: str) -> bool:
        """Return whether a handler is printing *text* now; if so, hold it until the record has been handled."""
        if not self._handling.printed:
            return False
        self._handling.printed[-1].append((stream, text))
        return True

    def _handle(self, original: CallHandlers, logger: logging.Logger, record: logging.LogRecord) -> None:
        printed: list[tuple[str, str]] = []
        self._handling.printed.append(printed)
        try:
            original(logger, record)
        finally:
            self._handling.printed.pop()
            message, line = _message(record), _line(record)
            # A handler may print something other than the record, such as a formatting error.
            others = [(stream, text) for stream, text in printed if message not in text]
            for stream, text in others:
                self._give(stream, text)
            if len(others) < len(printed) or _reaches_root(logger):
                self._give(STREAM, line)

    def _give(self, stream: str, text: str) -> None:
        # A record that a handler logs counts as printed by that handler.
        if not self.holds(stream, text):
            self._write(stream, text)


class _Handling(threading.local):
    """What the handlers print while this thread handles records; a handler may itself log a record."""

    def __init__(self) -> None:
        self.printed: list[list[tuple[str, str]]] = []


def _reaches_root(logger: logging.Logger) -> bool:
    """Return whether the records of *logger* reach the root; those of the kernel's own, at level DEBUG, do not."""
    at: logging.Logger | None = logger
    while at is not None and at.parent is not None:
        if not at.propagate:
            return False
        at = at.parent
    return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except BaseException as error:  # noqa: BLE001  # arguments that do not fit, an object that cannot show itself
        reraise_interrupt(error)
        text = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        return f"{text} ({type(error).__name__} when shown)"


def _line(record: logging.LogRecord) -> str:
    plain = copy.copy(record)  # formatting leaves traces in a record, which other handlers would print
    plain.msg, plain.args = _message(record), None
    try:
        text = _FORMAT.format(plain)
    except BaseException as error:  # noqa: BLE001  # a record made by hand, with an invalid exception
        reraise_interrupt(error)
        text = f"{plain.levelname} {plain.name}: {plain.msg}"
    # A carriage return would make the line look like a redrawn progress bar.
    return "\n".join(text.splitlines()) + "\n"
