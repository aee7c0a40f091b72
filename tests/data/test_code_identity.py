"""What tells code from other code: also in another process, and for functions with all that they hold."""

import subprocess
import sys
import types

import numpy as np
import pytest

from mlmagic.data.code_identity import identity_of_function

DEFINED = """
import functools
import numpy as np
scale = {scale}
def held(data):
    def inside(x): return x * scale + data.sum()
    return inside
class Model:
    def __init__(self, size): self.size = size
    def __call__(self, x): return x * self.size * scale
    def fit(self, x): return x + self.size
def defaulted(x, by={by}): return x + by
"""
KINDS = {
    "held(np.ones(2))": "held(np.zeros(2))",
    "Model(1)": "Model(2)",
    "Model(1).fit": "Model(2).fit",
    "functools.partial(defaulted, by=1)": "functools.partial(defaulted, by=2)",
    "functools.partial(held(np.ones(2)), 1)": "functools.partial(held(np.zeros(2)), 1)",
    "lambda x: x + scale": "lambda x: x - scale",
    "np.sin": "np.cos",
    "np.linalg.norm": "np.linalg.det",
}


@pytest.fixture
def identity(monkeypatch):
    """Return a function that returns the identity of what an expression makes in a notebook of its own."""

    def of(made, *, scale=1.0, by=0):
        notebook = types.ModuleType("__main__")
        monkeypatch.setitem(sys.modules, "__main__", notebook)
        exec(DEFINED.format(scale=scale, by=by), notebook.__dict__)
        return identity_of_function(eval(made, notebook.__dict__))

    return of


@pytest.mark.parametrize(("one", "other"), KINDS.items())
def test_a_function_is_told_by_its_code_and_what_it_holds(identity, one, other):
    assert identity(one) == identity(one)
    assert identity(one) != identity(other)


@pytest.mark.parametrize("made", ["held(np.ones(2))", "Model(1)", "lambda x: x + scale"])
def test_what_a_function_reads_counts(identity, made):
    assert identity(made) != identity(made, scale=2.0)


def test_a_default_counts(identity):
    assert identity("defaulted") != identity("defaulted", by=1)


def test_it_is_the_same_in_another_process():
    code = (
        "from mlmagic.data.code_identity import identity_of_function\n"
        "class Bag:\n    pass\n"
        "bag = Bag(); bag.names = {'a', 'b', 'c', 'd'}; bag.data = __import__('numpy').ones(3)\n"
        "def f(x): return bag.data.sum() + (x in {'one', 'two', 'three', 'four'})\n"
        "print(identity_of_function(f))"
    )
    found = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": str(seed)}, capture_output=True, text=True, check=True).stdout
        for seed in (1, 2)
    }  # fmt: skip
    assert len(found) == 1


def test_what_cannot_be_pickled_is_not_looked_at():
    import threading

    lock, data = threading.Lock(), np.ones(2)

    def use(x):
        with lock:
            return x + data.sum()

    assert identity_of_function(use) == identity_of_function(use)
