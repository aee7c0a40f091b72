"""Settings of the process: each trial begins with the notebook's, wherever it runs, and leaves none of its own."""

import os
import signal
import threading
from pathlib import Path

import pytest

import mlmagic
from mlmagic.errors import SweepFailedError
from mlmagic.sweeps.trials.process_state import PARTS, process_state_kept, state_to_send

IMPORTS = """
import decimal, gc, locale, logging, os, sys, warnings
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn
import torch
"""

# What the notebook sets before the sweep, what a trial does, and a number that tells the two apart.
CASES = {
    "dtype": ("torch.set_default_dtype(torch.float64)", "torch.set_default_dtype(torch.float16)", "torch.zeros(1).element_size()"),
    "grad": ("torch.set_grad_enabled(False)", "torch.set_grad_enabled(True)", "torch.is_grad_enabled()"),
    "deterministic": ("torch.use_deterministic_algorithms(True)", "torch.use_deterministic_algorithms(False)", "torch.are_deterministic_algorithms_enabled()"),
    "device": ("", "torch.set_default_device('meta')", "torch.zeros(1).device.type == 'cpu'"),
    "threads": ("", "torch.set_num_threads(3)", "torch.get_num_threads()"),
    "benchmark": ("torch.backends.cudnn.benchmark = True", "torch.backends.cudnn.benchmark = False", "torch.backends.cudnn.benchmark"),
    "anomaly": ("", "torch.autograd.set_detect_anomaly(True)", "torch.is_anomaly_enabled()"),
    "torch_prints": ("torch.set_printoptions(precision=7)", "torch.set_printoptions(precision=2)", "len(str(torch.tensor(0.12345678)))"),
    "folder": ("os.mkdir('own'); os.chdir('own')", "os.chdir('/')", "len(os.getcwd())"),
    "variable": ("os.environ['OWN'] = '12'", "os.environ['OWN'] = '3'", "os.environ.get('OWN', 0)"),
    "variable_gone": ("os.environ['GONE'] = '5'", "os.environ.pop('GONE', None)", "os.environ.get('GONE', 0)"),
    "variable_new": ("", "os.environ['NEW'] = '1'", "'NEW' in os.environ"),
    "rc": ("plt.rcParams['lines.linewidth'] = 3", "plt.rcParams['lines.linewidth'] = 9", "plt.rcParams['lines.linewidth']"),
    "rc_list": ("", "plt.rcParams['font.serif'].insert(0, 'Own')", "'Own' in plt.rcParams['font.serif']"),
    "style": ("", "plt.style.use('dark_background')", "plt.rcParams['axes.facecolor'] == 'black'"),
    "errors": ("np.seterr(over='raise')", "np.seterr(all='ignore')", "np.geterr()['over'] == 'raise'"),
    "numpy_prints": ("np.set_printoptions(precision=3)", "np.set_printoptions(precision=1)", "np.get_printoptions()['precision']"),
    "filters": (
        "warnings.filterwarnings('error', category=BytesWarning)",
        "warnings.simplefilter('ignore')",
        "[(f[0], f[2].__name__) for f in warnings.filters].index(('error', 'BytesWarning'))",
    ),
    "shown": ("", "warnings.showwarning = print", "warnings.showwarning is print"),
    "options": ("pd.set_option('display.max_rows', 7)", "pd.options.display.max_rows = 99", "pd.get_option('display.max_rows')"),
    "context": ("decimal.getcontext().prec = 11", "decimal.getcontext().prec = 5", "decimal.getcontext().prec"),
    "locale": ("locale.setlocale(locale.LC_NUMERIC, 'C.UTF-8')", "locale.setlocale(locale.LC_NUMERIC, 'C')", "locale.setlocale(locale.LC_NUMERIC) == 'C.UTF-8'"),
    "path": ("sys.path.append('own')", "sys.path.remove('own')", "'own' in sys.path"),
    "path_new": ("", "sys.path.insert(0, 'new')", "'new' in sys.path"),
    "arguments": ("", "sys.argv = ['script', '--new']", "'--new' in sys.argv"),
    "root_level": ("logging.getLogger().setLevel(35)", "logging.basicConfig(level=5, force=True)", "logging.getLogger().level"),
    "own_level": ("logging.getLogger('own').setLevel(17)", "logging.getLogger('own').setLevel(3)", "logging.getLogger('own').level"),
    "new_level": ("", "logging.getLogger('its_own').setLevel(3)", "logging.getLogger('its_own').level"),
    "handler": ("", "logging.getLogger('odd').addHandler(logging.StreamHandler())", "len(logging.getLogger('odd').handlers)"),
    "silenced": ("logging.disable(5)", "logging.disable(50)", "logging.root.manager.disable"),
    "recursion": ("sys.setrecursionlimit(4321)", "sys.setrecursionlimit(5000)", "sys.getrecursionlimit()"),
    "collection": ("gc.set_threshold(777, 5, 5)", "gc.disable(); gc.set_threshold(5)", "gc.get_threshold()[0] + gc.isenabled()"),
    "transform": ("sklearn.set_config(transform_output='pandas')", "sklearn.set_config(transform_output='default')", "sklearn.get_config()['transform_output'] == 'pandas'"),
}  # fmt: skip
OWN = "\n".join(own for own, _, _ in CASES.values())
PROBES = "".join(f"was_{name} = float({probe})\n" for name, (_, _, probe) in CASES.items())
CHANGES = "\n".join(change for _, change, _ in CASES.values())


