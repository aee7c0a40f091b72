"""A recorder whose records stay in memory, and a run's context around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.journal.records import Metric, Param, Tag
from mlmagic.recording.notices import Notices
from mlmagic.recording.recorder import Recorder
from mlmagic.recording.run_context import RunContext
from mlmagic.session.output.capture import Capture

if TYPE_CHECKING:
    from pathlib import Path


class Memory:
    """A sink that keeps its records in a list."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.files: dict[str, bytes] = {}
        self.copies: list[tuple[str, Path]] = []
        self.parts: dict[str, bytes] = {}

    def append(self, record: Any) -> None:
        self.records.append(record)

    def append_metric(self, key: str, value: float, timestamp: int, step: int, *, yields: bool) -> None:
        self.append(Metric(key, value, timestamp, step, yields))

    def keep_file(self, path: str, content: bytes, *, after: str | None = None, before: str = "") -> None:
        self.files[path] = content

    def keep_copy(self, folder: str, source: Path) -> None:
        self.copies.append((folder, source))

    def keep_part(self, digest: str, packed: bytes) -> None:
        self.parts[digest] = packed

    def of(self, kind: type) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]


class Recorded:
    """What a recorder was given."""

    def __init__(self) -> None:
        self.sink, self.notices = Memory(), Notices()
        self.recorder = Recorder(self.sink, self.notices)

    def context(self) -> RunContext:
        """Return a context that records here, as a trial of a sweep does."""
        capture = Capture(output_limit=1000, figures=True)
        return RunContext(recorder=self.recorder, notices=self.notices, capture=capture)

    @property
    def params(self) -> dict[str, str]:
        return {record.key: record.value for record in self.sink.of(Param)}

    @property
    def tags(self) -> dict[str, str]:
        return {record.key: record.value for record in self.sink.of(Tag)}

    @property
    def points(self) -> list[tuple[str, float, int]]:
        return [(record.key, record.value, record.step) for record in self.sink.of(Metric)]

    @property
    def files(self) -> dict[str, bytes]:
        return self.sink.files

    @property
    def lines(self) -> list[str]:
        return [notice.text for notice in self.notices.all()]
