"""The sink that writes a run's records to MLflow, in batches."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.runs import mlflow_runs, store
from mlmagic.runs.records import Dataset, File, FileCopy, Metric, Param, Record, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlflow import MlflowClient

    from mlmagic.runs.summary import Status

_METRICS_PER_BATCH = 1000
_OTHERS_PER_BATCH = 100
_FLUSH_EVERY_S = 1.0


class MlflowSink:
    """Keeps records for up to a second, or a thousand of them, and then logs them in one batch.

    Files are gathered in a temporary folder and uploaded together when the run is closed.
    """

    def __init__(self, client: MlflowClient, run_id: str, artifact_uri: str) -> None:
        self._client = client
        self.artifact_uri = artifact_uri
        self._run_id = run_id
        self._params: list[Param] = []
        self._metrics: list[Metric] = []
        self._tags: list[Tag] = []
        self._datasets: list[Dataset] = []
        self._problems: list[str] = []
        self._refused = False
        self._stage: Path | None = None
        self._flushed = time.monotonic()
        self._lock = threading.RLock()

    def write(self, record: Record) -> None:
        """Take one record; a batch is sent when it is due. A store that refuses is asked again at the end."""
        with self._lock:
            match record:
                case Param():
                    self._params.append(record)
                case Metric():
                    self._metrics.append(record)
                case Tag():
                    self._tags.append(record)
                case File():
                    problem = self._try(partial(self._put, record))
                    if problem:
                        self._problems.append(f"{record.path} could not be kept: {problem}")
                case FileCopy():
                    self._copy(record)
                case Dataset():
                    self._datasets.append(record)
            due = time.monotonic() - self._flushed > _FLUSH_EVERY_S or len(self._metrics) >= _METRICS_PER_BATCH
            if due and not self._refused:
                self._send_due()

    def _put(self, file: File) -> None:
        if self._stage is None:
            self._stage = Path(tempfile.mkdtemp(prefix="mlmagic-"))
        path = self._stage / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)

    def flush(self) -> list[str]:
        """Send all records and files; return what the store refused, one line each."""
        with self._lock:
            return [*self._send_batches(), *self._send_datasets(), *self._send_files()]

    def _send_datasets(self) -> list[str]:
        if not self._datasets:
            return []
        problem = self._try(partial(self._log_inputs, self._datasets))
        names = ", ".join(dataset.name for dataset in self._datasets)
        self._datasets = []
        return [f"the data {names} was refused: {problem}"] if problem else []

    def _log_inputs(self, datasets: Sequence[Dataset]) -> None:
        from mlflow import entities

        inputs = [
            entities.DatasetInput(
                entities.Dataset(d.name, d.digest, d.source_type, d.source, d.schema or None, d.profile),
                [entities.InputTag("mlflow.data.context", d.context)],
            )
            for d in datasets
        ]
        self._client.log_inputs(self._run_id, inputs)

    def close(self, status: Status) -> list[str]:
        """Send all, and end the run with *status* even when something was refused."""
        problems: list[str] = []
        try:
            problems += self.flush()
        finally:
            problem = self._try(partial(mlflow_runs.end, self._client, self._run_id, status))
            if problem:
                problems.append(f"the run could not be ended: {problem}")
        return problems

    def _send_due(self) -> None:
        """Send what has gathered; after a refusal all is kept until the end, when it is found out what was refused."""
        self._flushed = time.monotonic()
        while any(batch := self._batch()):
            if self._try(partial(self._log, *batch)) is not None:
                self._refused = True
                return
            self._done(batch)

    def _send_batches(self) -> list[str]:
        problems: list[str] = []
        self._flushed = time.monotonic()
        while any(batch := self._batch()):
            metrics, params, tags = batch
            if self._try(partial(self._log, *batch)) is not None:
                # One refused record spoils a whole batch: find it, so that the others land.
                others: list[Param | Tag] = [*params, *tags]
                for record in others:
                    problem = self._try(partial(self._log_one, record))
                    if problem:
                        problems.append(f"{type(record).__name__.lower()} {record.key!r} was refused: {problem}")
                problem = self._try(partial(self._log, metrics, [], [])) if metrics else None
                if problem:
                    problems.append(f"{len(metrics)} metric values were refused: {problem}")
            self._done(batch)
        self._refused = False
        return problems

    def _batch(self) -> tuple[list[Metric], list[Param], list[Tag]]:
        params, tags = self._params[:_OTHERS_PER_BATCH], self._tags[:_OTHERS_PER_BATCH]
        return self._metrics[: _METRICS_PER_BATCH - len(params) - len(tags)], params, tags

    def _done(self, batch: tuple[list[Metric], list[Param], list[Tag]]) -> None:
        """Let go of what was dealt with: only now, so that an interrupt while it was sent loses nothing."""
        metrics, params, tags = batch
        del self._metrics[: len(metrics)], self._params[: len(params)], self._tags[: len(tags)]

    def _log(self, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[Tag]) -> None:
        from mlflow import entities

        self._client.log_batch(
            self._run_id,
            metrics=[entities.Metric(m.key, m.value, m.timestamp, m.step) for m in metrics],
            params=[entities.Param(p.key, p.value) for p in params],
            tags=[entities.RunTag(t.key, t.value) for t in tags],
        )

    def _log_one(self, record: Param | Tag) -> None:
        if isinstance(record, Param):
            self._log([], [record], [])
        else:
            self._log([], [], [record])

    def _send_files(self) -> list[str]:
        problems = []
        if self._stage is not None:
            stage, self._stage = self._stage, None
            problem = self._try(lambda: store.artifacts(self.artifact_uri).log_artifacts(str(stage)))
            if problem:
                problems.append(f"the artifacts could not be stored ({problem}); they lie in {stage}")
            else:
                shutil.rmtree(stage, ignore_errors=True)
        problems += self._problems
        self._problems.clear()
        return problems

    def _copy(self, copy: FileCopy) -> None:
        """Upload at once: the user may delete the file before the run ends."""

        def upload() -> None:
            artifacts = store.artifacts(self.artifact_uri)
            send = artifacts.log_artifacts if Path(copy.source).is_dir() else artifacts.log_artifact
            send(copy.source, copy.folder or None)

        problem = self._try(upload)
        if problem:
            self._problems.append(f"the artifact {copy.source!r} could not be stored: {problem}")

    @staticmethod
    def _try(send: Callable[[], None]) -> str | None:
        """Return None when *send* worked, else the reason in one line: a store's refusal must not reach the cell."""
        try:
            send()
        except Exception as error:  # noqa: BLE001  # every store raises its own kinds
            return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        return None
