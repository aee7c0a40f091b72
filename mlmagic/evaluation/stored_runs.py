"""Record something more on a run that has ended: through a journal of its own, as a continued run's cell has one."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.journal import fsync_thread
from mlmagic.journal.records import Ended
from mlmagic.recording import open_runs
from mlmagic.recording.notices import Notices
from mlmagic.recording.recorder import Recorder
from mlmagic.store import connection, experiments, tracking_uri
from mlmagic.store.artifact_reading import place_of
from mlmagic.store.delivery import additions
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.query import queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.store.delivery.delivery import Delivery

_ENDED = ("FINISHED", "FAILED", "KILLED")
_LARGEST_FILE = 20_000_000


@dataclass(eq=False)
class StoredRunRecorder:
    """Records to the run *stored*; ``figure_names`` are the names of its figures."""

    stored: Run
    recorder: Recorder
    notices: Notices
    figure_names: set[str]
    delivery: Delivery

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.stored.info.run_name)

    @property
    def data(self) -> set[str]:
        """The digests of the data that the run holds."""
        return {str(one.dataset.digest) for one in (self.stored.inputs.dataset_inputs if self.stored.inputs else ())}

    def text(self, path: str) -> str:
        """Return a text artifact that the run has, or an empty text."""
        place = place_of(self.stored.info.run_id, self.stored.info.artifact_uri)

        def read() -> str:
            has = path in {file.path for file in place.files(path.rpartition("/")[0])}
            return place.read(path, _LARGEST_FILE).decode("utf-8", "replace") if has else ""

        return connection.ask(read)


@contextlib.contextmanager
def recording_on(reference: str) -> Iterator[StoredRunRecorder]:
    """Record on the run with this id or name; at the end, deliver what was recorded as far as the store answers.

    Status, start and end of the run stay as they are. What the store does not take now waits in the journal; the
    notices say so.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    UsageProblem
        It has not ended.
    """
    stored = queries.find_run(reference)
    name = str(stored.info.run_name)
    if stored.info.run_id in open_runs.open_ids():
        raise UsageProblem(f"the run {name!r} is open now: within it, leave run= out, and it is recorded there")
    if stored.info.status not in _ENDED:
        raise UsageProblem(f"the run {name!r} has not ended ({stored.info.status}): record on it when it has")
    uri = tracking_uri.current_uri()
    names, steps, figures = connection.ask(partial(_held, connection.connect(), stored))
    notices = Notices()
    delivery, where = additions.begin(
        uri,
        uid=stored.data.tags.get("mlmagic.id") or uuid.uuid4().hex,
        run_id=stored.info.run_id,
        name=name,
        experiment=names,
        experiment_id=stored.info.experiment_id,
    )
    journal = delivery.journal
    if where:
        notices.warn(where)
    recorder = Recorder(journal, notices)
    recorder.knows(stored.data.params, steps)
    try:
        yield StoredRunRecorder(stored, recorder, notices, figures, delivery)
    finally:
        journal.append(Ended(stored.info.status, stored.info.end_time or delivery.began.started))
        fsync_thread.watch(journal)
        _deliver(delivery, notices)


def _held(client: MlflowClient, stored: Run) -> tuple[str, dict[str, int], set[str]]:
    """Return the name of the run's experiment, the last step of each metric, and the names of the figures."""
    steps = {}
    for name in stored.data.metrics:
        points = client.get_metric_history(stored.info.run_id, name)
        steps[name] = max((point.step for point in points if isinstance(point.step, int)), default=0)
    files = place_of(stored.info.run_id, stored.info.artifact_uri).files("figures")
    figures = {file.path.rpartition("/")[2].rpartition(".")[0] for file in files}
    return experiments.name_of(client, stored.info.experiment_id), steps, figures


def _deliver(delivery: Delivery, notices: Notices) -> None:
    worker = delivery_worker(delivery.uri)
    worker.add(delivery)
    done = worker.wait(lambda: delivery.is_closed or delivery.held is not None, connection.wait_budget())
    for problem in delivery.report()[0]:
        notices.warn(problem)
    if delivery.held or not done:
        why = delivery.held or worker.away or connection.obstacle(delivery.uri)
        notices.warn(f"not in the store yet ({why}): it is delivered when the store answers, or by %mlmagic sync")
