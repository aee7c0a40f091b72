import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlmagic.cli import main

ROOT = str(Path(__file__).parents[2])
SCRIPT = "import mlmagic\nwith mlmagic.track('away', quiet=True):\n    mlmagic.log(acc=0.5)\n"


@pytest.fixture
def recorded(store_uri, tmp_path):
    """A folder in which a script recorded a run offline."""
    environment = os.environ | {"PYTHONPATH": ROOT, "MLMAGIC_OFFLINE": "true"}
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment, check=True, capture_output=True)
    return tmp_path


def test_it_delivers_what_waits_in_a_folder(recorded, monkeypatch, capsys, tmp_path_factory):
    import mlflow

    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert main(["sync", "--folder", str(recorded)]) == 0
    assert capsys.readouterr().out.startswith("delivered away (FINISHED, ")
    (run,) = mlflow.search_runs(output_format="list")
    assert run.data.metrics == {"acc": 0.5}


def test_it_makes_no_run_anew_that_is_there(recorded, capsys):
    import mlflow

    assert main(["sync", "--folder", str(recorded), "--anew"]) == 0
    assert main(["sync", "--folder", str(recorded), "--anew"]) == 0
    assert capsys.readouterr().out.endswith("nothing to deliver\n")
    assert len(mlflow.search_runs(output_format="list")) == 1


def test_a_folder_that_is_not_there_is_told(capsys, tmp_path):
    assert main(["sync", "--folder", str(tmp_path / "none")]) == 1
    assert "there is no folder" in capsys.readouterr().err
