import contextlib
import inspect
import logging
import multiprocessing
import os
import socket
import sqlite3
import sys
import threading
import time

import pytest
from databases import copy_new_database

from mlmagic.errors import StoreAwayError, StoreError
from mlmagic.store import addresses, connection, tracking_uri
from mlmagic.store.waiting import BackgroundTask
from mlmagic.tracking import mlflow_runs

URI = "MLFLOW_TRACKING_URI"


def _new_store(file):
    file.parent.mkdir(exist_ok=True)
    copy_new_database(file, artifacts=str(file.parent / "mlruns/0"))


@pytest.mark.parametrize("name", ["plain", "two words", "müsli", "50% off", "a#b", "a&b=c", "it's", "[x]"])
def test_the_store_lies_in_the_folder_whatever_its_name(unsettled, monkeypatch, name):
    folder = unsettled / name
    _new_store(folder / "mlflow.db")
    monkeypatch.chdir(folder)
    restore = tracking_uri.pin_tracking_uri()
    monkeypatch.chdir(unsettled)
    run = connection.connect().create_run("0")
    restore()
    with sqlite3.connect(folder / "mlflow.db") as database:
        assert database.execute("select run_uuid from runs").fetchall() == [(run.info.run_id,)]
    database.close()
    assert {path.name for path in unsettled.iterdir()} == {name}


def test_artifacts_lie_where_it_was_loaded_and_the_working_folder_is_left_alone(unsettled, monkeypatch):
    home = unsettled / "home"
    _new_store(home / "mlflow.db")
    monkeypatch.chdir(home)
    restore = tracking_uri.pin_tracking_uri()
    monkeypatch.chdir(unsettled)
    changes = []
    monkeypatch.setattr(os, "chdir", changes.append)  # another thread, the user's, would be moved as well
    client = connection.connect()
    made = client.get_experiment(client.create_experiment("new"))
    restore()
    assert made.artifact_location.removeprefix("file://") == f"{home}/mlruns/{made.experiment_id}"
    assert changes == []


def _connect(uri, barrier, results):
    os.environ[URI] = uri
    barrier.wait(60)
    try:
        client = connection.connect()
        client.create_run("0")
        results.put("ok")
    except BaseException as error:  # noqa: BLE001  # it is the result
        results.put(repr(error))


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_eight_processes_create_one_store_at_once(unsettled):
    import mlflow  # noqa: F401  # once here instead of eight times in the children

    processes = multiprocessing.get_context("fork")
    barrier, results = processes.Barrier(8), processes.Queue()
    uri = f"sqlite:///{unsettled / 'mlflow.db'}"
    children = [processes.Process(target=_connect, args=(uri, barrier, results)) for _ in range(8)]
    for child in children:
        child.start()
    said = [results.get(timeout=120) for _ in children]
    for child in children:
        child.join(60)
    assert said == ["ok"] * 8
    with sqlite3.connect(unsettled / "mlflow.db") as database:
        assert database.execute("select count(*) from runs").fetchall() == [(8,)]
        assert database.execute("select count(*) from experiments").fetchall() == [(1,)]
    database.close()


