"""Runs and curves in bulk: the same as MLflow's client gives, value for value."""

import math

import numpy as np
import pytest
from servers import Server

from mlmagic.store import connection, database
from mlmagic.store.query import bulk
from mlmagic.store.query.histories import curves

ODD = ["漢字 ключ", "a" * 250, "with space/and.dots:x", "<b>"]


@pytest.fixture
def client(store_uri):
    return connection.connect()


@pytest.fixture
def filled(client, make_run):
    """Runs with everything odd; the ids of two experiments."""
    from mlflow.data import from_numpy
    from mlflow.entities import DatasetInput, Metric

    make_run("empty")
    parent = make_run("parent", {"lr": "1e-3"}, {"loss": 0.5})
    make_run("child", {"lr": "x" * 5000}, {"loss": math.nan}, tags={"mlflow.parentRunId": parent})
    odd = make_run("odd <script>", dict.fromkeys(ODD[:3], "'\"\n"), {"up": math.inf, "down": -math.inf, "漢": 1.0})
    make_run("running", seconds=None)
    client.delete_run(make_run("deleted", {"lr": 1}))
    make_run("elsewhere", {"lr": 2}, {"loss": 1e308}, experiment="churn")
    gone = make_run("gone", experiment="gone")
    for step, value in [(2, 3.0), (0, 1.0), (1, math.nan), (1, 2.0)]:
        client.log_batch(odd, [Metric("curve", value, 1000 + step, step)])
    dataset = from_numpy(np.arange(6.0), name="digits")
    client.log_inputs(odd, [DatasetInput(dataset._to_mlflow_entity(), [])])
    client.delete_experiment(client.get_run(gone).info.experiment_id)
    return ["0", client.get_experiment_by_name("churn").experiment_id]


def plain(run):
    """What is compared of a run, in whatever form it comes."""
    info = {
        name: getattr(run.info, name)
        for name in ("run_id", "run_name", "experiment_id", "status", "start_time", "end_time", "artifact_uri")
    }
    data = sorted((one.dataset.name, one.dataset.digest) for one in run.inputs.dataset_inputs)
    return info, dict(run.data.params), repr(sorted(run.data.metrics.items())), dict(run.data.tags), data


def test_the_database_gives_what_the_client_gives(client, filled):
    expected = client.search_runs(filled, order_by=["attributes.start_time DESC"])
    found = bulk.newest_runs(client, filled)
    assert database.database_of(client) is not None
    assert [plain(run) for run in found.runs] == [plain(run) for run in expected]
    assert (found.more, found.total) == (False, len(expected))


def test_without_the_tables_that_are_known_the_client_is_asked(client, filled, monkeypatch):
    by_database = bulk.newest_runs(client, filled).runs
    monkeypatch.setitem(database._COLUMNS, "runs", "run_uuid a_column_of_tomorrow")
    assert database.database_of(client) is None
    assert [plain(run) for run in bulk.newest_runs(client, filled).runs] == [plain(run) for run in by_database]


@pytest.mark.parametrize("by_client", [False, True])
def test_more_runs_than_asked_for_are_told(client, filled, monkeypatch, by_client):
    if by_client:
        monkeypatch.setattr(bulk, "database_of", lambda _: None)
    found = bulk.newest_runs(client, filled, most=2)
    assert [run.info.run_name for run in found.runs] == ["elsewhere", "running"]
    assert found.more
    assert found.total == (None if by_client else 6)


@pytest.mark.parametrize("by_client", [False, True])
def test_named_runs_come_in_their_order_once_and_without_those_that_are_gone(client, make_run, monkeypatch, by_client):
    if by_client:
        monkeypatch.setattr(bulk, "database_of", lambda _: None)
    ids = [make_run(f"run {at}", {"at": at}, experiment=f"e{at % 2}") for at in range(205)]
    client.delete_run(ids[7])
    wanted = [ids[200], ids[3], "0" * 32, ids[7], ids[3], *ids[10:190]]
    found = bulk.named_runs(client, wanted).runs
    assert [run.info.run_id for run in found] == [ids[200], ids[3], *ids[10:190]]
    assert found[1].data.params == {"at": "3"}


def test_nothing_is_asked_of_no_experiment(client):
    assert bulk.newest_runs(client, []).runs == []


def shown(found):
    return [
        (one.run_id, one.key, one.count, one.exact, one.steps.tolist(), one.times.tolist(), repr(one.values.tolist()))
        for one in found
    ]