def probed(names):
    exec(IMPORTS + PROBES, names)
    return {name: value for name, value in names.items() if name.startswith("was_")}


@pytest.fixture
def own_state(tmp_path, monkeypatch):
    """The notebook's own settings, which are the test's alone."""
    monkeypatch.chdir(tmp_path)
    with process_state_kept() as problems:
        exec(IMPORTS + OWN, {})
        yield
    assert problems == []


@pytest.mark.parametrize("engine", [{}, {"jobs": 2}, {"on": "dask", "jobs": 2}])
def test_each_trial_begins_with_the_notebooks_settings_and_leaves_no_own(sweep, own_state, engine):
    expected = probed({})
    results = sweep(f"{IMPORTS}{PROBES}loss = x * 1.0\n{CHANGES}", "x=1,2,3,4", metric="loss", **engine)
    assert [trial.error for trial in results.trials] == [None] * 4
    expected["was_threads"] = 1.0  # those of a trial are --threads
    for trial in results.trials:
        assert {name: trial.metrics[name] for name in expected} == expected
    expected["was_threads"] = probed({})["was_threads"]
    assert probed({}) == expected


@pytest.mark.parametrize(
    "ends", ["raise ValueError", "raise SystemExit", "import os, signal; os.kill(os.getpid(), signal.SIGINT)"]
)
def test_the_notebooks_settings_are_back_after_an_error_and_an_interrupt(sweep, own_state, ends):
    expected = probed({})
    try:
        sweep(f"{IMPORTS}loss = x * 1.0\n{CHANGES}\n{ends}\nimport time; time.sleep(1)", "x=1,2", metric="loss")
    except KeyboardInterrupt:
        assert "SIGINT" in ends
    assert probed({}) == expected


def test_a_function_leaves_no_settings_either(store_uri):
    before = os.environ.get("LEFT"), Path.cwd()

    def careless(x):
        os.environ["LEFT"] = str(x)
        seen = Path.cwd() == before[1]
        os.chdir("/")
        return {"loss": float(seen)}

    assert mlmagic.sweep(careless, {"x": [1, 2]}, quiet=True)["loss"].tolist() == [1, 1]
    assert (os.environ.get("LEFT"), Path.cwd()) == before

    def fails(x):
        os.environ["LEFT"] = str(x)
        raise ValueError

    with pytest.raises(SweepFailedError):
        mlmagic.sweep(fails, {"x": [1, 2]}, quiet=True)
    assert os.environ.get("LEFT") == before[0]


def test_what_cannot_be_sent_or_put_back_costs_only_itself(sweep, own_state, runs_of):
    import numpy as np

    lock = threading.Lock()
    np.set_printoptions(formatter={"float_kind": lambda value: f"{value}{lock}"})
    sent, problems = state_to_send()
    assert [line.partition(":")[0] for line in problems] == ["NumPy's print options cannot be sent to another process"]
    assert set(sent) == {name for name, part in PARTS.items() if part.travels} - {"NumPy's print options"}
    body = "import os, shutil\nos.mkdir(f'gone{x}'); os.chdir(f'gone{x}'); shutil.rmtree(os.getcwd())\nloss = x * 1.0"
    results = sweep(body, "x=1,2", metric="loss", jobs=2)
    assert [trial.status for trial in results.trials] == ["FINISHED"] * 2


def test_every_part_can_be_put_back_as_it_was_taken():
    with process_state_kept():
        exec(IMPORTS, {})
        import sys

        for name, part in PARTS.items():
            module = sys.modules[part.module]
            state = part.take(module)
            part.put(module, state)
            if name != "the decimal context":  # which compares by identity
                assert part.take(module) == state, name


def test_nothing_is_imported_to_keep_settings():
    import subprocess
    import sys

    code = (
        "import sys; from mlmagic.sweeps.trials.process_state import process_state_kept\n"
        "with process_state_kept(): pass\n"
        "print(sorted({'torch', 'matplotlib', 'sklearn', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_interrupt_goes_on_while_settings_are_put_back(monkeypatch):
    def interrupted(_module, _state):
        os.kill(os.getpid(), signal.SIGINT)
        import time

        time.sleep(1)

    part = PARTS["sys.argv"]
    monkeypatch.setitem(PARTS, "sys.argv", type(part)("sys", lambda _: object(), interrupted))
    with pytest.raises(KeyboardInterrupt), process_state_kept():
        pass
