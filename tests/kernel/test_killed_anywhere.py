"""Kernels killed with SIGKILL at random moments of a loop of load, tracked cells, unload and reload.

Afterwards no run is lost whose cell had ended, none is there twice, and nothing of the user's has changed. CI takes a
sample; ``make kills`` takes all 60.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time

import pytest
from databases import copy_new_database

KILLS = int(os.environ.get("MLMAGIC_TEST_KILLS", "2"))
SEED = 20_261_128
STEPS = 10
"""Steps of the loop (load, a cell, another, unload), in one of which the kernel is killed."""
SOON_S, MOST_S = 0.005, 0.4
"""The longest waits before a kill: within the step, however short it is, and some steps later."""

LOOP = """\
import os, numpy as np, matplotlib, mlflow
matplotlib.use("agg")
import matplotlib.pyplot as plt
shell, number = get_ipython(), 0
def note(text):
    with open("noted", "a") as file:
        file.write(f"{os.getpid()} {text}\\n")
while True:
    note("load")
    shell.run_cell("%load_ext mlmagic")
    for part in ("a", "b"):
        name = f"{os.getpid()}-{number}{part}"
        note("begun")
        shell.run_cell(
            f"%%track {name} --quiet\\nlr = 0.5\\nplt.figure(); plt.plot([1, 2]); plt.savefig('drawn.png')\\n"
            "mlmagic.log_artifact('users/weights.bin')\\nfor i in range(5): mlmagic.log(loss=i / 2, step=i)"
        )
        note(f"ended {name}")
        plt.close("all")
    note("unload")
    shell.run_cell("%reload_ext mlmagic" if number % 2 else "%unload_ext mlmagic")
    number += 1
"""


def _noted(folder, pid):
    """Return what the kernel has noted of its loop."""
    file = folder / "noted"
    lines = file.read_text().splitlines() if file.exists() else []
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{pid} ")]


def _contents(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.timeout(60 + 20 * KILLS)
def test_kills_at_random_moments_lose_nothing_double_nothing_and_change_nothing(tmp_path, kernels, losses):
    import mlflow

    users = tmp_path / "users"
    (users / ".mlmagic").mkdir(parents=True)
    (users / "weights.bin").write_bytes(bytes(range(256)) * 400)
    (users / ".mlmagic" / "kept.gz").write_bytes(b"the user's own")
    (tmp_path / "notes.gz").write_bytes(b"the user's own too")
    before = _contents(users)
    copy_new_database(tmp_path / "mlflow.db", artifacts=str(tmp_path / "mlruns/0"))
    chance, killed_in = random.Random(SEED), set()
    for _ in range(KILLS):
        kernel = kernels(tmp_path)
        kernel.send(LOOP)
        steps, moment = chance.randint(1, STEPS), chance.choice((SOON_S, MOST_S)) * chance.random()
        end = time.monotonic() + 120
        while len(_noted(tmp_path, kernel.pid)) < steps:
            assert time.monotonic() < end, "the loop does not go on"
            time.sleep(0.005)
        time.sleep(moment)
        os.kill(kernel.pid, signal.SIGKILL)
        killed_in.add(_noted(tmp_path, kernel.pid)[-1].partition(" ")[0])
        kernel.stop()
    last = kernels(tmp_path)
    last.check("import os\nos.environ['MLFLOW_TRACKING_URI'] = 'sqlite:///mlflow.db'\n%load_ext mlmagic")
    last.check("import mlmagic\nmlmagic.sync()\nNone")
    # A kill between the creation of a journal and its first line leaves an empty file, which holds nothing.
    left = "from mlmagic.journal import folder, survey; found = survey.survey(folder.place()); print(found.left, found.foreign)"
    assert last.check(left) == "[] []"
    last.check("%unload_ext mlmagic")

    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    runs = client.search_runs(["0"], max_results=5000)
    names = [run.info.run_name for run in runs]
    ended = [line.split()[-1] for line in (tmp_path / "noted").read_text().splitlines() if " ended " in line]
    lost = set(ended) - set(names)
    twice = len(names) - len(set(names))
    incomplete = [run.info.run_name for run in runs if run.info.run_name in set(ended) and not _is_whole(client, run)]
    losses(f"kernels killed {KILLS} times in a loop of load, tracked cells, unload and reload", len(ended), len(lost))
    assert (lost, twice, incomplete) == (set(), 0, [])
    assert ended, "no cell has ended"
    assert KILLS < 6 * STEPS or killed_in >= {"load", "begun", "unload"}  # between two cells is too short to be hit
    assert {run.info.status for run in runs} <= {"FINISHED", "KILLED"}
    assert _contents(users) == before
    assert (tmp_path / "notes.gz").read_bytes() == b"the user's own too"


def _is_whole(client, run):
    run_id = run.info.run_id
    steps = [(point.step, point.value) for point in client.get_metric_history(run_id, "loss")]
    figures = [item.path for item in client.list_artifacts(run_id, "figures")]
    weights = [item.file_size for item in client.list_artifacts(run_id) if item.path == "weights.bin"]
    return (
        run.info.status == "FINISHED"
        and run.data.params.get("lr") == "0.5"
        and sorted(steps) == [(step, step / 2) for step in range(5)]
        and figures == ["figures/drawn.png"]
        and weights == [256 * 400]
    )
