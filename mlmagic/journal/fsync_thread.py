"""A thread that fsyncs open journals every second, and shows other machines that this process is alive."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from mlmagic.journal.file import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERY_S = 1.0
_BEAT_EVERY_S = 10.0

_journals: list[Journal] = []
_condition = threading.Condition()
_thread: threading.Thread | None = None
"""One thread a process, which `stop` ends; the journals are those of open runs."""


def watch(journal: Journal) -> None:
    """Sync *journal* every second until it is forgotten."""
    with _condition:
        _journals.append(journal)
        _condition.notify_all()
    start()


def forget(journal: Journal) -> None:
    """Stop syncing *journal*."""
    with _condition:
        _journals[:] = [other for other in _journals if other is not journal]


def start() -> None:
    """Restart the thread if it was stopped and there are journals."""
    global _thread  # noqa: PLW0603  # one thread a process
    with _condition:
        if (_thread is None or not _thread.is_alive()) and _journals:
            _thread = threading.Thread(target=_work, name="mlmagic-sync", daemon=True)
            _thread.start()


def stop() -> None:
    """Stop the thread, and sync the journals that are still open."""
    global _thread  # as above
    with _condition:
        thread, _thread = _thread, None
        journals = list(_journals)
        _condition.notify_all()
    _each(journals, Journal.sync)
    if thread is not None:
        thread.join(_EVERY_S)


def _work() -> None:
    beaten = 0.0
    me = threading.current_thread()
    while _thread is me:
        with _condition:
            _condition.wait_for(lambda: _journals or _thread is not me)
            journals = list(_journals)
        _each(journals, Journal.sync)
        if time.monotonic() - beaten > _BEAT_EVERY_S:
            beaten = time.monotonic()
            _each(journals, Journal.beat)
        with _condition:
            _condition.wait_for(lambda: _thread is not me, _EVERY_S)


def _each(journals: list[Journal], look_after: Callable[[Journal], None]) -> None:
    for journal in journals:
        try:
            look_after(journal)
        except Exception as error:  # noqa: BLE001  # an error of one journal must not stop the others
            journal.trouble = f"{type(error).__name__}: {error}"


def _after_fork() -> None:
    """Reset a child process after a fork: it has no threads, and the journals belong to its parent."""
    global _thread, _condition  # as above
    _journals.clear()
    _thread, _condition = None, threading.Condition()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
