"""Changes of recorded runs that a person makes afterwards: note, tags, star, archive, deleting and restoring.

`mlmagic.Run` and the comparison in the notebook both go through here. Texts are redacted as they are while a run is
recorded. A text that MLflow would cut is refused, because the person still has all of it before them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import RunNotFoundError, StoreError, UsageProblem
from mlmagic.snapshot.secrets.redaction import Redactor
from mlmagic.store import connection, tracking_uri
from mlmagic.store.keys import LONGEST_KEY, LONGEST_TAG, is_valid
from mlmagic.store.refusals import refused_by
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow import MlflowClient

NOTE = "mlflow.note.content"
"""MLflow's tag of a run's note, which its UI shows as the description."""
STAR = "mlmagic.star"
ARCHIVED = "mlmagic.archived"
_RESERVED = ("mlflow.", "mlmagic.")
_ON = "true"
_SHOWN = 60
_GONE = "RESOURCE_DOES_NOT_EXIST"


def set_note(run_id: str, text: str) -> int:
    """Set the note of a run, an empty text removes it; return how many secrets were redacted in it.

    Raises
    ------
    UsageProblem
        If the text is longer than MLflow keeps.
    RunNotFoundError, StoreError
        If there is no such run, it was deleted, or the store cannot be written.
    """
    redactor = Redactor()
    value = _checked("The note", redactor(text.strip()))
    _change([run_id], partial(_put, {NOTE: value or None}))
    return redactor.count


def set_tags(run_ids: Sequence[str], changes: Mapping[str, str | None]) -> int:
    """Add, change or (value None) remove tags of runs; return how many secrets were redacted in them.

    Raises
    ------
    UsageProblem
        If a name is reserved or MLflow does not take it, or a value is longer than MLflow keeps.
    RunNotFoundError, StoreError
        If there is no such run, it was deleted, or the store cannot be written.
    """
    redactor = Redactor()
    clean: dict[str, str | None] = {}
    for name, value in changes.items():
        _require_own_name(name, is_new=value is not None)
        if value is None:
            clean[name] = None
            continue
        if redactor(name) != name:
            raise UsageProblem("The name of a tag must not be a secret: put it nowhere in the store.")
        clean[name] = _checked(f"The value of the tag {name!r}", str(redactor.value(name, value)))
    _change(run_ids, partial(_put, clean))
    return redactor.count


def star(run_ids: Sequence[str], *, on: bool = True) -> None:
    """Mark runs with a star, or remove it: the tag ``mlmagic.star``."""
    _change(run_ids, partial(_put, {STAR: _ON if on else None}))


def archive(run_ids: Sequence[str], *, on: bool = True) -> None:
    """Archive runs, or take them back: ``%runs`` and the comparison hide runs with the tag ``mlmagic.archived``."""
    _change(run_ids, partial(_put, {ARCHIVED: _ON if on else None}))


def delete(run_ids: Sequence[str]) -> None:
    """Delete runs as MLflow does: they can be restored until ``mlflow gc`` removes them. Their nested runs stay."""
    _change(run_ids, lambda client, run_id: client.delete_run(run_id))


def restore(run_ids: Sequence[str]) -> None:
    """Restore deleted runs."""
    _change(run_ids, lambda client, run_id: client.restore_run(run_id))


def is_archived(tags: Mapping[str, str]) -> bool:
    """Return whether a run with these tags is archived.

    >>> is_archived({"mlmagic.archived": "true"}), is_archived({"mlmagic.archived": "false"}), is_archived({})
    (True, False, False)
    """
    return tags.get(ARCHIVED) == _ON


def _put(tags: Mapping[str, str | None], client: MlflowClient, run_id: str) -> None:
    from mlflow.exceptions import MlflowException

    for name, value in tags.items():
        if value is not None:
            client.set_tag(run_id, name, value)
            continue
        try:
            client.delete_tag(run_id, name)
        except MlflowException as error:
            if error.error_code != _GONE or not _is_there(client, run_id):
                raise
            # The run has no such tag: another process has removed it.


def _is_there(client: MlflowClient, run_id: str) -> bool:
    client.get_run(run_id)
    return True


def _change(run_ids: Sequence[str], work: Callable[[MlflowClient, str], object]) -> None:
    connection.ask(partial(_each, list(run_ids), work))


def _each(run_ids: list[str], work: Callable[[MlflowClient, str], object]) -> None:
    uri = tracking_uri.current_uri()
    client = connection.connect()
    for done, run_id in enumerate(run_ids):
        try:
            with refused_by(uri):
                work(client, run_id)
        except StoreError as error:
            before = f" {done} of {len(run_ids)} runs were changed before." if done else ""
            raise _explained(error, client, run_id, before) from error
        answered()


def _explained(error: StoreError, client: MlflowClient, run_id: str, before: str) -> Exception:
    """Return *error*, or that the run is not there any more, with how many were changed *before*."""
    from mlflow.exceptions import MlflowException

    try:
        stage = client.get_run(run_id).info.lifecycle_stage
    except MlflowException as unknown:
        if unknown.error_code == _GONE:
            return RunNotFoundError(f"The run {run_id!r} is not in the store any more.{before} The runs: %runs")
        return type(error)(f"{error}{before}") if before else error
    if stage == "deleted":
        return RunNotFoundError(f"The run {run_id!r} was deleted meanwhile: restore it, then change it.{before}")
    return type(error)(f"{error}{before}") if before else error


def _require_own_name(name: str, *, is_new: bool) -> None:
    if not name.strip():
        raise UsageProblem("A tag needs a name, such as 'team'.")
    if name.startswith(_RESERVED):
        prefix, _, rest = name.partition(".")
        raise UsageProblem(
            f"{_shown(name)} is reserved: {prefix} writes the tags that begin with {prefix + '.'!r}. "
            f"Call it {_shown(rest or 'team')}"
        )
    if is_new and not is_valid(name):
        raise UsageProblem(
            f"MLflow does not take the tag name {_shown(name)}: letters, digits, spaces and _ - . / : in at most "
            f"{LONGEST_KEY} characters"
        )


def _checked(what: str, text: str) -> str:
    if len(text) > LONGEST_TAG:
        raise UsageProblem(
            f"{what} has {len(text):,} characters, and MLflow keeps {LONGEST_TAG:,}. Log longer texts as a file: "
            "mlmagic.log_artifact"
        )
    return text


def _shown(name: str) -> str:
    return repr(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")
