"""Read many runs at once: with a few SQL statements if MLflow's store is a database, else page by page."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.store import experiments
from mlmagic.store.database import database_of, portions, reading
from mlmagic.store.query.families import MOST_AHEAD_MS, PARENT
from mlmagic.store.query.light_runs import (
    CONTEXT,
    DatasetInput,
    LightDataset,
    LightRun,
    RunData,
    RunInfo,
    as_text,
    light_run,
    put_metric,
    readable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlflow import MlflowClient
    from sqlalchemy import Connection, Table

_PAGE = 1000
_NAMED_AT_ONCE = 100
_NEWEST_FIRST = ["attributes.start_time DESC"]
__all__ = ["BulkRuns", "LightRun", "RunData", "RunInfo", "every_run", "named_runs", "newest_runs", "newest_top_runs"]


@dataclass(frozen=True)
class BulkRuns:
    """The *runs* that were read: the newest first, or in the order in which they were named.

    Each is an MLflow run, or has what is used of one: ``info``, ``data`` and ``inputs.dataset_inputs``. *more* says
    whether the store has others; *total* is how many there are in all, or None if that is unknown.
    """

    runs: Sequence[Any]
    more: bool = False
    total: int | None = None


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
    count = select(func.count()).select_from(runs).where(*wanted)

    def read(connection: Connection) -> BulkRuns:
        total = int(connection.execute(count).scalar_one())
        found = _with_data(connection, database.tables, connection.execute(newest))
        return BulkRuns(found, more=total > len(found), total=total)

    return reading(database, read)


class TopRuns(NamedTuple):
    """The newest runs that are not below others, how many are below each by id, how many are hidden, and the total."""

    runs: list[LightRun]
    below: dict[str, int]
    hidden: int
    total: int


def newest_top_runs(
    client: MlflowClient, experiment_id: str, most: int, *, without: str | None = None
) -> TopRuns | None:
    """Return the newest *most* runs of an experiment that are not below another one of it.

    *without* is a tag that hides a run if it is ``true``. Return None if the store is not a database open in this
    process.
    """
    database = database_of(client)
    if database is None:
        return None
    from sqlalchemy import and_, func, select

    runs, tags = database.tables["runs"], database.tables["tags"]
    above = runs.alias()
    active = (runs.c.experiment_id == int(experiment_id), runs.c.lifecycle_stage == "active")
    parents = (
        select(tags.c.run_uuid, tags.c.value)
        .join(runs, runs.c.run_uuid == tags.c.run_uuid)
        # Of runs that name each other as the parent, the first one is not below the other.
        .join(above, and_(above.c.run_uuid == tags.c.value, above.c.start_time <= runs.c.start_time + MOST_AHEAD_MS))
        .where(
            tags.c.key == PARENT,
            tags.c.run_uuid != tags.c.value,
            *active,
            above.c.experiment_id == int(experiment_id),
            above.c.lifecycle_stage == "active",
        )
    ).subquery()
    hidden = select(tags.c.run_uuid).where(tags.c.key == without, tags.c.value == "true")
    top = (*active, runs.c.run_uuid.not_in(select(parents.c.run_uuid)))
    shown = (*top, runs.c.run_uuid.not_in(hidden))
    newest = select(runs).where(*shown).order_by(runs.c.start_time.desc(), runs.c.run_uuid).limit(most)

    def read(connection: Connection) -> TopRuns:
        found = _with_data(connection, database.tables, connection.execute(newest))
        ids = [run.info.run_id for run in found]
        below = select(parents.c.value, func.count()).group_by(parents.c.value)
        if len(ids) <= _PAGE:
            below = below.where(parents.c.value.in_(ids))
        counted = {as_text(run_id): int(count) for run_id, count in connection.execute(below)}
        left_out = select(func.count()).select_from(runs).where(*top, runs.c.run_uuid.in_(hidden))
        total = len(found)
        if total == most:
            total = int(connection.execute(select(func.count()).select_from(runs).where(*shown)).scalar_one())
        return TopRuns(found, counted, int(connection.execute(left_out).scalar_one()) if without else 0, total)

    return reading(database, read)


def every_run(
    client: MlflowClient, experiment_ids: Sequence[str], *, deleted: bool = False, most: int | None = None
) -> list[LightRun] | None:
    """Return all runs of experiments, read row by row: this includes runs for which MLflow refuses the whole page.

    Return None if the store is not a database open in this process, or there are more than *most*.
    """
    database = database_of(client)
    if database is None:
        return None
    from sqlalchemy import select

    runs = database.tables["runs"]
    stage = "deleted" if deleted else "active"
    wanted = (runs.c.experiment_id.in_([int(one) for one in experiment_ids]), runs.c.lifecycle_stage == stage)
    chosen = select(runs).where(*wanted).order_by(runs.c.run_uuid)
    if most is None:
        return reading(database, partial(_chosen, database.tables, chosen))
    from sqlalchemy import func

    count = select(func.count()).select_from(runs).where(*wanted)

    def read(connection: Connection) -> list[LightRun] | None:
        if int(connection.execute(count).scalar_one()) > most:
            return None
        return _chosen(database.tables, chosen, connection)

    return reading(database, read)


def named_runs(client: MlflowClient, run_ids: Sequence[str]) -> BulkRuns:
    """Return the runs with these ids, each once and in this order, without those that are missing or deleted."""
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
    for some in portions(run_ids):
        chosen = select(runs).where(runs.c.run_uuid.in_(some), runs.c.lifecycle_stage == "active")
        yield from reading(database, partial(_chosen, database.tables, chosen))


def _chosen(tables: dict[str, Table], statement: Any, connection: Connection) -> list[LightRun]:
    return _with_data(connection, tables, connection.execute(statement))


def _with_data(connection: Connection, tables: dict[str, Table], rows: Iterable[Any]) -> list[LightRun]:
    """Return the runs of *rows* with their params, metrics, tags and datasets."""
    from sqlalchemy import and_, select

    # By the id as it is stored, which may not be text.
    made = {row.run_uuid: light_run(row) for row in rows}
    params, metrics, tags = tables["params"], tables["latest_metrics"], tables["tags"]
    inputs, datasets, uses = tables["inputs"], tables["datasets"], tables["input_tags"]
    for some in portions(list(made)):
        of_params = select(params.c.run_uuid, params.c.key, params.c.value).where(params.c.run_uuid.in_(some))
        for run_id, key, value in connection.execute(of_params):
            made[run_id].data.params[as_text(key)] = as_text(value)
        of_metrics = select(metrics.c.run_uuid, metrics.c.key, metrics.c.value, metrics.c.is_nan, metrics.c.step)
        for run_id, key, value, is_nan, step in connection.execute(of_metrics.where(metrics.c.run_uuid.in_(some))):
            put_metric(made[run_id], key, float("nan") if is_nan else value, step)
        of_tags = select(tags.c.run_uuid, tags.c.key, tags.c.value).where(tags.c.run_uuid.in_(some))
        for run_id, key, value in connection.execute(of_tags):
            made[run_id].data.tags[as_text(key)] = as_text(value)
        of_datasets = (
            select(inputs.c.destination_id, datasets.c.name, datasets.c.digest, uses.c.value)
            .join(datasets, inputs.c.source_id == datasets.c.dataset_uuid)
            .outerjoin(uses, and_(uses.c.input_uuid == inputs.c.input_uuid, uses.c.name == CONTEXT))
            .where(inputs.c.destination_type == "RUN", inputs.c.destination_id.in_(some))
        )
        for run_id, name, digest, context in connection.execute(of_datasets):
            dataset = LightDataset(as_text(name), as_text(digest))
            made[run_id].inputs.dataset_inputs.append(DatasetInput(dataset, as_text(context or "")))
    for run in made.values():
        run.info.run_name = run.info.run_name or run.data.tags.get("mlflow.runName", "")
    return list(made.values())


def _pages(client: MlflowClient, experiment_ids: Sequence[str], text: str, size: int) -> Iterator[Any]:
    token = None
    while experiment_ids:
        page = client.search_runs(
            list(experiment_ids), text, max_results=size, order_by=_NEWEST_FIRST, page_token=token
        )
        yield from map(readable, page)
        token = page.token
        if not token:
            return
