"""A delivery that fails at any call, and goes on in this process or in another: everything is stored, once."""

import os
import sqlite3
from pathlib import Path

import pytest
from databases import copy_new_database
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from mlmagic.errors import StoreAwayError
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Began, Closed, Dataset, Ended, Metric, Param, Tag
from mlmagic.store.delivery.delivery import Delivery

FAILS = ("create_run", "log_batch", "log_inputs", "set_terminated", "get_run", "search_runs")


class Unreliable:
    """A client of a real store, of which chosen calls fail: before they reach the store, or after."""

    def __init__(self, client, failures):
        self._client, self._failures = client, list(failures)

    def __getattr__(self, name):
        original = getattr(self._client, name)
        if name not in FAILS:
            return original

        def call(*given, **options):
            failure = self._failures.pop(0) if self._failures else None
            if failure == "before":
                raise ConnectionError("Connection refused")
            found = original(*given, **options)
            if failure == "after":
                raise ConnectionResetError("Connection reset by peer")
            return found

        return call


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    return folder, f"sqlite:///{folder / 'mlflow.db'}"


RECORDS = st.lists(
    st.sampled_from(
        [
            *(Param(f"p{at}", str(at)) for at in range(4)),
            *(Tag(f"t{at}", str(at)) for at in range(3)),
            *(Metric(key, at / 2, 1000 + at, at) for key in ("loss", "acc") for at in range(4)),
            *(Dataset(name, "0" * 32, "local", "{}", "", "{}", "training") for name in "XY"),
        ]
    ),
    unique=True,
    min_size=1,
    max_size=12,
)
ATTEMPTS = st.lists(
    st.tuples(st.lists(st.sampled_from([None, "before", "after"]), max_size=4), st.booleans()), min_size=1, max_size=4
)


def attempt(delivery, client):
    delivery._pause.end()  # the pause between attempts is another test's
    try:
        delivery.advance(client)
        delivery.finish(client)
    except StoreAwayError as away:
        assert "Connection re" in str(away)  # noqa: PT017


@settings(max_examples=15, deadline=None)
@given(records=RECORDS, attempts=ATTEMPTS, files=st.integers(0, 2), parts=st.integers(1, 3))
def test_everything_is_stored_once(store, records, attempts, files, parts):
    folder, uri = store
    uid = os.urandom(16).hex()
    journal = Journal.create(folder / f"{uid}.journal")
    began = Began(uid, False, "", "run", uri, "Default", "0", "", 1000, {"mlmagic.id": uid}, {})
    journal.append(began)
    delivery, client = Delivery(journal, uri, began), MlflowClient(uri)
    size = -(-len(records) // parts)
    pieces = [records[at : at + size] for at in range(0, len(records), size)]
    for failures, restarts in attempts:
        for record in pieces.pop(0) if pieces else ():
            journal.append(record)
        attempt(delivery, Unreliable(client, failures))
        if restarts:
            journal.close()
            journal = Journal.adopt(journal.path)
            delivery = Delivery.of_dead_process(journal, uri, journal.beginning())
            # What follows is of a process that goes on, not of one that was killed.
            delivery.ended = delivery.ended if not delivery.was_killed else None
            delivery.was_killed = False
    for record in [record for piece in pieces for record in piece]:
        journal.append(record)
    for at in range(files):
        journal.keep_file(f"{at}.txt", b"x" * at)
    journal.append(Ended("FINISHED", 2000))
    for _ in range(3):
        attempt(delivery, client)
    assert delivery.is_closed
    assert (delivery.problems, delivery.waiting()) == ([], 0)
    assert isinstance([line.record for line in journal.read()][-1], Closed)
    (run,) = client.search_runs(["0"], f"tags.`mlmagic.id` = '{uid}'")
    assert (run.info.status, run.info.end_time) == ("FINISHED", 2000)
    assert run.data.params == {one.key: one.value for one in records if isinstance(one, Param)}
    tags = {key: value for key, value in run.data.tags.items() if not key.startswith("ml")}
    assert tags == {one.key: one.value for one in records if isinstance(one, Tag)}
    assert {one.dataset.name for one in run.inputs.dataset_inputs} == {
        one.name for one in records if isinstance(one, Dataset)
    }
    for key in ("loss", "acc"):
        history = [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, key)]
        assert sorted(history) == sorted(
            (one.step, one.value) for one in records if isinstance(one, Metric) and one.key == key
        )
    root = Path(run.info.artifact_uri)
    assert {path.name for path in root.glob("*") if path.is_file()} == {f"{at}.txt" for at in range(files)}
    journal.close()


@pytest.mark.parametrize("fails", range(4))
def test_files_that_were_stored_are_not_uploaded_again_after_a_restart(store, fails, monkeypatch):
    folder, uri = store
    uid = os.urandom(16).hex()
    journal = Journal.create(folder / f"{uid}.journal")
    began = Began(uid, False, "", "run", uri, "Default", "0", "", 1000, {"mlmagic.id": uid}, {})
    journal.append(began)
    for at in range(4):
        journal.keep_file(f"{at}.txt", b"x" * (at + 1))
    journal.append(Ended("FINISHED", 2000))
    uploaded, original = [], LocalArtifactRepository.log_artifact
    broken = {f"{fails}.txt"}

    def log_artifact(self, file, path=None):
        if Path(file).name in broken:
            raise OSError(28, "No space left on device")
        uploaded.append(Path(file).name)
        original(self, file, path)

    def at_once(self, folder, path=None):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocalArtifactRepository, "log_artifact", log_artifact)
    monkeypatch.setattr(LocalArtifactRepository, "log_artifacts", at_once)
    client = MlflowClient(uri)
    attempt(Delivery(journal, uri, began), client)
    assert f"{fails}.txt" not in uploaded
    journal.close()
    broken.clear()
    again = Journal.adopt(journal.path)
    delivery = Delivery.of_dead_process(again, uri, again.beginning())
    assert delivery.waiting() == 1
    attempt(delivery, client)
    assert delivery.is_closed
    assert sorted(uploaded) == [f"{at}.txt" for at in range(4)]
    again.close()


def test_the_store_holds_each_run_once(store):
    """What the tests above made, looked at as a whole."""
    folder, _ = store
    with sqlite3.connect(folder / "mlflow.db") as database:
        rows = database.execute(
            "select value, count(*) from tags where key = 'mlmagic.id' group by value having count(*) > 1"
        )
        twins = rows.fetchall()
    database.close()
    assert twins == []
