"""A widget that follows its store: what it reads, what it sends, and when its thread ends."""

import gc
import threading
import time
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

import mlmagic
from mlmagic.comparison.live.following import Following
from mlmagic.comparison.live.watcher import Watcher
from mlmagic.errors import MLMagicError

LONGEST_S = 20


def until(condition):
    """Wait until *condition* is true: the thread looks twice a second."""
    end = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)


def threads():
    return [one for one in threading.enumerate() if one.name == "mlmagic-live"]


def metric(widget, name, run_id):
    column = next(one for one in widget.table["columns"] if one["id"] == f"metric:{name}")
    return np.frombuffer(column["numbers"])[widget.table["ids"].index(run_id)]


@pytest.fixture
def running(make_run):
    """A run that goes on, and one that has ended; the ids."""
    return make_run("on", {"lr": 1}, {"loss": 0.5}, seconds=None), make_run("ended", {"lr": 2}, {"loss": 0.1})


@pytest.fixture
def widget(running):
    """A widget as if it were displayed, which follows the store until the test ends."""
    made = mlmagic.compare("on", "ended")
    yield made
    made.close()


@pytest.fixture
def following(running):
    """A widget of the whole experiment that follows the store."""
    made = mlmagic.compare()
    made._seen({"view": "one", "open": True})
    yield made
    made.close()


def test_new_values_are_sent_in_their_columns_only(running, following):
    sent = []
    following.observe(lambda change: sent.append(change.new["columns"]), "changes")
    MlflowClient().log_metric(running[0], "loss", 0.25)
    until(lambda: metric(following, "loss", running[0]) == 0.25)
    until(lambda: sent)
    assert [column["id"] for column in sent[0]] == ["metric:loss"]
    assert following.to_dataframe().set_index("run_id")["loss"][running[0]] == 0.25


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.1])
def test_a_table_that_was_changed_in_parts_is_that_of_a_new_reading(running, following, value):
    MlflowClient().log_metric(running[0], "loss", value, step=3)
    until(lambda: repr(float(metric(following, "loss", running[0]))) == repr(value))
    followed = dict(following.table)
    following.refresh()
    assert following.table == followed


def test_new_runs_new_columns_and_new_states_appear(running, following, make_run):
    following.selected = [running[1]]
    MlflowClient().set_terminated(running[0])
    new = make_run("new", {"depth": 3}, {"loss": 0.2}, tags={"note": "x"})
    until(lambda: new in following.table["ids"])
    until(lambda: new in following.reading["new"] or following.reading["problem"])
    status = next(one for one in following.table["columns"] if one["id"] == "run:status")
    assert [status["words"][code] for code in np.frombuffer(status["codes"], np.int32)] == ["FINISHED"] * 3
    assert "param:depth" in [one["id"] for one in following.table["columns"]]
    assert following.selected == [running[1]]


def test_a_run_that_was_deleted_goes_and_one_that_was_selected_does_no_harm(running, following):
    following.selected = list(running)
    MlflowClient().delete_run(running[1])
    until(lambda: following.table["ids"] == [running[0]])
    until(lambda: following.reading["gone"] == 1)
    assert list(following.to_dataframe()["run_id"]) == [running[0]]


def test_a_change_of_an_ended_run_appears_as_well(running, following):
    MlflowClient().set_tag(running[1], "verdict", "good")
    until(lambda: "tag:verdict" in [one["id"] for one in following.table["columns"]])


def test_a_comparison_of_named_runs_shows_these_only(running, widget, make_run):
    widget._seen({"view": "one", "open": True})
    make_run("another", {"lr": 3}, {"loss": 0.3})
    MlflowClient().log_metric(running[0], "loss", 0.125)
    until(lambda: metric(widget, "loss", running[0]) == 0.125)
    assert set(widget.table["ids"]) == set(running)


def test_a_filter_chooses_again(running, make_run):
    widget = mlmagic.compare("loss < 0.3")
    widget._seen({"view": "one", "open": True})
    assert widget.table["ids"] == [running[1]]
    MlflowClient().log_metric(running[0], "loss", 0.2)
    until(lambda: set(widget.table["ids"]) == set(running))
    widget.close()


