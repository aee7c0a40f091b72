"""The records of a run: what passes redaction and goes to the sink, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlmagic.runs.summary import Status


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter; immutable once written."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One value of a metric. ``timestamp`` is in milliseconds since the epoch."""

    key: str
    value: float
    timestamp: int
    step: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag; the last value counts."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class File:
    """An artifact: its path within the run, and its content."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FileCopy:
    """An artifact that lies in a file or folder of the user's: its folder within the run, and where it lies."""

    folder: str
    source: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that the code read. Schema and profile are JSON; ``context`` is MLflow's word for its use."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str
    profile: str
    context: str


Record = Dataset | Param | Metric | Tag | File | FileCopy


class Sink(Protocol):
    """Where records go. ``write`` must not raise for a store that is away: it keeps what it could not deliver."""

    def write(self, record: Record) -> None:
        """Take one record."""

    def flush(self) -> list[str]:
        """Deliver all that was taken; return one line for each thing that could not be, and why."""

    def close(self, status: Status) -> list[str]:
        """Deliver all, and end the run; return what went wrong, as ``flush`` does."""