@pytest.mark.parametrize("by", ["step", "time"])
@pytest.mark.parametrize("between", [None, (0, 1), (1001, 1002)])
def test_curves_of_the_database_are_those_of_the_client(client, filled, monkeypatch, by, between):
    ids = [run.info.run_id for run in bulk.newest_runs(client, filled).runs]
    asked = (ids, ["loss", "curve", "not there", "up"])
    by_database = curves.read_curves(client, *asked, by=by, between=between)
    monkeypatch.setattr(curves, "database_of", lambda _: None)
    assert shown(by_database) == shown(curves.read_curves(client, *asked, by=by, between=between))
    assert bool(by_database) == (between is None or (by == "step") == (between == (0, 1)))


def test_values_of_one_step_stay_in_order_of_their_time(client, make_run):
    from mlflow.entities import Metric

    run_id = make_run("resumed")
    client.log_batch(run_id, [Metric("loss", value, time, 5) for value, time in [(3.0, 30), (1.0, 10), (2.0, 20)]])
    (found,) = curves.read_curves(client, [run_id], ["loss"])
    assert found.values.tolist() == [1.0, 2.0, 3.0]


def test_a_long_history_comes_thinned_and_whole_where_it_is_looked_at(client, make_run):
    from mlflow.entities import Metric

    run_id = make_run("long")
    for start in range(0, 5000, 1000):
        client.log_batch(run_id, [Metric("loss", float(at == 3333), at, at) for at in range(start, start + 1000)])
    (whole,) = curves.read_curves(client, [run_id], ["loss"], points=100)
    assert (whole.count, whole.exact) == (5000, False)
    assert len(whole.values) <= 130
    assert whole.values.max() == 1.0
    (part,) = curves.read_curves(client, [run_id], ["loss"], points=100, between=(3300, 3350))
    assert (part.count, part.exact, part.steps[33]) == (51, True, 3333.0)


def test_a_window_is_cut_from_the_history_that_a_server_sent_before(client, make_run, monkeypatch):
    from mlflow.entities import Metric

    run_id = make_run("long")
    client.log_batch(run_id, [Metric("loss", float(at), at, at) for at in range(1000)])
    monkeypatch.setattr(curves, "database_of", lambda _: None)
    asked = []
    history = client.get_metric_history
    monkeypatch.setattr(client, "get_metric_history", lambda *pair: asked.append(pair) or history(*pair))
    kept = curves.Kept()
    curves.read_curves(client, [run_id], ["loss"], points=100, kept=kept)
    (part,) = curves.read_curves(client, [run_id], ["loss"], points=100, between=(990, 2000), kept=kept)
    assert part.values.tolist() == list(range(990, 1000))
    assert len(asked) == 1
    client.log_metric(run_id, "loss", 7.0, step=1000)
    curves.read_curves(client, [run_id], ["loss"], kept=kept)
    (part,) = curves.read_curves(client, [run_id], ["loss"], points=100, between=(990, 2000), kept=kept)
    assert part.values[-1] == 7.0
    assert len(asked) == 2


def test_kept_histories_make_room_for_the_latest(monkeypatch):
    monkeypatch.setattr(curves, "_KEPT_ROWS", 25)
    kept = curves.Kept()
    for name in "abc":
        kept.put(name, "loss", np.zeros((10, 3)))
    assert [name for name in "abc" if kept.get(name, "loss") is not None] == ["b", "c"]
    kept.put("d", "loss", np.zeros((100, 3)))
    assert [name for name in "abcd" if kept.get(name, "loss") is not None] == ["d"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real MLflow server on the loopback interface."""
    made = Server(tmp_path_factory.mktemp("server"))
    yield made.uri
    made.kill()


def test_a_server_is_asked_page_by_page(server, monkeypatch):
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    client = MlflowClient(server)
    monkeypatch.setattr(bulk, "_PAGE", 2)
    ids = []
    for at in range(5):
        run = client.create_run("0", start_time=1000 + at, run_name=f"run {at}")
        ids.append(run.info.run_id)
        client.log_batch(ids[-1], [Metric("loss", at / (step + 1), 1000 + step, step) for step in range(10)])
    assert database.database_of(client) is None
    found = bulk.newest_runs(client, ["0"], most=4)
    assert [run.info.run_name for run in found.runs] == ["run 4", "run 3", "run 2", "run 1"]
    assert found.more
    assert [run.info.run_id for run in bulk.named_runs(client, ids[::2]).runs] == ids[::2]
    read = curves.read_curves(client, ids, ["loss", "none"])
    assert [(one.run_id, one.count) for one in read] == [(run_id, 10) for run_id in ids]
    assert read[3].values.tolist() == [3 / (step + 1) for step in range(10)]
