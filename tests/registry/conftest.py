"""Runs with models in a real store, and versions of them."""

from __future__ import annotations

import pytest
from logged import log_model
from servers import Server

from mlmagic.recording import open_runs

collect_ignore = ["racing.py"]  # a script that tests run


@pytest.fixture(autouse=True)
def _no_run_has_ended():
    """Let no run of another test be the last one of this process."""
    open_runs._last.clear()


@pytest.fixture
def client(store_uri):
    from mlflow import MlflowClient

    return MlflowClient(store_uri)


@pytest.fixture
def make_model(make_run, client):
    """Return a function that creates a run of this session with logged models, which bear this user's signature."""
    from sklearn.dummy import DummyClassifier

    def make(run="forest", params=(), metrics=(), *, names=("model",), value=0, **more):
        run_id = make_run(run, params, metrics, **more)
        for name in names:
            fitted = DummyClassifier(strategy="constant", constant=value).fit([[0], [1]], [0, value])
            log_model(fitted, name, client=client, run_id=run_id, requirements=["numpy"])
        open_runs.note_last(run_id)
        return run_id

    return make


@pytest.fixture
def make_versions(make_run, client):
    """Return a function that creates a version of ``churn`` for each mapping of metrics, without files."""

    def make(*metrics, name="churn"):
        client.create_registered_model(name)
        return [
            client.create_model_version(name, "s3://bucket/model", make_run(f"run {at}", {"depth": at}, one)).version
            for at, one in enumerate(metrics, 1)
        ]

    return make


@pytest.fixture
def server(tmp_path):
    """A real MLflow server, with a store and artifacts of its own."""
    folder = tmp_path / "server"
    folder.mkdir()
    made = Server(folder)
    yield made
    made.kill()
