import errno
import functools
import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import mlflow
import pytest
from databases import copy_new_database
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from mlmagic.errors import StoreAwayError
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Began, Dataset, Ended, Metric, Model, Param, Tag
from mlmagic.store import own_requests
from mlmagic.store.delivery.delivery import Delivery

DATA = Dataset("X", "0" * 32, "code", "{}", "", "{}", "training")


def beginning(uid="a" * 32, **more):
    return Began(
        **{"uid": uid, "resumed": False, "run_id": "", "name": "first", "store": "", "experiment": "Default", "experiment_id": "0", "parent": "", "started": 1000,
           "tags": {"mlmagic.id": uid}, "owner": {}} | more
    )  # fmt: skip


class Written:
    """A journal, and the run that is made of it."""

    def __init__(self, uri, folder, **more):
        self.client = mlflow.MlflowClient(uri)
        self.uri, self.began = uri, beginning(**more)
        self.journal = Journal.create(folder / f"{self.began.uid}.journal")
        self.journal.append(self.began)
        self.journal.append(self.began)
        self.delivery = Delivery(self.journal, uri, self.began)

    def begins(self, **more):
        """Let the run begin in another way."""
        self.began = beginning(**more)
        self.delivery = Delivery(self.journal, self.uri, self.began)

    def write(self, *records):
        for record in records:
            self.journal.append(record)

    def deliver(self, status="FINISHED"):
        if status:
            self.write(Ended(status, 2000))
        self.delivery.advance(self.client)
        self.delivery.finish(self.client)
        return self.delivery.problems

    @property
    def id(self):
        return self.delivery.run_id

    @property
    def stored(self):
        return self.client.get_run(self.id)

    @property
    def data(self):
        return self.stored.data

    def steps(self, key):
        return [point.step for point in self.client.get_metric_history(self.id, key)]

    def files(self, folder=None):
        found = []
        for item in self.client.list_artifacts(self.id, folder):
            found += self.files(item.path) if item.is_dir else [item.path]
        return sorted(found)


@pytest.fixture
def written(store_uri, tmp_path):
    return Written(store_uri, tmp_path)


def away(*args, **kwargs):
    raise MlflowException("refused\nand a long story") from ConnectionRefusedError("Connection refused")


def values(count, start=0):
    return [Metric("loss", float(step), 1000 + step, step) for step in range(start, start + count)]


def test_everything_lands_and_the_run_ends(written):
    written.journal.keep_file("mlmagic/cell.py", b"x = 1")
    written.journal.keep_file("figures/roc é.png", b"\x89PNG")
    written.journal.keep_file("mlmagic/cell.py", b"x = 2")
    written.write(
        Param("lr", "0.1"), Tag("team", "risk"), Tag("team", "vision"), Metric("loss", 0.5, 1000, 0), Metric("loss", 0.25, 2000, 1), DATA
    )  # fmt: skip
    assert written.deliver("FAILED") == []
    assert written.data.params == {"lr": "0.1"}
    assert written.data.tags["team"] == "vision"
    history = written.client.get_metric_history(written.id, "loss")
    assert [(point.value, point.timestamp, point.step) for point in history] == [(0.5, 1000, 0), (0.25, 2000, 1)]
    assert written.files() == ["figures/roc é.png", "mlmagic/cell.py"]
    assert mlflow.artifacts.load_text(f"runs:/{written.id}/mlmagic/cell.py") == "x = 2"
    info = written.stored.info
    assert (info.status, info.run_name, info.start_time, info.end_time) == ("FAILED", "first", 1000, 2000)


def test_many_records_fit_into_the_batches_that_mlflow_takes(written):
    written.write(*[Param(f"p{number}", str(number)) for number in range(250)])
    written.write(*[Tag(f"t{number}", str(number)) for number in range(250)])
    written.write(*values(2500))
    assert written.deliver() == []
    assert written.data.params == {f"p{number}": str(number) for number in range(250)}
    assert {f"t{number}" for number in range(250)} <= set(written.data.tags)
    assert written.steps("loss") == list(range(2500))


