"""Delivery into a store that came with somebody's repository: where files and credentials may go."""

import os
import sqlite3
from pathlib import Path

import pytest
from listeners import listening

import mlmagic
from mlmagic.journal import folder, owner
from mlmagic.journal.lines import encode, seed_of
from mlmagic.journal.records import Began, Bound, Closed, Copy, Ended, File, Metric, Model, Tag
from mlmagic.store.delivery.delivery import Delivery


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, store_uri):
    monkeypatch.setattr(folder, "_home", tmp_path)
    monkeypatch.setattr(folder, "_elsewhere", lambda: tmp_path / "elsewhere")


@pytest.fixture
def client(store_uri):
    from mlflow import MlflowClient

    return MlflowClient(store_uri)


@pytest.fixture
def database(tmp_path):
    """Return a function that changes the store's database as its author might."""

    def change(statement, *values):
        with sqlite3.connect(tmp_path / "mlflow.db") as connection:
            connection.execute(statement, values)
        connection.close()

    return change


@pytest.fixture
def listener():
    """The port of a server of somebody else, and what it was asked."""
    with listening(status=500) as found:
        yield found


def began(uid="a" * 32, **more):
    values = {"resumed": False, "run_id": "", "name": "x", "store": os.environ["MLFLOW_TRACKING_URI"], "experiment": "Default", "experiment_id": "0", "parent": "", "started": 1000,
              "owner": owner.this_process() | {"started": "0"}}  # fmt: skip
    return Began(uid=uid, tags={"mlmagic.id": uid}, **{**values, **more})


def deliver(client, uri, journal, first):
    delivery = Delivery(journal, uri, first)
    journal.append(Ended("FINISHED", 2000))
    delivery.advance(client)
    delivery.finish(client)
    return delivery


def test_files_do_not_go_where_the_store_points_and_go_once_it_is_put_right(client, store_uri, database, tmp_path):
    startup = tmp_path / "profile/startup"
    startup.mkdir(parents=True)
    run = client.create_run("0", tags={"mlmagic.id": "b" * 32})
    database("update runs set artifact_uri = ?", str(startup))
    journal, _ = folder.new()
    first = began("b" * 32, resumed=True, run_id=run.info.run_id)
    journal.append(first)
    journal.append(first)
    journal.keep_file("00-run.py", b"print('owned')")
    delivery = deliver(client, store_uri, journal, first)
    assert list(startup.iterdir()) == []
    assert not delivery.is_closed
    assert "which is not the run's place" in delivery.held
    journal.close()
    database("update runs set artifact_uri = ?", run.info.artifact_uri)
    assert [one.status for one in mlmagic.sync().runs] == ["FINISHED"]
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["00-run.py"]


@pytest.mark.parametrize("at", ["", "mlmagic", "mlmagic/session.py"])
def test_a_link_in_place_of_a_runs_folder_is_not_written_through(client, store_uri, tmp_path, at):
    """A run that is gone on with, whose folder came with the repository."""
    outside = tmp_path / "startup"
    outside.mkdir()
    (outside / "session.py").write_text("mine")
    run = client.create_run("0", tags={"mlmagic.id": "b" * 32})
    link = Path(run.info.artifact_uri) / at
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside / "session.py" if at.endswith(".py") else outside)
    journal, _ = folder.new()
    first = began("b" * 32, resumed=True, run_id=run.info.run_id)
    journal.append(first)
    journal.keep_file("mlmagic/session.py", b"print('owned')")
    delivery = deliver(client, store_uri, journal, first)
    assert [path.name for path in outside.iterdir()] == ["session.py"]
    assert (outside / "session.py").read_text() == "mine"
    assert ["there is a link in its place in the store" in problem for problem in delivery.problems] == [True]


def test_a_store_of_files_does_not_get_the_token_sent_to_its_artifact_server(client, store_uri, database, listener, monkeypatch):  # fmt: skip
    port, asked = listener
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "my-very-own-token")
    for scheme in ("http", "mlflow-artifacts"):
        database("update experiments set artifact_location = ?", f"{scheme}://127.0.0.1:{port}/artifacts")
        with mlmagic.track(scheme, quiet=True):
            mlmagic.log(loss=1.0)
    assert {run.info.run_name: run.data.metrics for run in client.search_runs(["0"])} == {
        "http": {"loss": 1.0},
        "mlflow-artifacts": {"loss": 1.0},
    }
    assert asked == []


