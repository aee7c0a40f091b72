"""Where a run goes: the experiment, the run around it, and the parent that is asked for."""

from __future__ import annotations

import mlflow
import pytest

import mlmagic
from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.store.query.run import Run
from mlmagic.user_settings import settings


@pytest.fixture
def where(store_uri):
    """Return a function that opens a run, and returns its (experiment, parent's name)."""
    client = mlflow.MlflowClient()

    def where(**options):
        with mlmagic.track(quiet=True, **options) as run:
            pass
        stored = client.get_run(run.id)
        parent = stored.data.tags.get("mlflow.parentRunId")
        return client.get_experiment(stored.info.experiment_id).name, parent and client.get_run(parent).info.run_name

    return where


def test_a_run_is_in_the_default_experiment_and_has_no_parent(where):
    assert where() == ("Default", None)


def test_an_experiment_that_is_new_is_created(where):
    assert where(experiment="new") == ("new", None)
    assert where(experiment="new") == ("new", None)
    assert len(mlflow.search_experiments(filter_string="name = 'new'")) == 1


def test_the_active_experiment_is_mlflows(where):
    mlflow.set_experiment("active")
    assert where() == ("active", None)
    assert where(experiment="other") == ("other", None)


def test_a_run_within_a_run_is_its_child_in_its_experiment(where):
    with mlmagic.track("outer", experiment="e", quiet=True):
        assert where() == ("e", "outer")
        with mlmagic.track("middle", quiet=True):
            assert where() == ("e", "middle")
        assert where(experiment="other") == ("other", "outer")
    assert where() == ("Default", None)


def test_a_run_within_mlflows_run_within_a_run_is_that_runs_child(where):
    with mlmagic.track("outer", quiet=True), mlflow.start_run(run_name="mlflows", nested=True):
        assert where() == ("Default", "mlflows")


def test_a_run_within_a_run_of_mlflow_alone_is_no_child(where):
    with mlflow.start_run(run_name="mlflows"):
        assert where() == ("Default", None)


def test_a_parent_can_be_named(where):
    with mlmagic.track("parent", quiet=True) as run:
        pass
    for reference in ("parent", run.id, run.id[:10]):
        assert where(parent=reference) == ("Default", "parent")
    with mlmagic.track("outer", experiment="e", quiet=True):
        assert where(parent="parent") == ("Default", "parent")


def test_a_parent_that_does_not_exist_is_refused_with_the_nearest_one(where):
    with mlmagic.track("parent", quiet=True):
        pass
    with pytest.raises(MLMagicError, match="parent"):
        where(parent="paretn")
    assert mlflow.active_run() is None


def test_offline_a_run_knows_where_it_will_go(where, monkeypatch):
    with mlmagic.track("outer", experiment="e", quiet=True):
        monkeypatch.setattr(settings, "offline", True)
        with mlmagic.track("inner", quiet=True) as inner:
            pass
        with pytest.raises(
            UsageProblem,
            match=r"^--parent x: the store cannot be asked for that run now \(the setting offline is True\)\.$",
        ):
            where(parent="x")
        monkeypatch.setattr(settings, "offline", False)
    mlmagic.sync()
    found = Run.find("inner")
    assert mlflow.MlflowClient().get_experiment(mlflow.get_run(found.id).info.experiment_id).name == "e"
    assert found.tags["mlflow.parentRunId"] == Run.find("outer").id
    assert inner is not None


def test_an_experiment_that_was_deleted_is_refused_and_the_way_back_is_told(where):
    mlflow.MlflowClient().delete_experiment(mlflow.create_experiment("gone"))
    with pytest.raises(MLMagicError, match="gone"):
        where(experiment="gone")


@pytest.mark.parametrize("name", ["a/b", "ä 漢", "with 'quotes'", "x" * 200])
def test_an_experiment_may_be_called_anything(name, where):
    assert where(experiment=name) == (name, None)
