"""A sweep as a notebook runs it, without the notebook."""

import sys

import pytest

import mlmagic
from mlmagic.journal import folder
from mlmagic.recording import open_runs
from mlmagic.snapshot.randomness import seeding
from mlmagic.sweeps.body import body_of
from mlmagic.sweeps.orchestrator import Sweep
from mlmagic.sweeps.plan import SweepPlan
from mlmagic.sweeps.points.space import axes_of


@pytest.fixture
def sweep(store_uri, tmp_path, monkeypatch):
    """Return a function that sweeps a body over words of the magic's line, and returns the results."""

    monkeypatch.setattr(folder, "_home", tmp_path)
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")  # trials would draw into a figure that another test has left open

    def run(body, *words, namespace=None, watcher=None, **options):
        names = {"__name__": "__main__", "mlmagic": mlmagic}
        exec(namespace or "", names)
        axes = axes_of(words)
        plan = SweepPlan(body_of(body, names, [axis.name for axis in axes]), axes, names, seed=7, **options)
        prepared = Sweep(plan)
        with mlmagic.track("sweep", quiet=True):
            return prepared.run(open_runs.on_this_thread(), watcher)

    yield run
    seeding.forget()


@pytest.fixture
def runs_of(store_uri):
    """Return a function that returns the runs below that of a sweep, in the order of their trials."""
    from mlflow import MlflowClient

    def read(results):
        client = MlflowClient()
        above = mlmagic.Run(results.run_id).id
        found = client.search_runs(["0"], f"tags.`mlflow.parentRunId` = '{above}'", max_results=5000)
        return sorted(found, key=lambda run: int(run.data.tags["mlmagic.trial"]))

    return read
