"""MLflow's stack of active runs: what stands on it, on which thread, and how it is left."""

from __future__ import annotations

import pickle
import threading

import mlflow
import pytest

from mlmagic.tracking import mlflow_runs


@pytest.fixture
def runs(store_uri):
    """Three runs in the store, none of which is active."""
    client = mlflow.MlflowClient()
    made = [client.create_run("0", run_name=name) for name in "abc"]
    yield made
    for run in made:
        mlflow_runs.deactivate(run.info.run_id)
    assert mlflow.active_run() is None


def ids(*runs):
    return [run.info.run_id for run in runs]


def test_the_innermost_active_run_is_mlflows(runs):
    assert (mlflow_runs.active_run(), mlflow_runs.active_id()) == (None, None)
    mlflow_runs.activate(runs[0])
    mlflow_runs.activate(runs[1])
    assert mlflow_runs.active_id() == runs[1].info.run_id
    assert list(mlflow_runs.open_runs()) == ids(*runs[:2])
    mlflow.log_metric("m", 1.0)
    mlflow_runs.deactivate(runs[1].info.run_id)
    assert mlflow.active_run().info.run_id == runs[0].info.run_id
    assert mlflow.get_run(runs[1].info.run_id).data.metrics == {"m": 1.0}
    assert mlflow.get_run(runs[1].info.run_id).info.status == "RUNNING"
    mlflow_runs.deactivate(runs[0].info.run_id)
    assert mlflow.last_active_run().info.run_id == runs[0].info.run_id


def test_a_run_in_the_middle_can_be_left(runs):
    for run in runs:
        mlflow_runs.activate(run)
    mlflow_runs.deactivate(runs[1].info.run_id)
    assert list(mlflow_runs.open_runs()) == [runs[0].info.run_id, runs[2].info.run_id]
    mlflow_runs.deactivate(runs[1].info.run_id)


def test_a_run_of_another_thread_is_seen_and_left(runs):
    begun, over = threading.Event(), threading.Event()

    def work():
        mlflow_runs.activate(runs[0])
        begun.set()
        over.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(60)
    (found,) = mlflow_runs.open_runs().values()
    assert (found[0], mlflow_runs.active_id()) == (thread.ident, None)
    mlflow_runs.deactivate(runs[0].info.run_id)
    assert mlflow_runs.open_runs() == {}
    over.set()
    thread.join()


def test_the_run_that_the_user_opened_within_another(runs):
    assert mlflow_runs.run_within(runs[0].info.run_id) is None
    mlflow_runs.activate(runs[0])
    assert mlflow_runs.run_within(runs[0].info.run_id) is None
    mlflow_runs.activate(runs[1])
    assert mlflow_runs.run_within(runs[0].info.run_id) == runs[1].info.run_id
    assert mlflow_runs.run_within(runs[2].info.run_id) is None
    mlflow_runs.activate(runs[2])
    assert mlflow_runs.run_within(runs[0].info.run_id) == runs[2].info.run_id


def test_a_run_that_is_looked_for_when_it_is_used(runs):
    asked = []
    mlflow_runs.activate(runs[0])
    remove = mlflow_runs.activate_when_used(lambda: asked.append(1) or runs[1])
    assert list(mlflow_runs.open_runs()) == ids(runs[0])
    assert mlflow_runs.run_within(runs[0].info.run_id) is None
    assert asked == []
    mlflow.log_metric("m", 1.0)
    mlflow.log_metric("m", 2.0)
    assert asked == [1]
    assert mlflow.get_run(runs[1].info.run_id).data.metrics == {"m": 2.0}
    assert list(mlflow_runs.open_runs()) == ids(*runs[:2])
    assert pickle.loads(pickle.dumps(mlflow.active_run())).info.run_id == runs[1].info.run_id
    remove()
    remove()
    assert list(mlflow_runs.open_runs()) == ids(runs[0])


def test_a_run_that_is_not_found_is_the_one_around(runs):
    mlflow_runs.activate(runs[0])
    remove = mlflow_runs.activate_when_used(lambda: None)
    mlflow.log_metric("m", 1.0)
    remove()
    assert mlflow.get_run(runs[0].info.run_id).data.metrics == {"m": 1.0}


def test_without_a_run_around_nothing_is_looked_for(runs):
    assert mlflow_runs.activate_when_used(lambda: runs[0]) is None
    assert mlflow.active_run() is None


def test_a_run_is_ended_in_the_store(runs):
    mlflow_runs.terminate(runs[0].info.run_id, "FAILED")
    assert mlflow.get_run(runs[0].info.run_id).info.status == "FAILED"


def test_a_generated_name_leaves_the_users_random_numbers_alone():
    import random

    random.seed(7)
    expected = random.random()
    random.seed(7)
    state = random.getstate()
    assert mlflow_runs.new_name() != mlflow_runs.new_name()
    random.setstate(state)
    assert random.random() == expected


def test_mlflows_own_tags_are_added_redacted_and_give_way(monkeypatch):
    token = "ghp_" + "a1B2" * 9
    monkeypatch.setenv("LOGNAME", token)
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", f'{{"note": "{token}"}}')
    tags = mlflow_runs.with_context({"mlflow.user": "me", "team": "red"})
    assert (tags["mlflow.user"], tags["team"]) == ("me", "red")
    assert token not in str(tags)
    assert "mlflow.source.name" in tags
