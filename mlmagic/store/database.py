"""Read MLflow's SQL store directly if it is open in this process: for reads of thousands of rows.

MLflow builds objects for each row, and queries the runs of an experiment page by page, which takes most of its time.
The engine and the tables are private to MLflow: if they differ from what is expected here, MLflow is used instead.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlflow import MlflowClient
    from sqlalchemy import Connection, Engine, Table

T = TypeVar("T")

_AT_ONCE = 500
"""Values in one statement: SQLite allows about a thousand, other databases more."""
_COLUMNS = {
    "runs": "run_uuid name user_id status start_time end_time lifecycle_stage artifact_uri experiment_id",
    "params": "run_uuid key value",
    "latest_metrics": "run_uuid key value is_nan step",
    "metrics": "run_uuid key value is_nan timestamp step",
    "tags": "run_uuid key value",
    "inputs": "input_uuid source_id source_type destination_id destination_type",
    "input_tags": "input_uuid name value",
    "datasets": "dataset_uuid name digest",
}


class Database(NamedTuple):
    """The engine of a store, and its tables by name."""

    engine: Engine
    tables: dict[str, Table]


def database_of(client: MlflowClient) -> Database | None:
    """Return the database behind *client*; None if the store is not SQL or has an unfamiliar schema."""
    found = getattr(getattr(client, "_tracking_client", None), "store", None)
    # Only this exact class: a subclass, for example for workspaces, hides some of the rows.
    plain = getattr(sys.modules.get("mlflow.store.tracking.sqlalchemy_store"), "SqlAlchemyStore", None)
    if plain is None or type(found) is not plain:
        return None
    engine, tables = getattr(found, "engine", None), _tables()
    return None if engine is None or tables is None else Database(engine, tables)


def _tables() -> dict[str, Any] | None:
    base = getattr(sys.modules.get("mlflow.store.db.base_sql_model"), "Base", None)
    known = getattr(getattr(base, "metadata", None), "tables", {})
    for name, columns in _COLUMNS.items():
        if name not in known or not set(columns.split()) <= {column.name for column in known[name].columns}:
            return None
    return {name: known[name] for name in _COLUMNS}


def reading(database: Database, read: Callable[[Connection], T]) -> T:
    """Call *read* with a connection and return its result.

    SQLite rejects a statement if one text is not valid UTF-8. In that case *read* is called again, and the invalid
    bytes are replaced.
    """
    from sqlalchemy.exc import OperationalError

    with database.engine.connect() as connection:
        answered()
        driver = connection.connection.driver_connection
        try:
            return read(connection)
        except OperationalError as error:
            if not isinstance(driver, sqlite3.Connection) or "UTF-8" not in str(error):
                raise
        before = driver.text_factory
        driver.text_factory = lambda text: text.decode("utf-8", "replace")
        try:
            return read(connection)
        finally:
            driver.text_factory = before


def portions(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """Split *items* into portions that fit into one statement."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
