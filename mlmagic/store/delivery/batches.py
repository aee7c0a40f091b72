"""Collect the next records of a journal that the store accepts in one call.

A batch that the store rejects is split in halves, down to single records. If the store did not clearly refuse it, a
small request first checks that anything gets through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import StoreAwayError
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
    """Records that are sent together, and the offset in the journal after the last of them."""

    metrics: list[Metric] = field(default_factory=list)
    params: list[Param] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    datasets: list[Dataset] = field(default_factory=list)
    end: int = 0

    def add(self, record: Metric | Param | Tag | Dataset) -> None:
        """Add a record."""
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
        """Whether the store accepts no more records in one call."""
        others = max(len(self.params), len(self.tags), len(self.datasets))
        return self.count >= _METRICS_PER_BATCH or others >= _OTHERS_PER_BATCH

    @property
    def has_yielding(self) -> bool:
        """Whether some records give way to what the user's code logged."""
        return any(metric.yields for metric in self.metrics) or any(param.yields for param in self.params)

    def leave_out(self, params: Collection[str], metrics: Collection[str]) -> None:
        """Drop the records that give way and have one of these keys."""
        self.params = [record for record in self.params if not (record.yields and record.key in params)]
        self.metrics = [record for record in self.metrics if not (record.yields and record.key in metrics)]

    def halves(self, *, same_metric: bool) -> list[Batch]:
        """Return two parts that make up this batch, or an empty list if it is a single record.

        The values of one metric stay together, unless nothing else is left and *same_metric* allows splitting them.
        """
        parts = [
            *(Batch(params=[record]) for record in self.params),
            *(Batch(tags=[record]) for record in self.tags),
            *(Batch(metrics=values) for values in _by_key(self.metrics).values()),
            *(Batch(datasets=[record]) for record in self.datasets),
        ]
        if len(parts) == 1 and same_metric:
            parts = [Batch(metrics=[value]) for value in self.metrics]
        middle = len(parts) // 2
        return [_joined(parts[:middle]), _joined(parts[middle:])] if middle else []

    def named(self) -> str:
        """Return the kind and the key of the first record.

        >>> Batch(params=[Param("lr", "0.1")]).named()
        "param 'lr'"
        """
        keyed = [
            *(f"param {record.key!r}" for record in self.params),
            *(f"tag {record.key!r}" for record in self.tags),
            *(f"metric {record.key!r}" for record in self.metrics),
            *(f"the data {record.name}" for record in self.datasets),
        ]
        return keyed[0]


def _joined(parts: list[Batch]) -> Batch:
    return Batch(
        [record for part in parts for record in part.metrics],
        [record for part in parts for record in part.params],
        [record for part in parts for record in part.tags],
        [record for part in parts for record in part.datasets],
    )


@dataclass
class Sent:
    """The outcome of a batch: a line for each record that the store *refused*, and each part that *waits*, with why."""

    refused: list[str] = field(default_factory=list)
    waits: list[tuple[Batch, str]] = field(default_factory=list)
    _is_probed: bool = False

    def probe(self, probe: Callable[[], object], attempt: Attempt, away: StoreAwayError) -> None:
        """Raise *away* unless *probe*, a small request that can only succeed, gets through; then parts may as well."""
        if not self._is_probed and attempt(probe) is not None:
            raise away
        self._is_probed = True


def send(batch: Batch, client: MlflowClient, run_id: str, attempt: Attempt, own_id: Tag) -> Sent:
    """Log *batch*; if the store rejects it, log it in parts, so that all that the store accepts is stored.

    *attempt* makes one call and returns why the store refused it, or None. *own_id* is a tag that the run already has.

    Raises
    ------
    StoreAwayError
        When the store takes nothing now.
    """
    sent = Sent()
    probe = partial(_log, client, run_id, Batch(tags=[own_id]))
    parts = [Batch(batch.metrics, batch.params, batch.tags), Batch(datasets=batch.datasets)]
    for part in parts:
        if part.count:
            log = _log_inputs if part.datasets else _log
            _send(part, partial(log, client, run_id), attempt, probe, sent)
    return sent


def _send(
    part: Batch, log: Callable[[Batch], object], attempt: Attempt, probe: Callable[[], object], sent: Sent
) -> None:
    too_large = waits = False
    try:
        reason = attempt(partial(log, part))
    except StoreAwayError as away:
        if not away.only_this:
            raise
        sent.probe(probe, attempt, away)
        reason, too_large, waits = str(away), away.too_large, not away.too_large
    if reason is None:
        return
    if halves := part.halves(same_metric=too_large):
        for half in halves:
            _send(half, log, attempt, probe, sent)
    elif waits:
        sent.waits.append((part, reason))
    else:
        sent.refused.append(f"{part.named()} was refused: {reason}")


def _log(client: MlflowClient, run_id: str, batch: Batch) -> None:
    from mlflow import entities

    client.log_batch(
        run_id,
        metrics=[entities.Metric(m.key, m.value, m.timestamp, m.step) for m in batch.metrics],
        params=[entities.Param(p.key, p.value) for p in batch.params],
        tags=[entities.RunTag(t.key, t.value) for t in batch.tags],
    )


def _log_inputs(client: MlflowClient, run_id: str, batch: Batch) -> None:
    client.log_inputs(run_id, [to_mlflow(dataset) for dataset in batch.datasets])


def _by_key(metrics: list[Metric]) -> dict[str, list[Metric]]:
    by_key: dict[str, list[Metric]] = {}
    for metric in metrics:
        by_key.setdefault(metric.key, []).append(metric)
    return by_key


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
