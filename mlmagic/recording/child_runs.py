"""Child runs of an open run: trials of a sweep or a search, recorded when they are over, and folds while they run."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from mlmagic._version import __version__
from mlmagic.journal import folder, fsync_thread, owner
from mlmagic.journal.records import Began, Ended, Metric, Param, Tag
from mlmagic.recording.recorder import Recorder
from mlmagic.session.output.figures import FailedFigure
from mlmagic.snapshot.secrets import redaction
from mlmagic.store.delivery.delivery import Delivery
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.keys import slug, unused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mlmagic.journal.records import Record
    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.session.output.figures import Figure

_OF_THE_PARENT = ("mlflow.user", "mlflow.source.name", "mlflow.source.type")


class ChildRun:
    """A child run of *parent*, which began at *started* (ms since 1970).

    `end` hands it to the delivery worker, `open` does so before. Everything that is recorded of it is redacted.
    """

    def __init__(self, parent: ActiveRun, name: str, started: int, tags: Mapping[str, str]) -> None:
        self.uid = uuid.uuid4().hex
        self._parent = parent
        above = parent.delivery.run_id
        own = {"mlmagic.version": __version__, "mlmagic.id": self.uid}
        shared = {key: value for key, value in parent.tags.items() if key in _OF_THE_PARENT}
        nested = {"mlflow.parentRunId": above} if above else {}
        self._journal, where = folder.new()
        if where:
            parent.notices.warn(where)
        began = Began(
            uid=self.uid,
            resumed=False,
            run_id="",
            name=redaction.redact(name)[0],
            store=redaction.redact(parent.delivery.uri)[0],
            experiment=parent.delivery.began.experiment,
            experiment_id=parent.experiment_id,
            parent=parent.uid,
            started=started,
            tags={**shared, **nested, **{key: redaction.redact(text)[0] for key, text in tags.items()}, **own},
            owner=owner.this_process(locks=self._journal.is_locked),
        )
        # Twice, in case one is damaged: without this record nothing of the journal could be delivered.
        self._journal.append(began)
        self._journal.append(began)
        self.delivery = Delivery(self._journal, parent.delivery.uri, began)
        self._is_open = False
        self.recorder = Recorder(self._journal, parent.notices)

    def records(self, records: Iterable[Record]) -> None:
        """Record again what a recorder in another process recorded there."""
        for record in records:
            match record:
                case Param(key, value):
                    self.recorder.param(key, value)
                case Tag(key, value):
                    self.recorder.tag(key, value)
                case Metric():
                    self._journal.append(record)

    @property
    def staging(self) -> Path:
        """The folder of the files that records name, beside the run's journal."""
        return self._journal.staging.make()

    def figures(self, figures: Iterable[Figure | FailedFigure]) -> None:
        """Record figures, each under its own name."""
        taken: set[str] = set()
        for number, figure in enumerate(figures, 1):
            title = self.recorder.name(figure.title, "names of figures")
            if isinstance(figure, FailedFigure):
                self._parent.notices.warn(f"the figure {title or number!r} could not be rendered: {figure.reason}")
                continue
            name = unused(slug(title) or f"figure_{number}", taken)
            self.recorder.data(f"figures/{name}.{figure.extension}", figure.content)

    def open(self) -> None:
        """Hand the run to the delivery worker, which creates it in the store while its code runs."""
        if not self._is_open:
            self._is_open = True
            fsync_thread.watch(self._journal)
            delivery_worker(self.delivery.uri).add(self.delivery)

    def end(self, status: str, at: int) -> None:
        """End the run at the time *at* (ms since 1970), and hand it to the delivery worker."""
        self._journal.append(Ended(status, at))
        self.open()
