import math

import pytest

from mlmagic.runs.mlflow_sink import MlflowSink
from mlmagic.runs.records import File, FileCopy, Metric, Param, Tag


class Opened:
    """An MLflow run, active in MLflow as a tracked cell's is, and a sink that writes to it."""

    def __init__(self, uri):
        import mlflow

        self.client = mlflow.MlflowClient(uri)
        self.run = mlflow.start_run()
        self.id = self.run.info.run_id
        self.sink = MlflowSink(self.client, self.id, self.run.info.artifact_uri)

    def write(self, *records):
        for record in records:
            self.sink.write(record)

    @property
    def stored(self):
        return self.client.get_run(self.id)

    @property
    def data(self):
        return self.stored.data

    def files(self, folder=None):
        found = []
        for item in self.client.list_artifacts(self.id, folder):
            found += self.files(item.path) if item.is_dir else [item.path]
        return sorted(found)


@pytest.fixture
def opened(store_uri):
    return Opened(store_uri)


def test_everything_lands_and_the_run_ends(opened, tmp_path):
    import mlflow

    opened.write(
        Param("lr", "0.1"),
        Tag("team", "risk"),
        Tag("team", "vision"),
        Metric("loss", 0.5, 1000, 0),
        Metric("loss", 0.25, 2000, 1),
        File("mlmagic/cell.py", b"x = 1"),
        File("figures/roc é.png", b"\x89PNG"),
        File("mlmagic/cell.py", b"x = 2"),
    )
    assert opened.sink.close("FAILED") == []
    assert opened.data.params == {"lr": "0.1"}
    assert opened.data.tags["team"] == "vision"
    history = opened.client.get_metric_history(opened.id, "loss")
    assert [(point.value, point.timestamp, point.step) for point in history] == [(0.5, 1000, 0), (0.25, 2000, 1)]
    assert opened.files() == ["figures/roc é.png", "mlmagic/cell.py"]
    assert mlflow.artifacts.load_text(f"runs:/{opened.id}/mlmagic/cell.py") == "x = 2"
    assert opened.stored.info.status == "FAILED"
    assert mlflow.active_run() is None


def test_a_run_of_nothing_ends(opened):
    assert opened.sink.close("FINISHED") == []
    assert opened.stored.info.status == "FINISHED"


def test_many_records_fit_into_the_batches_that_mlflow_takes(opened):
    opened.write(*[Param(f"p{number}", str(number)) for number in range(250)])
    opened.write(*[Tag(f"t{number}", str(number)) for number in range(250)])
    opened.write(*[Metric("loss", float(number), 1000 + number, number) for number in range(2500)])
    assert opened.sink.close("FINISHED") == []
    assert opened.data.params == {f"p{number}": str(number) for number in range(250)}
    assert {f"t{number}" for number in range(250)} <= set(opened.data.tags)
    assert len(opened.client.get_metric_history(opened.id, "loss")) == 2500


def test_metrics_can_be_watched_while_the_cell_runs(opened):
    opened.write(*[Metric("loss", 1.0, 1000, step) for step in range(1000)])
    assert len(opened.client.get_metric_history(opened.id, "loss")) == 1000
    opened.sink._flushed -= 2  # as if two seconds had passed
    opened.write(Metric("loss", 1.0, 1000, 1000))
    assert len(opened.client.get_metric_history(opened.id, "loss")) == 1001


def test_a_refused_param_does_not_lose_the_others(opened):
    opened.client.log_param(opened.id, "lr", "0.5")
    opened.write(Param("a", "1"), Param("lr", "0.1"), Tag("t", "1"), Metric("m", 1.0, 1000, 0), Param("z", "2"))
    (problem,) = opened.sink.close("FINISHED")
    assert problem.startswith("param 'lr' was refused: ")
    assert "\n" not in problem
    assert opened.data.params == {"a": "1", "lr": "0.5", "z": "2"}
    assert opened.data.metrics == {"m": 1.0}
    assert opened.data.tags["t"] == "1"


def test_what_is_refused_while_the_cell_runs_is_told_in_the_end_and_loses_nothing(opened):
    opened.client.log_param(opened.id, "lr", "0.5")
    opened.write(Param("lr", "0.1"), Param("a", "1"))
    opened.write(*[Metric("loss", 1.0, 1000, step) for step in range(1500)])
    problems = opened.sink.close("FINISHED")
    assert [problem.partition(":")[0] for problem in problems] == ["param 'lr' was refused"]
    assert opened.data.params == {"lr": "0.5", "a": "1"}
    assert len(opened.client.get_metric_history(opened.id, "loss")) == 1500


