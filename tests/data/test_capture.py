"""The datasets of a tracked cell: what it read, what its calls got, what it made or changed, each once and by name."""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path

import pytest
from databases import copy_new_database

from mlmagic.user_settings import settings

BEFORE = """
import numpy as np, pandas as pd, polars as pl, torch
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold, cross_val_score
from torch.utils.data import DataLoader, Subset, TensorDataset
X, y = np.arange(12.0).reshape(6, 2), np.array([0.0, 1, 0, 1, 0, 1])
df = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
frames = {"train": df, "more": [1]}
m = Ridge()
def fit(): return Ridge().fit(X, y)
def make(n): return np.arange(float(n))
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A shell with mlmagic and a store of its own."""
    import mlflow
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    folder, home = tmp_path_factory.mktemp("data"), Path.cwd()
    os.chdir(folder)  # where MLflow puts the artifacts of a new store
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.user_ns["__name__"] = "__main__"
    shell.run_cell("%load_ext mlmagic", store_history=True).raise_error()
    yield shell
    shell.run_cell("%unload_ext mlmagic")
    mlflow.set_tracking_uri(None)
    os.chdir(home)


@pytest.fixture
def track(shell):
    """Return a function that runs a tracked cell, and returns its datasets as (name: how it was made) and the summary."""
    import mlflow

    shell.run_cell(BEFORE, store_history=True).raise_error()

    def track(code, header="%%track --no-figures --no-models", *, fails=False):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            result = shell.run_cell(f"{header}\n{code}", store_history=True)
        assert (result.error_in_exec is not None) == fails, result.error_in_exec
        client = mlflow.MlflowClient()
        run = client.search_runs(["0"], order_by=["attributes.start_time DESC"], max_results=1)[0]
        found = {}
        for one in run.inputs.dataset_inputs:
            found[one.dataset.name] = json.loads(one.dataset.source)["tags"].get("mlmagic.made", "")
        return found, printed.getvalue()

    return track


