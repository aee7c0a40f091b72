"""The next records of a journal that the store can take in one call."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.journal.records import Dataset, Metric, Param, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

    Attempt = Callable[[Callable[[], object]], str | None]

_METRICS_PER_BATCH = 1000
_OTHERS_PER_BATCH = 100


@dataclass
class Batch:
    """Records that go together, and the byte of the journal after the last of them."""

    metrics: list[Metric] = field(default_factory=list)
    params: list[Param] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    datasets: list[Dataset] = field(default_factory=list)
    end: int = 0

    def add(self, record: Metric | Param | Tag | Dataset) -> None:
        """Take one record."""
        match record:
            case Metric():
                self.metrics.append(record)
            case Param():
                self.params.append(record)
            case Tag():
                self.tags.append(record)
            case Dataset():
                self.datasets.append(record)

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self.metrics) + len(self.params) + len(self.tags) + len(self.datasets)

    @property
    def is_full(self) -> bool:
        """Whether the store takes no more in one call."""
        others = max(len(self.params), len(self.tags), len(self.datasets))
        return self.count >= _METRICS_PER_BATCH or others >= _OTHERS_PER_BATCH

    @property
    def has_yielding(self) -> bool:
        """Whether some of it gives way to what the user's code logged."""
        return any(metric.yields for metric in self.metrics) or any(param.yields for param in self.params)

    def leave_out(self, params: Collection[str], metrics: Collection[str]) -> None:
        """Drop what yields and stands under one of these keys."""
        self.params = [record for record in self.params if not (record.yields and record.key in params)]
        self.metrics = [record for record in self.metrics if not (record.yields and record.key in metrics)]


def send(batch: Batch, client: MlflowClient, run_id: str, attempt: Attempt) -> list[str]:
    """Log *batch*; return a line for each record that the store refused.

    *attempt* runs one call and returns why the store refused it, or None; it raises when the store is away. One
    refused record spoils a whole batch: then each is sent by itself, so that the others land.
    """
    problems = []
    if (batch.metrics or batch.params or batch.tags) and attempt(partial(_log, client, run_id, batch)) is not None:
        parts = [
            *((f"param {record.key!r}", Batch(params=[record])) for record in batch.params),
            *((f"tag {record.key!r}", Batch(tags=[record])) for record in batch.tags),
            *((f"metric {key!r}", Batch(metrics=values)) for key, values in _by_key(batch.metrics).items()),
        ]
        for what, part in parts:
            reason = attempt(partial(_log, client, run_id, part))
            problems += [f"{what} was refused: {reason}"] if reason else []
    if batch.datasets and (reason := attempt(partial(_log_inputs, client, run_id, batch.datasets))):
        names = ", ".join(dataset.name for dataset in batch.datasets)
        problems.append(f"the data {names} was refused: {reason}")
    return problems


def _by_key(metrics: list[Metric]) -> dict[str, list[Metric]]:
    by_key: dict[str, list[Metric]] = {}
    for metric in metrics:
        by_key.setdefault(metric.key, []).append(metric)
    return by_key


def _log(client: MlflowClient, run_id: str, batch: Batch) -> None:
    from mlflow import entities

    client.log_batch(
        run_id,
        metrics=[entities.Metric(m.key, m.value, m.timestamp, m.step) for m in batch.metrics],
        params=[entities.Param(p.key, p.value) for p in batch.params],
        tags=[entities.RunTag(t.key, t.value) for t in batch.tags],
    )


def _log_inputs(client: MlflowClient, run_id: str, datasets: list[Dataset]) -> None:
    client.log_inputs(run_id, [to_mlflow(dataset) for dataset in datasets])


def to_mlflow(dataset: Dataset) -> DatasetInput:
    """Return *dataset* as ``MlflowClient.log_inputs`` takes it; its context becomes the tag ``mlflow.data.context``."""
    from mlflow import entities

    stored = entities.Dataset(
        name=dataset.name,
        digest=dataset.digest,
        source_type=dataset.source_type,
        source=dataset.source,
        schema=dataset.schema or None,
        profile=dataset.profile,
    )
    return entities.DatasetInput(stored, [entities.InputTag("mlflow.data.context", dataset.context)])
