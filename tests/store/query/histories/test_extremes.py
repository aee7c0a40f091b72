"""The extremes of metrics: what pandas finds in all logged values."""

import math

import pytest
from mlflow.entities import Metric
from servers import Server

from mlmagic.store import connection
from mlmagic.store.query import bulk
from mlmagic.store.query.histories import extremes
from mlmagic.store.query.histories.extremes import Extremes, last_steps, of_column, read_extremes

CURVES = {
    "falls": [0.9, 0.5, 0.2, 0.3],
    "level": [0.5, 0.5, 0.5],
    "diverges": [1.0, 0.4, math.nan, math.inf],
    "down": [-math.inf, 0.0],
    "all nan": [math.nan, math.nan],
    "once": [0.7],
}
FOUND = {
    "falls": Extremes(0.2, 0.9, 2, 0),
    "level": Extremes(0.5, 0.5, 0, 0),
    "diverges": Extremes(0.4, math.inf, 1, 3),
    "down": Extremes(-math.inf, 0.0, 0, 1),
}


def log(client, run_id, curves=CURVES):
    logged = [Metric(key, value, 1, step) for key, values in curves.items() for step, value in enumerate(values)]
    client.log_batch(run_id, logged)


def read(client, run_ids, keys):
    return read_extremes(client, bulk.named_runs(client, run_ids).runs, keys)


def test_the_lowest_and_the_highest_value_with_their_first_steps(store_uri, make_run):
    client = connection.connect()
    first, second = make_run("first"), make_run("second")
    log(client, first)
    log(client, second, {"falls": [5.0, 4.0]})
    found = read(client, [first, second], [*CURVES, "none"])
    assert found == {
        **{(first, key): one for key, one in FOUND.items()},
        (second, "falls"): Extremes(4.0, 5.0, 1, 0),
    }
    assert read(client, [first], []) == read(client, [], ["falls"]) == {}


def test_of_many_values_the_database_tells_the_same_without_steps(store_uri, make_run, monkeypatch):
    client = connection.connect()
    run_id = make_run("run")
    log(client, run_id)
    monkeypatch.setattr(extremes, "_MOST_ROWS", 3)
    found = read(client, [run_id], list(CURVES))
    assert found == {(run_id, key): Extremes(one.low, one.high) for key, one in FOUND.items()}


def test_a_server_is_asked_for_each_history_and_not_for_too_many(store_uri, make_run, tmp_path, monkeypatch):
    run_id = make_run("run")
    log(connection.connect(), run_id)
    from mlflow import MlflowClient

    server = Server(tmp_path, store=store_uri)
    try:
        client = MlflowClient(server.uri)
        runs = [client.get_run(run_id)]
        assert read_extremes(client, runs, list(CURVES)) == {(run_id, key): one for key, one in FOUND.items()}
        monkeypatch.setattr(extremes, "_MOST_ASKED", 2)
        assert read_extremes(client, runs, list(CURVES)) is None
    finally:
        server.kill()


def test_mlflows_runs_and_those_of_its_database_know_the_last_step(store_uri, make_run):
    client = connection.connect()
    run_id = make_run("run", metrics={"single": 1})
    log(client, run_id)
    expected = {key: len(values) - 1 for key, values in CURVES.items()} | {"single": 0}
    assert dict(last_steps(client.get_run(run_id))) == expected
    assert dict(last_steps(bulk.named_runs(client, [run_id]).runs[0])) == expected


@pytest.mark.parametrize(
    ("value", "goal", "chosen"),
    [
        ("best", "min", (0.2, 2)),
        ("best", "max", (0.9, 0)),
        ("best", None, (0.3, 3)),  # nobody knows which one is the best
        ("min", "max", (0.2, 2)),
        ("max", None, (0.9, 0)),
        ("last", "min", (0.3, 3)),
    ],
)
def test_which_value_is_chosen(store_uri, make_run, value, goal, chosen):
    client = connection.connect()
    run_id, other = make_run("run"), make_run("without")
    log(client, run_id)
    runs = bulk.named_runs(client, [run_id, other]).runs
    assert of_column(runs, "falls", read_extremes(client, runs, ["falls"]), value, goal) == {run_id: chosen}


def test_what_is_no_number_in_the_database_is_left_out(store_uri, make_run):
    import sqlite3

    client = connection.connect()
    run_id = make_run("run")
    log(client, run_id)
    path = store_uri.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        database.execute("update metrics set value = 'abc' where key = 'falls' and step = 2")
    assert read(client, [run_id], ["falls"]) == {(run_id, "falls"): Extremes(0.3, 0.9, 3, 0)}
