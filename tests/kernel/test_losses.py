"""What users of trackers lose, counted: kernels killed in a loop that logs, servers that go away, crowded starts.

The numbers are printed at the end of the test run (conftest.py), and the README quotes them.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from servers import Answer, Proxy, Server

KILLS = int(os.environ.get("MLMAGIC_TEST_KILLS", "2"))  # `make kills` has 60
RECORDS = 10_000
ROUNDS = max(2, KILLS // 6)
KERNELS = 8 if "MLMAGIC_TEST_KILLS" in os.environ else 4
HELD_S = 3.0

_LOOP = f"""\
%%track killed{{number}}
import mmap
with open("logged{{number}}", "w+b") as file:
    file.truncate(8)
    seen = mmap.mmap(file.fileno(), 8)
    print("ready")
    for step in range({RECORDS}):
        mlmagic.log(loss=step / 2, step=step)
        sum(range(1000))
        seen[:] = (step + 1).to_bytes(8, "little")
    import time; time.sleep(60)
"""


@pytest.mark.timeout(120 + 30 * KILLS)
@pytest.mark.usefixtures("ready_store")
def test_a_kernel_killed_in_a_loop_loses_no_record_that_log_returned_for(tmp_path, kernels, losses):
    import mlflow

    chance = random.Random(20_261_125)
    logged = []
    for number in range(KILLS):
        kernel = kernels(tmp_path)
        kernel.check("%load_ext mlmagic\nimport mlflow")
        kernel.send(_LOOP.format(number=number))
        file = tmp_path / f"logged{number}"
        moment = chance.randrange(1, RECORDS)
        _wait(lambda file=file, moment=moment: _seen(file) >= moment)
        os.kill(kernel.pid, signal.SIGKILL)
        logged.append(_seen(file))
        kernel.stop()
    script = "import os, mlmagic; print(len(mlmagic.sync().runs))"
    _python(script, tmp_path, MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path}/mlflow.db")
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    runs = {run.info.run_name: run for run in client.search_runs(["0"])}
    lost = wrong = 0
    for number, count in enumerate(logged):
        run = runs[f"killed{number}"]
        assert run.info.status == "KILLED"
        history = client.get_metric_history(run.info.run_id, "loss")
        steps = sorted(point.step for point in history)
        lost += len(set(range(count)) - set(steps))
        wrong += sum(point.value != point.step / 2 for point in history) + len(steps) - len(set(steps))
        assert len(steps) - count in {0, 1}  # the one whose `log` had not returned may be there as well
    losses(f"{KILLS} kernels killed with SIGKILL in a loop of {RECORDS:,} records", sum(logged), lost + wrong)
    assert len(runs) == KILLS
    assert len(set(logged)) > KILLS / 2, "the moments were not random"
    assert (lost, wrong) == (0, 0)


def _seen(file):
    return int.from_bytes(file.read_bytes(), "little") if file.exists() else 0


_TRACKED = """\
%%track {name}
import time, random
lr = 0.1
random.seed(3)
print("ready")
began = time.monotonic()
for step in range(200):
    mlmagic.log(loss=step / 2, step=step)
    time.sleep(0.01)
