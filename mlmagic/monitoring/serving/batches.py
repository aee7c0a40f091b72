"""Batches of served rows: each is a journal with one growing file, and belongs to the run of its model and day.

The journal of a batch is complete from the start: it names the folder of the file, and it has ended. So whatever is in
the folder when the process dies is delivered by the next one, as every journal is. A batch is delivered when it is
full or old, and the next rows begin another.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from mlmagic._version import __version__
from mlmagic.journal.records import SHARED, Copy, Ended
from mlmagic.monitoring.serving.spool import Spool
from mlmagic.store.delivery import additions
from mlmagic.store.delivery.worker import delivery_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from mlmagic.store.delivery.delivery import Delivery

Kind = Literal["predictions", "actuals", "alerts", "reference", "settings", "served"]
MODEL, VERSION, DAY = "mlmagic.monitoring", "mlmagic.monitoring.version", "mlmagic.monitoring.day"
"""The tags of a monitoring run."""
_MOST_OPEN = 8
_MOST_BYTES = 64_000_000
_LOOK_EVERY_S = 1.0
_log = logging.getLogger("mlmagic.serving")


@dataclass(frozen=True)
class Monitored:
    """The version of a model whose service is recorded, and the store in which it is."""

    name: str
    version: str
    uri: str
    experiment: str

    def run_name(self, day: str) -> str:
        """Return the name of the run of a day."""
        return f"{self.name}/{self.version} on {day}"

    def uid(self, day: str) -> str:
        """Return the own id of the run of a day: the same in each process that serves this version."""
        return hashlib.sha256(f"{self.name}\n{self.version}\n{day}".encode()).hexdigest()[:32]

    def begin(self, day: str) -> Delivery:
        """Begin an addition to the run of a day."""
        tags = {
            SHARED: "true", "mlmagic.version": __version__, MODEL: self.name, VERSION: self.version, DAY: day,
            "mlflow.source.name": "mlmagic.ModelMonitor",
        }  # fmt: skip
        delivery, where = additions.begin(
            self.uri, uid=self.uid(day), run_id="", name=self.run_name(day), experiment=self.experiment, tags=tags
        )
        if where:
            _log.warning(where)
        return delivery


@dataclass(eq=False)
class _Batch:
    kind: Kind
    delivery: Delivery
    spool: Spool
    began: float = field(default_factory=time.monotonic)


class Batches:
    """Takes rows from any thread, and delivers them in batches. Nothing that it does raises into a prediction.

    ``recorded`` and ``lost`` count rows; ``trouble`` is why the last ones were lost.
    """

    def __init__(self, monitored: Monitored, *, rows: int, seconds: float) -> None:
        self.monitored, self.most_rows, self.most_seconds = monitored, rows, seconds
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.recorded = self.lost = 0
        self.trouble = ""
        self._pid = os.getpid()
        self._lock, self._ending = threading.RLock(), threading.Lock()
        self._open: dict[tuple[str, str, str], _Batch] = {}
        self._full: list[_Batch] = []
        self._handed: list[_Batch] = []
        self._thread: threading.Thread | None = None
        self._wake, self._is_stopped = threading.Event(), False

    def _begin_after_fork(self) -> None:
        if os.getpid() != self._pid:  # the batches belong to the parent, which goes on with them
            self._begin_anew()

    def add(self, kind: Kind, rows: pa.RecordBatch, day: str, *, number: str = "") -> bool:
        """Take rows of a day; when this returns True, they outlive the process.

        With a *number* they are a batch of their own, which replaces that of the same number on the same day.
        """
        if not rows.num_rows:
            return True
        self._begin_after_fork()
        with self._lock:
            try:
                self._append(kind, rows, day, number)
            except OSError as error:
                self.lost += rows.num_rows
                self._tell(f"{error.strerror or error}: {self.lost:,} rows are not recorded so far")
                return False
            self.recorded += rows.num_rows if kind == "predictions" else 0
            if self._thread is None and not self._is_stopped:
                self._thread = threading.Thread(target=self._work, name="mlmagic-monitor", daemon=True)
                self._thread.start()
        return True

    def _append(self, kind: Kind, rows: pa.RecordBatch, day: str, number: str) -> None:
        key = (kind, day, number or hashlib.sha256(rows.schema.serialize()).hexdigest())
        batch = self._open.get(key)
        if batch is None:
            if len(self._open) >= _MOST_OPEN:
                self._fill_up(next(iter(self._open)))
            batch = self._open[key] = self._begin(kind, rows.schema, day, number)
        batch.spool.append(rows)
        if number or batch.spool.rows >= self.most_rows or batch.spool.size >= _MOST_BYTES:
            self._fill_up(key)

    def _begin(self, kind: Kind, schema: pa.Schema, day: str, number: str) -> _Batch:
        delivery = self.monitored.begin(day)
        journal = delivery.journal
        path = f"{kind}/{number or uuid.uuid4().hex}"
        spool = Spool(journal.staging.make() / "artifacts" / path, schema)
        journal.append(Copy(path))
        journal.append(Ended("FINISHED", time.time_ns() // 1_000_000))
        journal.sync()
        return _Batch(kind, delivery, spool)

    def _fill_up(self, key: tuple[str, str, str]) -> None:
        """Leave a batch to the thread: no prediction waits until it is a Parquet file."""
        self._full.append(self._open.pop(key))
        self._wake.set()

    def _end_full(self) -> None:
        """Complete the full batches, and hand them to the delivery worker."""
        with self._ending:
            while self._full:
                batch = self._full[0]
                try:
                    batch.spool.complete()
                except (OSError, ValueError) as error:  # the rows are in the stream, which is delivered in its place
                    self._tell(f"a batch is delivered as a stream of Arrow: {error}")
                with self._lock:
                    self._handed = [*(one for one in self._handed if not one.delivery.is_closed), batch]
                    self._full.remove(batch)
                delivery_worker(batch.delivery.uri).add(batch.delivery)

    def flush(self) -> None:
        """Hand all rows to the delivery worker."""
        self._begin_after_fork()
        with self._lock:
            for key in list(self._open):
                self._fill_up(key)
        self._end_full()

    def close(self) -> None:
        """Flush, and end the thread."""
        if os.getpid() == self._pid:
            self._is_stopped = True
            self._wake.set()
            self.flush()

    @property
    def is_waiting(self) -> bool:
        """Whether rows are on their way that the store may take now."""
        with self._lock:
            on_their_way = [one for one in self._handed if not one.delivery.is_closed and one.delivery.held is None]
            return bool(on_their_way or self._full)

    def folders(self, kind: Kind) -> Iterator[Path]:
        """Yield the folders of the batches that are not in the store yet, while no row is added."""
        self._begin_after_fork()
        with self._ending, self._lock:
            self._handed = [one for one in self._handed if not one.delivery.is_closed]
            for batch in (*self._open.values(), *self._full, *self._handed):
                if batch.kind == kind:
                    yield batch.spool.folder

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            _log.error("%s %s: %s", self.monitored.name, self.monitored.version, trouble)

    def _work(self) -> None:
        while not self._is_stopped:
            self._wake.wait(_LOOK_EVERY_S)
            self._wake.clear()
            with self._lock:
                for key, batch in list(self._open.items()):
                    if time.monotonic() - batch.began >= self.most_seconds:
                        self._fill_up(key)
                spools = [batch.spool for batch in self._open.values()]
            for spool in spools:
                with contextlib.suppress(OSError):  # it was completed meanwhile
                    spool.sync()
            self._end_full()


def day_of(moment_us: int) -> str:
    """Return the day (UTC) of a moment in microseconds since 1970."""
    return datetime.fromtimestamp(moment_us / 1e6, UTC).strftime("%Y-%m-%d")
