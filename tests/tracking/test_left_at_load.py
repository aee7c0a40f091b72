"""What `%load_ext mlmagic` says and delivers of runs that a dead kernel left."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlmagic.journal import folder
from mlmagic.tracking import left_at_load, recovery
from mlmagic.user_settings import settings

ROOT = str(Path(__file__).parents[2])
DIES = """
import mlmagic, os, signal
from mlmagic.user_settings import settings
settings.offline = True
with mlmagic.track("left", quiet=True):
    mlmagic.log(loss=0.5)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def client(store_uri):
    import mlflow

    return mlflow.MlflowClient(store_uri)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_home", None)
    monkeypatch.setattr(folder, "_elsewhere", lambda: tmp_path / "elsewhere")


@pytest.fixture
def left(store_uri, tmp_path):
    """A run whose process was killed while the store was not to be written."""
    environment = os.environ | {"PYTHONPATH": ROOT}
    subprocess.run([sys.executable, "-c", DIES], cwd=tmp_path, env=environment, capture_output=True, check=False)


def test_without_anything_left_nothing_is_said_and_mlflow_is_not_imported(tmp_path):
    script = (
        "from mlmagic.tracking import left_at_load; left_at_load.deliver_left_runs()\n"
        "import sys; print('mlflow' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": ROOT}
    (tmp_path / "empty").mkdir()
    answer = subprocess.run([sys.executable, "-c", script], cwd=tmp_path / "empty", env=environment, capture_output=True, text=True, check=False)  # fmt: skip
    assert (answer.stdout, answer.stderr) == ("False\n", "")


def test_a_run_that_was_left_is_delivered_once_and_told(left, client, capsys):
    left_at_load.deliver_left_runs()
    assert "delivered left (KILLED, " in capsys.readouterr().out
    [run] = client.search_runs(["0"])
    assert (run.info.run_name, run.info.status, run.data.metrics) == ("left", "KILLED", {"loss": 0.5})
    left_at_load.deliver_left_runs()
    assert capsys.readouterr().out == ""
    assert len(client.search_runs(["0"])) == 1


def test_while_recording_is_offline_what_was_left_stays(left, client, capsys, monkeypatch):
    monkeypatch.setattr(settings, "offline", True)
    left_at_load.deliver_left_runs()
    assert capsys.readouterr().out == ""
    assert client.search_runs(["0"]) == []


def test_a_store_that_is_away_is_one_line_and_the_run_waits(left, client, capsys, monkeypatch):
    import mlflow

    monkeypatch.setattr(settings, "store_timeout_s", 1.0)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    home = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    left_at_load.deliver_left_runs()
    told = capsys.readouterr().out
    assert len(told.splitlines()) <= 2, told
    monkeypatch.setenv("MLFLOW_TRACKING_URI", home)
    mlflow.set_tracking_uri(home)
    left_at_load.deliver_left_runs()
    assert [run.info.run_name for run in client.search_runs(["0"])] == ["left"]


def test_whatever_is_wrong_with_the_folder_mlmagic_loads(left, client, capsys, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("odd\x1b[2J")

    monkeypatch.setattr(recovery, "sync", fails)
    left_at_load.deliver_left_runs()
    told = capsys.readouterr().out
    assert told.startswith("mlmagic: journals could not be looked at: RuntimeError: odd")
    assert "\x1b" not in told
