"""Read histories of metrics in bulk, and downsample them without losing their peaks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.store.database import database_of
from mlmagic.store.query.histories.downsampling import kept_rows
from mlmagic.store.waiting import OWN_THREAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from mlflow import MlflowClient

    from mlmagic.store.database import Database

Axis = Literal["step", "time"]
_AXIS = {"step": 0, "time": 1}
"""The columns of a table of steps, times and values that may be the axis of a curve."""
_AT_THE_SAME_TIME = 8
_ROWS_AT_ONCE = 50_000
_KEPT_ROWS = 2_000_000
"""Rows of 24 bytes each."""


@dataclass(frozen=True, eq=False)
class Curve:
    """The history of a metric: steps, times (ms since 1970) and values as float64, in order of the steps and times.

    ``count`` is how many there are in the store; ``exact`` is true if none of them was left out.
    """

    run_id: str
    key: str
    count: int
    steps: np.ndarray[Any, Any]
    times: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any]
    exact: bool


class Kept:
    """A cache of whole histories from a server, the latest 2 million values; windows of a curve are cut from it."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, str], np.ndarray[Any, Any]] = {}

    def get(self, run_id: str, key: str) -> np.ndarray[Any, Any] | None:
        """Return a history, or None if it is not cached."""
        return self._tables.get((run_id, key))

    def put(self, run_id: str, key: str, table: np.ndarray[Any, Any]) -> None:
        """Cache a history in place of an older version; the oldest histories are evicted."""
        self._tables.pop((run_id, key), None)
        self._tables[run_id, key] = table
        while len(self._tables) > 1 and sum(map(len, self._tables.values())) > _KEPT_ROWS:
            self._tables.pop(next(iter(self._tables)), None)


def read_curves(
    client: MlflowClient,
    run_ids: Sequence[str],
    keys: Sequence[str],
    *,
    points: int = 1000,
    between: tuple[float, float] | None = None,
    by: Axis = "step",
    kept: Kept | None = None,
) -> list[Curve]:
    """Return the curves of *keys* of the runs, those that exist, in the order of the runs and then of the keys.

    Parameters
    ----------
    client
        A client of the store.
    run_ids, keys
        Which runs, and which of their metrics.
    points
        Of a longer curve about so many points, no peak lost.
    between
        Only what lies between these two steps, or times in ms since 1970.
    by
        What the curve is drawn over.
    kept
        Where histories are kept, if the store cannot be asked for a part of one: what lies *between* is taken from
        there, all of one is always read anew.
    """
    database = database_of(client)
    if database is None:
        histories = _by_client(client, run_ids, keys, kept or Kept(), is_part=between is not None)
    else:
        histories = _by_database(database, run_ids, keys, between if by == "step" else None)
    found: dict[tuple[str, str], Curve] = {}
    for run_id, key, table in histories:
        shown = _between(_ordered(table, by), between, by)
        if len(shown):
            rows = kept_rows(shown[:, _AXIS[by]], shown[:, 2], points)
            steps, times, values = shown[rows].T.copy()
            exact = len(rows) == len(shown)
            found[run_id, key] = Curve(run_id, key, len(shown), steps, times, values, exact=exact)
    return [found[run_id, key] for run_id in run_ids for key in keys if (run_id, key) in found]


def _ordered(table: np.ndarray[Any, Any], by: Axis) -> np.ndarray[Any, Any]:
    """Return the rows sorted by the curve's axis, then by the other one."""
    import numpy as np

    return table[np.lexsort((table[:, 1 - _AXIS[by]], table[:, _AXIS[by]]))]


def _between(table: np.ndarray[Any, Any], between: tuple[float, float] | None, by: Axis) -> np.ndarray[Any, Any]:
    if between is None:
        return table
    places = table[:, _AXIS[by]]
    return table[(places >= between[0]) & (places <= between[1])]


def _by_database(
    database: Database, run_ids: Sequence[str], keys: Sequence[str], steps: tuple[float, float] | None
) -> Iterator[tuple[str, str, np.ndarray[Any, Any]]]:
    """Yield every history as a table of steps, times and values."""
    import numpy as np
    from sqlalchemy import select

    metrics = database.tables["metrics"]
    columns = select(metrics.c.step, metrics.c.timestamp, metrics.c.value, metrics.c.is_nan)
    with database.engine.connect() as connection:
        for run_id in run_ids:
            for key in keys:
                # Without an order SQLite takes the primary key, and reads this metric of every run.
                rows = columns.where(metrics.c.run_uuid == run_id, metrics.c.key == key).order_by(metrics.c.step)
                if steps is not None:
                    rows = rows.where(metrics.c.step.between(*steps))
                # The driver's own rows: SQLAlchemy would create an object for each, which takes seconds for a million
                # values.
                cursor = connection.execute(rows).cursor
                parts = [np.empty((0, 4))]
                while cursor is not None and (page := cursor.fetchmany(_ROWS_AT_ONCE)):
                    parts.append(_numbers(page))
                table = np.concatenate(parts)
                table[table[:, 3] != 0, 2] = np.nan
                yield run_id, key, table[:, :3]


def _numbers(rows: Sequence[Sequence[Any]]) -> np.ndarray[Any, Any]:
    """Return rows of a database as float64, without rows that contain anything but numbers, which SQLite allows."""
    import numpy as np

    try:
        return np.array(rows, dtype=np.float64)
    except (TypeError, ValueError):
        usual = [row for row in rows if all(isinstance(value, float | int) for value in row)]
        return np.array(usual, dtype=np.float64).reshape(-1, 4)


def _by_client(
    client: MlflowClient, run_ids: Sequence[str], keys: Sequence[str], kept: Kept, *, is_part: bool
) -> Iterator[tuple[str, str, np.ndarray[Any, Any]]]:
    """Yield every history as a table, fetching several concurrently: a server takes a while for each."""

    def ask(run_id: str, key: str) -> np.ndarray[Any, Any]:
        if is_part and (known := kept.get(run_id, key)) is not None:
            return known
        history = client.get_metric_history(run_id, key)
        return _numbers([(one.step, one.timestamp, one.value, 0) for one in history]).reshape(-1, 4)[:, :3]

    wanted = [(run_id, key) for run_id in run_ids for key in keys]
    with ThreadPoolExecutor(_AT_THE_SAME_TIME, thread_name_prefix=f"{OWN_THREAD}curves") as pool:
        for (run_id, key), table in zip(wanted, pool.map(lambda pair: ask(*pair), wanted), strict=True):
            kept.put(run_id, key, table)
            yield run_id, key, table