def test_metrics_can_be_watched_while_the_cell_runs(written):
    written.write(*values(3))
    written.deliver(None)
    assert (written.steps("loss"), written.stored.info.status) == ([0, 1, 2], "RUNNING")
    written.write(*values(2, start=3))
    written.deliver(None)
    assert written.steps("loss") == [0, 1, 2, 3, 4]


def test_a_refused_record_does_not_lose_the_others(written):
    written.deliver(None)
    written.client.log_param(written.id, "lr", "0.5")
    written.write(Param("a", "1"), Param("lr", "0.1"), Tag("t", "1"), Metric("m", 1.0, 1000, 0), Param("z", "2"))
    (problem,) = written.deliver()
    assert problem.startswith("param 'lr' was refused: ")
    assert "\n" not in problem
    assert written.data.params == {"a": "1", "lr": "0.5", "z": "2"}
    assert written.data.metrics == {"m": 1.0}
    assert written.data.tags["t"] == "1"


def test_a_store_that_is_away_for_a_while_gets_everything_when_it_is_back(written, monkeypatch):
    written.write(Param("lr", "0.1"), *values(1200))
    for call in ("create_run", "log_batch", "set_terminated"):
        with monkeypatch.context() as patched:
            patched.setattr(mlflow.MlflowClient, call, away)
            with pytest.raises(StoreAwayError, match="Connection refused"):
                written.deliver("FINISHED" if call == "create_run" else None)
    assert written.deliver(None) == []
    assert written.data.params == {"lr": "0.1"}
    assert written.steps("loss") == list(range(1200))
    assert written.stored.info.status == "FINISHED"
    assert len(written.client.search_runs(["0"])) == 1


def test_a_run_whose_creation_was_not_answered_is_not_created_twice(written, monkeypatch):
    create = mlflow.MlflowClient.create_run

    def unanswered(*args, **kwargs):
        create(*args, **kwargs)
        raise TimeoutError

    monkeypatch.setattr(mlflow.MlflowClient, "create_run", unanswered)
    with pytest.raises(StoreAwayError, match="cannot be reached"):
        written.deliver()
    monkeypatch.undo()
    assert written.deliver(None) == []
    assert [run.info.status for run in written.client.search_runs(["0"])] == ["FINISHED"]


