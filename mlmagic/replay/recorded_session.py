"""Read what a run has recorded for its replay: the session's cells, what it started from, and the cell's inputs."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.errors import StoreError
from mlmagic.journal import signing
from mlmagic.snapshot.parts import is_digest
from mlmagic.store import shared_parts
from mlmagic.store.query import session_log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run

    from mlmagic.session.log import LoggedCell


@dataclass(frozen=True)
class RecordedSession:
    """A session up to the cell of ``run``.

    ``run`` is the run of the cell, which is above a trial or fold. ``cells`` are the outermost ones, in order; the last
    one is the run's. ``start``, ``states`` and ``inputs`` are empty if an older version recorded the run. ``position``
    is that of the run among those that the cell opened.
    """

    run: Run
    cells: list[LoggedCell]
    start: Mapping[str, Any] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str | None] = field(default_factory=dict)
    other_kernels: bool = False
    position: int = 0
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_session(run: Run) -> RecordedSession:
    """Return the session of *run*, or of the run above it that has one.

    Raises
    ------
    UsageProblem
        When none was recorded.
    StoreError
        When it cannot be read.
    """
    owner, content = session_log.content_above(run)
    log = session_log.log_of(content, owner)
    cells = [cell for cell in log.cells if not cell.nested]
    start: Any = {}
    if is_digest(digest := content.get("start")):
        part = shared_parts.reader(owner.info.run_id, owner.info.artifact_uri)
        try:
            start = json.loads(part(str(digest)))
        except ValueError as error:
            raise StoreError(
                f"what the session of {owner.info.run_name!r} started from cannot be read: {error}"
            ) from error
    return RecordedSession(
        owner,
        cells,
        start if isinstance(start, dict) else {},
        _texts(content.get("states")),
        {name: digest for name, digest in _dict(content.get("inputs")).items() if isinstance(digest, str | None)},
        other_kernels=bool(content.get("earlier")),
        position=position if isinstance(position := content.get("position"), int) and position >= 0 else 0,
        content=content,
    )


def is_own(session: RecordedSession) -> bool:
    """Return whether this user recorded the session, and nobody has edited the record since."""
    given = session.content.get(signing.SESSION_SIGNATURE)
    return isinstance(given, str) and hmac.compare_digest(given.encode(), signing.of_session(session.content).encode())


def _dict(value: object) -> dict[str, Any]:
    return {key: item for key, item in value.items() if isinstance(key, str)} if isinstance(value, dict) else {}


def _texts(value: object) -> dict[str, str]:
    return {key: item for key, item in _dict(value).items() if isinstance(item, str)}
