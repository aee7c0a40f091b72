"""Changes that are made in the comparison: which runs, what, and the runs as they are afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.store import connection, refusals, tracking_uri
from mlmagic.store.changes import run_changes
from mlmagic.store.query import bulk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.comparison.compared_runs import Comparison


def change(run_ids: Sequence[str], content: Mapping[str, Any]) -> str:
    """Make the change that the request *content* asks for; return a sentence that tells of it, or of redacted secrets.

    ``action`` is ``note`` (with ``text``), ``tags`` (with ``tags``, null removes one), ``star`` or ``archive`` (with
    ``on``), ``delete`` or ``restore``.

    Raises
    ------
    UsageProblem, RunNotFoundError, StoreError
        If the change is refused, a run is not there any more, or the store cannot be written.
    """
    action, on = content.get("action"), bool(content.get("on", True))
    secrets = 0
    if action == "note":
        secrets = run_changes.set_note(run_ids[0], str(content["text"]))
    elif action == "tags":
        tags = {str(name): None if value is None else str(value) for name, value in content["tags"].items()}
        secrets = run_changes.set_tags(run_ids, tags)
    elif action == "star":
        run_changes.star(run_ids, on=on)
    elif action == "archive":
        run_changes.archive(run_ids, on=on)
    elif action in {"delete", "restore"}:
        (run_changes.delete if action == "delete" else run_changes.restore)(run_ids)
    else:
        raise UsageProblem(f"There is no change {action!r} of runs.")
    runs = "1 run" if len(run_ids) == 1 else f"{len(run_ids)} runs"
    told = {
        "note": "The note is saved.",
        "tags": "The tags are saved.",
        "star": f"{runs} {'starred' if on else 'without a star'}.",
        "archive": f"{runs} {'archived' if on else 'taken out of the archive'}.",
        "delete": f"{runs} deleted.",
        "restore": f"{runs} restored.",
    }[action]
    return f"{told} {secrets} secret{'s' * (secrets != 1)} redacted." if secrets else told


def after(comparison: Comparison, run_ids: Sequence[str], deleted: set[str]) -> Comparison:
    """Return *comparison* with the runs *run_ids* as they are in the store now.

    Those that were deleted stay as they were, and are added to *deleted*; the others are removed from it.
    """

    def read() -> Sequence[Run]:
        client: MlflowClient = connection.connect()
        with refusals.refused_by(tracking_uri.current_uri()):
            found: Sequence[Run] = bulk.named_runs(client, run_ids).runs
        return found

    now = {run.info.run_id: run for run in connection.ask(read)}
    deleted.difference_update(now)
    deleted.update(set(run_ids).difference(now))
    return replace(comparison, runs=[now.get(run.info.run_id, run) for run in comparison.runs])
