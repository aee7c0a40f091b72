"""Sweeps from end to end: the same numbers wherever trials run, and what happens when they go wrong."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import mlmagic
from mlmagic.errors import SweepFailedError, UsageProblem
from mlmagic.snapshot.randomness import seeding

NOTEBOOK = """
import random
import numpy as np
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
X, y = load_iris(return_X_y=True)
calls = []
def make():
    calls.append(n)
    return RandomForestClassifier(n, max_depth=depth)
class Noise:
    def draw(self): return np.random.rand() + random.random() * n
"""
BODY = """
accuracy = cross_val_score(make(), X, y, cv=3).mean()
drawn = Noise().draw()
before = float(len(calls))
mlmagic.log(loss=1 - accuracy, step=0)
mlmagic.log(loss=(1 - accuracy) / 2, step=1)
print("trial of", n)
"""
WORDS = ("n=3,9", "depth=1,3,null")


def numbers(results):
    return [
        (trial.number, dict(trial.point), trial.seed, trial.status, dict(trial.metrics)) for trial in results.trials
    ]


@pytest.mark.parametrize(
    "engine", [{"jobs": 2}, {"on": "dask", "jobs": 2}, {"jobs": 2, "seeds": 1, "search": "random"}]
)
def test_one_after_the_other_and_in_processes_the_numbers_are_the_same(sweep, engine):
    search = {"search": engine.get("search", "grid")}
    alone = sweep(BODY, *WORDS, namespace=NOTEBOOK, metric="accuracy", **search)
    beside = sweep(BODY, *WORDS, namespace=NOTEBOOK, metric="accuracy", **engine)
    assert numbers(alone) == numbers(beside)
    assert len(alone.trials) == 6
    assert len({trial.metrics["drawn"] for trial in alone.trials}) == 6
    assert {trial.metrics["before"] for trial in alone.trials} == {1.0}  # nothing leaks into the next
    assert alone.best == beside.best


def test_a_trial_is_a_run_with_all_that_it_did(sweep, runs_of):
    body = "import matplotlib.pyplot as plt\nplt.plot([1, lr]); plt.title('line')\nlimit = 3\nscore = lr * limit\nprint('hi', lr)"
    results = sweep(body, "lr=0.1,0.2", metric="score", mode="max")
    first, second = runs_of(results)
    assert [run.info.status for run in (first, second)] == ["FINISHED", "FINISHED"]
    assert first.info.run_name == "sweep 0"
    assert first.data.params == {"lr": "0.1", "limit": "3", "seed": str(results.trials[0].seed)}
    assert second.data.metrics == {"score": pytest.approx(0.6)}
    stored = mlmagic.Run(second.info.run_id)
    assert stored.text("mlmagic/output.txt") == "hi 0.2\n"
    assert "figures/line.png" in stored.artifacts
    above = mlmagic.Run(results.run_id)
    assert above.tags["best.lr"] == "0.2"
    assert above.metrics["best.score"] == pytest.approx(0.6)


@pytest.mark.parametrize("engine", [{}, {"jobs": 2}])
def test_a_trial_that_fails_is_failed_and_the_others_go_on(sweep, runs_of, engine):
    body = "score = x * 1.0\nif x == 2: raise ValueError('no', 'way')\nif x == 3: raise SystemExit"
    results = sweep(body, "x=1,2,3,4", metric="score", mode="max", **engine)
    runs = runs_of(results)
    assert [run.info.status for run in runs] == ["FINISHED", "FAILED", "FAILED", "FINISHED"]
    assert "no" in runs[1].data.tags["mlmagic.error"]
    assert 'File "<sweep>", line 2' in mlmagic.Run(runs[1].info.run_id).text("mlmagic/traceback.txt")
    assert "raise ValueError" in mlmagic.Run(runs[1].info.run_id).text("mlmagic/traceback.txt")
    assert results.best == {"x": 4}


@pytest.mark.parametrize("engine", [{"jobs": 2}, {"on": "dask", "jobs": 2}])
def test_a_worker_that_is_killed_costs_at_most_its_own_trial(sweep, runs_of, engine, tmp_path):
    # Once, whoever runs it: the second time the trial is fine. Another one kills its worker each time.
    body = f"""
