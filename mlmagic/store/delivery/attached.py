"""What follows a run's records to the store: its files, its models, and the registrations of its models."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlmagic.journal.records import Copy, File, Model, Part, Registered, Registration, Stored
from mlmagic.journal.staged_files import path_of
from mlmagic.store import experiments
from mlmagic.store.delivery.registrations import Registrations
from mlmagic.store.delivery.uploading import Upload

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.journal.file import Journal
    from mlmagic.store.delivery.registrations import Carried
    from mlmagic.store.delivery.stored_run import StoredRun

STAGED = (File, Part, Copy, Model)
"""The records that have files in the journal's staging folder."""


class Attached:
    """The files, models and registrations that the journal of one run names.

    ``uploaded`` says which of the files and models need no more work, ``registrations`` which models are to be
    registered. *is_own* says that this user recorded the run.
    """

    def __init__(self, journal: Journal, *, is_own: bool) -> None:
        self.registrations = Registrations(journal)
        self.uploaded = Upload(journal, is_own=is_own)
        self._journal = journal
        self._is_own = is_own
        self._files: dict[str, File | Part | Copy] = {}
        self._models: dict[str, Model] = {}
        self._noted: set[str] = set()

    def add(self, record: File | Part | Copy | Model | Registration) -> str | None:
        """Add what a record of the journal names; return a line if it is skipped, as the user has not signed it."""
        if not self._journal.is_own(record):
            what = f"the registration of {record.name!r}" if isinstance(record, Registration) else path_of(record)
            return f"{what} was skipped: its entry in the journal is not signed with your key"
        match record:
            case File() | Part() | Copy():
                self._files[record.digest if isinstance(record, Part) else record.path] = record
            case Model():
                self._models[record.uid] = record
            case Registration():
                self.registrations.note(record)
        return None

    def note_progress(self, record: Stored | Registration | Registered) -> None:
        """Note what waits and what was delivered according to the journal of a dead process."""
        match record:
            case Stored(path):
                self.uploaded.done.add(path)
            case Registered() if self._journal.is_own(record):
                self.registrations.note_progress(record)
            case Registration() if self._journal.is_own(record):
                self.registrations.note(record)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models, as far as the journal was read."""
        return tuple(self._models.values())

    def upload_again(self) -> None:
        """Forget what was uploaded."""
        self.uploaded = Upload(self._journal, is_own=self._is_own)

    def upload(self, client: MlflowClient, run: Run, stored: StoredRun, uri: str, *, again: bool) -> list[str]:
        """Upload files and models as far as that is possible now; return a line for each that is refused for good."""
        location = stored.ask(partial(experiments.location_of, client, run.info.experiment_id))
        self.uploaded.files(list(self._files.values()), run, location, uri)
        if self._models:
            logged = stored.ask(partial(client.get_run, run.info.run_id))
            for model in self._models.values():
                self.uploaded.model(model, client, logged, location, again=again)
        return self.uploaded.newly_refused()

    def register(self, run: Run, uri: str) -> Carried:
        """Carry out the registrations whose models are in the store."""
        return self.registrations.deliver(run, uri, self._model_waits)

    def _model_waits(self, asked: Registration) -> bool:
        model = self._models.get(asked.model_uid)
        return model is not None and not self.uploaded.is_done(model)

    def note_stored(self) -> None:
        """Record in the journal which files are in the store, so that no later process uploads them again."""
        for path in sorted(self.uploaded.done - self._noted):
            self._journal.append(Stored(path))
        self._noted |= self.uploaded.done
