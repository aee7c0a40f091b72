"""Ctrl-C while the run of a tracked cell is being opened: there is no run, or one that was killed, with no frame of ours.

Each moment is made certain: a step of the opening sends SIGINT itself, before or after it has done its work.
"""

from __future__ import annotations

import json

import pytest

SETUP = """\
%load_ext mlmagic
import functools, json, os, pathlib, signal, sys, threading, time, mlflow
import numpy as np
from sklearn.linear_model import Ridge
from mlmagic.tracking import tracker
from mlmagic.config import capture as configs
from mlmagic.data import capture as data
from mlmagic.journal import file, folder, fsync_thread
from mlmagic.models import capture as models
from mlmagic.recording import open_runs; from mlmagic.store.delivery import delivery; from mlmagic.tracking import mlflow_runs; from mlmagic.tracking import opening; from mlmagic.recording import recorder; from mlmagic.store.delivery import worker as shipping; from mlmagic.store import connection as store; from mlmagic.store.delivery import stored_run; from mlmagic.tracking import destination as targets
from mlmagic.session.output import capture; from mlmagic.session.observation import cell_observer as watching
table, fitted = np.ones((20, 2)), Ridge().fit(np.eye(3), [1, 2, 3])

def interrupt_at(owner, name, when):
    "Have one call of a step send SIGINT, before or after its work."
    original, own = getattr(owner, name), vars(owner).get(name)
    def step(*args, **kwargs):
        setattr(owner, name, own)
        if when == "before":
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.02 if threading.current_thread() is threading.main_thread() else 0.3)
        result = original(*args, **kwargs)
        if when == "after":
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.02 if threading.current_thread() is threading.main_thread() else 0.3)
        return result
    setattr(owner, name, functools.wraps(original)(step))

def state(name):
    "What is left, when all that goes on in the background is over."
    end = time.monotonic() + 20
    while time.monotonic() < end and (list(folder.journals(folder.place())) or shipping.delivery_workers()[0].deliveries()):
        time.sleep(0.02)
    client = mlflow.MlflowClient()
    runs = client.search_runs(["0"], f"attributes.run_name = '{name}'")
    texts = [
        pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=item.path)).read_text()
        for run in runs for item in client.list_artifacts(run.info.run_id, "mlmagic") if item.path.endswith(("output.txt", "traceback.txt"))
    ]
    print(json.dumps({
        "runs": [[run.info.status, run.data.tags.get("mlmagic.error")] for run in runs], "texts": "".join(texts),
        "journals": len(folder.journals(folder.place())), "open": len(open_runs.open_here()),
        "mlflow": mlflow.active_run() is not None, "heard": len(capture._hub._captures.all()),
        "handler": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    }))
"""
STEPS = [
    "opening, 'find_target'", "store, 'connect'", "opening, '_beginning'", "folder, 'new'", "file.Journal, 'append'",
    "fsync_thread, 'watch'", "opening, 'Delivery'", "shipping.DeliveryWorker, 'add'", "shipping.DeliveryWorker, 'wait'",
    "stored_run, 'create'", "mlflow_runs, 'activate'", "opening, 'Recorder'", "capture.Capture, 'start'",
    "open_runs, 'enter'", "tracker, 'watch'", "watching.CellObserver, 'begin'", "configs.ConfigCapture, 'before'",
    "data, 'fingerprint'", "models.ModelCapture, 'before'", "tracker, '_new_captures'",
]  # fmt: skip
WORDS = "KeyboardInterrupt: Interrupted while the run was being opened; the cell did not run."
AS_BEFORE = {"texts": "", "journals": 0, "open": 0, "mlflow": False, "heard": 0, "handler": True}


@pytest.fixture(scope="module")
def prepared(kernel):
    kernel.check(SETUP)
    kernel.check("%%track warm\nx = 1")
    return kernel


@pytest.mark.parametrize("body", ["also = table, fitted\nprint('ran')", "also = table, fitted\nawait asyncio.sleep(0)"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupted_opening_leaves_no_run_or_one_that_was_killed(prepared, when, body):
    prepared.check("import asyncio")
    seen = {}
    for number, step in enumerate(STEPS[:: 5 if "await" in body else 1]):
        name = f"{when}{number}{'await' in body}"
        prepared.check(f"interrupt_at({step}, {when!r})")
        output = prepared.run(f"%%track {name}\n{body}", timeout=30)
        assert (output.status, output.errors, output.stdout) == ("error", [WORDS], ""), (step, output.text)
        left = json.loads(prepared.check(f"state({name!r})"))
        seen[step] = left.pop("runs")
        assert left == AS_BEFORE, step
    assert [runs for runs in seen.values() if runs not in ([], [["KILLED", WORDS]])] == [], seen
    assert [["KILLED", WORDS]] in seen.values()
    after = prepared.run("%%track after\nx = 1")
    assert (after.status, prepared.last_run("after")["status"]) == ("ok", "FINISHED")


@pytest.mark.parametrize("step", ["shipping.DeliveryWorker, 'wait'", "data, 'fingerprint'"])
def test_a_run_that_is_continued_stays_as_it_was(prepared, step):
    name = step[:4]
    prepared.check(f"%%track {name}\nlr = 0.1")
    before = prepared.last_run(name)
    prepared.check(f"interrupt_at({step}, 'before')")
    output = prepared.run("%%track --resume\nalso = table, fitted", timeout=30)
    assert output.errors == [WORDS]
    assert json.loads(prepared.check(f"state({name!r})")) == {"runs": [["FINISHED", None]], **AS_BEFORE}
    after = prepared.last_run(name)
    assert (after["params"], after["metrics"], after["files"]) == (before["params"], before["metrics"], before["files"])
