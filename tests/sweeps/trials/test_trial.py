"""One trial by itself: its metrics, parameters, output and error as plain data, and what it leaves as it was."""

import logging
import math
import os
import signal
import sys
import warnings

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import mlmagic
from mlmagic.journal.file import Journal
from mlmagic.journal.safe_folder import SafeFolder
from mlmagic.journal.staged_files import walk
from mlmagic.recording import open_runs
from mlmagic.sweeps.body import body_of
from mlmagic.sweeps.trials.payload import pack, pack_function
from mlmagic.sweeps.trials.task import Job, Task
from mlmagic.sweeps.trials.trial import Memory, run_trial


def of_function(function, values=None, *, seed=7, **job):
    """Return the outcome of a function at a point."""
    made = Job(pack_function(function, for_processes=False), None, **{"metric": "loss", **job})
    return run_trial(made, Task(3, {"x": 2} if values is None else values, seed))


def of_body(source, values=None, *, seed=7, **job):
    """Return the outcome of a body at a point."""
    values = {"x": 2} if values is None else values
    notebook = {"mlmagic": mlmagic, "np": np}
    body = body_of(source, notebook, list(values))
    made = Job(pack(body.names, notebook, for_processes=False), source, **{"metric": "loss", **job})
    return run_trial(made, Task(3, values, seed))


def fitted(x):
    return LinearRegression().fit([[1], [2]], [1, x])


@pytest.mark.parametrize(
    ("function", "metrics"),
    [
        pytest.param(lambda x: x, {"loss": 2.0}, id="a number is the metric"),
        pytest.param(lambda x: np.float32(x) + 0, {"loss": 2.0}, id="a number of NumPy"),
        pytest.param(lambda x: np.array([x]), {"loss": 2.0}, id="an array of one number"),
        pytest.param(lambda x: math.inf, {"loss": math.inf}, id="infinity"),
        pytest.param(lambda x: 10**400, {"loss": math.inf}, id="more than any float"),
        pytest.param(lambda x: {"loss": x, "accuracy": 1}, {"loss": 2.0, "accuracy": 1.0}, id="several by name"),
        pytest.param(lambda x: {"train": {"loss": x}}, {"train.loss": 2.0}, id="dicts in a dict"),
        pytest.param(lambda x: {1: x}, {"1": 2.0}, id="names that are numbers"),
        pytest.param(lambda x: {"loss": x, "name": "a"}, {"loss": 2.0}, id="a text is no metric"),
        pytest.param(lambda x: mlmagic.log(loss=5.0) or {"loss": x}, {"loss": 2.0}, id="what is returned comes last"),
        pytest.param(lambda x: None, {}, id="nothing"),
        pytest.param(lambda x: "good", {}, id="a text"),
        pytest.param(lambda x: (1.0, 2.0), {}, id="a tuple has no names"),
        pytest.param(lambda x: np.zeros(2), {}, id="an array of two numbers"),
        pytest.param(lambda x: 1 + 2j, {}, id="a complex number"),
    ],
)
def test_what_a_function_returns_are_metrics(function, metrics):
    outcome = of_function(function)
    assert (outcome.status, outcome.metrics) == ("FINISHED", metrics)


def test_without_a_name_for_the_metric_a_single_number_is_the_result():
    assert of_function(lambda x: x, metric=None).metrics == {"result": 2.0}


def test_models_that_a_function_returns_are_sent_and_are_no_metrics():
    outcome = of_function(lambda x: {"loss": x, "net": fitted(x)}, models="all", model_limit_mb=10)
    [model] = outcome.models
    assert (model.name, model.kind, model.problem) == ("net", "LinearRegression", "")
    assert outcome.metrics == {"loss": 2.0}
    assert of_function(lambda x: {"loss": x, "net": fitted(x)}).models == []  # as are none by default


