"""A process that is killed while it serves: every prediction that it returned is in the record, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import mlflow
import pyarrow as pa
import pytest

import mlmagic
from mlmagic.monitoring.serving.spool import folder_files, read_part

ROOT = Path(__file__).parents[2]
SERVES = """
import os, sys
import numpy as np, pandas as pd
import mlmagic

monitor = mlmagic.ModelMonitor("churn/3", loaded=lambda rows: rows["a"].to_numpy() * 2, batch_rows=40)
at = 0
while True:
    monitor.predict(pd.DataFrame({"a": [at], "b": ["x" * (at % 50)]}), ids=[at])
    os.write(1, f"{at}\\n".encode())
    at += 1
    if at == DIES_AT:
        KILL
"""
DEATHS = {
    "by a signal from outside": (10**9, "pass"),
    "in the middle of a batch": (57, "os.kill(os.getpid(), 9)"),
    "while a batch is made complete": (
        37,
        "from mlmagic.monitoring.serving.spool import Spool; Spool.complete = lambda _: os.kill(os.getpid(), 9)",
    ),
    "before a batch is handed over": (
        37,
        "from mlmagic.store.delivery.worker import DeliveryWorker; DeliveryWorker.add = lambda *_: os.kill(os.getpid(), 9)",
    ),
}


def recorded_ids():
    client, found = mlflow.MlflowClient(), []
    runs = [
        run
        for one in client.search_experiments()
        for run in client.search_runs([one.experiment_id], "tags.`mlmagic.monitoring` = 'churn'")
    ]
    for run in runs:
        for folder in client.list_artifacts(run.info.run_id, "predictions"):
            table = read_part(folder_files(Path(client.download_artifacts(run.info.run_id, folder.path))))
            assert table.column("mlmagic.prediction").to_pylist() == [2 * one for one in table.column("a").to_pylist()]
            found.append(table.column("mlmagic.id"))
    return len(runs), [int(one) for one in pa.concat_arrays([c for one in found for c in one.chunks]).to_pylist()]


@pytest.mark.parametrize("name", DEATHS)
def test_what_a_killed_process_has_returned_is_in_the_record(name, store_uri, tmp_path, losses):
    dies_at, how = DEATHS[name]
    code = SERVES.replace("DIES_AT", str(dies_at)).replace("KILL", how)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if name == "by a signal from outside":
        for _ in range(100):
            process.stdout.readline()
        process.kill()
    output, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, errors
    count = len(output.split()) + (100 if name == "by a signal from outside" else 0)
    report = mlmagic.sync()
    assert report.problems == []
    runs, ids = recorded_ids()
    assert runs == 1
    lost = sorted(set(range(count)) - set(ids))
    losses(f"predictions of a process that dies {name}", count, len(lost))
    assert lost == []
    assert len(ids) == len(set(ids))
    assert mlmagic.sync().runs == []