READ, MADE, CHANGED = "", "made here", "changed here"
CASES = {
    "names that are read": ("print(X.shape, y.shape)", {"X": READ, "y": READ}),
    "a name that is not": ("print(1)", {}),
    "a frame": ("df.describe()", {"df": READ}),
    "an item of a dict": ("m.fit(frames['train'][['a']], frames['train'].a)", {"frames['train'][['a']]": READ, "frames['train'].a": READ}),
    "through a function": ("fit()", {"X": READ, "y": READ}),
    "read, then bound again": ("X = X * 2", {"X": READ}),
    "bound, then given": ("Z = X * 2\nm.fit(Z, y)", {"X": READ, "y": READ, "Z": MADE}),
    "the same name, made here": ("X = X * 2\nm.fit(X, y)", {"X": READ, "y": READ, "X (made here)": MADE}),
    "changed in place": ("X *= 2\nm.fit(X, y)", {"X": READ, "y": READ, "X (changed here)": CHANGED}),
    "changed, and given before": ("m.fit(X, y)\nX *= 2\nm.fit(X, y)", {"X": READ, "y": READ, "X (changed here)": CHANGED}),
    "made and changed": ("Z = X + 1\nm.fit(Z, y)\nZ *= 2\nm.fit(Z, y)", {"X": READ, "y": READ, "Z": MADE, "Z (changed here)": CHANGED}),
    "changed twice": (
        "m.fit(X, y)\nX *= 2\nm.fit(X, y)\nX *= 2\nm.fit(X, y)",
        {"X": READ, "y": READ, "X (changed here)": CHANGED, "X (changed here 2)": CHANGED},
    ),
    "one object under two names": ("A = B = X\nm.fit(A, y); m.predict(B)", {"X": READ, "y": READ}),
    "two objects of one content": ("m.fit(X.copy(), y)\nm.predict(X)", {"X": READ, "y": READ}),
    "an expression": ("m.fit(X[:4], y[:4])", {"X": READ, "y": READ, "X[:4]": READ, "y[:4]": READ}),
    "a call": ("m.fit(make(6).reshape(-1, 1), y)", {"y": READ, "make(6).reshape(-1, 1)": MADE}),
    "starred": ("pair = [X, y]\nm.fit(*pair)", {"X": READ, "y": READ}),
    "starred keywords": ("words = {'X': X + 1, 'y': y}\nm.fit(**words)", {"X": READ, "y": READ, "words['X']": MADE}),
    "truth and not predictions": ("p = m.fit(X, y).predict(X)\naccuracy_score(y > 0, p > 0.5)", {"X": READ, "y": READ, "y > 0": MADE}),
    "in a branch that did not run": ("if len(y) > 99: print(X)", {"y": READ}),
    "given in a branch that did not run": ("if len(y) > 99: m.fit(X, y)", {"y": READ}),
    "given, and the call fails": ("try: m.fit(X, y[:2])\nexcept ValueError: pass", {"X": READ, "y": READ, "y[:2]": READ}),
    "a private name": ("_Z = X * 2\nm.fit(_Z, y)", {"X": READ, "y": READ}),
    "a list and a scalar": ("print(frames['more'], m.alpha)", {}),
    "a lazy frame": ("lazy = pl.LazyFrame({'a': [1]})\nprint(lazy)", {}),
    "by exec": ("exec('X = X * 3')\nprint(X)", {"X": MADE}),
    "by exec, not read": ("exec('Q = X * 3')", {}),
    "a loader": (
        "t = TensorDataset(torch.tensor(X), torch.tensor(y))\nfor _ in DataLoader(Subset(t, [0, 1, 2])): pass",
        {"X": READ, "y": READ, "Subset(t, [0, 1, 2])[0]": MADE, "Subset(t, [0, 1, 2])[1]": MADE},
    ),
    "cross-validation": ("cross_val_score(m, X, y, cv=2)", {"X": READ, "y": READ}),
    "a loop of one data": ("for a in (1, 2): Ridge(a).fit(X, y)", {"X": READ, "y": READ}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_datasets_of_a_cell(name, track):
    code, expected = CASES[name]
    assert track(code)[0] == expected


def test_a_loop_of_other_data_records_the_first_and_says_so(track):
    found, summary = track("for k in (4, 5): m.fit(X[:k], y[:k])")
    assert found == {"X": READ, "y": READ, "X[:k]": MADE, "y[:k]": MADE}
    assert "X[:k]: a loop gave other data there too; the first is recorded" in summary


OPTIONS = {
    "--no-data": {},
    "--no-auto": {},
    "-x X": {"y": READ},
    "-x X y": {},
    "-x X[:4]": {"X": READ, "y": READ},
}


@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_excluded_is_not_recorded(options, track):
    found, _ = track("m.fit(X[:4], y[:4]) if len(y) else 0", f"%%track --no-figures --no-models {options}")
    expected = OPTIONS[options]
    assert {name: how for name, how in found.items() if name in {"X", "y"}} == expected
    if options != "-x X[:4]" and "y" not in expected:
        assert found == {}
    if options == "-x X[:4]":
        assert "X[:4]" not in found


def test_of_very_many_datasets_the_first_ones_are_recorded_and_the_rest_are_counted(track):
    found, summary = track(
        "for a in ():\n    pass\n" + "\n".join(f"m.fit(make({n + 2}).reshape(-1, 1), make({n + 2}))" for n in range(15))
    )
    assert len(found) == 20
    assert "the cell uses 30 datasets: the first 20 are recorded" in summary


def test_past_the_budget_a_sample_is_fingerprinted_and_said(track, shell, monkeypatch):
    monkeypatch.setattr(settings, "data_budget_s", 1e-6)
    monkeypatch.setattr("mlmagic.data.capture._LEAST_BUDGET_S", 1e-6)
    shell.run_cell("big = pd.DataFrame({'t': [str(number) * 5 for number in range(200_000)]})").raise_error()
    found, summary = track("len(big)")
    assert "big: fingerprinted from a sample, because hashing all of it exceeds data_budget_s" in summary
    assert found["big"] == READ


def test_what_cannot_be_identified_is_said(track, shell):
    shell.run_cell("odd = pd.DataFrame({'f': [print, len]})").raise_error()
    found, summary = track("print(odd.shape)")
    assert found == {"odd": READ}
    assert "odd: not fingerprinted: column 'f': 2 of type 'builtin_function_or_method' cannot be identified" in summary


def test_an_object_that_raises_is_left_out_and_said_and_the_others_are_recorded(track, shell):
    shell.run_cell(
        "class Bad(pd.DataFrame):\n    @property\n    def shape(self): raise RuntimeError('closed')\nbad = Bad({'a': [1, 2]})"
    ).raise_error()
    found, summary = track("len(bad), print(y)")
    assert found == {"y": READ}
    assert "bad was left out: reading it raised RuntimeError: closed" in summary


def test_of_a_cell_that_fails_what_it_had_read_is_recorded(track):
    found, _ = track("print(X)\n1 / 0\nprint(y)", fails=True)
    assert found == {"X": READ}


def test_a_part_of_a_split_names_its_split(track, shell):
    shell.run_cell("import mlmagic\ntrain, test = mlmagic.split(df, seed=1, test=0.4)").raise_error()
    found, _ = track("print(train.shape)")
    assert found == {"train": READ}
    shell.run_cell("split_params = mlmagic.last_run.params").raise_error()
    assert shell.user_ns["split_params"] == {"split.method": "seed", "split.test": "0.4", "split.seed": "1"}


def test_data_given_in_a_run_within_the_run_is_the_inner_ones(track):
    found, _ = track("with mlmagic.track('inner', quiet=True):\n    m.fit(make(6).reshape(-1, 1), y)")
    assert found == {}
