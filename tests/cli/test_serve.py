"""`mlmagic lab` and `mlmagic ui`: real servers on a workspace."""

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from databases import copy_new_database

from mlmagic.cli.serve import lab_command, ui_command
from mlmagic.cli.workspace import Workspace, checkout, shipped_notebooks
from mlmagic.errors import MLMagicError

SCRIPT = Path(sys.executable).parent / "mlmagic"
START_S = 90


@pytest.fixture
def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def serve(tmp_path):
    """Start `mlmagic WORDS`, wait until *url* answers, return the answer's text, and stop it at the end."""
    started = []

    def start(words, url):
        log = (tmp_path / "log.txt").open("w+")
        process = subprocess.Popen([SCRIPT, *words], stdout=log, stderr=log, cwd=tmp_path)
        started.append(process)
        until = time.monotonic() + START_S
        while time.monotonic() < until and process.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    return answer.read().decode()
            except OSError:
                time.sleep(0.2)
        log.seek(0)
        pytest.fail(f"{words} did not serve {url}:\n{log.read()}")

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=120)


def test_lab_serves_copies_of_the_notebooks(serve, free_port, tmp_path):
    jupyter = ("--no-browser", "--allow-root", f"--port={free_port}", "--IdentityProvider.token=t")
    name = shipped_notebooks()[0].name
    text = serve(
        ["lab", "--folder", "scratch", "--", *jupyter],
        f"http://127.0.0.1:{free_port}/api/contents/{name}?content=0&token=t",
    )
    assert f'"name": "{name}"' in text
    assert (tmp_path / "scratch" / name).read_bytes() == shipped_notebooks()[0].read_bytes()


def test_ui_serves_the_store_of_the_folder(serve, free_port, tmp_path):
    workspace = Workspace.at(tmp_path / "demo")
    copy_new_database(workspace.database, artifacts=workspace.artifacts.as_uri())
    record = "import mlflow; mlflow.create_experiment('seen in the UI')"
    subprocess.run([sys.executable, "-c", record], env=workspace.environment({}), cwd=workspace.folder, check=True)
    text = serve(
        ["ui", "--port", str(free_port)],
        f"http://127.0.0.1:{free_port}/ajax-api/2.0/mlflow/experiments/get-by-name?experiment_name=seen%20in%20the%20UI",
    )
    assert '"name": "seen in the UI"' in text


def test_ui_starts_none_of_mlflows_job_processes_unless_asked_to(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", raising=False)
    (tmp_path / "mlflow.db").touch()
    assert ui_command(tmp_path, port=5000).environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    monkeypatch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "true")
    assert ui_command(tmp_path, port=5000).environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "true"


def test_ui_without_runs_says_how_to_record_some(tmp_path):
    with pytest.raises(MLMagicError, match=r"no runs in .* yet\. Record some with: mlmagic demo --folder"):
        ui_command(tmp_path, port=5000)
    assert list(tmp_path.iterdir()) == []


def test_links_lead_to_the_ui_unless_the_user_says_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("MLMAGIC_UI_URL", raising=False)
    command = lab_command(tmp_path, ui_port=5050)
    assert command.environment["MLMAGIC_UI_URL"] == "http://127.0.0.1:5050"
    assert command.environment["MLFLOW_TRACKING_URI"] == f"sqlite:///{tmp_path}/mlflow.db"

    monkeypatch.setenv("MLMAGIC_UI_URL", "http://runs.example")
    assert lab_command(tmp_path, ui_port=5050).environment["MLMAGIC_UI_URL"] == "http://runs.example"


def test_lab_keeps_a_copy_that_the_user_has_worked_on(tmp_path):
    copy = tmp_path / shipped_notebooks()[0].name
    copy.write_text("mine")
    lab_command(tmp_path, ui_port=5000)
    assert copy.read_text() == "mine"


def test_what_to_type_next_fits_where_one_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Workspace.at(tmp_path / "demo").command("lab") == "mlmagic lab"
    assert Workspace.at(tmp_path / "a b").command("ui") == f"mlmagic ui --folder '{tmp_path}/a b'"

    root = checkout()
    assert root is not None
    monkeypatch.chdir(root)
    assert Workspace(root / "demo").command("lab") == "make lab"
