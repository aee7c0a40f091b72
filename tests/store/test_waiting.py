"""How long a store is waited for: one that does not answer for so long, and until it answers again only briefly."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import threading

import pytest

from mlmagic.errors import StoreAwayError
from mlmagic.store import connection, waiting
from mlmagic.store.query import queries, run_list
from mlmagic.store.query.run import Run
from mlmagic.store.waiting import PROBE_S, WaitBudget
from mlmagic.user_settings import settings


@pytest.fixture
def silent(monkeypatch):
    """The address of a server that accepts and never answers, which is the store."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        uri = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        monkeypatch.setattr(settings, "store_timeout_s", 1.5)
        yield uri
        waiting._silent.clear()


READINGS = {
    "runs": lambda: run_list.runs(run_list.RunsRequest("loss < 1")),
    "find_run": lambda: queries.find_run("forest"),
    "a run": lambda: Run("0" * 32).metrics,
    "its files": lambda: Run("0" * 32).artifacts,
}


@pytest.mark.parametrize("what", READINGS)
def test_a_server_that_never_answers_is_given_up_and_then_only_probed(silent, what):
    assert connection.wait_budget().left_s == 1.5
    with pytest.raises(StoreAwayError, match=rf"the MLflow store {silent} does not answer within 1\.5 s"):
        READINGS[what]()
    assert connection.wait_budget().left_s == PROBE_S
    with pytest.raises(StoreAwayError, match="does not answer within 1 s"):
        READINGS[what]()
    waiting.answered()
    assert connection.wait_budget().left_s == 1.5


def test_a_wait_in_which_nothing_came_is_remembered_and_one_in_which_something_came_is_not():
    condition = threading.Condition()
    for answer in (lambda: None, waiting.answered):
        patience = WaitBudget(0.01, local=False, uri="http://slow")
        patience.wait(condition, lambda answer=answer: answer() or False, lambda: 0)
        assert waiting.is_silent("http://slow") == (answer is not waiting.answered)
    assert not waiting.is_silent("http://other")


def test_a_probe_that_is_answered_gives_back_all_patience():
    waiting.note_silence("http://slow")
    patience = WaitBudget(3.0, local=False, uri="http://slow")
    assert patience.left_s == PROBE_S
    patience.ask(lambda: 1)  # nothing was asked of the store
    assert patience.left_s <= PROBE_S
    patience.ask(waiting.answered)
    assert patience.left_s == 3.0


def test_who_asks_within_an_asking_is_not_waited_for_by_two_threads(store_uri):
    assert connection.ask(lambda: connection.ask(threading.current_thread)) is not threading.main_thread()
    assert connection.ask(
        lambda: (threading.current_thread(), connection.ask(threading.current_thread))[0].name
    ).startswith("mlmagic-")


def test_the_reason_of_a_lock_is_the_lock(store_uri, tmp_path):
    assert connection.obstacle(store_uri) == "the store is slow"
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        assert connection.obstacle(store_uri) == "database is locked"
        other.execute("rollback")
    assert connection.obstacle("http://127.0.0.1:9") == "the store is slow"
    waiting.note_silence("http://127.0.0.1:9")
    assert connection.obstacle("http://127.0.0.1:9") == "the store does not answer"
