"""The run of a journal in the store: create it, find it again, detect that it is gone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import StoreAwayError
from mlmagic.store import experiments, outage, refusals, shared_parts
from mlmagic.store.outage import Verdict
from mlmagic.store.query import queries

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.journal.records import Began

_PARENT = "mlflow.parentRunId"


def create(client: MlflowClient, began: Began) -> Run:
    """Create the run that *began*; if its experiment's id is not in the store, use the experiment of that name."""
    from mlflow.exceptions import MlflowException

    tags = dict(began.tags) | {"mlmagic.id": began.uid}
    if began.parent and _PARENT not in tags and (parent := queries.by_own_id(client, began.parent)):
        tags[_PARENT] = parent.info.run_id
    new = partial(client.create_run, start_time=began.started, tags=tags, run_name=began.name or None)
    if began.experiment_id:
        try:
            return new(began.experiment_id)
        except MlflowException as error:
            if not began.experiment or outage.judge(error) is not Verdict.GONE:
                raise
            experiments.forget()  # the store has been replaced
            shared_parts.forget()
    return new(experiments.require(client, began.experiment).experiment_id)


def require(client: MlflowClient, uri: str, began: Began, run_id: str) -> Run:
    """Return the run as the store has it now; a deleted run accepts nothing, but may be restored.

    Raises
    ------
    StoreAwayError
        With ``is_gone`` when the run is not there, or was deleted.
    """
    try:
        with refusals.refused_by(uri):
            run = client.get_run(run_id)
    except StoreAwayError as away:
        if not away.is_gone:
            raise
        raise _gone(began, run_id, "is not in the store any more") from away
    if run.info.lifecycle_stage == "deleted":
        raise _gone(began, run_id, "was deleted")
    own_id = run.data.tags.get("mlmagic.id")
    # A continued run of plain MLflow has no such tag; the journal's first record names the run, and is signed.
    if own_id != began.uid and not (own_id is None and run_id == began.run_id):
        raise StoreAwayError(
            f"the run {began.name!r} was not delivered: the store has another run under its id {run_id}",
            only_this=True,
        )
    return run


def _gone(began: Began, run_id: str, what: str) -> StoreAwayError:
    return StoreAwayError(
        f"the run {began.name!r} {what}: restore it (!mlflow runs restore --run-id {run_id}), "
        "or have it made anew: %mlmagic sync --anew",
        only_this=True,
        is_gone=True,
    )


def delete_twins(client: MlflowClient, run: Run, uid: str) -> None:
    """Delete empty duplicates of the run: a stalled server created them from a request that had timed out."""
    for twin in client.search_runs([run.info.experiment_id], f"tags.`mlmagic.id` = '{uid}'"):
        if twin.info.run_id != run.info.run_id and not twin.data.metrics and not twin.data.params:
            client.delete_run(twin.info.run_id)
