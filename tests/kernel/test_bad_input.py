"""Awkward data and models in a tracked cell: the cell runs as ever, and one line says what was not recorded."""

from __future__ import annotations

import pytest

SETUP = """\
import numpy as np, pandas as pd, threading
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, y = load_iris(return_X_y=True)
lists = pd.DataFrame({"a": [[1], [2, 3]], "b": [{"x": 1}, {1, 2}]})
twice = pd.DataFrame(np.ones((3, 2)), columns=["a", "a"])
none = pd.DataFrame({"a": [], "b": []})
mixed = pd.DataFrame({"a": [1, "x", None, 2.5, b"q", print]})
numbers = iter(range(3))

class Locked(LogisticRegression):
    def fit(self, X, y):
        super().fit(X, y)
        self.lock_ = threading.Lock()
        return self
"""
CELLS = {
    "lists in cells": ("print(len(lists))", "2", ["lists 2 by 2"]),
    "a column name twice": ("print(list(twice.columns))", "['a', 'a']", ["twice 3 by 2"]),
    "no rows": ("print(len(none))", "0", ["none 0 by 2"]),
    "mixed types": (
        "print(len(mixed))",
        "6",
        ["not fingerprinted: column 'a': 1 of type 'builtin_function_or_method'"],
    ),
    "a generator, which nobody else consumes": ("print(next(numbers))", "0", []),
    "an estimator that cannot be pickled": (
        "m = Locked(max_iter=500).fit(X, y)\nprint(m.lock_.locked())",
        "False",
        ["the model 'm' was not recorded: its attribute 'lock_' (lock) cannot be pickled"],
    ),
    "a module of 5 GB": (
        "import torch; net = torch.nn.utils.skip_init(torch.nn.Linear, 40_000, 32_000)\nprint(net.in_features); ",
        "40000",
        ["the model 'net' was not recorded: its weights take 5,120 MB, the limit is 200 MB"],
    ),
    "an estimator of 5 GB": (
        "m = LogisticRegression(max_iter=500).fit(X, y)\nm.extra_ = np.zeros(640_000_000)\nprint(m.extra_.nbytes)",
        "5120000000",
        ["the model 'm' was not recorded: it is larger than the limit of 200 MB"],
    ),
    "data without numbers": ("import torch; t = torch.zeros(3, device='meta')\nprint(t.is_meta)", "True", []),
}


@pytest.fixture(scope="module")
def awkward(kernel):
    kernel.check(SETUP)
    return kernel


@pytest.mark.parametrize("name", CELLS)
def test_the_cell_runs_and_one_line_tells(name, awkward):
    code, printed, told = CELLS[name]
    if "torch" in code:
        pytest.importorskip("torch")
    output = awkward.run(f"%%track\n{code}")
    assert (output.status, output.stdout.strip(), output.stderr) == ("ok", printed, "")
    assert len(output.summaries) == 1
    for line in told:
        assert len([each for each in output.summaries[0].splitlines() if line in each]) == 1
    assert awkward.last_run()["status"] == "FINISHED"
    awkward.check("net = m = None")
