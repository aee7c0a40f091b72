"""Sweeps in a real kernel: what a cell shows and returns, interrupts, and kernels that are killed."""

import os
import re
import signal
import time

import psutil
import pytest

SLOW = "open('ran.txt', 'a').write(f'{x} ')\nimport time\ntime.sleep(0.3)\nloss = (x - 3) ** 2 * 1.0\n"
STATUSES = """
import collections, mlflow
found = mlflow.MlflowClient().search_runs(["0"], max_results=1000)
print(sorted(collections.Counter(
    ("trial" if "mlmagic.trial" in run.data.tags else "sweep", run.info.status) for run in found
).items()))
"""


def until_ran(folder, count):
    """Wait until so many trials have begun."""
    file = folder / "ran.txt"
    end = time.monotonic() + 120
    while not file.exists() or len(file.read_text().split()) < count:
        assert time.monotonic() < end, "no trial begins"
        time.sleep(0.05)


def workers(kernel):
    pid = int(kernel.check("import os; print(os.getpid())"))
    return [
        one for one in psutil.Process(pid).children(recursive=True) if "resource_tracker" not in " ".join(one.cmdline())
    ]


@pytest.fixture
def own_kernel(new_kernel):
    made = new_kernel()
    made.check("%load_ext mlmagic")
    return made


def test_a_sweep_returns_a_frame_that_knows_its_best(kernel):
    output = kernel.run("%%sweep squares x=range(6) --metric loss\nloss = (x - 3) ** 2 * 1.0")
    assert output.status == "ok", output.text
    assert kernel.check("print(_.best, _.metric, len(_), list(_.columns)[:5])") == (
        "{'x': 3} loss 6 ['trial', 'status', 'duration', 'seed', 'x']"
    )
    shown = str(output.messages)
    assert "6 trials" in shown
    assert "best loss 0" in shown
    kernel.check("%%sweep x=1,2 --into found --quiet\nloss = x * 1.0")
    assert kernel.check("print(found.best)") == "{'x': 1}"


def test_a_config_is_swept_over_its_groups_and_keys_and_the_best_is_composed_again(own_kernel, tmp_path):
    folder = tmp_path / "configs" / "model"
    folder.mkdir(parents=True)
    (folder / "small.yaml").write_text("size: 1\n")
    (folder / "large.yaml").write_text("size: 10\n")
    own_kernel.check(
        "%%hydra cfg --config-dir configs\ndefaults:\n  - model: small\n  - _self_\nlr: 0.1\nname: ${model.size}-${lr}"
    )
    output = own_kernel.run(
        "%%sweep --config cfg model=glob(*) lr=0.1,0.5 --metric loss --jobs 2\nloss = cfg.model.size * cfg.lr"
    )
    assert output.status == "ok", output.text
    assert own_kernel.check("print(_.best, _.best_config.name)") == "{'model': 'small', 'lr': 0.1} 1-0.1"
    own_kernel.check(
        "%%sweep --config cfg model=small,large lr=2,3 --zip model lr --into both\nloss = cfg.model.size * cfg.lr * 1.0"
    )
    assert own_kernel.check("print(both.loss.tolist())") == "[2.0, 30.0]"
    own_kernel.check("%%sweep --config cfg lr=3 --into one\nloss = cfg.lr * 1.0")
    run = own_kernel.check(
        "import mlflow; r = mlflow.MlflowClient().search_runs(['0'], \"params.`cfg.lr` = '3'\")[0]; print(r.data.params['cfg.name'])"
    )
    assert run == "1-3"
    wrong = own_kernel.run("%%sweep --config cfg model=huge,small\nloss = cfg.lr * 1.0")
    assert "no option 'huge' in the config group 'model'" in wrong.errors[0]
    wrong = own_kernel.run("%%sweep --config cfg model=glob(*) model.depth=1,2\nloss = cfg.lr * 1.0")
    assert "no key 'model.depth'" in wrong.errors[0]
    wrong = own_kernel.run("%%sweep --config cfg lrr=1,2\nloss = cfg.lr * 1.0")
    assert "no key 'lrr' in the config. Did you mean 'lr'?" in wrong.errors[0]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%sweep x=1,2\n!ls\ny = x", "Line 1 of the body is '!ls'"),
        ("%%sweep x=1,2\n%time y = x", "a trial is plain Python"),
        ("%%sweep x=1,2\nimport asyncio\nawait asyncio.sleep(x)", "Line 2 of the body awaits"),
        ("%%sweep x=1,2\nx = 1", "Line 1 of the body assigns 'x'"),
        ("%%sweep x=1,2\ny = 1", "Nothing in the body reads 'x'"),
        ("%%sweep x=1,2 --metrik loss\nloss = x", "Did you mean '--metric'?"),
        ("%%sweep x=1,2 --into 2x\nloss = x", "'2x' is no name for a variable"),
        ("%%sweep x=1,2 --met loss\nloss = x", "Did you mean '--metric'?"),
        ("%%sweep one two x=1,2\nloss = x", "'two' has no values"),
        ("%%sweep model.depth=1,2\nloss = 1", "'model.depth' is no name for a variable"),
        ("%%sweep --config nope x=1,2\nloss = 1", "--config nope: no config of this name"),
        ("%%sweep x=1,2 --search tpe --metric loss\nloss = x", "--trials 50"),
        ("%%sweep x=1,2 y=1,2,3 --zip x y\nloss = x * y * 1.0", "--zip x y: 'y' has 3 values and 'x' 2 values"),
        ("%%sweep x=1,2 y=1,2 --zip x,z\nloss = x * y * 1.0", "--zip x z: nothing is swept under the name 'z'"),
        ("%%sweep x=1,2 y=1,2 --zip x\nloss = x * y * 1.0", "--zip x: it takes two names or more"),
        ("import threading; lock = threading.Lock()", ""),
        ("%%sweep x=1,2 --jobs 2\nwith lock: loss = x * 1.0", "'lock' (lock) cannot be sent to another process"),
    ],
)
def test_a_mistake_is_one_line_and_runs_nothing(kernel, cell, message):
    output = kernel.run(cell)
    if not message:
        return
    assert output.status == "error"
    [error] = output.errors
    assert message in error
    assert "\n" not in error


