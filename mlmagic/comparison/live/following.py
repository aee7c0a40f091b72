"""Follows the store of one open comparison, and shows what is new in it."""

from __future__ import annotations

import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mlmagic.comparison.live.rereading import read_all, read_changed
from mlmagic.comparison.live.watcher import Watcher
from mlmagic.errors import MLMagicError, StoreAwayError
from mlmagic.session_state import of_session
from mlmagic.store import addresses, connection, tracking_uri

if TYPE_CHECKING:
    from mlmagic.comparison.compared_runs import Comparison

_LOCAL_S, _DATABASE_S, _SERVER_S = 0.5, 3.0, 10.0
_FIRST_RETRY_S, _LAST_RETRY_S = 5.0, 60.0
_FULL_SHARE = 120
"""After a full reading, which also finds changes of ended runs, how often its processor time passes without one."""

_watcher = of_session(Watcher())


class Shown(Protocol):
    """A widget that shows a comparison."""

    @property
    def comparison(self) -> Comparison:
        """The runs that it shows."""

    def show(self, comparison: Comparison) -> None:
        """Show *comparison*, read just now."""

    def tell(self, problem: str) -> None:
        """Say why the store could not be read; nothing if *problem* is empty."""


class Following:
    """Keeps a widget in step with the store that was current when it was made."""

    def __init__(self, widget: Shown) -> None:
        self._widget = weakref.ref(widget)
        self._uri = tracking_uri.current_uri()
        self._reading = threading.Lock()
        self._stamp = self._now()
        self._full_at = 0.0
        self._is_owed = False
        self._retry_s = _FIRST_RETRY_S
        self._away = False

    def start(self) -> None:
        """Follow the store until `stop`, or until the widget is gone."""
        _watcher.add(self)

    def stop(self) -> None:
        """Stop following."""
        _watcher.remove(self)

    def refresh(self) -> None:
        """Read all runs anew and show them.

        Raises
        ------
        MLMagicError
            If the store cannot be read.
        """
        widget = self._widget()
        if widget is None:
            return
        with self._reading:
            self._require_store()
            self._stamp = self._now()
            widget.show(read_all(widget.comparison))
            self._away = False

    def look(self) -> float:
        """Show what has changed since the last look; return after how many seconds to look again."""
        widget = self._widget()
        if widget is None:
            self.stop()
            return 0.0
        try:
            with self._reading:
                self._look(widget)
        except Exception as problem:  # noqa: BLE001  # a thread has nobody to raise to; the widget shows it
            told = str(problem) if isinstance(problem, MLMagicError) else f"{type(problem).__name__}: {problem}"
            return self._wait(widget, told.splitlines()[0] if told else type(problem).__name__)
        if self._away:
            self._away, self._retry_s = False, _FIRST_RETRY_S
            widget.tell("")
        return self._pause()

    def _look(self, widget: Shown) -> None:
        self._require_store()
        stamp, before = self._now(), widget.comparison
        is_written = stamp is None or stamp != self._stamp or self._away
        found = read_changed(before, self._uri) if is_written else before
        if found is not None:
            self._stamp = stamp
            self._is_owed = self._is_owed or is_written
        if (found is None or (found is before and self._is_owed)) and time.monotonic() >= self._full_at:
            began = time.thread_time()
            found = read_all(before)
            self._full_at = time.monotonic() + _FULL_SHARE * (time.thread_time() - began)
            self._stamp, self._is_owed = stamp, False
        if found is not None and found is not before:
            widget.show(found)

    def _require_store(self) -> None:
        """Raise if the store is not there, or is no longer the one that MLflow uses."""
        if tracking_uri.current_uri() != self._uri:
            raise MLMagicError("The tracking URI was changed. Run the cell again to compare the runs of the new store.")
        if connection.is_missing(self._uri):
            raise StoreAwayError(f"the store {tracking_uri.shown_uri()} is not there")

    def _wait(self, widget: Shown, told: str) -> float:
        if not self._away:
            self._away = True
            widget.tell(told)
        self._retry_s = min(2 * self._retry_s, _LAST_RETRY_S)
        return self._retry_s / 2

    def _pause(self) -> float:
        if self._stamp is not None:
            return _LOCAL_S
        return _DATABASE_S if addresses.is_server_database(self._uri) else _SERVER_S

    def _now(self) -> tuple[object, ...] | None:
        """Return what changes with each write to a SQLite store; None for other stores."""
        path = addresses.sqlite_file(self._uri)[1]
        if not path.startswith("/"):
            return None
        found: list[object] = []
        for name in (path, f"{path}-wal"):
            try:
                one = Path(name).stat()
            except OSError:
                found.append(None)
            else:
                found.append((one.st_ino, one.st_size, one.st_mtime_ns))
        return tuple(found)