def test_a_twin_that_a_stopped_server_makes_later_is_deleted(written, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(mlflow.MlflowClient, "create_run", away)
        with pytest.raises(StoreAwayError, match="Connection refused"):
            written.deliver(None)
    written.write(Param("a", "1"))
    written.deliver(None)
    written.client.create_run("0", tags={"mlmagic.id": written.began.uid})
    written.deliver()
    assert [run.data.params for run in written.client.search_runs(["0"])] == [{"a": "1"}]


def test_delivering_again_from_the_journal_alone_changes_nothing(written):
    written.journal.keep_file("mlmagic/output.txt", b"hi\n", after="\n---\n")
    written.write(Param("lr", "0.1"), DATA, *values(1500), Metric("m", 1.0, 5, 0), Metric("m", 2.0, 5, 0))
    written.deliver("KILLED")
    before = written.stored.to_dictionary()
    for upto in ("Delivered", "Closed", None):
        lines = written.journal.path.read_bytes().splitlines(keepends=True)
        # As if the process had died before the store's answers were written down.
        kept = [line for line in lines if upto is None or (b'"closed"' not in line and (upto != "Delivered" or b'"delivered"' not in line))]  # fmt: skip
        written.journal.path.write_bytes(b"".join(kept))
        again = Delivery.of_dead_process(Journal.open(written.journal.path), written.uri, written.began)
        again.advance(written.client)
        again.finish(written.client)
        assert again.problems == []
        assert written.stored.to_dictionary() == before
    assert len(written.client.search_runs(["0"])) == 1
    assert mlflow.artifacts.load_text(f"runs:/{written.id}/mlmagic/output.txt") == "---\nhi\n"


def test_values_that_no_float_holds_are_kept_as_mlflow_does(written):
    for name in ("nan", "inf", "-inf"):
        written.journal.append_metric(name, float(name), 1000, 0)
    assert written.deliver() == []
    assert math.isnan(written.data.metrics["nan"])
    assert written.data.metrics["inf"] > 1e308
    assert written.data.metrics["-inf"] < -1e308


def records_of(written):
    return (written.data.params, written.steps("loss"), written.stored.info.status)


def mended(written):
    """Let the time pass after which a delivery tries again by itself."""
    written.delivery.held = None
    assert written.deliver(None) == []


@pytest.mark.parametrize("when", ["before its records", "before its end"])
def test_a_run_that_was_deleted_gets_everything_when_it_is_restored(written, when):
    written.write(*values(2))
    written.deliver(None)
    written.write(Param("lr", "0.1"), *values(2, start=2))
    if when == "before its end":
        written.deliver(None)
    written.client.delete_run(written.id)
    assert written.deliver() == []
    assert written.delivery.held == (
        f"the run 'first' was deleted: restore it (!mlflow runs restore --run-id {written.id}), or have it made anew: "
        f"%mlmagic sync --anew (to drop it, delete {written.journal.path})"
    )
    assert not written.delivery.is_closed
    written.client.restore_run(written.id)
    mended(written)
    assert records_of(written) == ({"lr": "0.1"}, [0, 1, 2, 3], "FINISHED")


def test_a_run_whose_experiment_was_deleted_gets_everything_when_it_is_restored(written):
    experiment = written.client.create_experiment("study")
    written.begins(experiment="study", experiment_id=experiment)
    written.deliver(None)
    written.client.delete_experiment(experiment)
    written.write(*values(2))
    assert written.deliver() == []
    assert "'first' was deleted" in written.delivery.held
    written.client.restore_experiment(experiment)
    mended(written)
    assert records_of(written) == ({}, [0, 1], "FINISHED")


@pytest.mark.parametrize("dead", [False, True])
def test_a_run_is_made_anew_on_request_with_all_it_had(written, tmp_path, dead):
    study = written.client.create_experiment("study")
    written.begins(experiment="study", experiment_id=study)
    written.journal.keep_file("a.txt", b"a")
    written.write(Param("lr", "0.1"), *values(3))
    written.deliver(None)
    other = f"sqlite:///{tmp_path}/other.db"  # the server came back with an empty database
    copy_new_database(tmp_path / "other.db", artifacts=str(tmp_path / "mlruns/0"))
    written.client, written.uri = mlflow.MlflowClient(other), other
    written.delivery.uri = other
    written.write(*values(2, start=3))
    assert written.deliver() == []
    assert "'first' is not in the store any more" in written.delivery.held
    old = written.id
    if dead:
        written.delivery = Delivery.of_dead_process(Journal.open(written.journal.path), other, written.began)
    written.delivery.anew = True
    mended(written)
    assert written.id != old
    assert records_of(written) == ({"lr": "0.1"}, [0, 1, 2, 3, 4], "FINISHED")
    assert written.files() == ["a.txt"]
    assert written.data.tags["mlmagic.id"] == written.began.uid
    assert written.client.get_experiment(written.stored.info.experiment_id).name == "study"
    again = Delivery.of_dead_process(Journal.open(written.journal.path), other, written.began)
    assert (again.run_id, again.is_closed) == (written.id, True)


def test_made_anew_is_only_what_is_gone(written):
    written.write(*values(2))
    written.deliver(None)
    before = written.id
    written.delivery.anew = True
    assert written.deliver() == []
    assert (written.id, len(written.client.search_runs(["0"]))) == (before, 1)


def test_a_deleted_experiment_holds_the_run_in_its_journal(written):
    written.client.create_experiment("gone")
    gone = written.client.get_experiment_by_name("gone").experiment_id
    written.client.delete_experiment(gone)
    written.begins(experiment="gone", experiment_id="")
    written.deliver()
    assert "The experiment 'gone' was deleted. Restore it with" in written.delivery.held
    assert not written.delivery.waits


def test_the_users_files_are_copied_at_once(written, tmp_path):
    folder = tmp_path / "made" / "inner"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (tmp_path / "one.bin").write_bytes(b"1")
    written.journal.keep_copy("", tmp_path / "one.bin")
    written.journal.keep_copy("models/v 1", tmp_path / "one.bin")
    written.journal.keep_copy("all", tmp_path / "made")
    (tmp_path / "one.bin").unlink()
    (folder / "a.txt").write_text("changed")
    assert written.deliver() == []
    assert written.files() == ["all/inner/a.txt", "models/v 1/one.bin", "one.bin"]
    assert mlflow.artifacts.load_text(f"runs:/{written.id}/all/inner/a.txt") == "a"


def test_a_file_that_is_gone_is_told(written, tmp_path):
    written.journal.keep_copy("", tmp_path / "gone.bin")
    assert written.journal.staging.problems == ["gone.bin could not be kept: No such file or directory"]


def test_a_file_in_the_place_of_a_folder_is_told_and_loses_no_other(written):
    written.journal.keep_file("figures", b"a file")
    written.journal.keep_file("figures/roc.png", b"\x89PNG")
    written.journal.keep_file("b.txt", b"b")
    assert written.deliver() == []
    assert written.journal.staging.problems[0].startswith("figures/roc.png could not be kept: ")
    assert written.files() == ["b.txt", "figures"]


def refuses(written, monkeypatch, error, *, only=""):
    """Let the place of artifacts raise *error*, for files that are called *only*; return what is uploaded."""
    uploaded = []
    log_artifact = LocalArtifactRepository.log_artifact

    def log(self, local_file, artifact_path=None):
        uploaded.append(local_file.rpartition("/")[2])
        if only in local_file:
            raise error
        log_artifact(self, local_file, artifact_path)

    def log_all(*args, **kwargs):
        raise error

    monkeypatch.setattr(LocalArtifactRepository, "log_artifacts", log_all)
    monkeypatch.setattr(LocalArtifactRepository, "log_artifact", log)
    return uploaded


def test_artifacts_that_cannot_be_stored_are_kept_and_delivered_when_they_can(written, monkeypatch):
    with monkeypatch.context() as patched:
        refuses(written, patched, OSError(errno.ENOSPC, "No space left on device"))
        written.journal.keep_file("mlmagic/cell.py", b"x = 1")
        written.write(Param("lr", "0.1"))
        assert written.deliver() == []
        assert written.delivery.held == (
            f"mlmagic/cell.py could not be stored: No space left on device; kept in {written.journal.staging.path}"
        )
        assert (written.journal.staging.artifacts / "mlmagic/cell.py").read_bytes() == b"x = 1"
        assert not written.delivery.is_closed
        assert (written.data.params, written.stored.info.status) == ({"lr": "0.1"}, "FINISHED")
    mended(written)
    assert (written.files(), written.delivery.is_closed) == (["mlmagic/cell.py"], True)


def test_a_model_survives_a_disk_that_is_full_while_it_is_delivered(written, monkeypatch):
    model = Model("b" * 32, "clf", "models/one")
    folder = written.journal.staging.make() / model.folder
    folder.mkdir(parents=True)
    mlflow.models.Model().save(str(folder / "MLmodel"))
    written.write(model)

    def full(self, path):
        Path(path).write_bytes(b"")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(mlflow.models.Model, "save", full)
        written.deliver()
        assert "the model 'clf' could not be stored: No space left on device" in written.delivery.held
    mended(written)
    (found,) = written.client.search_logged_models(["0"])
    assert (found.name, found.status, written.delivery.is_closed) == ("clf", "READY", True)


def test_what_was_stored_is_not_uploaded_again_by_this_process_or_another(written, monkeypatch):
    for name in ("a.txt", "b.bin", "c.txt"):
        written.journal.keep_file(name, b"1")
    with monkeypatch.context() as patched:
        uploaded = refuses(written, patched, PermissionError("not this one"), only="b.bin")
        assert written.deliver() == []
        assert uploaded == ["a.txt", "b.bin", "c.txt"]
        written.delivery.held = None
        written.deliver(None)
        again = Delivery.of_dead_process(Journal.open(written.journal.path), written.uri, written.began)
        again.advance(written.client)
        again.finish(written.client)
        assert uploaded[3:] == ["b.bin", "b.bin"]
        assert again.held.startswith("b.bin could not be stored: not this one; kept in ")
        assert not again.is_closed
    mended(written)
    assert written.files() == ["a.txt", "b.bin", "c.txt"]


def test_files_whose_place_needs_a_package_wait_and_the_run_ends(written, monkeypatch):
    def needs(*args, **kwargs):
        raise ModuleNotFoundError("No module named 'boto3'")

    written.journal.keep_file("a.txt", b"1")
    with monkeypatch.context() as patched:
        patched.setattr("mlflow.store.artifact.artifact_repository_registry.get_artifact_repository", needs)
        assert written.deliver() == []
        assert written.delivery.held.startswith(
            "the run's files could not be stored: ModuleNotFoundError: No module named 'boto3'; kept in "
        )
        assert written.stored.info.status == "FINISHED"
    mended(written)
    assert written.files() == ["a.txt"]


def test_a_place_that_takes_no_file_is_not_hammered(written, monkeypatch):
    for number in range(20):
        written.journal.keep_file(f"{number}.txt", b"1")
    uploaded = refuses(written, monkeypatch, PermissionError("no"))
    written.deliver()
    assert len(uploaded) == 2
    assert "and 19 more could not be stored" in written.delivery.held
    for _ in range(5):
        written.deliver(None)
    assert len(uploaded) == 2  # the pause is not over


def test_a_file_that_mlflow_refuses_is_told_and_a_copy_stays(written, monkeypatch):
    for name in ("a.txt", "b.txt"):
        written.journal.keep_file(name, b"1")
    refuses(written, monkeypatch, MlflowException("Invalid path", INVALID_PARAMETER_VALUE), only="a.txt")
    (problem,) = written.deliver()
    assert problem == f"a.txt was refused: Invalid path; a copy stays at {written.journal.staging.artifacts / 'a.txt'}"
    assert (written.files(), written.delivery.is_closed, written.delivery.keeps_files) == (["b.txt"], True, True)


def test_a_full_disk_of_the_artifacts_and_space_again(store_uri, tmp_path):
    """The whole way: the summary, the journal on disk, and the next sync of another process."""
    (tmp_path / "mlruns").write_text("a file in the way of all artifacts")
    script = "import mlmagic\nwith mlmagic.track('full'):\n    mlmagic.log(loss=1.0)\n"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    python = functools.partial(subprocess.run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)  # fmt: skip
    shown = python([sys.executable, "-c", script]).stderr
    assert "kept in" in shown
    (tmp_path / "mlruns").unlink()
    synced = python([sys.executable, "-c", "import mlmagic; print(mlmagic.sync(), mlmagic.sync())"]).stdout
    assert "SyncedRun(name='full', status='FINISHED'" in synced
    assert "SyncReport(runs=[], waiting=0, away=None, problems=[], foreign=[]" in synced
    (run,) = mlflow.MlflowClient(store_uri).search_runs(["0"])
    assert "mlflow==" in mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/mlmagic/requirements.txt")
    assert list((tmp_path / ".mlmagic/journal").glob("*.journal")) == []


def test_a_batch_that_is_too_large_is_sent_in_parts(written, monkeypatch):
    log_batch = mlflow.MlflowClient.log_batch
    tried = []

    def log(self, run_id, metrics=(), params=(), tags=()):
        tried.append(len(metrics) + len(params) + len(tags))
        if sum(len(param.value) for param in params) > 90 or len(metrics) > 300:
            raise error_of(413)
        log_batch(self, run_id, metrics, params, tags)

    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", log)
    written.write(Param("huge", "x" * 91), *(Param(f"p{number}", "x" * 9) for number in range(30)), *values(2500))
    (problem,) = written.deliver()
    assert problem.startswith("param 'huge' was refused: the MLflow store sqlite://")
    assert "answered 413: a proxy in front of it takes no request of this size" in problem
    assert written.data.params == {f"p{number}": "x" * 9 for number in range(30)}
    assert written.steps("loss") == list(range(2500))
    assert len(tried) < 60


def error_of(status, code=""):
    """Return what MLflow raises on a thread of ours when *status* was answered by something else, or by MLflow."""
    foreign = {} if code else {own_requests._MARK: {"status": status}}
    return RestException({"error_code": code or "INTERNAL_ERROR", "message": "x"} | foreign)


@pytest.mark.parametrize("error", [error_of(403), error_of(500), error_of(500, "INTERNAL_ERROR"), error_of(500, "BAD_REQUEST"), ValueError("NUL")])  # fmt: skip
def test_a_record_that_does_not_get_through_waits_and_stops_no_other(written, monkeypatch, error):
    log_batch = mlflow.MlflowClient.log_batch

    def log(self, run_id, metrics=(), params=(), tags=()):
        if any(param.key.startswith("odd") for param in params):
            raise error
        log_batch(self, run_id, metrics, params, tags)

    written.write(Param("a", "1"), *(Param(f"odd{number}", "2") for number in range(3)), Param("z", "3"), *values(1200))
    with monkeypatch.context() as patched:
        patched.setattr(mlflow.MlflowClient, "log_batch", log)
        assert written.deliver() == []
        assert written.delivery.held.startswith("param 'odd0' waits: the MLflow store sqlite:///")
        assert written.delivery.waiting() == 3
        assert records_of(written) == ({"a": "1", "z": "3"}, list(range(1200)), "FINISHED")
        again = Delivery.of_dead_process(Journal.open(written.journal.path), written.uri, written.began)
        again.advance(written.client)
        again.finish(written.client)
        assert not again.is_closed
    mended(written)
    assert written.data.params == {"a": "1", "odd0": "2", "odd1": "2", "odd2": "2", "z": "3"}
    assert written.delivery.is_closed


def test_a_staged_file_that_was_damaged_is_not_stored_as_if_it_were_whole(written):
    written.journal.keep_file("a.txt", b"all of it")
    written.journal.keep_file("b.txt", b"b")
    (written.journal.staging.artifacts / "a.txt").write_bytes(b"all")
    assert written.deliver() == ["a.txt was damaged before it was stored"]
    assert written.files() == ["b.txt"]


def test_what_yields_gives_way_to_what_the_users_code_logged(written):
    written.write(Metric("own", 1.0, 1, 0))
    written.deliver(None)
    written.client.log_param(written.id, "lr", "0.5")
    written.client.log_metric(written.id, "acc", 0.9)
    written.write(
        Param("lr", "0.1", yields=True), Param("n", "2", yields=True), Metric("acc", 0.1, 1, 0, yields=True), Metric("own", 2.0, 2, 1, yields=True)
    )  # fmt: skip
    assert written.deliver() == []
    assert written.data.params == {"lr": "0.5", "n": "2"}
    assert written.data.metrics == {"acc": 0.9, "own": 2.0}


def test_threads_that_log_lose_nothing_while_it_is_delivered(written):
    def log(name):
        for step in range(2000):
            written.journal.append_metric(name, float(step), time.time_ns() // 1_000_000, step)

    threads = [threading.Thread(target=log, args=(f"m{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        written.deliver(None)
    assert written.deliver() == []
    for number in range(4):
        assert written.steps(f"m{number}") == list(range(2000))
