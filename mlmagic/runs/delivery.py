"""Brings one journal to the store: what a live run records while it runs, and what a dead process left behind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mlmagic.errors import MLMagicError, StoreAwayError, StoreError
from mlmagic.journal.records import (
    Bound,
    Closed,
    Copy,
    Dataset,
    Delivered,
    Ended,
    File,
    LeftOut,
    Metric,
    Model,
    Param,
    SetAside,
    Tag,
)
from mlmagic.runs import batches, experiments, queries, store, uploading
from mlmagic.runs.batches import Batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.journal.file import Journal
    from mlmagic.journal.records import Began

T = TypeVar("T")

_PARENT = "mlflow.parentRunId"
_TERMINATED = {"FINISHED", "FAILED", "KILLED"}
_BATCHED = (Param, Metric, Tag, Dataset)
_STAGED = (File, Copy, Model)


class Delivery:
    """What is delivered of one journal, and what is not.

    Delivering twice changes nothing: the run is found by its tag ``mlmagic.id``, metrics keep their time, and how far
    the store has got is written to the journal itself. ``run`` is MLflow's, as it was when it was created or gone on
    with; ``problems`` are what the store refused, a line each; ``held`` is why nothing more can be delivered for now.
    ``keeps_files`` tells that some staged files are only here; ``moved`` is called after each step.
    """

    def __init__(self, journal: Journal, uri: str, began: Began) -> None:
        self.moved: Callable[[], None] = lambda: None
        self.journal = journal
        self.uri = uri
        self.began = began
        self.ended: Ended | None = None
        self.run: Run | None = None
        self.run_id: str | None = began.run_id or None
        self.is_closed = False
        self.held: str | None = None
        self.problems: list[str] = []
        self.damaged = 0
        self.keeps_files = False
        self.was_killed = False
        self._is_dead = False
        self._is_bound = False
        self._attempts = 0
        self._tries_to_finish = 0
        self._files: dict[str, File] = {}
        self._models: dict[str, Model] = {}
        self._own_params: set[str] = set()
        self._own_metrics: set[str] = set()
        self._left_out: LeftOut | None = None
        self._batch = Batch()
        self._read_to = 0
        self._delivered_to = 0

    @classmethod
    def of_dead_process(cls, journal: Journal, uri: str, began: Began) -> Delivery:
        """Return the delivery of what a process left behind; a run that it did not end is ended as killed."""
        delivery = cls(journal, uri, began)
        delivery._is_dead = True
        for line in journal.read():
            match line.record:
                case Bound(run_id):
                    delivery.run_id, delivery._is_bound = run_id, True
                case Delivered(upto):
                    delivery._delivered_to = upto
                case LeftOut() as left_out:
                    delivery._left_out = left_out
                case Ended() as ended:
                    delivery.ended = ended
                case Closed():
                    delivery.is_closed = True
        if delivery.ended is None:
            delivery.was_killed = True
            delivery.ended = Ended("KILLED", int(journal.path.stat().st_mtime * 1000))
        return delivery

    @property
    def waits(self) -> bool:
        """Whether there is something to deliver, now or later."""
        return not self.is_closed and self.held is None

    def waiting(self) -> int:
        """Return how many records of the run wait in the journal."""
        return sum(
            line.end > self._delivered_to if isinstance(line.record, _BATCHED) else isinstance(line.record, _STAGED)
            for line in self.journal.read()
        )

    def total(self) -> int:
        """Return how many records of the run the journal holds, delivered or not."""
        return sum(isinstance(line.record, (*_BATCHED, *_STAGED)) for line in self.journal.read())

    def advance(self, client: MlflowClient) -> None:
        """Deliver what there is, all but the end of the run.

        Raises
        ------
        StoreAwayError
            When the store cannot be reached; what was not delivered stays, for another time.
        """
        try:
            if self.run is None:
                self._bind(client)
            while self._fill():
                self._send(client)
        except StoreAwayError:
            raise
        except MLMagicError as refusal:  # its experiment was deleted meanwhile, or the run itself
            self.held = str(refusal)

    def finish(self, client: MlflowClient) -> None:
        """Deliver files and models of a run that has ended, and end it in the store.

        Raises
        ------
        StoreAwayError
            As for `advance`.
        """
        if self.run is None or self.ended is None or not self.waits:
            return
        run, again = self.run, self._is_dead or self._tries_to_finish > 0
        self._tries_to_finish += 1
        artifacts = store.artifacts(run.info.artifact_uri, self.uri)
        refused = uploading.upload_files(self.journal, list(self._files.values()), artifacts, self._attempt)
        if self._models:
            logged = self._call(lambda: client.get_run(run.info.run_id))
            for model in self._models.values():
                reason = self._attempt(partial(uploading.publish, model, self.journal, client, logged, again=again))
                if reason:
                    where = self.journal.staging / model.folder
                    refused.append(f"the model {model.name!r} could not be logged: {reason}; it is kept in {where}")
        self._set_aside(*refused)
        self.keeps_files = bool(refused)
        if reason := self._attempt(partial(self._end, client, run)):
            self._set_aside(f"the run could not be ended: {reason}")
        self.journal.append(Closed())
        self.is_closed = True

    def _bind(self, client: MlflowClient) -> None:
        """Find the run in the store, or create it."""
        again = self._is_dead or self._attempts > 0 or self.began.resumed
        known = [self.began.experiment_id] if self.began.experiment_id else None
        run_id = self.run_id
        if again and run_id is None:
            found = self._call(partial(queries.by_own_id, client, self.began.uid, known))
            run_id = found.info.run_id if found else None
        self._attempts += 1
        if run_id is None:
            run = self._call(partial(self._create, client))
        else:
            if self.began.resumed and not self._is_bound:
                self._call(partial(client.update_run, run_id, status="RUNNING"))
            run = self._call(partial(client.get_run, run_id))
        self.run_id, self._is_bound = run.info.run_id, True
        self.journal.append(Bound(run.info.run_id, run.info.artifact_uri))
        self.run = run

    def _create(self, client: MlflowClient) -> Run:
        began = self.began
        tags = dict(began.tags)
        if began.parent and _PARENT not in tags and (parent := queries.by_own_id(client, began.parent)):
            tags[_PARENT] = parent.info.run_id
        experiment_id = began.experiment_id or experiments.require(client, began.experiment).experiment_id
        return client.create_run(experiment_id, start_time=began.started, tags=tags, run_name=began.name or None)

    def _fill(self) -> bool:
        """Read on in the journal until there is a batch for the store; tell whether there is one."""
        for line in () if self._batch.is_full else self.journal.read(self._read_to):
            self._read_to = self._batch.end = line.end
            match line.record:
                case None:
                    self.damaged += 1
                case Param() | Metric() | Tag() | Dataset() as record if line.end > self._delivered_to:
                    self._batch.add(record)
                case File() as file:
                    self._files[file.path] = file
                case Model() as model:
                    self._models[model.uid] = model
                case Ended() as ended:
                    self.ended = ended
            if self._batch.is_full:
                break
        return self._batch.count > 0

    def _send(self, client: MlflowClient) -> None:
        batch, run_id = self._batch, str(self.run_id)
        if batch.has_yielding:
            left_out = self._decide(client, run_id)
            batch.leave_out(left_out.params, left_out.metrics)
        self._set_aside(*batches.send(batch, client, run_id, self._attempt))
        self._own_params |= {record.key for record in batch.params}
        self._own_metrics |= {record.key for record in batch.metrics}
        self.journal.append(Delivered(batch.end))
        self._delivered_to = batch.end
        self._batch = Batch(end=batch.end)
        self.moved()

    def _decide(self, client: MlflowClient, run_id: str) -> LeftOut:
        """Find out once, and note, which keys the user's own code logged while the cell could not ask the store."""
        if self._left_out is None:
            data = self._call(partial(client.get_run, run_id)).data
            own = set(data.metrics) if self.began.resumed else self._own_metrics
            self._left_out = LeftOut(sorted(set(data.params) - self._own_params), sorted(set(data.metrics) - own))
            self.journal.append(self._left_out)
        return self._left_out

    def _end(self, client: MlflowClient, run: Run) -> None:
        ended = self.ended
        if ended is None or (self.was_killed and run.info.status in _TERMINATED):
            return
        client.set_terminated(run.info.run_id, ended.status, ended.at)
        if self._attempts > 1 and not self.began.resumed:
            self._delete_twins(client, run)

    def _delete_twins(self, client: MlflowClient, run: Run) -> None:
        """Delete what a stopped server made of a request that we had given up, when it went on."""
        same = f"tags.`mlmagic.id` = '{self.began.uid}'"
        for twin in client.search_runs([run.info.experiment_id], same):
            if twin.info.run_id != run.info.run_id and not twin.data.metrics and not twin.data.params:
                client.delete_run(twin.info.run_id)

    def _set_aside(self, *problems: str) -> None:
        for problem in problems:
            self.problems.append(problem)
            self.journal.append(SetAside(problem))

    def _attempt(self, call: Callable[[], object]) -> str | None:
        """Return None when *call* worked, else why the store refused."""
        try:
            self._call(call)
        except StoreAwayError:
            raise
        except StoreError as refusal:
            return str(refusal.__cause__ or refusal).strip().partition("\n")[0][:300]
        return None

    def _call(self, call: Callable[[], T]) -> T:
        with store.refused_by(self.uri):
            return call()
