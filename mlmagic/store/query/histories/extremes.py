"""The lowest and highest value that a metric reached over its steps, and where.

MLflow's own summary of a run has only the last value of each metric. Which one is the best depends on the direction.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.store.database import database_of, portions, reading
from mlmagic.store.query.infinities import number_as_logged
from mlmagic.store.query.light_runs import LightRun, as_text, steps_in
from mlmagic.store.waiting import OWN_THREAD

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run
    from sqlalchemy import Connection

    from mlmagic.store.database import Database
    from mlmagic.store.query.direction import Direction, MetricValue

    Measured = dict[str, tuple[float, int | None]]
    """A value of a metric and its step, by the id of the run."""

_MOST_ROWS = 300_000
"""So many logged values are read with their steps, in about half a second; of more the database tells the extremes."""
_ROWS_AT_ONCE = 50_000
_MOST_ASKED = 200
"""Histories that a server is asked for, each in a request of its own."""
_AT_THE_SAME_TIME = 8


@dataclass(frozen=True)
class Extremes:
    """The lowest and the highest value of a metric, NaN aside, and the first step of each: None if it was not read."""

    low: float
    high: float
    low_step: int | None = None
    high_step: int | None = None

    def chosen(self, value: MetricValue, goal: Direction | None) -> tuple[float, int | None] | None:
        """Return the value and its step; None for the last one, and for the best one of a metric without a direction.

        >>> Extremes(0.2, 0.9, 7, 0).chosen("best", "min"), Extremes(0.2, 0.9, 7, 0).chosen("best", None)
        ((0.2, 7), None)
        """
        wanted = goal if value == "best" else value
        return {"min": (self.low, self.low_step), "max": (self.high, self.high_step)}.get(wanted or "")


def last_steps(run: Any) -> Mapping[str, int]:
    """Return the step of the last value of each metric, of an MLflow run or of one that was read from its database."""
    return run.data.steps if isinstance(run, LightRun) else steps_in(run)


def has_steps(run: Any, key: str) -> bool:
    """Return whether the metric was logged with steps, so that it has a history."""
    return last_steps(run).get(key, 0) != 0


def read_extremes(
    client: MlflowClient, runs: Sequence[Run], keys: Collection[str]
) -> dict[tuple[str, str], Extremes] | None:
    """Return the extremes of *keys* by the ids of runs and the key, of the metrics that were logged with steps.

    Return None if there are too many for a server, which is asked for each history.
    """
    wanted = {(run.info.run_id, key) for run in runs for key in keys if has_steps(run, key)}
    database = database_of(client)
    if not wanted:
        return {}
    if database is None:
        return _from_histories(client, sorted(wanted)) if len(wanted) <= _MOST_ASKED else None
    ids = list(dict.fromkeys(run_id for run_id, _ in wanted))
    rows = sum(step + 1 for run in runs for step in last_steps(run).values() if step > 0)
    if rows <= _MOST_ROWS:
        found = reading(database, partial(_with_steps, database, ids, frozenset(keys)))
    else:
        found = reading(database, partial(_without_steps, database, keys))
    return {pair: one for pair, one in found.items() if pair in wanted}


def _with_steps(
    database: Database, run_ids: Sequence[str], keys: Collection[str], connection: Connection
) -> dict[tuple[str, str], Extremes]:
    from sqlalchemy import select

    metrics = database.tables["metrics"]
    found = RunningExtremes()
    for some in portions(run_ids):
        # Without a condition on the key: SQLite would then read that key's values of all runs, for each portion.
        wanted = select(metrics.c.run_uuid, metrics.c.key, metrics.c.step, metrics.c.value)
        cursor = connection.execute(wanted.where(metrics.c.run_uuid.in_(some), metrics.c.is_nan.is_(False))).cursor
        # The driver's own rows, as for curves: SQLAlchemy would create an object for each.
        while cursor is not None and (page := cursor.fetchmany(_ROWS_AT_ONCE)):
            for run_id, key, step, value in page:
                if key in keys:
                    found.add(as_text(run_id), as_text(key), step, value)
    return found.extremes()


def _without_steps(
    database: Database, keys: Collection[str], connection: Connection
) -> dict[tuple[str, str], Extremes]:
    from sqlalchemy import func, select

    metrics = database.tables["metrics"]
    lowest, highest = func.min(metrics.c.value), func.max(metrics.c.value)
    wanted = (
        select(metrics.c.run_uuid, metrics.c.key, lowest, highest)
        .where(metrics.c.key.in_(keys), metrics.c.is_nan.is_(False))
        .group_by(metrics.c.run_uuid, metrics.c.key)
    )
    return {
        (as_text(run_id), as_text(key)): Extremes(number_as_logged(low), number_as_logged(high))
        for run_id, key, low, high in connection.execute(wanted)
        if isinstance(low, float | int) and isinstance(high, float | int)
    }


def _from_histories(client: MlflowClient, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Extremes]:
    found = RunningExtremes()
    with ThreadPoolExecutor(_AT_THE_SAME_TIME, thread_name_prefix=f"{OWN_THREAD}extremes") as pool:
        histories = pool.map(lambda pair: client.get_metric_history(*pair), wanted)
        for (run_id, key), history in zip(wanted, histories, strict=True):
            for one in history:
                found.add(run_id, key, one.step, one.value)
    return found.extremes()


class RunningExtremes:
    """The extremes of what was read so far, by run and metric."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[Any]] = {}

    def add(self, run_id: str, key: str, step: Any, value: Any) -> None:
        """Take a value; what is no number, which SQLite allows, is left out."""
        if not isinstance(value, float | int) or math.isnan(value) or not isinstance(step, int):
            return
        known = self._found.setdefault((run_id, key), [value, step, value, step])
        if (value, step) < (known[0], known[1]):
            known[0:2] = value, step
        if (-value, step) < (-known[2], known[3]):
            known[2:4] = value, step

    def extremes(self) -> dict[tuple[str, str], Extremes]:
        """Return what was found, by the id of the run and the metric."""
        return {
            pair: Extremes(number_as_logged(low), number_as_logged(high), low_step, high_step)
            for pair, (low, low_step, high, high_step) in self._found.items()
        }


def are_last(runs: Sequence[Run], key: str, measured: Measured) -> bool:
    """Return whether the *measured* values are the last ones that the runs logged."""
    last = of_column(runs, key, {}, "last", None)
    return all(run_id in last and repr(one) == repr(last[run_id][0]) for run_id, (one, _) in measured.items())


def of_column(
    runs: Sequence[Run], key: str, found: Mapping[tuple[str, str], Extremes], value: MetricValue, goal: Direction | None
) -> Measured:
    """Return the chosen value and its step by the id of the run; the last value where there is no history."""
    chosen: Measured = {}
    for run in runs:
        if key not in run.data.metrics:
            continue
        extremes = found.get((run.info.run_id, key))
        last = (number_as_logged(run.data.metrics[key]), last_steps(run).get(key) if has_steps(run, key) else None)
        chosen[run.info.run_id] = (extremes and extremes.chosen(value, goal)) or last
    return chosen