def test_files_that_somebody_added_to_the_journal_or_its_folder_are_left_out(client, store_uri, tmp_path):
    journal, _ = folder.new()
    first = began()
    journal.append(first)
    journal.append(first)
    journal.keep_file("mine.txt", b"mine")
    journal.append(Ended("FINISHED", 2000))
    journal.close()
    (tmp_path / "private").write_text("PRIVATE")
    staged = journal.path.with_suffix(".files") / "artifacts"
    (staged / "theirs.txt").write_text("theirs")
    (staged / "link.txt").symlink_to(tmp_path / "private")
    with journal.path.open("ab") as file:
        for record in (File("theirs.txt", 6, 0), Copy("link.txt")):
            file.write(encode(record, seed_of(journal.path.name)))
    report = mlmagic.sync()
    (run,) = client.search_runs(["0"])
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["mine.txt"]
    assert len([problem for problem in report.problems if "theirs.txt" in problem or "link.txt" in problem]) >= 2


def test_an_end_with_records_behind_it_is_no_end(client, store_uri):
    """Another process took the run for dead, ended it, and its own process went on."""
    journal, _ = folder.new()
    first = began()
    for record in (first, first, Metric("loss", 1.0, 1000, 0), Closed()):
        journal.append(record)
    for record in (Metric("loss", 2.0, 2000, 1), Ended("FINISHED", 3000)):
        journal.append(record)
    journal.close()
    assert [one.status for one in mlmagic.sync().runs] == ["FINISHED"]
    (run,) = client.search_runs(["0"])
    assert [point.value for point in client.get_metric_history(run.info.run_id, "loss")] == [1.0, 2.0]


def test_a_model_with_a_link_among_its_files_is_left_out(client, store_uri, tmp_path):
    journal, _ = folder.new()
    first = began()
    journal.append(first)
    (tmp_path / "private").write_text("PRIVATE")
    at = journal.staging.make() / "models/1"
    at.mkdir(parents=True)
    (at / "MLmodel").symlink_to(tmp_path / "private")
    journal.append(Model("1", "clf", "models/1"))
    delivery = deliver(client, store_uri, journal, first)
    assert ["it is a link" in problem for problem in delivery.problems] == [True]
    assert delivery.is_closed
    assert client.search_logged_models(["0"]) == []


def test_a_record_that_was_added_to_a_signed_journal_names_no_other_run(client, store_uri, make_run):
    other = make_run("other", tags={"mlmagic.id": "c" * 32, "stage": "draft"})
    journal, _ = folder.new()
    first = began()
    for record in (first, first, Metric("loss", 1.0, 1000, 0)):
        journal.append(record)
    journal.close()
    with journal.path.open("ab") as file:
        for record in (Bound(other, "/etc"), Tag("stage", "EVIL"), Ended("FAILED", 5)):
            file.write(encode(record, seed_of(journal.path.name)))
    report = mlmagic.sync()
    run = client.get_run(other)
    assert (run.info.status, run.data.tags["stage"], run.data.metrics) == ("FINISHED", "draft", {})
    assert any("the store has another run under its id" in problem for problem in report.problems)


def test_a_link_in_place_of_the_staged_files_deletes_nothing(client, store_uri, tmp_path):
    journal, _ = folder.new()
    first = began()
    journal.append(first)
    journal.append(first)
    journal.keep_file("notes.txt", b"staged")
    journal.append(Ended("FINISHED", 5))
    journal.close()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    staged = journal.path.with_suffix(".files") / "artifacts"
    (staged / "notes.txt").unlink()
    staged.rmdir()
    staged.symlink_to(mine)
    mlmagic.sync()
    assert (mine / "notes.txt").read_text() == "mine"
    (run,) = client.search_runs(["0"])
    assert client.list_artifacts(run.info.run_id) == []


@pytest.mark.parametrize("target", ["a file", "nothing"])
def test_a_store_of_the_folder_that_is_a_link_is_refused_and_the_way_is_named(tmp_path, monkeypatch, target):
    from mlmagic.store import connection as store
    from mlmagic.store import tracking_uri

    outside = tmp_path / "outside.db"
    if target == "a file":
        outside.write_bytes(b"")
    project = tmp_path / "project"
    project.mkdir()
    (project / "mlflow.db").symlink_to(outside)
    monkeypatch.chdir(project)
    uri = f"sqlite:///{project}/mlflow.db"
    monkeypatch.setattr(tracking_uri, "_unchosen", uri)
    with pytest.raises(mlmagic.MLMagicError, match=r"is a link to .*outside\.db, and may have come with this folder"):
        store.connect(uri)
    assert not outside.exists() or outside.read_bytes() == b""


def test_artifacts_do_not_go_through_a_link_beside_the_store(client, store_uri, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "mlruns").symlink_to(outside)
    with mlmagic.track("x", quiet=True):
        mlmagic.log(loss=1.0)
    assert list(outside.rglob("*")) == []
    (run,) = client.search_runs(["0"])
    assert run.data.metrics == {"loss": 1.0}
