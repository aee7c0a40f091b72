"""The records of a run, in the order of their creation: what was recorded, and how far it was delivered.

All fields are plain JSON values, so that a record converts to a line of text and back. ``signature`` is that of the
user who recorded it, or empty if that user has no key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Began:
    """The first record: which run this is, where it belongs, and which process writes the journal.

    ``uid`` is the run's own id, its tag ``mlmagic.id``; a *resumed* run is one that is continued. ``run_id`` is
    MLflow's id if it is known; ``parent`` is the uid of the parent run. ``store`` is the URI without passwords;
    ``experiment_id`` is empty if only the name is known. ``started`` is in milliseconds since the epoch.
    """

    uid: str
    resumed: bool
    run_id: str
    name: str
    store: str
    experiment: str
    experiment_id: str
    parent: str
    started: int
    tags: dict[str, str]
    owner: dict[str, str | int | bool | None]
    signature: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """The run exists in the store under this id; its files go to ``artifact_uri``."""

    run_id: str
    artifact_uri: str


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter; immutable once written. One that *yields* gives way to what the user's code logged."""

    key: str
    value: str
    yields: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """One value of a metric. ``timestamp`` is in milliseconds since the epoch; ``yields`` as for a parameter."""

    key: str
    value: float
    timestamp: int
    step: int
    yields: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag; the last value counts."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class File:
    """An artifact: its path within the run. Its content is in the staging area, under the same path.

    ``after`` is set for a text that is appended to what earlier cells of the run stored there: it separates the two.
    ``before`` is put before that earlier text if it does not begin with a heading.
    """

    path: str
    size: int = 0
    checksum: int = 0
    after: str | None = None
    before: str = ""
    signature: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text that runs share (`mlmagic.snapshot.parts`): its digest, and its size as it is staged."""

    digest: str
    size: int
    checksum: int
    signature: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Copy:
    """A file or folder of the user's: its path within the run, and within the staging area."""

    path: str
    signature: str = field(default="", compare=False)


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


@dataclass(frozen=True, slots=True)
class Model:
    """A model, written to ``folder`` of the staging area in MLflow's layout. ``uid`` is its tag ``mlmagic.id``."""

    uid: str
    name: str
    folder: str
    signature: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Registration:
    """A request to register a model of the run in the model registry, once the run and the model are in the store.

    ``id`` is the version's tag ``mlmagic.registration``. The model is named by ``model_uid``, its tag ``mlmagic.id``,
    or by ``model_id``, MLflow's id, if that is all that is known; ``model`` is its name. ``registry`` is the URI of the
    registry without passwords, empty if it is the run's store. ``again`` makes another version of a model that is one
    already; ``by`` and ``at`` (UTC, ISO 8601) say who asked, and when.
    """

    id: str
    name: str
    model: str
    model_uid: str
    model_id: str
    registry: str
    alias: str
    tags: dict[str, str]
    description: str | None
    again: bool
    by: str
    at: str
    signature: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Registered:
    """The registration with this id is the version ``version``, and complete if it has an ``outcome``, in one line."""

    registration: str
    version: int
    outcome: str
    signature: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """The last record of the user's code: the run's status, and when it ended, in milliseconds since the epoch."""

    status: str
    at: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """All parameters, metrics, tags and datasets before this byte of the journal are in the store."""

    upto: int


@dataclass(frozen=True, slots=True)
class UserKeys:
    """The keys that the user's own code logged: records that yield to them are not delivered."""

    params: list[str]
    metrics: list[str]


@dataclass(frozen=True, slots=True)
class Stored:
    """A staged file that is in the store while others of the run wait; its path is within the staging area."""

    path: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that the store refused, and why, in one line."""

    problem: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Everything is delivered, and the run is ended in the store."""


Record = (
    Began
    | Bound
    | Param
    | Metric
    | Tag
    | File
    | Part
    | Copy
    | Dataset
    | Model
    | Registration
    | Registered
    | Ended
    | Delivered
    | UserKeys
    | Stored
    | Rejected
    | Closed
)
Signed = Began | File | Part | Copy | Model | Registration | Registered
"""The records that state whose run it is, which files it has and what is registered; `mlmagic.journal.signing`."""
SIGNED: tuple[type[Signed], ...] = (Began, File, Part, Copy, Model, Registration, Registered)
AFTER_THE_END = (Bound, Delivered, UserKeys, Stored, Rejected, Registration, Registered, Closed)
"""The records that may follow the end of the run: what the delivery notes, and registrations."""
KEEPS_STATUS = "mlmagic.keeps_status"
"""The tag of a first record whose journal adds to an ended run: the run's status, start and end stay as they are."""
SHARED = "mlmagic.shared"
"""The tag of a first record whose run several processes add to at once: none waits for the others to end."""


class Sink(Protocol):
    """The destination of a recorder's records. No method raises if the disk or the store is unavailable."""

    def append(self, record: Record) -> None:
        """Take one record."""

    def append_metric(self, key: str, value: float, timestamp: int, step: int, *, yields: bool) -> None:
        """Take one value of a metric; faster than `append`, for loops."""

    def keep_file(self, path: str, content: bytes, *, after: str | None = None, before: str = "") -> None:
        """Take an artifact; *after* and *before* as in `File`."""

    def keep_part(self, digest: str, packed: bytes) -> None:
        """Take a part of a text that runs share."""

    def keep_copy(self, folder: str, source: Path) -> None:
        """Take a copy of a user's file or folder, which may be changed or deleted right after."""
