"""A run within a run, a run that is continued, and a session that is reloaded in between: what each holds."""

from __future__ import annotations

import json

import pytest

READ = """
import json, mlflow
def _read(name):
    client = mlflow.MlflowClient()
    ids = [e.experiment_id for e in client.search_experiments()]
    run = client.search_runs(ids, f"attributes.run_name = '{name}'", order_by=["attributes.start_time DESC"])[0]
    histories = {
        key: [[p.step, p.value] for p in client.get_metric_history(run.info.run_id, key)] for key in run.data.metrics
    }
    print(json.dumps({
        "experiment": run.info.experiment_id, "parent": run.data.tags.get("mlflow.parentRunId"),
        "params": run.data.params, "histories": histories, "id": run.info.run_id,
    }))
"""


@pytest.fixture(scope="module")
def kernel(kernel):
    kernel.check(READ)
    return kernel


@pytest.fixture
def read(kernel):
    return lambda name: json.loads(kernel.check(f"_read({name!r})"))


def test_a_block_within_a_run_is_in_the_experiment_of_that_run(kernel, read):
    kernel.check("%%track -e others outer\nwith mlmagic.track('inner'): mlmagic.log(a=1.0)")
    inner, outer = read("inner"), read("outer")
    assert (inner["parent"], inner["experiment"]) == (outer["id"], outer["experiment"])
    kernel.check("%%track -e others outer\nwith mlmagic.track('elsewhere', experiment='third'): mlmagic.log(a=1.0)")
    assert read("elsewhere")["experiment"] != outer["experiment"]


def test_the_curves_of_a_continued_run_go_on(kernel, read):
    kernel.check("%%track curves\nfor i in range(3):\n    loss = i / 2\nacc = sum([1]) / 4")
    kernel.check(
        "%%track --resume curves\nfor i in range(2):\n    loss = 5 + i / 2\nacc = sum([1]) / 2\nnew_loss = sum([1]) / 8"
    )
    assert read("curves")["histories"] == {
        "loss": [[0, 0], [1, 0.5], [2, 1], [3, 5], [4, 5.5]], "acc": [[0, 0.25], [1, 0.5]], "new_loss": [[0, 0.125]],
    }  # fmt: skip


def test_what_was_a_result_is_one_after_a_reload(kernel, read):
    kernel.check("lr = 0.1")
    kernel.check("%%track first\nrate = lr * 2")
    kernel.check("%%track second\nz = rate * 0.5")
    kernel.check("%reload_ext mlmagic")
    kernel.check("%%track third\nz = rate * 0.5")
    assert read("second")["params"] == read("third")["params"] == {}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_block_within_a_trial_is_refused_in_one_line(jobs, kernel):
    kernel.check(
        "def train(a):\n    with mlmagic.track('in a trial'): mlmagic.log(inner=a)\n    return {'val_loss': a * 1.0}"
    )
    output = kernel.run(f"mlmagic.sweep(train, {{'a': [1, 2]}}, metric='val_loss', jobs={jobs})")
    assert output.status == "error"
    assert "mlmagic.track was called within a trial of a sweep, which is a run already" in output.text
