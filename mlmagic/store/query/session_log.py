"""Read a run's complete execution log, from that run alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.errors import MLMagicError, StoreError, UsageProblem
from mlmagic.session.log import ExecutionLog
from mlmagic.session.log_storage import cells_of
from mlmagic.store import shared_parts
from mlmagic.store.artifact_reading import place_of
from mlmagic.store.foreign_json import read_json
from mlmagic.store.query import queries
from mlmagic.store.query.families import PARENT

if TYPE_CHECKING:
    from mlflow.entities import Run

PATH = "mlmagic/session.json"
_LARGEST = 500_000_000


def read_log(run: Run) -> ExecutionLog:
    """Return the session's cells up to and including that of *run*; a trial of a sweep has those of the sweep.

    Raises
    ------
    UsageProblem
        When none were recorded: the run is not of a notebook, or not of mlmagic.
    StoreError
        When they cannot be read.
    """
    owner, content = content_above(run)
    return log_of(content, owner)


def content_above(run: Run) -> tuple[Run, dict[str, Any]]:
    """Return the content of the session's file of *run*, or of the nearest run above it that has one, and that run.

    Raises
    ------
    UsageProblem
        When there is none.
    StoreError
        When it cannot be read.
    """
    owner, seen = run, {run.info.run_id}
    while (content := _content(owner)) is None:
        above = owner.data.tags.get(PARENT)
        if not above or above in seen:  # tags may form a circle of parents
            name = run.info.run_name
            raise UsageProblem(f"the run {name!r} has no execution log: it was not recorded in a notebook.")
        seen.add(above)
        owner = queries.get_run(above)
    return owner, content


def read_other_kernels(run: Run, session: str) -> ExecutionLog:
    """Return the cells of other sessions in a run that is continued in *session*: those of earlier kernels.

    Raises
    ------
    StoreError
        When they cannot be read.
    """
    content = _content(run) or {}
    if content.get("session") == session:
        content = {"earlier": content.get("earlier")}
    return log_of(content, run)


def _content(run: Run) -> dict[str, Any] | None:
    place = place_of(run.info.run_id, run.info.artifact_uri)
    if not any(file.path == PATH for file in place.files("mlmagic")):
        return None
    found = read_json(place.read(PATH, _LARGEST).decode("utf-8", "replace"), dict)
    if found is None:
        raise StoreError(f"{PATH} of the run {run.info.run_name!r} is damaged")
    return found


def log_of(content: dict[str, Any], run: Run) -> ExecutionLog:
    """Return the cells in the *content* of the session's file of *run*.

    Raises
    ------
    StoreError
        When it is damaged.
    """
    try:
        return ExecutionLog(cells_of(content, shared_parts.reader(run.info.run_id, run.info.artifact_uri)))
    except (ValueError, MLMagicError) as error:
        raise StoreError(f"the execution log of the run {run.info.run_name!r} cannot be read: {error}") from error