import os, pathlib, signal, time
once = pathlib.Path({str(tmp_path)!r}) / f"once-{{x}}"
time.sleep(0.02)
if x == 33 or (x == 11 and not once.exists()):
    once.touch()
    os.kill(os.getpid(), signal.SIGKILL)
score = x * 1.0
"""
    results = sweep(body, "x=range(40)", metric="score", mode="max", **engine)
    statuses = {trial.point["x"]: trial.status for trial in results.trials}
    assert len(statuses) == 40
    assert {x for x, status in statuses.items() if status != "FINISHED"} == {33}
    assert [run.info.status for run in runs_of(results)].count("FAILED") == 1
    assert "died" in results.trials[33].error


def test_a_trial_leaves_no_trace_in_the_notebooks_process(sweep):
    mlmagic.seed(5)
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.rand()
    random.seed(1)
    np.random.seed(1)
    body = "import random, numpy as np\nimport matplotlib.pyplot as plt\nplt.figure()\nscore = np.random.rand() * x + random.random()"
    sweep(body, "x=1,2", metric="score", mode="max")
    assert (random.random(), np.random.rand()) == expected
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []
    assert seeding.current().value == 5


@pytest.mark.parametrize(
    ("body", "words", "options", "message"),
    [
        ("score = x * 1.0", ["x=1,2"], {"metric": "scores", "mode": "max"}, r"ended without the metric 'scores'.* Did you mean 'score'\?"),
        ("score = 'good'\ny = x", ["x=1,2"], {"metric": "score", "mode": "max"}, r"binds it, but not to a number\. It has none: mlmagic\.log"),
        ("loss = x * 1.0", ["x=1,2"], {"metric": "los"}, r"'los' does not tell which is better.* Did you mean 'loss'\?"),
        ("oddness = x * 1.0", ["x=1,2"], {"metric": "oddness"}, "'oddness' does not tell which is better: --mode max"),
        ("score = x * 1.0", ["x=1,2"], {"mode": "max"}, "--metric accuracy --mode max"),
        ("score = x * 1.0", ["x=1,2"], {"metric": "score", "mode": "best"}, "it is min or max"),
        ("score = x * 1.0", ["x=range(100000)"], {}, r"That is 100,000 trials: --yes runs them all"),
        ("score = x * y", ["x=range(100)", "y=range(20)"], {}, r"That is 2,000 trials"),
        ("score = x * 1.0", ["x=range(400)"], {"seeds": 3}, r"That is 1,200 trials"),
        ("score = x * 1.0", ["x=interval(0,1)"], {}, "has no grid"),
        ("score = x * 1.0", ["x=1,2"], {"search": "grd"}, r"no search 'grd'\. Did you mean 'grid'\?"),
        ("score = x * 1.0", ["x=1,2"], {"search": "tpe", "trials": 3}, "--metric accuracy --mode max"),
        ("loss = x * 1.0", ["x=1,2"], {"search": "tpe", "metric": "loss"}, "--trials 50"),
        ("score = x * 1.0", ["x=1,2"], {"trials": 0}, "--trials 0: it is 1 or more"),
        ("score = x * 1.0", ["x=1,2"], {"on": "spark"}, "there are local, dask"),
        ("score = x * 1.0", ["x=1,2"], {"address": "tcp://a:1"}, "--on dask --address tcp://a:1"),
        ("score = x * 1.0", ["x=1,2"], {"on": "dask", "address": "tcp://127.0.0.1:1"}, "No Dask scheduler answers"),
        ("score = x * 1.0", [], {}, "nothing to go over"),
    ],
)  # fmt: skip
def test_a_sweep_that_cannot_be_run_is_one_line(sweep, body, words, options, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        sweep(body, *words, **options)
    assert "\n" not in str(caught.value)


def test_nan_is_a_result_but_never_the_best(sweep):
    results = sweep("loss = float('nan') if x == 1 else x * 1.0", "x=1,2,3", metric="loss")
    assert [trial.status for trial in results.trials] == ["FINISHED"] * 3
    assert results.best == {"x": 2}


def test_seeds_are_judged_by_their_mean_with_its_error(sweep):
    results = sweep("import numpy as np\nloss = x + np.random.rand()", "x=1,5", metric="loss", seeds=5)
    best, other = results.summaries()
    assert (best.point, best.count, other.count) == ({"x": 1}, 5, 5)
    values = [trial.metrics["loss"] for trial in results.trials[:5]]
    assert len(set(values)) == 5
    assert best.mean == pytest.approx(np.mean(values))
    assert best.error == pytest.approx(np.std(values, ddof=1) / 5**0.5)


def test_after_the_timeout_no_trial_begins_and_it_says_so(store_uri, capsys):
    frame = mlmagic.sweep(lambda x: time.sleep(0.2) or {"loss": x}, {"x": range(100)}, timeout=0.5)
    assert 1 <= len(frame) < 20
    assert f"--timeout 0.5: {100 - len(frame)} trials did not begin; --resume goes on" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["seed", "status", "error"])
def test_what_is_swept_keeps_its_name_beside_what_every_trial_has(sweep, runs_of, name):
    results = sweep(f"loss = float({name})\nif {name} == 3: raise ValueError", f"{name}=1,2,3", metric="loss")
    assert [run.data.params[name] for run in runs_of(results)] == ["1", "2", "3"]
    frame = results.to_dataframe()
    assert frame[name].tolist() == [1, 2, 3]
    own = [value for trial in results.trials if (value := getattr(trial, name)) is not None]
    assert frame[f"trial.{name}"].dropna().tolist() == own


def test_tpe_learns_in_processes_too(sweep):
    results = sweep("loss = (x - 2) ** 2 * 1.0", "x=interval(-10,10)", metric="loss", search="tpe", trials=30, jobs=2)
    assert len(results.trials) == 30
    assert abs(results.best["x"] - 2) < 1


def loky_workers():
    """Return the worker processes of now; earlier tests may have left some, which joblib keeps for its next call."""
    import psutil

    commands = {one: " ".join(one.cmdline()) for one in psutil.Process().children(recursive=True)}
    return {one for one, command in commands.items() if "loky" in command and "resource_tracker" not in command}


def test_an_interrupt_leaves_no_run_open_and_no_worker(sweep, runs_of):
    before = loky_workers()

    class Interrupts:
        def show(self, results, **_):
            self.results = results
            if len(results.trials) >= 3:
                os.kill(os.getpid(), signal.SIGINT)

    watcher = Interrupts()
    with pytest.raises(KeyboardInterrupt):
        sweep("import time\ntime.sleep(0.2)\nloss = x * 1.0", "x=range(50)", metric="loss", jobs=2, watcher=watcher)
    assert loky_workers() <= before
    runs = runs_of(watcher.results)
    assert {run.info.status for run in runs} <= {"FINISHED", "KILLED"}
    assert "KILLED" in {run.info.status for run in runs}
    assert mlmagic.Run(watcher.results.run_id).status == "KILLED"
    again = sweep("loss = x * 1.0", "x=1,2", metric="loss", jobs=2)
    assert len(again.trials) == 2


PRUNABLE = """
import time
try:
    for step in range(10):
        time.sleep(0.01)
        mlmagic.log(loss=x + 1 / (step + 1), step=step)