@pytest.mark.parametrize("scheme", ["http", "postgresql+psycopg2"])
def test_a_server_that_does_not_answer_holds_up_no_other_store(store_uri, scheme):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        silent.settimeout(60)
        asking = BackgroundTask(lambda: connection.connect(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/a"))
        asked, _ = silent.accept()
        assert asked.recv(1)  # it is in the middle of opening that store
        assert connection.connect(store_uri).search_experiments()
        assert not asking.is_done
        asked.close()


def test_one_client_serves_a_store(store_uri):
    assert connection.connect() is connection.connect()


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("sqlit:///mlflow.db", r"'sqlit:///mlflow\.db' is not one that MLflow knows\. Did you mean 'sqlite'\?"),
        ("nonsense://x", r"'nonsense://x' is not one that MLflow knows\. Set another: %env MLFLOW_TRACKING_URI="),
        ("postgresql://ana:hunter2@", r"refused|not one|needs the package"),
        ("mysql+pymysql://a@127.0.0.1:9/b", r"needs the package pymysql, which is not installed: %pip install pymysql"),
        ("mysql://a@127.0.0.1:9/b", r"needs the package MySQLdb, which is not installed: %pip install mysqlclient"),
        ("sqlite:////", r"cannot be written: unable to open database file"),
        ("sqlite:////proc/nowhere/mlflow.db", r"the store /proc/nowhere/mlflow\.db cannot be written: "),
    ],
)
def test_a_store_that_cannot_be_opened_is_one_clear_line(unsettled, monkeypatch, uri, message):
    monkeypatch.setenv(URI, uri)
    with pytest.raises(StoreError, match=message) as caught:
        connection.connect()
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_store_is_one_clear_line(unsettled, monkeypatch):
    (unsettled / "notes.db").write_text("these are no tables" * 100)
    monkeypatch.setenv(URI, f"sqlite:///{unsettled}/notes.db")
    with pytest.raises(StoreError, match=r"notes\.db cannot be written: .*not a database"):
        connection.connect()
    assert (unsettled / "notes.db").read_text().startswith("these are no tables")


def test_the_news_of_mlflow_are_kept_out_and_their_level_is_put_back(store_uri):
    logger = logging.getLogger("mlflow.store.db.utils")
    before = logger.level
    with connection._without_news():
        assert not logger.isEnabledFor(logging.INFO)
    assert logger.level == before


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?cache=shared"])
def test_a_store_in_memory_is_refused_before_the_body_runs(uri):
    with pytest.raises(
        StoreError, match=r"an in-memory store.* Name a file: %env MLFLOW_TRACKING_URI=sqlite:///mlflow\.db"
    ):
        addresses.require_known(uri)


@pytest.mark.parametrize(
    "uri",
    ["postgresql+psycopg2://ana@host/runs", "postgresql+psycopg://host/runs", "mysql+pymysql://host/runs", "mssql+pyodbc://host/runs",
     "sqlite+pysqlite:////abs/runs.db", "POSTGRESQL://host/runs", "https://host/mlflow", "databricks", "databricks://profile", "runs"],
)  # fmt: skip
def test_a_uri_of_any_driver_is_known(uri):
    addresses.require_known(uri)


def test_the_store_of_a_plugin_is_known(monkeypatch):
    from mlflow.tracking._tracking_service import utils

    with pytest.raises(StoreError, match=r"'own-scheme://x' is not one that MLflow knows"):
        addresses.require_known("own-scheme://x")
    monkeypatch.setitem(utils._tracking_store_registry._registry, "own-scheme", None)
    addresses.require_known("own-scheme://x")


def test_asking_a_server_that_is_away_does_not_take_minutes(monkeypatch):
    monkeypatch.setattr(connection, "current_uri", lambda: "http://127.0.0.1:9")
    with pytest.raises(StoreAwayError, match="Connection refused"):
        connection.ask(lambda: connection.connect("http://127.0.0.1:9"))
    with pytest.raises(StoreAwayError, match="does not answer"):
        connection.ask(lambda: time.sleep(5), timeout_s=0.05)


def test_the_private_parts_of_mlflow_are_there():
    """What the store relies on; a new MLflow that moves one of them fails here first."""
    from mlflow.tracking import fluent
    from mlflow.tracking._tracking_service import utils
    from mlflow.tracking.context import registry
    from mlflow.utils import name_utils, rest_utils

    assert hasattr(utils, "_tracking_uri")
    assert hasattr(fluent, "_active_experiment_id")
    assert callable(fluent._get_experiment_id)
    assert callable(registry.resolve_tags)
    assert callable(name_utils._generate_random_name)
    assert isinstance(fluent.run_id_to_system_metrics_monitor, dict)
    assert fluent._last_active_run_id is not None
    request = inspect.signature(rest_utils._get_http_response_with_retries)
    assert list(request.parameters)[:6] == ["method", "url", "max_retries", "backoff_factor", "backoff_jitter", "retry_codes"]  # fmt: skip
    assert {"allow_redirects", "respect_retry_after_header"} <= set(request.parameters)
    assert rest_utils.get_error_code(404)
    assert fluent._active_run_stack.get_all_thread_values() is not None