@pytest.mark.parametrize(
    ("source", "metrics", "params"),
    [
        ("loss = x * 1.0", {"loss": 2.0}, {}),
        ("loss = x", {"loss": 2.0}, {}),  # the metric that was asked for may be a count
        ("depth = x", {}, {}),
        ("x * 1.0", {"result": 2.0}, {}),
        ("lr = 0.5\nloss = x * lr", {"loss": 1.0}, {"lr": 0.5}),
        ("for i in range(3):\n    loss = x * i * 0.5", {"loss": 2.0}, {}),
        ("loss = {'train': x * 1.0}", {"loss.train": 2.0}, {}),
        ("mlmagic.log(loss=x)\nloss = x * 9.0", {"loss": 2.0}, {}),  # what is logged is what counts
        ("mlmagic.log(x=5)\nloss = x * 1.0", {"x": 5.0, "loss": 2.0}, {}),
        ("mlmagic.log_params(depth=4)\nloss = x * 1.0", {"loss": 2.0}, {}),
        ("def f(): return x * 1.0\nloss = f()", {"loss": 2.0}, {}),
        ("from __future__ import annotations\nloss = x * 1.0", {"loss": 2.0}, {}),
        ("loss = x * 1.0\ndel loss", {}, {}),
        ("loss = None\nprint(x)", {}, {"loss": None}),
        ("loss = float('nan') * x", {"loss": pytest.approx(math.nan, nan_ok=True)}, {}),
    ],
)
def test_a_body_gives_its_metrics_and_parameters(source, metrics, params):
    outcome = of_body(source)
    assert (outcome.status, outcome.metrics, outcome.params) == ("FINISHED", metrics, params)


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        ("raise ValueError('no\\nway')", "ValueError: no"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", None),
        ("raise BaseException", "BaseException"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
        ("with mlmagic.track('a'): pass", "UsageProblem: mlmagic.track was called within a trial of a sweep"),
    ],
)
def test_an_exception_is_part_of_the_outcome_and_an_interrupt_is_not(raised, error):
    source = f"print('began')\nloss = x * 1.0\n{raised}"
    if error is None:
        with pytest.raises(KeyboardInterrupt):
            of_body(source)
        return
    outcome = of_body(source)
    assert outcome.status == "FAILED"
    assert outcome.error.startswith(error)
    assert "\n" not in outcome.error
    assert 'File "<sweep>", line 3' in outcome.traceback
    assert outcome.metrics == {"loss": 2.0}  # what there was before is kept
    assert outcome.output == "began\n"


def test_the_users_interrupt_ends_the_trial_and_leaves_nothing_open():
    random_state = np.random.get_state()[1].copy()
    with pytest.raises(KeyboardInterrupt):
        of_function(lambda x: signal.raise_signal(signal.SIGINT))
    assert open_runs.active() is None
    assert (np.random.get_state()[1] == random_state).all()


def test_an_outcome_holds_what_its_run_will_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("one")
    (tmp_path / "model.bin").write_bytes(b"two")
    outcome = of_body(
        "import sys, matplotlib.pyplot as plt\n"
        "print('out'); print('err', file=sys.stderr)\n"
        "plt.figure('line'); plt.plot([1, x])\n"
        "mlmagic.tag(team='red'); mlmagic.log_params(depth=4)\n"
        "mlmagic.log_artifact('notes'); mlmagic.log_artifact('model.bin')\n"
        "mlmagic.log(loss=1.0, step=0); mlmagic.log(loss=0.5, step=1)"
    )
    assert (outcome.number, outcome.status, outcome.error) == (3, "FINISHED", None)
    assert outcome.output == "out\nerr\n"
    assert [figure.title for figure in outcome.figures] == ["line"]
    assert outcome.files == {"a.txt": b"one", "model.bin": b"two"}
    kinds = [type(record).__name__ for record in outcome.records]
    assert kinds.count("Metric") == 2
    assert {"Tag", "Param"} <= set(kinds)
    assert outcome.duration_s > 0


def test_what_a_trial_prints_is_kept_up_to_a_limit():
    outcome = of_body("print('a' * 5000)\nloss = x * 1.0", output_limit=1000)
    assert 500 < len(outcome.output) < 2500


def test_the_numbers_depend_on_the_seed_alone():
    source = "import random\nfrom numpy.random import default_rng\nloss = x * np.random.rand() + random.random()"
    first, again, other = (of_body(source, seed=seed).metrics["loss"] for seed in (1, 1, 2))
    np.random.rand(3)
    assert first == again == of_body(source, seed=1).metrics["loss"]
    assert first != other


def test_what_one_trial_changes_the_next_does_not_see():
    history = [0.0]
    job = Job(pack_function(lambda x: history.append(x) or float(len(history)), for_processes=False), None, metric="n")
    assert [run_trial(job, Task(at, {"x": at}, at)).metrics["n"] for at in range(3)] == [2.0, 2.0, 2.0]
    assert history == [0.0]