except Exception:
    raise SystemExit("it was caught")
"""


@pytest.mark.parametrize("engine", [{}, {"jobs": 2}, {"search": "tpe", "trials": 20}])
def test_trials_that_look_hopeless_are_ended_and_killed(sweep, runs_of, engine, tmp_path):
    words = "x=interval(0,10)" if engine.get("search") else "x=range(20)"
    results = sweep(PRUNABLE, words, metric="loss", prune=True, **engine)
    assert len(results.trials) == 20
    pruned = [trial for trial in results.trials if trial.pruned]
    assert 1 <= len(pruned) < 18
    assert {trial.status for trial in pruned} == {"KILLED"}
    runs = runs_of(results)
    assert [run.info.status for run in runs].count("KILLED") == len(pruned)
    assert runs[pruned[0].number].data.tags["mlmagic.pruned"].startswith("pruned at step")
    assert min(trial.point["x"] for trial in pruned) > results.best["x"]
    assert list((tmp_path / ".mlmagic" / "sweeps").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [({}, "--metric val_loss"), ({"metric": "loss", "seeds": 2}, "--seeds judges them together")],
)
def test_pruning_needs_a_metric_and_single_trials(sweep, options, message):
    with pytest.raises(UsageProblem, match=message):
        sweep("loss = x * 1.0", "x=1,2", prune=True, **options)


@pytest.fixture
def cluster(tmp_path):
    """A Dask scheduler and two workers, each a process of its own that knows no store; the scheduler's address."""
    import json

    file = tmp_path / "scheduler.json"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW", "MLMAGIC"))}
    clean |= {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    where = tmp_path / "workers"
    where.mkdir()

    def start(*words):
        command = [sys.executable, "-m", *words, "--scheduler-file", str(file), "--no-dashboard"]
        return subprocess.Popen(command, env=clean, cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    started = [start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0")]
    started += [start("distributed.cli.dask_worker", "--nthreads", "2", "--nworkers", "1") for _ in range(2)]
    end = time.monotonic() + 60
    while not file.exists() or not file.read_text():
        assert time.monotonic() < end, "the scheduler does not start"
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    yield address
    for one in reversed(started):
        one.terminate()
    for one in started:
        one.wait(30)


def test_on_a_cluster_that_sees_no_store_the_numbers_are_the_same_and_the_runs_are_written(sweep, runs_of, cluster):
    alone = sweep(BODY, *WORDS, namespace=NOTEBOOK, metric="accuracy")
    there = sweep(BODY, *WORDS, namespace=NOTEBOOK, metric="accuracy", on="dask", address=cluster)
    assert numbers(alone) == numbers(there)
    assert [run.info.status for run in runs_of(there)] == ["FINISHED"] * 6


def test_without_dask_the_command_that_installs_it_is_named(sweep, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"--on dask needs distributed: %pip install distributed"):
        sweep("loss = x * 1.0", "x=1,2", metric="loss", on="dask")


def test_a_sweep_that_is_gone_on_with_runs_what_is_new_or_failed(sweep, runs_of, tmp_path):
    helper = "def ran(x): open('ran.txt', 'a').write(f'{x} ')"
    body = "import os\nran(x)\nif x == 2 and not os.path.exists('mended'): raise ValueError\nloss = x * 1.0"
    first = sweep(body, "x=1,2,3", namespace=helper, metric="loss")
    (tmp_path / "mended").touch()
    (tmp_path / "ran.txt").unlink()
    again = sweep(body, "x=0,1,2,3", namespace=helper, metric="loss", resume=True)
    assert (tmp_path / "ran.txt").read_text().split() == ["0", "2"]
    assert [trial.status for trial in again.trials] == ["FINISHED"] * 4
    assert [trial.seed for trial in again.trials[1:]] == [trial.seed for trial in first.trials]
    assert again.best == {"x": 0}
    changed = sweep(body, "x=1,3", namespace=helper.replace("{x} ", "{x}! "), metric="loss", resume=True)
    assert len(changed.trials) == 2
    assert "1! 3!" in (tmp_path / "ran.txt").read_text()  # another function: nothing is known of it


def test_a_sweep_whose_run_cannot_be_opened_leaves_no_worker(store_uri):
    import psutil
    from mlflow import MlflowClient

    client = MlflowClient()
    client.delete_experiment(client.create_experiment("gone"))
    with pytest.raises(UsageProblem, match="was deleted"):
        mlmagic.sweep(lambda x: {"loss": x}, {"x": [1, 2]}, on="dask", jobs=2, experiment="gone", quiet=True)
    left = [one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]
    assert [one.pid for one in left if "multiprocessing.spawn" in " ".join(one.cmdline())] == []


def test_a_function_is_swept_in_python(store_uri):
    frame = mlmagic.sweep(lambda x, y=1: {"loss": (x - 2) ** 2 + y}, {"x": range(4), "y": [1, 2]}, jobs=2, quiet=True)
    assert frame.best == {"x": 2, "y": 1}
    assert list(frame["loss"]) == [5, 6, 2, 3, 1, 2, 2, 3]
    assert type(frame[frame.loss < 3]).__name__ == "DataFrame"
    assert frame.best_config is None
    single = mlmagic.sweep(lambda x: x, {"x": [3, 1]}, metric="result", mode="min", quiet=True)
    assert single.best == {"x": 1}


@pytest.mark.parametrize(
    ("function", "space", "message"),
    [
        (3, {"x": [1]}, "A sweep calls a function, and 3 is none"),
        (lambda x: x, [1, 2], r"A space is a mapping from names to values, .* not \[1, 2\]"),
        (lambda x: x, {"z": [1]}, r"cannot be called with z: .* It takes x"),
        (lambda x, y: x, {"x": [1]}, r"missing a required argument: 'y'"),
    ],
)
def test_a_wrong_function_or_space_is_one_line(store_uri, function, space, message):
    with pytest.raises(UsageProblem, match=message):
        mlmagic.sweep(function, space, quiet=True)


READ = """
import numpy as np
from sklearn.tree import DecisionTreeRegressor
scale = 1.0
limits = {"low": 0, "names": {"a", "b", "c"}}
data = np.ones(3)
tree = DecisionTreeRegressor(max_depth=2)
shift = 0
def shifted(x, by=0): return x + shift + by
"""


@pytest.mark.parametrize(
    "changed",
    [
        "scale = 2.0",
        "limits = {'low': 1}",
        "limits = {'low': 0, 'names': {'a', 'b', 'd'}}",
        "data = np.ones(3) * 2",
        "tree = DecisionTreeRegressor(max_depth=3)",
        "shift = 1",
        "def shifted(x, by=1): return x + shift + by",
    ],
)
def test_what_was_run_with_other_values_data_or_objects_is_run_again(sweep, changed):
    body = "loss = float(shifted(x) * scale + limits['low'] + data.sum() + tree.max_depth)"
    first = sweep(body, "x=1,2", namespace=READ, metric="loss")
    other = sweep(body, "x=1,2", namespace=READ + changed, metric="loss", resume=True)
    assert {trial.uid for trial in other.trials}.isdisjoint(trial.uid for trial in first.trials)
    again = sweep(body, "x=1,2", namespace=READ, metric="loss", resume=True)
    assert [trial.uid for trial in again.trials] == [trial.uid for trial in first.trials]


def test_a_point_that_is_tried_again_has_another_seed(sweep):
    twice = sweep("import numpy as np\nloss = x + float(np.random.rand())", "x=1,1", metric="loss")
    assert twice.trials[0].seed != twice.trials[1].seed
    learnt = sweep("loss = float(x)", "x=1,2", metric="loss", search="tpe", trials=6)
    assert len({trial.seed for trial in learnt.trials}) == 6


def test_a_resumed_sweep_tells_what_it_took_over(store_uri, capsys):
    def double(x):
        return {"loss": 2 * x}

    mlmagic.sweep(double, {"x": [1, 2]}, resume=True)
    assert "--resume found no sweep of this code" in capsys.readouterr().err
    frame = mlmagic.sweep(double, {"x": [1, 2, 3]}, resume=True)
    assert "--resume reused 2 of 3 trials, which had finished before" in capsys.readouterr().err
    assert list(frame["loss"]) == [2, 4, 6]


def test_a_sweep_of_which_all_trials_fail_is_failed(store_uri):
    with pytest.raises(SweepFailedError, match=r"All 2 trials failed; trial 0: ZeroDivisionError") as caught:
        mlmagic.sweep(lambda x: x / 0, {"x": [1, 2]}, quiet=True)
    assert list(caught.value.results.status) == ["FAILED", "FAILED"]
    assert mlmagic.last_run.status == "FAILED"


def test_a_single_number_that_a_function_returns_is_the_metric(store_uri):
    frame = mlmagic.sweep(lambda x: x * 2, {"x": [1, 2]}, metric="loss", seeds=2, quiet=True)
    assert list(frame["loss"]) == [2, 2, 4, 4]
    assert frame.points.to_dict("records") == [
        {"x": 1, "loss.mean": 2.0, "loss.error": 0.0, "loss.count": 2},
        {"x": 2, "loss.mean": 4.0, "loss.error": 0.0, "loss.count": 2},
    ]


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_timeout_is_a_number_of_seconds(sweep, seconds):
    with pytest.raises(UsageProblem, match=r"--timeout .*: it is a number of seconds"):
        sweep("loss = x * 1.0", "x=1,2", metric="loss", timeout_s=seconds)


def test_a_metric_that_is_asked_for_may_be_a_count(sweep, runs_of):
    results = sweep("correct = x + 1", "x=1,2", metric="correct", mode="max")
    assert results.best == {"x": 2}
    assert [run.data.metrics["correct"] for run in runs_of(results)] == [2, 3]


def test_a_drawn_seed_is_told_as_it_is_written_in_a_script(store_uri, capsys):
    frame = mlmagic.sweep(lambda x: x, {"x": [1, 2]}, metric="loss")
    [line] = [line for line in capsys.readouterr().err.splitlines() if "no seed was set" in line]
    assert line.endswith(f"mlmagic.seed({mlmagic.last_run.params['seed']})")
    assert len(frame) == 2


@pytest.mark.parametrize("line", ["seed = 5", "mlmagic.log_params(seed=5)"])
def test_a_parameter_that_the_body_calls_seed_is_not_replaced(sweep, runs_of, line):
    results = sweep(f"{line}\nloss = x * 1.0", "x=1,2", metric="loss")
    assert [run.data.params["seed"] for run in runs_of(results)] == ["5", "5"]
    assert [run.data.params["trial.seed"] for run in runs_of(results)] == [str(trial.seed) for trial in results.trials]


def test_a_single_list_is_one_value_and_told(store_uri, capsys):
    mlmagic.sweep(lambda x: float(len(x)), {"x": "[1,2,3]"}, metric="size", mode="max")
    assert "x has one value, a list; to sweep its items: x=1,2,3" in capsys.readouterr().err


def test_one_trial_that_fails_is_told_once(store_uri, capsys):
    with pytest.raises(
        SweepFailedError, match=r"^The one trial failed: ZeroDivisionError: .*Its run holds the traceback"
    ):
        mlmagic.sweep(lambda x: x / 0, {"x": [1]})
    assert "failed: its run" not in capsys.readouterr().err


def test_zipped_values_are_swept_together_and_resumed(sweep, runs_of, tmp_path):
    body = "open('ran.txt', 'a').write(f'{lr}-{depth}-{n} ')\nloss = lr * depth * n"
    words = ("lr=0.1,0.2", "depth=1,2", "n=1,3")
    first = sweep(body, *words, metric="loss", zips=[("lr", "depth")])
    assert [trial.point for trial in first.trials] == [
        {"lr": 0.1, "depth": 1, "n": 1},
        {"lr": 0.1, "depth": 1, "n": 3},
        {"lr": 0.2, "depth": 2, "n": 1},
        {"lr": 0.2, "depth": 2, "n": 3},
    ]
    assert first.best == {"lr": 0.1, "depth": 1, "n": 1}
    assert [run.data.params["depth"] for run in runs_of(first)] == ["1", "1", "2", "2"]
    assert mlmagic.Run(first.run_id).params["sweep.zip"] == '[["lr", "depth"]]'
    (tmp_path / "ran.txt").unlink()
    longer = ("lr=0.1,0.2,0.3", "depth=1,2,3", "n=1,3")
    again = sweep(body, *longer, metric="loss", zips=[("lr", "depth")], resume=True, jobs=2)
    assert sorted((tmp_path / "ran.txt").read_text().split()) == ["0.3-3-1", "0.3-3-3"]
    assert [trial.seed for trial in again.trials[:4]] == [trial.seed for trial in first.trials]


@pytest.mark.parametrize("options", [{"search": "tpe", "trials": 8}, {"search": "random", "trials": 3}])
def test_zipped_values_stay_together_in_every_search(sweep, options):
    results = sweep("loss = lr * depth", "lr=1.0,2,3", "depth=4,5,6", metric="loss", zips=[("lr", "depth")], **options)
    assert {(trial.point["lr"], trial.point["depth"]) for trial in results.trials} <= {(1.0, 4), (2, 5), (3, 6)}
    assert len(results.trials) == options["trials"]


def test_zip_in_python(store_uri):
    space = {"lr": [0.1, 0.2], "depth": [1, 2], "n": [3]}
    frame = mlmagic.sweep(lambda lr, depth, n: {"loss": lr * depth * n}, space, zip=("lr", "depth"), quiet=True)
    assert frame[["lr", "depth", "n"]].values.tolist() == [[0.1, 1, 3], [0.2, 2, 3]]
    with pytest.raises(UsageProblem, match="--zip lr n: 'lr' has 2 values and 'n' 1 value"):
        mlmagic.sweep(lambda lr, depth, n: {"loss": lr * depth * n}, space, zip=["lr,n"], quiet=True)