def test_the_open_runs_of_all_threads_are_seen_and_can_be_ended(store_uri):
    import mlflow

    client, begun, go, left = connection.connect(), threading.Event(), threading.Event(), []

    def elsewhere():
        run = mlflow.start_run(run_name="elsewhere")
        left.append(run.info.run_id)
        begun.set()
        go.wait(30)
        left.append(mlflow.active_run())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    begun.wait(30)
    here = mlflow.start_run(run_name="here").info.run_id
    runs = mlflow_runs.open_runs()
    assert {run_id: runs[run_id][0] for run_id in (here, left[0])} == {
        here: threading.get_ident(),
        left[0]: thread.ident,
    }
    mlflow_runs.deactivate(left[0])
    mlflow_runs.terminate(left[0], "KILLED")
    assert mlflow.active_run().info.run_id == here
    go.set()
    thread.join()
    assert left[1] is None
    mlflow_runs.deactivate(here)
    assert mlflow.active_run() is None
    assert mlflow.last_active_run().info.run_id == here
    assert [client.get_run(run_id).info.status for run_id in (here, left[0])] == ["RUNNING", "KILLED"]


def test_a_run_becomes_the_active_one_and_the_users_stays_below_it(store_uri):
    import mlflow

    client = connection.connect()
    users = mlflow.start_run(run_name="the user's")
    run = client.create_run("0", run_name="ours")
    mlflow_runs.activate(run)
    assert mlflow.active_run().info.run_id == run.info.run_id
    mlflow.log_metric("acc", 0.5)
    with mlflow.start_run(nested=True) as child:
        pass
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == run.info.run_id
    mlflow_runs.deactivate(run.info.run_id)
    assert mlflow.active_run().info.run_id == users.info.run_id
    assert client.get_run(run.info.run_id).data.metrics == {"acc": 0.5}


def test_mlflow_samples_the_system_where_the_user_asked_for_it(store_uri, monkeypatch):
    from mlflow.tracking import fluent

    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "true")
    run = connection.connect().create_run("0")
    mlflow_runs.activate(run)
    assert run.info.run_id in fluent.run_id_to_system_metrics_monitor
    mlflow_runs.deactivate(run.info.run_id)
    assert run.info.run_id not in fluent.run_id_to_system_metrics_monitor


def test_a_text_artifact_is_read_back(store_uri, tmp_path):
    import mlflow

    with mlflow.start_run() as run:
        mlflow.log_text("é\n", "mlmagic/cell.py")
    artifacts = connection.artifacts(run.info.artifact_uri)
    assert connection.read_text(artifacts, "mlmagic/cell.py") == "é\n"
    assert connection.read_text(artifacts, "mlmagic/none.py") is None
    assert connection.read_text(artifacts, "nowhere/none.py") is None


def test_a_store_that_was_moved_away_and_back_is_read_again(store_uri, tmp_path, make_run):
    make_run("forest")
    file, away = tmp_path / "mlflow.db", tmp_path / "away.db"
    assert len(connection.connect(store_uri).search_runs(["0"])) == 1
    file.rename(away)
    assert connection.is_missing(store_uri)
    assert connection.connect(store_uri).search_runs(["0"]) == []  # a new one
    away.replace(file)
    assert not connection.is_missing(store_uri)
    assert len(connection.connect(store_uri).search_runs(["0"])) == 1
