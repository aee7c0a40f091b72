"""Logs a model to a real store, by the way that a tracked cell's models go: saved, staged, published."""

import tempfile
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from mlmagic.journal.file import Journal
from mlmagic.journal.records import Model
from mlmagic.models.saving.save import SavedModel, Skipped, save_model
from mlmagic.store.delivery.uploading import publish


@dataclass(frozen=True)
class LoggedModel(SavedModel):
    model_id: str = ""

    @property
    def uri(self):
        return f"models:/{self.model_id}"


def log_model(model, name, *, client, run_id, **options):
    uid = uuid.uuid4().hex
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.create(Path(folder) / "one.journal")
        saved = save_model(model, name, journal.staging.path / uid, **options)
        if isinstance(saved, Skipped):
            assert not (journal.staging.path / uid).exists()
            return saved
        run = client.get_run(run_id)
        record = Model(uid, saved.name, uid)
        location = client.get_experiment(run.info.experiment_id).artifact_location
        publish(record, journal, client, run, location, again=False)
        publish(record, journal, client, run, location, again=True)  # a delivery that was interrupted
    (entry,) = client.search_logged_models([run.info.experiment_id], f"tags.`mlmagic.id` = '{uid}'")
    return LoggedModel(**asdict(saved), model_id=entry.model_id)


def record_model(model, name, **options):
    """Record *model* on the open run of this thread, as a tracked cell does with what it fits: it is delivered later."""
    from mlmagic.recording import open_runs

    journal, uid = open_runs.on_this_thread().delivery.journal, uuid.uuid4().hex
    saved = save_model(model, name, journal.staging.make() / uid, **options)
    journal.append(Model(uid, saved.name, uid))
    return uid


def track_model(run="forest", *names, value=0):
    """Track a run that records models of these names, by default one; return the run's own id."""
    from sklearn.dummy import DummyClassifier

    import mlmagic
    from mlmagic.recording import open_runs

    with mlmagic.track(run, quiet=True):
        fitted = DummyClassifier(strategy="constant", constant=value).fit([[0], [1]], [0, value])
        for name in names or ("model",):
            record_model(fitted, name, requirements=["numpy"])
        mlmagic.log(accuracy=0.9)
        return open_runs.on_this_thread().uid