own = time.monotonic() - began
mlmagic.tag(stage="late")
(lr, sum(random.random() for _ in range(5)))
"""


@pytest.mark.parametrize(
    "outage", ["killed and restarted", "stopped, and going on later", "refused from the start", "down at the end only"]
)
def test_a_server_that_goes_away_changes_nothing_in_the_cell_and_loses_nothing(loaded_kernel, losses, server, outage):
    name, kernel = outage.partition(",")[0].replace(" ", "-"), loaded_kernel
    untracked = kernel.run(_TRACKED.partition("\n")[2].replace("mlmagic.", "0 and mlmagic."))
    expected = untracked.of("execute_result")[0]["data"]["text/plain"]
    warm = kernel.run("%%track warm\npass")
    assert "finished" in warm.summaries[0], warm.text

    if outage == "refused from the start":
        server.kill()
    began = time.monotonic()
    request = kernel.send(_TRACKED.format(name=name))
    acts = {
        "killed and restarted": [(0.6, server.kill), (1.6, server.start)],
        "stopped, and going on later": [(0.6, server.suspend)],
        "down at the end only": [(1.6, server.kill)],
    }
    helper = threading.Thread(target=_act, args=(acts.get(outage, ()),))
    helper.start()
    output = kernel.collect(request)
    took = time.monotonic() - began
    helper.join()
    assert output.status == "ok", output.text
    assert output.of("execute_result")[0]["data"]["text/plain"] == expected
    own = float(kernel.check("print(own)"))
    held = took - own
    assert "finished" in output.summaries[0]
    if outage != "killed and restarted":
        assert "offline, " in output.summaries[0], output.summaries[0]

    server.resume()
    server.start()
    print(kernel.check("%mlmagic sync"))
    print(kernel.check("%mlmagic sync"))
    run = kernel.last_run(name)
    assert run["status"] == "FINISHED"
    assert run["count"] == 1
    assert run["steps"] == list(range(200))
    assert (run["params"]["lr"], run["tags"]["stage"]) == ("0.1", "late")
    assert {"mlmagic/cell.py", "mlmagic/output.txt", "mlmagic/session.json"} <= set(run["files"])
    losses(f"a server {outage}: the cell held for {held:.1f} s", 202, 202 - len(run["steps"]) - 2)
    assert held < 5 * HELD_S  # a hang would be longer; what a busy machine takes for git and packages is in it


_FITS = """\
%%track fits
import numpy as np
from sklearn.linear_model import LinearRegression
model = LinearRegression().fit(np.arange(20.0).reshape(10, 2), np.arange(10.0))
mlmagic.log(loss=0.5, step=0)
model.predict([[1.0, 2.0]]).round(3).tolist()
"""
_LOADED = """
import mlflow
client = mlflow.MlflowClient()
(logged,) = client.search_logged_models(["0"])
print(logged.status, mlflow.sklearn.load_model(f"models:/{logged.model_id}").predict([[1.0, 2.0]]).round(3).tolist())
"""


def test_files_and_models_that_are_forbidden_wait_and_are_delivered(tmp_path, kernels, server):
    proxy = Proxy(server.port)
    kernel = kernels(tmp_path, env={"MLFLOW_TRACKING_URI": proxy.uri})
    kernel.check("%load_ext mlmagic")
    proxy.fault = lambda request: Answer(403, "<p>no") if request.method == "PUT" else None
    output = kernel.run(_FITS)
    assert output.status == "ok", output.text
    assert "answered 403 (Forbidden): may this user write there?" in output.summaries[0]
    assert not output.stderr
    expected = output.of("execute_result")[0]["data"]["text/plain"]
    assert kernel.check("%mlmagic sync").startswith("1 run waits in the journal")
    assert len(proxy.seen) < 60
    proxy.fault = None
    assert kernel.check("%mlmagic sync").startswith("delivered fits (FINISHED, ")
    assert kernel.check("%mlmagic sync") == "nothing to deliver"
    assert {"mlmagic/cell.py", "mlmagic/models.json"} <= set(kernel.last_run("fits")["files"])
    assert kernel.check(_LOADED) == f"READY {expected}"
    proxy.stop()


def test_kernels_that_start_at_once_on_a_new_store_all_get_their_runs(tmp_path, kernels, losses):
    import mlflow

    crowd = [kernels(tmp_path) for _ in range(KERNELS)]
    requests = [kernel.send("%load_ext mlmagic\nimport mlflow") for kernel in crowd]
    for kernel, request in zip(crowd, requests, strict=True):
        assert kernel.collect(request).status == "ok"
    lost = 0
    for number in range(ROUNDS):
        store = f"sqlite:///{tmp_path}/store{number}.db"
        for kernel in crowd:
            kernel.check(f"mlflow.set_tracking_uri({store!r})")
        cells = [f"%%track run{which}\nmlmagic.log(a=1.0)\nmlflow.log_metric('b', 2.0)" for which in range(KERNELS)]
        requests = [kernel.send(cell) for kernel, cell in zip(crowd, cells, strict=True)]
        for kernel, request in zip(crowd, requests, strict=True):
            output = kernel.collect(request)
            assert output.status == "ok", output.text
            assert "warning" not in output.summaries[0], output.summaries[0]
        runs = {run.info.run_name: run for run in mlflow.MlflowClient(store).search_runs(["0"])}
        lost += KERNELS - len(runs)
        for run in runs.values():
            assert (run.info.status, run.data.metrics) == ("FINISHED", {"a": 1.0, "b": 2.0})
    losses(f"{KERNELS} kernels at once on a new SQLite store, {ROUNDS} times: runs", KERNELS * ROUNDS, lost)
    assert lost == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.resume()
    made.kill()


@pytest.fixture(scope="module")
def loaded_kernel(kernels_of_module, server, tmp_path_factory):
    kernel = kernels_of_module(tmp_path_factory.mktemp("kernel"), env={"MLFLOW_TRACKING_URI": server.uri})
    kernel.check("%load_ext mlmagic")
    return kernel


def _act(acts):
    began = time.monotonic()
    for at, act in acts:
        time.sleep(max(0, began + at - time.monotonic()))
        act()


def _wait(reached, timeout_s=60):
    end = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.001)


def _python(script, folder, **variables):
    environment = os.environ | variables
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
