"""The run of a journal in the store: create it, find it again, detect that it is gone, ask the store about it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mlmagic.errors import StoreAwayError
from mlmagic.journal.records import KEEPS_STATUS, SHARED
from mlmagic.snapshot.secrets import cuts
from mlmagic.store import experiments, outage, refusals, shared_parts
from mlmagic.store.outage import Verdict
from mlmagic.store.query import durations, queries
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.journal.records import Began, Ended

T = TypeVar("T")

_TERMINATED = {"FINISHED", "FAILED", "KILLED"}
_PARENT = "mlflow.parentRunId"


class StoredRun:
    """The run of one journal, as far as the store has it.

    ``id`` is the run's id, or None while no store has given it one; ``is_bound`` is whether a delivery has found or
    created the run; ``attempts`` counts the searches for it. ``keeps_status`` says that the journal only adds to a run
    that has ended.
    """

    def __init__(self, uri: str, began: Began) -> None:
        self.id: str | None = began.run_id or None
        self.is_bound = False
        self.attempts = 0
        self.keeps_status = began.resumed and KEEPS_STATUS in began.tags
        self._is_new = False
        self._is_reopened = False
        self._uri = uri
        self._began = began
        self._was_gone = False
        self._is_seen = False

    def look_again(self) -> None:
        """Forget that the store has answered for this run: a new attempt to deliver begins."""
        self._is_seen = False

    def bind(self, run_id: str) -> None:
        """Note the id of the run that was found or created."""
        self.id, self.is_bound = run_id, True

    def find_or_create(self, client: MlflowClient, *, again: bool) -> Run:
        """Return the run, created if the store does not have it; *again* if it may have been created before."""
        began, run_id = self._began, self.id
        known = [began.experiment_id] if began.experiment_id and not self._was_gone else None
        if run_id is None and (again or self.attempts > 0):
            found = self.ask(partial(queries.by_own_id, client, began.uid, known))
            run_id = found.info.run_id if found else None
        self.attempts += 1
        if run_id is None:
            run = self.ask(partial(create, client, began))
            self._is_new = True
        else:
            run = self._require(client, run_id)
            if began.resumed and not self.keeps_status and not self.is_bound:
                self.ask(partial(client.update_run, run_id, status="RUNNING"))
                self._is_reopened = True
        self.bind(run.info.run_id)
        return run

    def end(
        self, client: MlflowClient, run: Run, ended: Ended, *, was_killed: bool, seconds_before: float | None
    ) -> None:
        """Give the run its status and its end, unless its status is to stay as it is.

        *was_killed* says that its process did not end it, *seconds_before* how long its earlier cells ran.
        """
        if self.keeps_status and not self._is_new:
            return
        if was_killed and run.info.status in _TERMINATED and not self._is_reopened:  # the user's code has ended it
            return
        if seconds_before is not None:
            seconds = seconds_before + max(0, ended.at - self._began.started) / 1000
            client.set_tag(run.info.run_id, durations.TAG, durations.tag(seconds).value)
        client.set_terminated(run.info.run_id, ended.status, ended.at)
        if self.attempts > 1 and not self._began.resumed:
            delete_twins(client, run, self._began.uid)

    def forget_if_gone(self, client: MlflowClient) -> bool:
        """Return whether the store has lost the run; if so, the next `find_or_create` creates another one."""
        if self.id is None:
            return False
        try:
            self._require(client, self.id)
        except StoreAwayError as away:
            if not away.is_gone:
                raise
        else:
            return False
        self.id, self.is_bound, self._was_gone = None, False, True
        self.attempts += 1  # another journal of the run may have created it, in a new experiment
        experiments.forget()
        shared_parts.forget()
        return True

    def attempt(self, client: MlflowClient, call: Callable[[], object]) -> str | None:
        """Return None if *call* succeeds, else why MLflow refused it for good.

        Raises
        ------
        StoreAwayError
            When it may work another time; with ``is_gone`` when the run is not there.
        """
        try:
            call()
        except Exception as error:
            verdict = outage.judge(error)
            if verdict in {Verdict.REFUSED, Verdict.GONE} and not self._is_seen:
                self._require(client, str(self.id))
            if verdict is not Verdict.REFUSED:
                raise refusals.away(error, self._uri) from error
            return cuts.first_line(outage.first_line(error), 300)
        answered()
        return None

    def ask(self, call: Callable[[], T]) -> T:
        """Return what the store answers to *call*; its errors are raised as `refusals.refused_by` has them."""
        with refusals.refused_by(self._uri):
            found = call()
        answered()
        return found

    def _require(self, client: MlflowClient, run_id: str) -> Run:
        run = require(client, self._uri, self._began, run_id)
        self._is_seen = True
        return run


def create(client: MlflowClient, began: Began) -> Run:
    """Create the run that *began*; if its experiment's id is not in the store, use the experiment of that name."""
    from mlflow.exceptions import MlflowException

    tags = {key: value for key, value in began.tags.items() if key not in {KEEPS_STATUS, SHARED}} | {
        "mlmagic.id": began.uid
    }
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
