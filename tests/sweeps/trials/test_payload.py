"""What a trial gets of the notebook: copies that share one namespace, or one line about what cannot be copied."""

import functools
import sys
import threading
import types

import pytest

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.trials.payload import pack, pack_function, require_takes

CODE = """
import math
scale = 2
data = [1, 2]
def double(x): return x * scale
class Model:
    created = 0
    def __init__(self): Model.created += 1
    def predict(self): return scale + len(data)
class Base: pass
class Child(Base): pass
child = Child()
lock = threading.Lock()
"""


@pytest.fixture
def notebook(monkeypatch):
    """A notebook with functions and classes of its own."""
    module = types.ModuleType("__main__")
    module.threading = threading
    monkeypatch.setitem(sys.modules, "__main__", module)
    exec(CODE, module.__dict__)
    return module.__dict__


def test_every_load_is_a_copy_of_its_own(notebook):
    payload = pack(["data", "double", "scale"], notebook, for_processes=True)
    first, second = payload.load(), payload.load()
    first["data"].append(3)
    first["scale"] = 10
    assert (first["double"](1), second["double"](1), notebook["double"](1)) == (10, 2, 2)
    assert (second["data"], notebook["data"]) == ([1, 2], [1, 2])


def test_classes_are_made_anew_with_the_globals_of_the_trial(notebook):
    payload = pack(["Model", "scale"], notebook, for_processes=True)
    first, second = payload.load(), payload.load()
    first["scale"] = 100
    assert (first["Model"]().predict(), second["Model"]().predict()) == (102, 4)
    assert (first["Model"].created, second["Model"].created, notebook["Model"].created) == (1, 1, 0)
    assert first["Model"] is not second["Model"]


def test_objects_are_of_the_classes_that_come_with_them(notebook):
    namespace = pack(["child", "Base", "Child"], notebook, for_processes=True).load()
    assert isinstance(namespace["child"], namespace["Child"])
    assert issubclass(namespace["Child"], namespace["Base"])
    assert not isinstance(namespace["child"], notebook["Child"])


def test_names_may_be_none():
    assert callable(pack_function(len, for_processes=True).load()["function"])
    assert "anything" not in pack([], {"anything": 1}, for_processes=True).load()


def test_what_cannot_be_copied_is_shared_in_this_process(notebook):
    payload = pack(["lock", "scale"], notebook, for_processes=False)
    assert list(payload.shared) == ["lock"]
    assert payload.load()["lock"] is notebook["lock"]


def holds(thing):
    return lambda x: (thing, x)


class Unwilling:
    def __reduce__(self):
        raise OSError("a connection\nto a database")


@pytest.mark.parametrize(
    ("value", "name", "reason"),
    [
        pytest.param(threading.Lock(), "lock", "cannot pickle '_thread.lock' object", id="a lock"),
        pytest.param((x for x in "ab"), "generator", "cannot pickle 'generator' object", id="a generator"),
        pytest.param(Unwilling(), "Unwilling", "OSError: a connection", id="an object that raises"),
        pytest.param([1, {"a": threading.Lock()}], "list", "cannot pickle", id="in a list"),
    ],
)
def test_what_cannot_be_sent_is_named_with_the_reason_and_the_way_out(value, name, reason):
    with pytest.raises(UsageProblem) as caught:
        pack(["good", "thing"], {"good": 1, "thing": value}, for_processes=True)
    told = str(caught.value)
    assert told.startswith(f"'thing' ({name}) cannot be sent to another process: ")
    assert reason in told
    assert told.endswith("Make it in the body, or leave --jobs and --on out: one after another, trials share it")
    assert "\n" not in told


def test_a_function_that_holds_what_cannot_be_copied_is_shared_or_named():
    lock = threading.Lock()
    assert pack_function(holds(lock), for_processes=False).load()["function"](3)[0] is lock
    with pytest.raises(UsageProblem, match=r"'function' \(function\) cannot be sent to another process"):
        pack_function(holds(lock), for_processes=True)


def plain(lr, depth=3):
    """A function of two names."""


def keywords(**options):
    """A function of any names."""


def only_by_position(lr, /):
    """A function that takes no keyword."""


class Trainer:
    def __call__(self, lr):
        """Train."""

    def train(self, lr):
        """Train."""


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (plain, ["lr"]),
        (plain, ["lr", "depth"]),
        (keywords, ["lr", "anything"]),
        (functools.partial(plain, depth=2), ["lr"]),
        (functools.partial(plain, depth=2), ["lr", "depth"]),
        (functools.partial(plain, 0.1), ["depth"]),
        (Trainer(), ["lr"]),
        (Trainer().train, ["lr"]),
        (dict, ["lr"]),
        (max, ["lr"]),  # without a signature: the call will tell
    ],
)
def test_functions_that_take_the_swept_names(function, names):
    require_takes(function, names)


@pytest.mark.parametrize(
    ("function", "names", "message"),
    [
        (plain, ["depth"], r"plain cannot be called with depth: missing a required argument: 'lr'\. It takes lr, depth\."),
        (plain, ["lr", "rate"], r"plain cannot be called with lr, rate: got an unexpected keyword argument 'rate'\. It takes"),
        (only_by_position, ["lr"], r"only_by_position cannot be called with lr: "),
        (lambda: 0, ["lr"], r"cannot be called with lr: .* It takes nothing\."),
        (Trainer(), ["rate"], r"the function cannot be called with rate: "),
        (3, ["lr"], "A sweep calls a function, and 3 is none"),
        (None, ["lr"], "A sweep calls a function, and None is none"),
    ],
)  # fmt: skip
def test_functions_that_do_not_are_told_before_any_trial(function, names, message):
    with pytest.raises(UsageProblem, match=message):
        require_takes(function, names)
