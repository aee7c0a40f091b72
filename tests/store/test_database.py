"""MLflow's SQL store, read directly."""

import sqlite3

import pytest
import sqlalchemy

from mlmagic.store import connection, database, waiting


@pytest.fixture
def opened(store_uri):
    return database.database_of(connection.connect())


def test_the_store_of_this_process_is_a_database_with_its_tables(opened):
    assert set(opened.tables) == {
        "runs",
        "params",
        "latest_metrics",
        "metrics",
        "tags",
        "inputs",
        "input_tags",
        "datasets",
    }
    assert opened.engine.dialect.name == "sqlite"


@pytest.mark.parametrize("client", [None, object()])
def test_what_is_no_client_of_mlflow_is_no_database(client):
    assert database.database_of(client) is None


def test_a_subclass_of_the_store_may_hide_rows_and_is_asked_through_the_client(store_uri, monkeypatch):
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    client = connection.connect()
    store = client._tracking_client.store
    monkeypatch.setattr(store, "__class__", type("Workspaces", (SqlAlchemyStore,), {}))
    assert database.database_of(client) is None


@pytest.mark.parametrize("table", ["runs", "datasets"])
def test_tables_of_another_version_are_not_read(store_uri, monkeypatch, table):
    client = connection.connect()
    monkeypatch.setitem(database._COLUMNS, table, "a_column_that_does_not_exist")
    assert database.database_of(client) is None
    monkeypatch.delitem(database._COLUMNS, table)
    assert table not in database.database_of(client).tables


def test_each_reading_counts_as_an_answer(opened):
    before = waiting.answers()
    assert database.reading(opened, lambda connected: connected.execute(sqlalchemy.text("select 7")).scalar_one()) == 7
    assert waiting.answers() == before + 1


def test_a_text_that_is_not_utf_8_costs_its_own_letters_only(opened, store_uri, make_run):
    run_id = make_run("run")
    with sqlite3.connect(store_uri.removeprefix("sqlite:///")) as file:
        file.execute("update runs set name = cast(x'61ff62' as text) where run_uuid = ?", (run_id,))
    file.close()
    asked = []

    def read(connected):
        asked.append(1)
        return connected.execute(sqlalchemy.text("select name from runs")).scalars().all()

    assert database.reading(opened, read) == ["a\ufffdb"]
    assert len(asked) == 2
    with pytest.raises(sqlalchemy.exc.OperationalError, match="UTF-8"), opened.engine.connect() as connected:
        read(connected)  # the connection decodes as before


def test_another_error_of_the_database_is_raised(opened):
    with pytest.raises(sqlalchemy.exc.OperationalError, match="no such table"):
        database.reading(opened, lambda connected: connected.execute(sqlalchemy.text("select * from nowhere")))


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (500, [500]), (501, [500, 1]), (1200, [500, 500, 200])]
)
def test_portions_fit_into_a_statement(count, sizes):
    items = [str(at) for at in range(count)]
    found = list(database.portions(items))
    assert [len(part) for part in found] == sizes
    assert [item for part in found for item in part] == items
