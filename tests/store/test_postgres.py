"""A real PostgreSQL as MLflow's store, away for a while."""

import mlflow
import pytest
from postgres import Postgres

import mlmagic
from mlmagic.journal import folder
from mlmagic.store import experiments
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.waiting import WaitBudget

VALUES = 40


@pytest.fixture(scope="module")
def postgres():
    made = Postgres()
    try:
        mlflow.MlflowClient(made.uri()).search_experiments()  # MLflow takes seconds to create a store
        yield made
    finally:
        made.stop()


@pytest.fixture
def use(tmp_path, monkeypatch):
    """Return a function that lets this process use a store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folder, "_home", None)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)

    def choose(uri):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        mlflow.set_tracking_uri(uri)
        experiments.forget()

    yield choose
    mlflow.set_tracking_uri(None)


def log(first, last):
    for step in range(first, last):
        mlmagic.log(loss=step / 2, step=step)


def check(uri, name):
    client = mlflow.MlflowClient(uri)
    (run,) = client.search_runs(["0"], f"attributes.run_name = '{name}'")
    assert run.info.status == "FINISHED"
    assert [point.step for point in client.get_metric_history(run.info.run_id, "loss")] == list(range(VALUES))
    assert folder.journals(folder.place()) == []


def test_a_database_that_is_away_in_the_middle_loses_nothing(postgres, use, capsys):
    uri = postgres.uri()
    use(uri)
    with mlmagic.track("away"):
        log(0, VALUES // 2)
        delivery_worker(uri).wait(lambda: False, WaitBudget(30, local=False))
        postgres.kill()
        log(VALUES // 2, VALUES)
    shown = capsys.readouterr().err
    assert "records kept (the MLflow store postgresql" in shown
    assert "cannot be reached: " in shown
    assert "Traceback" not in shown
    with mlmagic.track("offline"):
        log(0, VALUES)
    assert "cannot be reached: Connection refused" in capsys.readouterr().err
    postgres.start()
    assert mlmagic.sync().waiting == 0
    delivery_worker(uri).wait(lambda: False, WaitBudget(30, local=False))
    check(uri, "away")
    check(uri, "offline")


def test_a_wrong_password_is_told_and_the_right_one_delivers(postgres, use, capsys):
    wrong = postgres.uri(password="wrong-staple-7")
    use(wrong)
    with mlmagic.track("password"):
        log(0, VALUES)
    shown = capsys.readouterr().err
    assert 'cannot be reached: password authentication failed for user "ana"' in shown
    assert "wrong-staple-7" not in shown
    right = postgres.uri()
    use(right)
    assert mlmagic.sync().waiting == 0
    delivery_worker(right).wait(lambda: False, WaitBudget(30, local=False))
    check(right, "password")
