import math
import threading
import time

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from mlmagic.errors import StoreAwayError
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Began, Dataset, Ended, Metric, Param, Tag
from mlmagic.runs.delivery import Delivery

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


def test_a_deleted_run_is_told_not_raised(written):
    written.deliver(None)
    written.client.delete_run(written.id)
    written.write(Param("lr", "0.1"), Metric("m", 1.0, 1000, 0))
    problems = written.deliver()
    assert [problem.partition(":")[0] for problem in problems] == [
        "param 'lr' was refused",
        "metric 'm' was refused",
        "the run could not be ended",
    ]
    assert "deleted" in problems[0]


def test_a_deleted_experiment_holds_the_run_in_its_journal(written):
    written.client.create_experiment("gone")
    gone = written.client.get_experiment_by_name("gone").experiment_id
    written.client.delete_experiment(gone)
    written.delivery.began = beginning(experiment="gone", experiment_id="")
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
    assert written.journal.problems == ["gone.bin could not be kept: No such file or directory"]


def test_a_file_in_the_place_of_a_folder_is_told_and_loses_no_other(written):
    written.journal.keep_file("figures", b"a file")
    written.journal.keep_file("figures/roc.png", b"\x89PNG")
    written.journal.keep_file("b.txt", b"b")
    assert written.deliver() == []
    assert written.journal.problems[0].startswith("figures/roc.png could not be kept: ")
    assert written.files() == ["b.txt", "figures"]


def test_artifacts_that_cannot_be_stored_are_left_where_they_are_found(written, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(LocalArtifactRepository, "log_artifacts", full)
    monkeypatch.setattr(LocalArtifactRepository, "log_artifact", full)
    written.journal.keep_file("mlmagic/cell.py", b"x = 1")
    (problem,) = written.deliver()
    assert problem == (
        f"mlmagic/cell.py could not be stored: No space left on device; it is kept in {written.journal.files}"
    )
    assert (written.journal.files / "mlmagic/cell.py").read_bytes() == b"x = 1"
    assert written.delivery.keeps_files


def test_a_staged_file_that_was_damaged_is_not_stored_as_if_it_were_whole(written):
    written.journal.keep_file("a.txt", b"all of it")
    written.journal.keep_file("b.txt", b"b")
    (written.journal.files / "a.txt").write_bytes(b"all")
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