@pytest.mark.parametrize("jobs", ["", "--jobs 2"])
def test_an_interrupted_sweep_leaves_no_run_open_and_no_worker(own_kernel, tmp_path, jobs):
    message = own_kernel.send(f"%%sweep x=range(40) --metric loss --into partly {jobs}\n{SLOW}")
    until_ran(tmp_path, 4)
    own_kernel.manager.interrupt_kernel()
    reply = own_kernel.client.get_shell_msg(timeout=60)
    while reply["parent_header"].get("msg_id") != message:
        reply = own_kernel.client.get_shell_msg(timeout=60)
    assert reply["content"]["ename"] == "SweepInterrupted"
    [told] = reply["content"]["traceback"]
    assert re.fullmatch(r"KeyboardInterrupt: \d+ of 40 trials of 'sweep' are recorded; --resume goes on", told)
    assert own_kernel.check("print(len(partly), set(partly.status) <= {'FINISHED', 'KILLED'})") == (
        f"{told.split()[1]} True"
    )
    time.sleep(1)
    assert workers(own_kernel) == []
    statuses = own_kernel.check("mlmagic.sync()\n" + STATUSES)
    assert "RUNNING" not in statuses
    assert "('sweep', 'KILLED')" in statuses
    assert "('trial', 'FINISHED')" in statuses
    own_kernel.check("%%sweep x=1,2 --metric loss --jobs 2 --into after\nloss = x * 1.0")
    assert own_kernel.check("print(len(after))") == "2"


def test_after_a_kernel_was_killed_only_what_is_missing_is_run(new_kernel, tmp_path):
    first = new_kernel()
    first.check("%load_ext mlmagic")
    first.check("%seed 3 --quiet")
    pid = int(first.check("import os; print(os.getpid())"))
    first.client.execute(f"%%sweep x=range(12) --metric loss\n{SLOW}")
    until_ran(tmp_path, 5)
    os.kill(pid, signal.SIGKILL)
    before = (tmp_path / "ran.txt").read_text().split()
    (tmp_path / "ran.txt").unlink()

    second = new_kernel()
    second.check("%load_ext mlmagic")
    second.check("%seed 3 --quiet")
    second.check(f"%%sweep x=range(12) --metric loss --resume --into found\n{SLOW}")
    after = (tmp_path / "ran.txt").read_text().split()
    assert second.check("print(found.best, len(found), set(found.status))") == "{'x': 3} 12 {'FINISHED'}"
    assert 12 <= len(before) + len(after) <= 13  # the one that ran when the kernel was killed runs twice
    assert set(before[:-1]).isdisjoint(after)
    statuses = second.check("mlmagic.sync()\n" + STATUSES)
    assert statuses == "[(('sweep', 'FINISHED'), 1), (('trial', 'FINISHED'), 12)]"


