"""Deliver one journal to the store: that of a live run while it records, or that of a dead process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError, StoreAwayError
from mlmagic.journal import foreign
from mlmagic.journal.records import (
    Bound,
    Closed,
    Copy,
    Dataset,
    Delivered,
    Ended,
    File,
    Metric,
    Model,
    Param,
    Part,
    Registered,
    Registration,
    Rejected,
    Stored,
    Tag,
    UserKeys,
)
from mlmagic.journal.schema import storable
from mlmagic.store.delivery import batches
from mlmagic.store.delivery.attached import STAGED, Attached
from mlmagic.store.delivery.batches import Batch
from mlmagic.store.delivery.pausing import Pause
from mlmagic.store.delivery.stored_run import StoredRun
from mlmagic.store.query import durations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.journal.file import Journal
    from mlmagic.journal.records import Began

_BATCHED = (Param, Metric, Tag, Dataset)


class Delivery:
    """The delivery of one journal: what the store has, and what it does not have yet.

    Delivery is idempotent: the run is found by its tag ``mlmagic.id``, metrics keep their timestamps, and the journal
    itself records how far the store has got. ``run`` is MLflow's run as of its creation or continuation; ``problems``
    has a line for each refusal by the store, ``outcomes`` one for each registration of a model. ``held`` is why the
    last attempt stopped, and ``is_refused`` whether MLflow refused for good; the attempt is retried after a pause.
    ``anew`` requests a new run in place of one that the store no longer has. ``moved`` is called after each step.
    """

    def __init__(self, journal: Journal, uri: str, began: Began) -> None:
        self.moved: Callable[[], None] = lambda: None
        self.journal = journal
        self.uri = uri
        self.began = began = storable(began)  # as the journal has it
        self.ended: Ended | None = None
        self.is_closed = False
        self.held: str | None = None
        self.is_refused = False
        self.anew = False
        self.problems: list[str] = []
        self.outcomes: list[str] = []
        self.damaged = 0
        self._reported = (0, 0)
        self.was_killed = False
        self._seconds_before: float | None = None
        self._is_dead = False
        self._tries_to_finish = 0
        self._pause = Pause(share=0.1)
        self._closing = threading.Lock()
        self._stored = StoredRun(uri, began)
        self._begin()

    def _begin(self) -> None:
        """Start with the journal's first record: nothing of the journal is in the store."""
        self.run: Run | None = None
        self._is_over = False
        self._attached = Attached(self.journal, is_own=foreign.TAG not in self.began.tags)
        self._own_params: set[str] = set()
        self._own_metrics: set[str] = set()
        self._left_out: UserKeys | None = None
        self._batch = Batch()
        self._waits: list[tuple[Batch, str]] = []
        self._read_to = 0
        self._delivered_to = 0

    @classmethod
    def of_dead_process(cls, journal: Journal, uri: str, began: Began) -> Delivery:
        """Return the delivery of a dead process's journal; a run that the process did not end is ended as killed."""
        delivery = cls(journal, uri, began)
        delivery._is_dead = True
        seconds = None
        for line in journal.read():
            match line.record:
                case Bound(run_id):
                    if delivery._stored.is_bound and run_id != delivery.run_id:  # the run was created again
                        delivery._begin()
                    delivery._stored.bind(run_id)
                case Delivered(upto):
                    delivery._delivered_to = upto
                case Tag(durations.TAG, value):
                    seconds = durations.seconds(value)
                case Stored() | Registration() | Registered() as progress:
                    delivery._attached.note_progress(progress)
                case UserKeys() as left_out:
                    delivery._left_out = left_out
                case Ended() as ended:
                    delivery.ended = ended
                case Closed():
                    delivery.is_closed = True
                case record if isinstance(record, (*_BATCHED, *STAGED)):
                    delivery.is_closed = False  # its process continued after the run was closed
        if delivery.ended is None:
            delivery.was_killed = True
            delivery.ended = Ended("KILLED", int(journal.path.stat().st_mtime * 1000))
            delivery._seconds_before = seconds
        return delivery

    @property
    def run_id(self) -> str | None:
        """The run's id, or None while no store has given it one."""
        return self._stored.id

    @property
    def keeps_status(self) -> bool:
        """Whether the journal only adds to a run that has ended."""
        return self._stored.keeps_status

    @property
    def waits(self) -> bool:
        """Whether there is something to deliver, and the pause after the last attempt is over."""
        return not self.is_closed and (self.held is None or self._pause.is_over)

    @property
    def models(self) -> tuple[Model, ...]:
        """The run's models, as far as the journal was read; all of them when it is closed."""
        return self._attached.models

    def has_stored(self, model: Model) -> bool:
        """Return whether a model of the run needs no more work: it is in the store, or was refused for good."""
        return self.is_closed or self._attached.uploaded.is_done(model)

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """The registrations that wait."""
        return tuple(self._attached.registrations.waiting.values())

    @property
    def keeps_files(self) -> bool:
        """Whether some staged files exist only here because the store refused them."""
        return bool(self._attached.uploaded.refused)

    def report(self) -> tuple[list[str], list[str]]:
        """Return ``problems`` and ``outcomes``, for the user to see."""
        problems, outcomes = list(self.problems), list(self.outcomes)
        self._reported = len(problems), len(outcomes)
        return problems, outcomes

    def unreported(self) -> tuple[list[str], list[str]]:
        """Return what `report` would add to what it returned before, and count it as returned."""
        before = self._reported
        problems, outcomes = self.report()
        return problems[before[0] :], outcomes[before[1] :]

    def waiting(self) -> int:
        """Return how many of the run's records wait in the journal."""
        return (
            len(self.registrations)
            + sum(batch.count for batch, _ in self._waits)
            + sum(
                line.end > self._delivered_to
                if isinstance(line.record, _BATCHED)
                else isinstance(line.record, STAGED) and not self._attached.uploaded.is_done(line.record)
                for line in self.journal.read()
            )
        )

    def total(self) -> int:
        """Return how many records the run's journal has, delivered or not."""
        return sum(isinstance(line.record, (*_BATCHED, *STAGED)) for line in self.journal.read())

    def hold(self, reason: str, *, is_refused: bool = False, pause_s: float = 0.0) -> None:
        """Note why nothing more can be delivered now; the delivery is retried after a pause, which grows each time."""
        self.held, self.is_refused = reason, is_refused
        self._pause.begin(pause_s)

    def register(self, asked: Registration, *, version: int | None = None) -> bool:
        """Record a registration in the journal; return False if the journal was closed meanwhile.

        *version* is the version if it is created already, and only its alias is to be set.
        """
        with self._closing:
            if self.is_closed:
                return False
            self.journal.append(asked)
            self._attached.registrations.note(asked)
            if version is not None:
                self._attached.registrations.note_created(asked.id, version)
        self.journal.sync()
        return True

    def advance(self, client: MlflowClient) -> None:
        """Deliver all available records, except the end of the run.

        Raises
        ------
        StoreAwayError
            When the store cannot be reached; what was not delivered stays, for another time.
        """
        with self._holding():
            if self.anew:
                if self._stored.forget_if_gone(client):
                    self._begin()
                self.anew = False
            if self.run is None:
                self._bind(client)
            while self._fill():
                self._send(client)
            if self.ended is None:
                self.held = None

    def finish(self, client: MlflowClient) -> None:
        """Deliver the files and models of an ended run, and end the run in the store.

        What the store does not accept now waits, and the journal stays open until it does. Raises as `advance` does.
        """
        if self.run is None or self.ended is None or not self.waits:
            return
        with self._holding():
            self._finish(client, self.run, self.ended)

    def _finish(self, client: MlflowClient, run: Run, ended: Ended) -> None:
        again = self._is_dead or self._tries_to_finish > 0
        self._tries_to_finish += 1
        for _ in range(len(self._waits)):
            self._take(self._log(client, self._waits[0][0]))
            del self._waits[0]
        self._set_aside(*self._attached.upload(client, run, self._stored, self.uri, again=again))
        if not self._is_over:
            killed, seconds = self.was_killed, self._seconds_before
            end = partial(self._stored.end, client, run, ended, was_killed=killed, seconds_before=seconds)
            if reason := self._stored.attempt(client, end):
                self._set_aside(f"the run could not be ended: {reason}")
            self._is_over = True
        registered = self._attached.register(run, self.uri)
        self.outcomes += registered.outcomes
        self._set_aside(*registered.refused)
        held = [f"{batch.named()} waits: {reason}" for batch, reason in self._waits[:1]]
        held += filter(None, [self._attached.uploaded.waiting(), registered.waits])
        if held:
            self._attached.note_stored()
            self.hold(". ".join(held))
        with self._closing:
            if not held and not self.registrations:  # none was added at this moment
                self.journal.append(Closed())
                self.is_closed, self.held = True, None

    @contextmanager
    def _holding(self) -> Iterator[None]:
        """Hold only this delivery if the error concerns only this run."""
        self._pause.attempt()
        self._stored.look_again()
        try:
            yield
        except StoreAwayError as away:
            if away.is_from_elsewhere and self._delivered_to:
                self._deliver_again()
            if not away.only_this:
                raise
            where = f" (to drop it, delete {self.journal.path})" if away.is_gone else ""
            self.hold(f"{away}{where}", pause_s=away.wait_s)
        except MLMagicError as refusal:  # its experiment was deleted meanwhile
            self.hold(str(refusal), is_refused=True)

    def _deliver_again(self) -> None:
        """Start again with all records: the answers that told of their success may have been of no MLflow server."""
        self._attached.upload_again()
        self._batch = Batch()
        self._read_to = self._delivered_to = self.damaged = 0
        self.journal.append(Delivered(0))

    def _bind(self, client: MlflowClient) -> None:
        """Find the run in the store, or create it."""
        run = self._stored.find_or_create(client, again=self._is_dead or self.began.resumed)
        self.journal.append(Bound(run.info.run_id, run.info.artifact_uri))
        self.run = run

    def _fill(self) -> bool:
        """Read the journal until a batch is full or the journal ends; return whether there is a batch to send."""
        for line in () if self._batch.is_full else self.journal.read(self._read_to):
            self._read_to = self._batch.end = line.end
            match line.record:
                case None:
                    self.damaged += 1
                case Param() | Metric() | Tag() | Dataset() as record if line.end > self._delivered_to:
                    self._batch.add(record)
                case File() | Part() | Copy() | Model() | Registration() as attached:
                    if skipped := self._attached.add(attached):
                        self._set_aside(skipped)
                case Ended() as ended:
                    self.ended = ended
            if self._batch.is_full:
                break
        return self._batch.count > 0

    def _send(self, client: MlflowClient) -> None:
        batch = self._batch
        if batch.has_yielding:
            left_out = self._decide(client, str(self.run_id))
            batch.leave_out(left_out.params, left_out.metrics)
        self._take(self._log(client, batch))
        self._own_params |= {record.key for record in batch.params}
        self._own_metrics |= {record.key for record in batch.metrics}
        if not self._waits:  # after a restart, waiting records and all that follow are sent again
            self.journal.append(Delivered(batch.end))
        self._delivered_to = batch.end
        self._batch = Batch(end=batch.end)
        self._pause.end()
        self.moved()

    def _log(self, client: MlflowClient, batch: Batch) -> batches.Sent:
        own_id = Tag("mlmagic.id", self.began.uid)
        return batches.send(batch, client, str(self.run_id), partial(self._stored.attempt, client), own_id)

    def _take(self, sent: batches.Sent) -> None:
        self._set_aside(*sent.refused)
        self._waits += sent.waits

    def _decide(self, client: MlflowClient, run_id: str) -> UserKeys:
        """Find out and record once which keys the user's own code logged while the cell could not query the store."""
        if self._left_out is None:
            data = self._stored.ask(partial(client.get_run, run_id)).data
            own = set(data.metrics) if self.began.resumed else self._own_metrics
            self._left_out = UserKeys(sorted(set(data.params) - self._own_params), sorted(set(data.metrics) - own))
            self.journal.append(self._left_out)
        return self._left_out

    def _set_aside(self, *problems: str) -> None:
        for problem in problems:
            self.problems.append(problem)
            self.journal.append(Rejected(problem))
