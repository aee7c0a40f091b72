"""Keys of points and trials: equal for equal values, in any process and of any type, and different for others."""

import subprocess
import sys

import numpy as np
import pytest

from mlmagic.sweeps.orchestrator import key_of


def scaled(x):
    return 2 * x


def closed(by):
    return lambda x: x * by


class Plain:
    def __init__(self, size):
        self.size = size


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"lr": 0.1}, {"lr": 0.10000001}, id="numbers"),
        pytest.param({"lr": 1}, {"lr": "1"}, id="a number and its text"),
        pytest.param({"lr": 1}, {"lr": True}, id="a number and a truth value"),
        pytest.param({"lr": [1, 2]}, {"lr": [2, 1]}, id="lists"),
        pytest.param({"d": {1: "a", "b": 2}}, {"d": {1: "a", "b": 3}}, id="keys that cannot be sorted"),
        pytest.param({"d": {(1, 2): "a"}}, {"d": {(1, 3): "a"}}, id="keys that are no texts"),
        pytest.param({"w": np.zeros(5000)}, {"w": np.r_[np.zeros(2500), 1, np.zeros(2499)]}, id="large arrays"),
        pytest.param({"m": Plain(1)}, {"m": Plain(2)}, id="objects"),
        pytest.param({"f": len}, {"f": max}, id="builtins"),
        pytest.param({"f": scaled}, {"f": key_of}, id="functions"),
        pytest.param({"f": lambda x: x + 1}, {"f": lambda x: x + 2}, id="functions without a name"),
        pytest.param({"f": closed(1)}, {"f": closed(2)}, id="what functions hold"),
        pytest.param({"t": int}, {"t": float}, id="types"),
    ],
)
def test_keys_tell_values_apart(one, other):
    assert key_of(one) == key_of(one) == key_of(dict(one))
    assert key_of(one) != key_of(other)
    assert len(key_of(one)) == 32


def test_the_order_of_names_does_not_matter():
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})


def test_keys_are_the_same_in_another_process_for_objects_that_have_an_address():
    code = (
        "from mlmagic.sweeps.orchestrator import key_of\nimport threading, numpy as np\n"
        "class Bag:\n    pass\n"
        "def f(x): return x\n"
        "bag = Bag(); bag.names = {'a', 'b', 'c'}\n"
        "print(key_of({'f': f, 'bag': bag, 'lock': threading.Lock(), 'type': Bag, 'w': np.ones(3), 's': {'x', 'y', 'z'}}))"
    )
    found = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": str(seed)}, capture_output=True, text=True, check=True).stdout
        for seed in (1, 2)
    }  # fmt: skip
    assert len(found) == 1
