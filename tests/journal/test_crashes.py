"""A process that is killed exactly between two writes: nothing is lost, and nothing is there twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import mlmagic
from mlmagic.journal import folder

ROOT = str(Path(__file__).parents[2])
# Each dies as soon as the first step is done and before the second is.
POINTS = {
    "a file is staged and not recorded": """
from mlmagic.journal.file import Journal
from mlmagic.journal.records import File
append = Journal.append
Journal.append = lambda self, record: die() if isinstance(record, File) and "environment" in record.path else append(self, record)
""",
    "a batch is stored and not noted": """
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Delivered
append = Journal.append
Journal.append = lambda self, record: die() if isinstance(record, Delivered) else append(self, record)
""",
    "all is stored and the run not ended": """
from mlflow import MlflowClient
MlflowClient.set_terminated = die
""",
    "the run is ended and the journal not closed": """
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Closed
append = Journal.append
Journal.append = lambda self, record: die() if isinstance(record, Closed) else append(self, record)
""",
    "the journal is closed and not packed": """
from mlmagic.journal import folder
folder._pack = die
""",
    "the journal is packed and not removed": """
from mlmagic.journal import folder
pack = folder._pack
folder._pack = lambda *both: (pack(*both), die())
""",
    "files are removed and the journal is not": """
import shutil
rmtree = shutil.rmtree
shutil.rmtree = lambda path, *more, **options: (rmtree(path, *more, **options), die()) if str(path).endswith(".files") else rmtree(path, *more, **options)
""",
}
SCRIPT = """
import os, signal
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{point}
import mlmagic
with mlmagic.track("one", quiet=True) as run:
    mlmagic.log_params(lr=0.1)
    for step in range(5):
        mlmagic.log(loss=float(step))
    mlmagic.log_artifact("mine.txt")
import time
time.sleep(20)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_home", None)
    monkeypatch.setattr(folder, "_elsewhere", lambda: tmp_path / "elsewhere")


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_nothing_is_lost_or_there_twice(store_uri, tmp_path, point):
    from mlflow import MlflowClient

    (tmp_path / "mine.txt").write_text("mine")
    environment = os.environ | {"PYTHONPATH": ROOT}
    died = subprocess.run([sys.executable, "-c", SCRIPT.format(point=point)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr
    mlmagic.sync()
    client = MlflowClient(store_uri)
    (run,) = client.search_runs(["0"])
    assert run.info.status in {"FINISHED", "KILLED"}
    assert run.data.params["lr"] == "0.1"
    assert [point.value for point in client.get_metric_history(run.info.run_id, "loss")] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert "mine.txt" in [file.path for file in client.list_artifacts(run.info.run_id)]
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert folder.journals(folder.place()) == []
    assert mlmagic.sync().runs == []
    assert len(client.search_runs(["0"])) == 1
