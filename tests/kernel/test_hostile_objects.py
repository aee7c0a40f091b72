"""Objects whose own code raises what is no ``Exception``, read by a tracked cell: it runs as an untracked one would.

Such an object is left out and named in one line; all else of the cell is recorded.
"""

from __future__ import annotations

import re

import pytest

SETUP = """\
import asyncio, functools, mlflow
import numpy as np, pandas as pd
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge

class PanicException(BaseException):
    "As PyO3 raises it for a panic in Rust."

ERRORS = {
    "panic": PanicException("called `unwrap` on a `None` value"),
    "cancelled": asyncio.CancelledError("cancelled"),
    "exit": SystemExit(3),
    "generator exit": GeneratorExit("gone"),
    "interrupt": KeyboardInterrupt("raised by the object"),
    "plain": ValueError("odd"),
}

def hostile(hooks, error, base=object, metaclass=type):
    "Return an object whose *hooks* raise: methods, or attributes as properties."
    def raises(self, *args, **kwargs):
        raise ERRORS[error]
    def only_beyond(self, name):
        if name.startswith("__") and name != "__class__":
            return object.__getattribute__(self, name)
        raise ERRORS[error]
    made = {}
    for hook in hooks.split():
        method = hook.startswith("__") and hook != "__class__" or hook in METHODS
        made[hook] = only_beyond if hook == "__getattribute__" else raises if method else property(raises)
    return metaclass("Hostile", (base,), made)

METHODS = {"get_params", "predict", "item", "tolist", "parameters", "state_dict", "items", "forward"}

class Meta(type):
    "A class of classes whose attributes raise."
    @property
    def __module__(cls):
        raise ERRORS["panic"]

class Fitted(BaseEstimator):
    def __init__(self, depth=3):
        self.depth = depth
    def fit(self, X, y=None):
        self.coef_ = 1.0
        return self
    def predict(self, X):
        return np.zeros(len(X))

class Number(float):
    pass
X, y = np.arange(12.0).reshape(6, 2), np.arange(6.0)
table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
rate = 0.25
"""
CELL = """\
%%track {name}{options}
also = bad
good = Ridge(alpha=0.5).fit(X, y)
score = good.score(X, y)
print("ran", len(table), rate)
"""
HOOKS = {
    "getattr": ("hostile('__getattr__', 'panic')()", True),
    "getattribute": ("hostile('__getattribute__', 'exit')()", True),
    "class": ("hostile('__class__', 'panic')()", True),
    "class as exit": ("hostile('__class__', 'exit')()", True),
    "class as cancelled": ("hostile('__class__', 'cancelled')()", True),
    "class as interrupt": ("hostile('__class__', 'interrupt')()", True),
    "class as generator exit": ("hostile('__class__', 'generator exit')()", True),
    "class as plain": ("hostile('__class__', 'plain')()", True),
    "metaclass": ("hostile('__eq__', 'panic', metaclass=Meta)()", True),
    "shape": ("hostile('shape ndim dtype', 'cancelled')()", True),
    "array": ("hostile('__array__ __len__ __iter__ __bool__ __eq__ __repr__ __str__ __hash__', 'exit')()", False),
    "float": ("hostile('__float__ item', 'panic', base=Number)(0.5)", True),
    "mapping": ("hostile('items __iter__ __len__ __eq__', 'panic', base=dict)(a=0.5)", True),
    "list": ("hostile('__iter__ __len__ __eq__ __getitem__', 'interrupt', base=list)([0.5])", False),
    "text": ("hostile('__len__ __contains__ __str__', 'exit', base=str)('text')", True),
    "inside a list": ("[table, hostile('__class__', 'panic')()]", True),
    "inside a dict": ("{'x': hostile('__getattribute__', 'exit')(), 'y': Ridge().fit(X, y)}", True),
    "parameters of an estimator": ("hostile('get_params', 'panic', base=Fitted)().fit(X)", False),
    "is it fitted": ("hostile('__sklearn_is_fitted__', 'interrupt', base=Fitted)().fit(X)", False),
    "pickle of an estimator": ("hostile('__reduce_ex__', 'exit', base=Fitted)().fit(X)", False),
    "prediction": ("hostile('predict', 'panic', base=Fitted)().fit(X)", False),
    "repr of an estimator": ("hostile('__repr__', 'exit', base=Fitted)().fit(X)", False),
    "repr of a parameter": ("Fitted(depth=hostile('__repr__ __eq__ get_params', 'panic')()).fit(X)", False),
    "cells of a frame": ("pd.DataFrame({'a': [hostile('__reduce_ex__', 'exit')(), 1]})", False),
    "shape of a frame": ("hostile('shape columns', 'panic', base=pd.DataFrame)({'a': [1, 2]})", True),
    "partial": ("functools.partial(hostile('__call__ __getattr__', 'exit')())", False),
}


@pytest.fixture(scope="module")
def prepared(kernel):
    kernel.check(SETUP)
    return kernel