def test_a_tracked_cell_records_the_candidates_of_its_searches_and_the_trials_of_its_studies(own_kernel):
    own_kernel.check("""%%track searches
import optuna
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier
optuna.logging.set_verbosity(optuna.logging.WARNING)
X, y = load_iris(return_X_y=True)
search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2, 3]}, cv=3).fit(X, y)
study = optuna.create_study()
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4)
""")
    own_kernel.check("%%track more\nstudy.optimize(lambda trial: trial.suggest_float('x', 0, 1), n_trials=2)")
    names = own_kernel.check("""
import mlflow
found = mlflow.MlflowClient().search_runs(["0"], max_results=1000)
above = {run.info.run_id: run.info.run_name for run in found}
print(sorted((above.get(run.data.tags.get("mlflow.parentRunId")) or "", run.info.run_name) for run in found))
""")
    expected = [("", "more"), ("", "searches"), ("more", "study 4"), ("more", "study 5")]
    expected += [("searches", f"search {at}") for at in range(3)] + [("searches", f"study {at}") for at in range(4)]
    assert names == str(sorted(expected))


def test_workers_end_with_a_kernel_that_is_killed(own_kernel, tmp_path):
    own_kernel.client.execute(f"%%sweep x=range(40) --metric loss --jobs 2\n{SLOW}")
    until_ran(tmp_path, 2)
    kernel = next(one for one in psutil.process_iter() if one.pid == own_kernel.manager.provisioner.pid)
    below = kernel.children(recursive=True)
    assert len(below) >= 2
    kernel.kill()
    _, alive = psutil.wait_procs(below, timeout=30)
    assert not alive


def test_the_candidates_of_a_search_are_in_the_store_when_the_cell_has_ended(own_kernel):
    # The store is busy from before the cell ends until after: so the cell's own run is delivered in a round that knows
    # nothing of the candidates yet.
    own_kernel.check("""%%track
import sqlite3, threading, time
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier
mlmagic.log(began=1)
busy = sqlite3.connect("mlflow.db", isolation_level=None, check_same_thread=False)
busy.execute("BEGIN IMMEDIATE")
time.sleep(1.5)
search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": list(range(1, 21))}, cv=2).fit([[0], [1]] * 9, [0, 1] * 9)
threading.Timer(1, busy.rollback).start()
""")
    assert own_kernel.check(STATUSES) == "[(('sweep', 'FINISHED'), 1), (('trial', 'FINISHED'), 20)]"


def test_autologging_puts_nothing_of_a_trial_into_the_sweeps_run(own_kernel):
    own_kernel.check(
        "import mlflow; mlflow.sklearn.autolog(silent=True)\nfrom sklearn.tree import DecisionTreeClassifier"
    )
    own_kernel.check(
        "%%sweep x=1,2 --metric score --mode max\nscore = DecisionTreeClassifier(max_depth=x).fit([[0], [1]], [0, 1]).score([[0]], [0])"
    )
    found = own_kernel.check("""
client = mlflow.MlflowClient()
runs = client.search_runs(["0"], "tags.`mlmagic.sweep.code` != ''")
print(len(runs), sorted(name for name in runs[0].data.params if not name.startswith(("sweep", "seed"))))
""")
    assert found == "1 []"


def test_a_config_that_was_composed_in_python_is_swept_under_its_own_name(own_kernel):
    own_kernel.check("import mlmagic\nchosen = mlmagic.compose(yaml='lr: 1')\nother = mlmagic.compose(yaml='lr: 1')")
    own_kernel.check("%%sweep --config chosen lr=2,3 --into found\nloss = chosen.lr * 1.0")
    assert own_kernel.check("print(found.best, found.best_config.lr)") == "{'lr': 2} 2"
    wrong = own_kernel.run("%%sweep --config chsen lr=2,3\nloss = chosen.lr * 1.0")
    assert "Did you mean 'chosen'? There are: chosen, other." in wrong.errors[0]


def test_an_interrupt_before_the_first_trial_is_one_line(first_kernel):
    kernel = first_kernel()
    kernel.check("%load_ext mlmagic")
    request = kernel.send("%%sweep x=1,2 --metric loss --into found\nloss = x * 1.0")
    kernel.interrupt_creation(size=300_000)
    assert kernel.collect(request).errors == ["KeyboardInterrupt: before the first trial"]
    assert kernel.check("print(len(found))") == "0"
    kernel.check("%%sweep x=1,2 --metric loss --into found\nloss = x * 1.0")
    assert kernel.check("print(len(found))") == "2"


