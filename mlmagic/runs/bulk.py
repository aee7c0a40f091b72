"""Many runs at once: by a few statements where MLflow's store is a database, else page by page."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.runs import experiments
from mlmagic.runs.database import database_of, portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlflow import MlflowClient
    from sqlalchemy import Connection, Table

_PAGE = 1000
_NAMED_AT_ONCE = 100
_NEWEST_FIRST = ["attributes.start_time DESC"]


@dataclass(frozen=True)
class BulkRuns:
    """The *runs* that were read: the newest first, or in the order in which they were named.

    Each is an MLflow run, or has what is used of one: ``info``, ``data`` and ``inputs.dataset_inputs``. *more* tells
    that the store has others, *total* how many there are in all, where that is known.
    """

    runs: Sequence[Any]
    more: bool = False
    total: int | None = None


@dataclass(slots=True)
class RunInfo:
    """What is known of a run itself; times in ms since 1970."""

    run_id: str
    run_name: str
    experiment_id: str
    user_id: str | None
    status: str
    start_time: int | None
    end_time: int | None
    artifact_uri: str
    lifecycle_stage: str


@dataclass(slots=True)
class RunData:
    """Params, last values of metrics, and tags of a run."""

    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Dataset:
    """Name and digest of a dataset."""

    name: str
    digest: str


@dataclass(slots=True)
class DatasetInput:
    """A dataset as the input of a run."""

    dataset: Dataset


@dataclass(slots=True)
class RunInputs:
    """What a run read."""

    dataset_inputs: list[DatasetInput] = field(default_factory=list)


@dataclass(slots=True)
class LightRun:
    """A run with what a table shows of it."""

    info: RunInfo
    data: RunData = field(default_factory=RunData)
    inputs: RunInputs = field(default_factory=RunInputs)


def newest_runs(client: MlflowClient, experiment_ids: Sequence[str], *, most: int = 10_000) -> BulkRuns:
    """Return the newest *most* runs of experiments, without deleted ones.

    Examples
    --------
    ::

        newest_runs(store.connect(), ["0"]).runs[0].data.metrics
    """
    database = database_of(client)
    if database is None:
        found = list(itertools.islice(_pages(client, experiment_ids, "", min(most + 1, _PAGE)), most + 1))
        return BulkRuns(found[:most], more=len(found) > most)
    from sqlalchemy import func, select

    runs = database.tables["runs"]
    wanted = (runs.c.experiment_id.in_([int(one) for one in experiment_ids]), runs.c.lifecycle_stage == "active")
    newest = select(runs).where(*wanted).order_by(runs.c.start_time.desc(), runs.c.run_uuid).limit(most)
    with database.engine.connect() as connection:
        total = int(connection.execute(select(func.count()).select_from(runs).where(*wanted)).scalar_one())
        read = _with_data(connection, database.tables, connection.execute(newest))
    return BulkRuns(read, more=total > len(read), total=total)


def named_runs(client: MlflowClient, run_ids: Sequence[str]) -> BulkRuns:
    """Return the runs of these ids, each once and in this order, without those that are not there or were deleted."""
    wanted = list(dict.fromkeys(run_ids))
    found = {run.info.run_id: run for run in _named(client, wanted)}
    return BulkRuns([found[run_id] for run_id in wanted if run_id in found])


def _named(client: MlflowClient, run_ids: Sequence[str]) -> Iterator[Any]:
    database = database_of(client)
    if database is None:
        everywhere = [one.experiment_id for one in experiments.each(client)]
        for start in range(0, len(run_ids), _NAMED_AT_ONCE):
            listed = ", ".join(f"'{run_id}'" for run_id in run_ids[start : start + _NAMED_AT_ONCE])
            yield from _pages(client, everywhere, f"attributes.run_id IN ({listed})", _NAMED_AT_ONCE)
        return
    from sqlalchemy import select

    runs = database.tables["runs"]
    with database.engine.connect() as connection:
        for some in portions(run_ids):
            chosen = select(runs).where(runs.c.run_uuid.in_(some), runs.c.lifecycle_stage == "active")
            yield from _with_data(connection, database.tables, connection.execute(chosen))


def _with_data(connection: Connection, tables: dict[str, Table], rows: Iterable[Any]) -> list[LightRun]:
    """Return the runs of *rows* with their params, metrics, tags and datasets."""
    from sqlalchemy import select

    made = {row.run_uuid: LightRun(_info(row)) for row in rows}
    params, metrics, tags = tables["params"], tables["latest_metrics"], tables["tags"]
    inputs, datasets = tables["inputs"], tables["datasets"]
    for some in portions(list(made)):
        of_params = select(params.c.run_uuid, params.c.key, params.c.value).where(params.c.run_uuid.in_(some))
        for run_id, key, value in connection.execute(of_params):
            made[run_id].data.params[key] = value
        of_metrics = select(metrics.c.run_uuid, metrics.c.key, metrics.c.value, metrics.c.is_nan)
        for run_id, key, value, is_nan in connection.execute(of_metrics.where(metrics.c.run_uuid.in_(some))):
            made[run_id].data.metrics[key] = float("nan") if is_nan else value
        of_tags = select(tags.c.run_uuid, tags.c.key, tags.c.value).where(tags.c.run_uuid.in_(some))
        for run_id, key, value in connection.execute(of_tags):
            made[run_id].data.tags[key] = value
        of_datasets = (
            select(inputs.c.destination_id, datasets.c.name, datasets.c.digest)
            .join(datasets, inputs.c.source_id == datasets.c.dataset_uuid)
            .where(inputs.c.destination_type == "RUN", inputs.c.destination_id.in_(some))
        )
        for run_id, name, digest in connection.execute(of_datasets):
            made[run_id].inputs.dataset_inputs.append(DatasetInput(Dataset(name, digest)))
    for run in made.values():
        run.info.run_name = run.info.run_name or run.data.tags.get("mlflow.runName", "")
    return list(made.values())


def _info(row: Any) -> RunInfo:
    return RunInfo(
        run_id=row.run_uuid,
        run_name=row.name or "",
        experiment_id=str(row.experiment_id),
        user_id=row.user_id,
        status=row.status,
        start_time=row.start_time,
        end_time=row.end_time,
        artifact_uri=row.artifact_uri,
        lifecycle_stage=row.lifecycle_stage,
    )


def _pages(client: MlflowClient, experiment_ids: Sequence[str], text: str, size: int) -> Iterator[Any]:
    token = None
    while experiment_ids:
        page = client.search_runs(
            list(experiment_ids), text, max_results=size, order_by=_NEWEST_FIRST, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return