def test_the_process_is_as_it_was_after_a_trial(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLMAGIC_TEST", "before")
    level, folder, path = logging.getLogger().level, os.getcwd(), list(sys.path)  # noqa: PTH109  # as the trial does it
    outcome = of_body(
        "import os, sys, warnings, logging, random\n"
        "os.makedirs('below'); os.chdir('below'); os.environ['MLMAGIC_TEST'] = 'trial'; os.environ['OTHER'] = '1'\n"
        "sys.path.append('nowhere'); warnings.simplefilter('error'); logging.getLogger().setLevel(1)\n"
        "random.seed(0); np.random.seed(0); np.seterr(all='raise')\n"
        "loss = x * 1.0"
    )
    assert (outcome.status, outcome.notices) == ("FINISHED", [])
    assert (os.environ["MLMAGIC_TEST"], "OTHER" in os.environ) == ("before", False)
    assert (logging.getLogger().level, os.getcwd(), sys.path) == (level, folder, path)  # noqa: PTH109
    assert np.geterr()["divide"] == "warn"
    with warnings.catch_warnings(record=True):
        warnings.warn("no error", stacklevel=1)


def test_an_import_that_draws_random_numbers_does_not_change_the_trials(tmp_path, monkeypatch):
    (tmp_path / "drawing_module.py").write_text(
        "import random\nimport numpy as np\nrandom.random(); np.random.rand()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "drawing_module", raising=False)
    source = "import random\nimport drawing_module\nloss = x * np.random.rand() + random.random()"
    first = of_body(source).metrics
    assert "drawing_module" in sys.modules  # the second trial draws nothing while it imports
    assert of_body(source).metrics == first


def test_an_import_that_fails_is_the_bodys():
    outcome = of_body("try:\n    import no_such_module\nexcept ImportError:\n    loss = x * 1.0")
    assert outcome.metrics == {"loss": 2.0}
    assert of_body("import no_such_module\nloss = x").error.startswith("ModuleNotFoundError")


@pytest.mark.parametrize(
    ("config", "loss"),
    [({"model": {"depth": 3}}, 6.0), ({"model": {"depth": 0.5}}, 1.0)],
)
def test_a_config_is_bound_under_its_name(config, loss):
    notebook = {"mlmagic": mlmagic, "cfg": None}
    body = body_of("loss = cfg.model.depth * 2.0\ncfg.model.depth = 9", notebook, ["cfg"])
    job = Job(pack(body.names, notebook, for_processes=False), body.source, metric="loss")
    assert run_trial(job, Task(0, {}, 7, config=("cfg", config))).metrics == {"loss": loss}
    assert config["model"]["depth"] != 9


def test_a_key_that_the_config_has_not_is_an_error():
    body = body_of("loss = cfg.nowhere", {"cfg": None}, ["cfg"])
    outcome = run_trial(Job(pack([], {}, for_processes=False), body.source), Task(0, {}, 7, config=("cfg", {"a": 1})))
    assert outcome.status == "FAILED"
    assert "nowhere" in outcome.error


@pytest.fixture
def mine(tmp_path):
    """A folder of the user's."""
    folder = tmp_path / "mine"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"a")
    (folder / "deep/b.bin").write_bytes(b"b")
    return folder


@pytest.mark.parametrize("folder", ["", "data", "/data/", "./data", "a//b", ".", "data/../other"])
@pytest.mark.parametrize("what", ["", "a.bin"])
def test_files_have_the_place_that_they_have_in_a_run(mine, tmp_path, folder, what):
    memory, journal = Memory(), Journal.create(tmp_path / "one.journal")
    memory.keep_copy(folder, mine / what)
    journal.keep_copy(folder, mine / what)
    with SafeFolder.open(journal.staging.path) as staging:
        staged = {file.path.removeprefix("artifacts/") for file in walk(staging, "artifacts")}
    assert set(memory.files) == staged
    assert memory.left_out.lines() == []


def test_a_file_that_cannot_be_read_costs_only_itself(mine, monkeypatch):
    read = type(mine).read_bytes

    def refuse(path):
        if path.name == "a.bin":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(type(mine), "read_bytes", refuse)
    outcome = of_body(f"mlmagic.log_artifact({str(mine)!r}, './data//')\nloss = x * 1.0")
    assert outcome.status == "FINISHED"
    assert {path: outcome.files.get(path) for path in ("data/a.bin", "data/deep/b.bin")} == {
        "data/a.bin": None,
        "data/deep/b.bin": b"b",
    }
    assert "data/a.bin could not be kept: Permission denied" in outcome.notices