@pytest.mark.parametrize(
    ("line", "points"),
    [
        ("%%sweep 'x=1,2'", [[1], [2]]),
        ('%%sweep "x=choice(1, 2)" --metric loss', [[1], [2]]),
        ("%%sweep 'my sweep' 'x=1, 2'", [[1], [2]]),
        ("%%sweep \"x=choice('a b','c')\"", [["a b"], ["c"]]),
        ("%%sweep x=choice('a b','c')", [["a b"], ["c"]]),
        ("%%sweep x='a b','c d'", [["a b"], ["c d"]]),
        ("%%sweep 'x=[1,2],[3]'", [["[1, 2]"], ["[3]"]]),
        ("%%sweep x=1,2 y=3,4 --zip x y", [[1, 3], [2, 4]]),
        ("%%sweep --zip x,y own x=1,2 y=3,4", [[1, 3], [2, 4]]),
        ("%%sweep own 'x=1,2' 'y=3,4' --zip x y --quiet z=5,6", [[1, 3, 5], [1, 3, 6], [2, 4, 5], [2, 4, 6]]),
        ("%%sweep x=1,2 y=3,4 z=5,6 v=7,8 --zip x y --zip z, v", [[1, 3, 5, 7], [1, 3, 6, 8], [2, 4, 5, 7], [2, 4, 6, 8]]),
    ],
)  # fmt: skip
def test_what_is_swept_may_stand_in_quotes_and_go_together(kernel, line, points):
    names = [name for name in "xyzv" if f"{name}=" in line]
    output = kernel.run(f"{line} --into found\nloss = len(str(({', '.join(names)},))) * 1.0")
    assert output.status == "ok", output.text
    rows = kernel.check(
        f"print([[str(v) if isinstance(v, list) else v for v in row] for row in found[{names}].values.tolist()])"
    )
    assert rows == str(points)


@pytest.mark.parametrize("engine", ["", "--jobs 2"])
def test_a_trial_leaves_the_kernels_settings_alone(own_kernel, tmp_path, engine):
    pytest.importorskip("torch")
    own_kernel.check("%matplotlib inline")
    own_kernel.check("import os, warnings\nwarnings.simplefilter('error')\npath = os.getcwd()")
    output = own_kernel.run(f"""%%sweep x=1,2,3 {engine} --into found
import os, sys, warnings
import torch
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
size = float(torch.zeros(1).element_size())
threads = float(torch.get_num_threads())
folder = float(len(os.getcwd()))
width = plt.rcParams["lines.linewidth"]
kind = float(warnings.filters[0][0] == "error")
torch.set_default_dtype(torch.float64)
torch.set_num_threads(2)
os.chdir("/")
os.environ["LEFT"] = "1"
plt.rcParams["lines.linewidth"] = 9
warnings.simplefilter("ignore")
sys.argv[:] = ["odd"]
loss = x * 1.0
if x == 3: raise ValueError
""")
    assert output.status == "ok", output.text
    seen = own_kernel.check("print(found[['size', 'threads', 'folder', 'width', 'kind']].values.tolist())")
    assert seen == str([[4.0, 1.0, float(len(str(tmp_path))), 1.5, 1.0]] * 3)
    assert own_kernel.check(
        "print([f[0] for f in warnings.filters if f[1:4] == (None, Warning, None)][0], os.getcwd() == path, os.environ.get('LEFT'))"
    ) == ("error True None")
    if not engine:
        assert own_kernel.check("import torch; print(torch.zeros(1).dtype)") == "torch.float32"
    shown = own_kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]); print(plt.rcParams['lines.linewidth'])")
    assert shown.stdout.strip() == "1.5"
    assert [kind for kind, content in shown.messages if "image/png" in content.get("data", {})] == ["display_data"]


def test_a_sweeps_run_holds_data_split_and_the_best_model(own_kernel):
    own_kernel.check("""
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier
iris = load_iris(as_frame=True).frame
""")
    own_kernel.check("%split iris --test 0.2 --seed 3")
    own_kernel.check("X_train, y_train = train.drop(columns='target'), train.target")
    output = own_kernel.run(
        "%%sweep trees depth=1,3,2 --metric accuracy --jobs 2\n"
        "model = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X_train, y_train)\n"
        "accuracy = model.score(test.drop(columns='target'), test.target)"
    )
    assert output.status == "ok", output.text
    shown = output.of("update_display_data")[-1]["data"]["text/plain"]
    assert re.search(r"^data: .*X_train 120 by 4", shown, re.MULTILINE), shown
    assert re.search(r"^models: model \(DecisionTreeClassifier, \w+, .* kB, of trial \d\)$", shown, re.MULTILINE), shown
    found = own_kernel.check("""
import mlflow
run = mlflow.get_run(mlmagic.last_run.id)
model = mlflow.sklearn.load_model(f"models:/{run.outputs.model_outputs[0].model_id}")
print(sorted(one.dataset.name for one in run.inputs.dataset_inputs), run.data.params["split.test"], model.get_depth())
""")
    assert found == "['X_train', 'test', 'y_train'] 0.2 3"
    wrong = own_kernel.run("%%sweep depth=1,2 --models --no-models\nloss = depth * 1.0")
    assert "leave one of them out" in wrong.errors[0]