def test_a_store_that_is_away_for_a_while_gets_everything_when_it_is_back(opened, monkeypatch):
    from mlflow.exceptions import MlflowException

    def away(*args, **kwargs):
        raise MlflowException("connection refused\nand a long story")

    with monkeypatch.context() as patched:
        patched.setattr(type(opened.client), "log_batch", away)
        opened.write(Param("lr", "0.1"), *[Metric("loss", 1.0, 1000, step) for step in range(1200)])
    assert opened.sink.close("FINISHED") == []
    assert opened.data.params == {"lr": "0.1"}
    assert len(opened.client.get_metric_history(opened.id, "loss")) == 1200


def test_an_interrupt_while_a_batch_is_sent_loses_nothing(opened, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(opened.client), "log_batch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            opened.write(*[Metric("loss", 1.0, 1000, step) for step in range(1000)])
    assert opened.sink.close("KILLED") == []
    assert len(opened.client.get_metric_history(opened.id, "loss")) == 1000


def test_values_that_no_float_holds_are_kept_as_mlflow_does(opened):
    opened.write(*[Metric(name, float(name), 1000, 0) for name in ("nan", "inf", "-inf")])
    assert opened.sink.close("FINISHED") == []
    assert math.isnan(opened.data.metrics["nan"])
    assert opened.data.metrics["inf"] > 1e308
    assert opened.data.metrics["-inf"] < -1e308


def test_a_deleted_run_is_told_not_raised(opened):
    import mlflow

    opened.client.delete_run(opened.id)
    opened.write(Param("lr", "0.1"), Metric("m", 1.0, 1000, 0))
    problems = opened.sink.close("FINISHED")
    assert [problem.partition(":")[0] for problem in problems] == [
        "param 'lr' was refused",
        "1 metric values were refused",
        "the run could not be ended",
    ]
    assert "deleted" in problems[0]
    assert mlflow.active_run() is None


def test_the_users_files_are_copied_at_once(opened, tmp_path):
    folder = tmp_path / "made" / "inner"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (tmp_path / "one.bin").write_bytes(b"1")
    opened.write(
        FileCopy("", str(tmp_path / "one.bin")),
        FileCopy("models/v 1", str(tmp_path / "one.bin")),
        FileCopy("all", str(tmp_path / "made")),
    )
    (tmp_path / "one.bin").unlink()
    (folder / "a.txt").write_text("changed")
    assert opened.files() == ["all/inner/a.txt", "models/v 1/one.bin", "one.bin"]
    assert opened.sink.close("FINISHED") == []


def test_a_file_that_is_gone_is_told(opened, tmp_path):
    opened.write(FileCopy("", str(tmp_path / "gone.bin")))
    (problem,) = opened.sink.close("FINISHED")
    assert "gone.bin' could not be stored: " in problem


def test_a_file_in_the_place_of_a_folder_is_told_and_loses_no_other(opened):
    opened.write(File("figures", b"a file"), File("figures/roc.png", b"\x89PNG"), File("b.txt", b"b"))
    (problem,) = opened.sink.close("FINISHED")
    assert problem.startswith("figures/roc.png could not be kept: ")
    assert opened.files() == ["b.txt", "figures"]


def test_artifacts_that_cannot_be_stored_are_left_where_they_are_found(opened, monkeypatch):
    from pathlib import Path

    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(LocalArtifactRepository, "log_artifacts", full)
    opened.write(File("mlmagic/cell.py", b"x = 1"))
    (problem,) = opened.sink.close("FINISHED")
    assert "No space left on device" in problem
    assert (Path(problem.rpartition("they lie in ")[2]) / "mlmagic/cell.py").read_bytes() == b"x = 1"


def test_flushing_in_between_does_not_send_twice(opened):
    opened.write(Param("a", "1"), File("a.txt", b"a"))
    assert opened.sink.flush() == []
    opened.write(Param("b", "2"), File("b.txt", b"b"))
    assert opened.sink.close("FINISHED") == []
    assert opened.data.params == {"a": "1", "b": "2"}
    assert opened.files() == ["a.txt", "b.txt"]
