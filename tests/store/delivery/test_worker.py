"""The threads that deliver: what they meet, and how long they pause."""

import threading
from types import SimpleNamespace

import pytest

import mlmagic
from mlmagic.journal import folder
from mlmagic.journal.records import Param
from mlmagic.recording import open_runs
from mlmagic.recording.child_runs import ChildRun
from mlmagic.store import connection
from mlmagic.store.delivery import pausing
from mlmagic.store.delivery.delivery import Delivery
from mlmagic.store.delivery.pausing import Pause
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.waiting import WaitBudget
from mlmagic.user_settings import settings


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_home", None)


class RustPanic(BaseException):
    pass


def fails_once(original, error):
    left = [error]

    def call(*args, **kwargs):
        if left and threading.current_thread().name == "mlmagic-ship":
            raise left.pop()
        return original(*args, **kwargs)

    return call


@pytest.mark.parametrize(
    "error", [MemoryError(), SystemExit(3), KeyboardInterrupt(), RustPanic("odd"), RecursionError("deep")]
)
@pytest.mark.parametrize("where", ["advance", "finish", "connect"])
def test_an_error_of_the_deliverys_own_is_told_and_nothing_is_lost(store_uri, monkeypatch, capsys, error, where):
    with mlmagic.track("first"):
        owner = connection if where == "connect" else Delivery
        monkeypatch.setattr(owner, where, fails_once(getattr(owner, where), error))
        mlmagic.log(loss=1.0)
    with mlmagic.track("second"):
        mlmagic.log(loss=2.0)
    shown = capsys.readouterr().err
    assert f"{type(error).__name__}" in shown
    mlmagic.sync()
    delivery_worker(store_uri).wait(lambda: False, WaitBudget(60, local=False))  # until the round is over
    client = connection.connect(store_uri)
    runs = {run.info.run_name: (run.info.status, run.data.metrics) for run in client.search_runs(["0"])}
    assert runs == {"first": ("FINISHED", {"loss": 1.0}), "second": ("FINISHED", {"loss": 2.0})}
    assert folder.journals(folder.place()) == []


def test_a_thread_that_ended_is_begun_again(store_uri):
    with mlmagic.track("first", quiet=True):
        pass
    ships = delivery_worker(store_uri)

    class Ended:
        def is_alive(self):
            return False

    ships._thread = Ended()
    with mlmagic.track("second", quiet=True):
        mlmagic.log(loss=1.0)
    assert ships._thread.is_alive()
    assert {run.info.status for run in connection.connect(store_uri).search_runs(["0"])} == {"FINISHED"}


def test_pauses_grow_up_to_half_a_minute_whatever_a_server_asks_for(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(pausing, "time", SimpleNamespace(monotonic=lambda: now[0]))
    pause, lengths = Pause(), []
    for asked in (0, 0, 0, 20, 120, 10**9, 0):
        pause.begin(asked)
        began = now[0]
        while not pause.is_over:
            now[0] += 0.5
        lengths.append(now[0] - began)
    assert lengths == [0.5, 1, 2, 20, 30, 30, 30]
    pause.end()
    pause.begin()
    now[0] += 0.5
    assert pause.is_over


def test_an_attempt_that_takes_long_is_repeated_rarely(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(pausing, "time", SimpleNamespace(monotonic=lambda: now[0]))
    pause = Pause(share=0.1)
    pause.attempt()
    now[0] += 20.0
    pause.begin()
    now[0] += 179.0
    assert not pause.is_over
    now[0] += 1.0
    assert pause.is_over


def test_what_the_background_loses_is_said_by_the_next_run(store_uri, monkeypatch, capsys):
    """Nobody waits for the first run any more when the store refuses a parameter of it."""
    monkeypatch.setattr(settings, "offline", True)
    with mlmagic.track("first"):
        mlmagic.log_params(lr=0.1)
        monkeypatch.setattr(settings, "offline", False)
        ships = delivery_worker(store_uri)
        ships.wait(lambda: False, WaitBudget(5, local=False))
        (delivery,) = ships.deliveries()
        connection.connect(store_uri).log_param(delivery.run_id, "depth", "3")
        monkeypatch.setattr(settings, "offline", True)
        mlmagic.log_params(depth=4)
    capsys.readouterr()
    monkeypatch.setattr(settings, "offline", False)
    while ships.deliveries():
        ships.wait(lambda: not ships.deliveries(), WaitBudget(1, local=False))
    with mlmagic.track("second"):
        pass
    assert "the run 'first': param 'depth' was refused: " in capsys.readouterr().err
    assert mlmagic.sync().problems == []


def test_what_is_lost_of_a_child_run_is_said_by_its_parent_or_the_next_run(store_uri, capsys):
    with mlmagic.track("sweep"):
        parent = open_runs.on_this_thread()
        child = ChildRun(parent, "trial 3", parent.began, {})
        for value in ("0.1", "0.2"):
            child._journal.append(Param("lr", value))
        child.end("FINISHED", parent.began + 1)
    with mlmagic.track("next"):
        pass
    assert capsys.readouterr().err.count("the run 'trial 3': param 'lr' was refused: ") == 1


def test_one_run_that_is_held_holds_no_other(store_uri, monkeypatch, capsys):
    import mlflow

    create_run = mlflow.MlflowClient.create_run

    def forbidden(self, *args, run_name=None, **kwargs):
        if run_name == "forbidden":
            raise mlflow.exceptions.RestException({"error_code": "PERMISSION_DENIED", "message": "not here"})
        return create_run(self, *args, run_name=run_name, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(mlflow.MlflowClient, "create_run", forbidden)
        with mlmagic.track("forbidden"):
            mlmagic.log(loss=1.0)
        with mlmagic.track("allowed"):
            mlmagic.log(loss=2.0)
    shown = capsys.readouterr().err
    assert shown.count("PERMISSION_DENIED: not here") == 1
    client = connection.connect(store_uri)
    assert [run.info.run_name for run in client.search_runs(["0"])] == ["allowed"]
    ships = delivery_worker(store_uri)
    while ships.deliveries():  # without being asked for, once the pause is over
        ships.wait(lambda: not ships.deliveries(), WaitBudget(1, local=False))
    assert {run.info.run_name: run.data.metrics for run in client.search_runs(["0"])} == {"forbidden": {"loss": 1.0}, "allowed": {"loss": 2.0}}  # fmt: skip