@pytest.mark.parametrize("name", HOOKS)
def test_an_object_that_raises_costs_only_itself(name, prepared):
    made, named = HOOKS[name]
    key = name.replace(" ", "_")
    prepared.check(f"bad = {made}\nNone")  # of a single line IPython looks at the object that the name had before
    output = prepared.run(CELL.format(name=key, options=" -p bad -m bad" if name == "float" else ""), timeout=30)
    assert (output.status, output.stdout) == ("ok", "ran 2 0.25\n"), output.text
    [summary] = output.summaries
    lines = [line for line in summary.splitlines() if "was left out" in line]
    assert len(lines) == named, summary
    assert all(re.search("(bad|also).* was left out: reading it raised", line) for line in lines), summary
    assert "could not be recorded" not in summary
    run = prepared.last_run(key)
    assert (run["status"], run["params"]["rate"], run["params"]["good.alpha"]) == ("FINISHED", "0.25", "0.5")
    assert run["metrics"]["score"] == pytest.approx(0.99, abs=0.01)
    datasets = prepared.check(
        f"print(sorted(one.dataset.name for one in mlflow.get_run('{run['id']}').inputs.dataset_inputs))"
    )
    assert {"X", "y", "table"} <= set(eval(datasets))


CALLS = {
    "log": ("mlmagic.log(loss=bad, fine=0.5)", {"fine": 0.5}),
    "log_params": ("mlmagic.log_params(thing=bad)\nmlmagic.log(fine=0.5)", {"fine": 0.5}),
    "tag": ("mlmagic.tag(thing=bad)\nmlmagic.log(fine=0.5)", {"fine": 0.5}),
    "log_figure": ("mlmagic.log_figure(bad)\nmlmagic.log(fine=0.5)", {"fine": 0.5}),
    "a message of logging": ("logging.warning('%s', quiet)\nmlmagic.log(fine=0.5)", {"fine": 0.5}),
    "progress": ("for i in mlmagic.progress(counted): mlmagic.log(fine=i)", {"fine": 1.0}),
    "a saved figure": ("drawn.savefig('drawn.png')\nmlmagic.log(fine=0.5)", {"fine": 0.5}),
    "the value that is shown": ("mlmagic.log(fine=0.5)\nshown", {"fine": 0.5}),
    "what a metric returns": ("fine = accuracy_score(y > 2, y > 2)\nother = scored()", {"fine": 1.0}),
}
CALLED = """\
import logging, mlmagic, matplotlib
matplotlib.use("agg")
from matplotlib.figure import Figure
from sklearn.metrics import accuracy_score
everything = "__str__ __repr__ __float__ __len__ __iter__ __eq__ item tolist shape ndim dtype items __class__"
bad = hostile(everything, "exit")()
quiet = "fine"
class Counted(list):
    def __len__(self):
        raise ERRORS["panic"]
counted = Counted([0.0, 1.0])
class Drawn(Figure):
    def get_label(self):
        raise ERRORS["panic"]
drawn = Drawn()
drawn.subplots().plot([1, 2])
shown = hostile("shape ndim dtype item __float__", "exit")()
def scored():
    accuracy_score([1], [1])
    return hostile("shape ndim dtype item __float__ __class__ tolist", "cancelled")()
"""


@pytest.mark.parametrize("name", CALLS)
def test_an_object_that_is_given_to_mlmagic_or_shown_changes_nothing_either(name, prepared):
    code, metrics = CALLS[name]
    prepared.check(CALLED)
    output = prepared.run(f"%%track call\n{code}\nprint('ran')", timeout=30)
    assert (output.status, output.stdout) == ("ok", "ran\n"), output.text
    run = prepared.last_run("call")
    assert run["status"] == "FINISHED"
    assert {key: run["metrics"].get(key) for key in metrics} == metrics


def test_a_real_interrupt_while_an_object_is_read_ends_the_cell_and_its_run(prepared):
    prepared.check(
        "class Slow(Fitted):\n    def get_params(self, deep=True):\n        print('ready')\n        import time\n"
        "        time.sleep(60)\nslow = Slow()"
    )
    output = prepared.interrupted("%%track slow\nfitted = slow.fit(X)")
    assert output.status == "ok", output.text
    assert "interrupted while the run was being recorded" in output.summaries[0]
    assert prepared.last_run("slow")["status"] == "FINISHED"


def test_a_sweep_whose_trials_read_such_an_object_runs(prepared):
    prepared.check("bad = hostile('shape ndim dtype items get_params', 'exit')()\nNone")
    output = prepared.run(
        "%%sweep tried rate=0.1,0.2 --metric fine --mode min\nalso = bad\nfine = rate * 2.0", timeout=60
    )
    assert output.status == "ok", output.text
    assert (prepared.last_run("tried")["status"], prepared.check("print(_.best)")) == ("FINISHED", "{'rate': 0.1}")