def test_an_experiment_without_runs_gets_its_first(store_uri, make_run):
    widget = mlmagic.compare()
    widget._seen({"view": "one", "open": True})
    assert widget.table["notice"]
    first = make_run("first", {}, {"loss": 1})
    until(lambda: widget.table["ids"] == [first])
    assert widget.table["notice"] is None
    widget.close()


def test_refresh_reads_what_came_without_following(running, widget, make_run):
    widget.live = False
    MlflowClient().log_batch(running[0], [Metric("loss", 0.75, 1, 1)], [Param("late", "1")])
    before = widget.reading["at"]
    sent = []
    widget.send = lambda content, buffers=None: sent.append(content)
    widget._receive(widget, {"kind": "refresh", "request": 3}, [])
    assert sent == [{"kind": "refresh", "request": 3}]
    assert metric(widget, "loss", running[0]) == 0.75
    assert widget.reading["at"] >= before
    assert threads() == []


def test_a_store_that_is_away_is_one_line_and_comes_back(running, following, store_uri):
    file = Path(store_uri.removeprefix("sqlite:///"))
    away = file.rename(file.with_name("away.db"))
    until(lambda: following.reading["problem"])
    assert following.reading["problem"] == f"the store {store_uri} is not there"
    assert set(following.table["ids"]) == set(running)
    with pytest.raises(MLMagicError, match="is not there"):
        following.refresh()
    assert not file.exists()
    away.rename(file)
    following.refresh()
    assert following.reading["problem"] == ""


def test_another_store_is_not_read(following, tmp_path):
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'other.db'}")
    until(lambda: following.reading["problem"])
    assert following.reading["problem"].startswith("The tracking URI was changed. Run the cell again")
    assert not (tmp_path / "other.db").exists()


def test_the_store_is_not_locked_while_it_is_followed(running, following):
    for at in range(50):
        MlflowClient().log_metric(running[0], "loss", at, step=at)
    until(lambda: metric(following, "loss", running[0]) == 49.0)
    assert following.reading["problem"] == ""


def test_widgets_share_one_thread_which_ends_with_the_last_view(running):
    one, other = mlmagic.compare(), mlmagic.compare()
    assert threads() == []
    one._seen({"view": "a", "open": True})
    other._seen({"view": "b", "open": True})
    other._seen({"view": "c", "open": True})
    [thread] = threads()
    assert thread.daemon
    one.close()
    other._seen({"view": "b", "open": False})
    assert threads() == [thread]
    other._seen({"view": "c", "open": False})
    thread.join(LONGEST_S)
    assert threads() == []
    other.close()


def test_a_widget_that_is_switched_off_is_left_alone_until_it_is_switched_on(following):
    [thread] = threads()
    following.live = False
    thread.join(LONGEST_S)
    assert threads() == []
    following.live = True
    assert len(threads()) == 1


class Shown:
    """What a widget is to its store, without the widget."""

    comparison = None


def test_a_widget_that_is_collected_is_not_followed(store_uri):
    shown = Shown()
    following = Following(shown)
    following.start()
    [thread] = threads()
    del shown
    gc.collect()
    thread.join(LONGEST_S)
    assert threads() == []


class Failing:
    """A follower whose look fails the first time."""

    def __init__(self):
        self.looks = 0
        self.again = threading.Event()

    def look(self):
        self.looks += 1
        if self.looks == 2:
            self.again.set()
        raise RuntimeError("no")


def test_a_follower_that_fails_keeps_no_other_from_being_followed():
    class Quick(Failing):
        def look(self):
            self.again.set()
            return 0.0

    watcher, failing, quick = Watcher(), Failing(), Quick()
    watcher.add(failing)
    watcher.add(quick)
    assert quick.again.wait(LONGEST_S)
    until(lambda: failing.looks)
    watcher.clear()
    [one.join(LONGEST_S) for one in threads()]
    assert threads() == []
