"""The extremes of metrics in a comparison: read with it, sent to the browser, and kept in step with a training run."""

import numpy as np
import pytest
from mlflow.entities import Metric

import mlmagic
from mlmagic.comparison import extremes
from mlmagic.comparison.live.rereading import read_all, read_changed
from mlmagic.comparison.selecting import select
from mlmagic.comparison.wire import table_of
from mlmagic.store import connection


def log(run_id, **curves):
    logged = [Metric(key, value, 1, step) for key, values in curves.items() for step, value in enumerate(values)]
    connection.connect().log_batch(run_id, logged)


@pytest.fixture
def three(make_run):
    """The newest run has no steps; the others have their best value before the last one."""
    first, second = make_run("first"), make_run("second", seconds=None)
    log(first, loss=[0.9, 0.2, 0.6], size=[1, 2, 3])
    log(second, loss=[0.9, 0.3, 0.5])
    make_run("third", metrics={"loss": 0.4})
    return first, second


def sent(comparison, metric="loss"):
    """Return what the browser is sent of a metric: the lowest and highest values and their steps, by row."""
    column = next(one for one in table_of(comparison, None)["columns"] if one["id"] == f"metric:{metric}")
    return {name: np.frombuffer(column[name]).tolist() for name in ("lows", "low_steps", "highs", "high_steps")}


def test_the_browser_gets_the_extremes_of_metrics_with_steps(three):
    found = sent(select([]))
    np.testing.assert_equal(found["lows"], [np.nan, 0.3, 0.2])
    np.testing.assert_equal(found["low_steps"], [np.nan, 1, 1])
    np.testing.assert_equal(found["highs"], [np.nan, 0.9, 0.9])
    np.testing.assert_equal(found["high_steps"], [np.nan, 0, 0])
    np.testing.assert_equal(sent(select([]), "size")["highs"], [np.nan, np.nan, 3])


def test_a_comparison_without_steps_reads_none(make_run):
    make_run("single", metrics={"loss": 0.4})
    found = select([])
    assert found.extremes == {}
    assert "lows" not in table_of(found, None)["columns"][-1]


def test_new_values_of_a_training_run_move_its_best_one(three, store_uri):
    before = select([])
    connection.connect().log_batch(three[1], [Metric("loss", value, 1, step) for step, value in ((3, 0.1), (4, 0.7))])
    after = read_changed(before, store_uri)
    np.testing.assert_equal(sent(after)["lows"], [np.nan, 0.1, 0.2])
    np.testing.assert_equal(sent(after)["low_steps"], [np.nan, 3, 1])
    np.testing.assert_equal(sent(read_all(before)), sent(after))


def test_of_many_values_the_main_metric_is_read_and_of_many_runs_none(three, monkeypatch):
    monkeypatch.setattr(extremes, "_MOST_VALUES", 4)
    assert {metric for _, metric in select([], metric="loss").extremes} == {"loss"}
    assert {metric for _, metric in select([], metric="size").extremes} == {"size"}
    assert "last" not in select([], metric="loss").title
    monkeypatch.setattr(extremes, "_MOST_RUNS", 2)
    assert select([]).extremes == {}
    told = "experiment Default, ranked by the last loss: too many values for the best"
    assert table_of(select([], metric="loss"), None)["title"] == told
    assert read_all(select([], metric="loss")).title == told


def test_the_static_view_ranks_by_the_best_value(three):
    from mlmagic.views.comparison import still_of

    shown = still_of(select([], metric="loss"))["text/plain"].splitlines()
    assert [line.split()[0] for line in shown[2:]] == ["first", "second", "third"]
    assert "loss (best)" in shown[1]
    assert mlmagic.runs(sort="loss")["name"].tolist() == ["first", "second", "third"]
