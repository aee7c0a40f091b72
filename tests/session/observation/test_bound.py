"""Which names a cell has bound, seen from their objects."""

from __future__ import annotations

import ast
import contextlib
import copy
import gc
import weakref

import pytest

from mlmagic.remembered import GONE, Remembered
from mlmagic.session.observation import sites
from mlmagic.session.observation.bound import BoundNames
from mlmagic.session.observation.cell_observer import CellObserver
from mlmagic.session.observation.reads import read_of
from mlmagic.session.observation.scopes import names_of


class Own:
    """An object of the user's."""


def bound_after(before, source):
    namespace = {"Own": Own}
    exec(before, namespace)
    tree = ast.parse(source)
    names = names_of(tree)
    bound = BoundNames(namespace)
    bound.begin(tree, names, read_of(names, namespace))
    exec(source, namespace)
    return set(bound.names()), set(bound.unseen())


@pytest.mark.parametrize(
    ("before", "source", "names", "unseen"),
    [
        ("x = 1.5", "x = 2.5", "x", ""),
        ("x = 1.5", "if x > 2: x = 0.5", "", ""),
        ("x = 1.5", "y = x", "y", ""),
        ("x = [1]", "x = [1]", "x", ""),
        ("x = [1]", "x.append(2)", "", ""),
        ("x = Own()", "del x", "", ""),
        ("x = 1.5", "exec('x = 2.5; z = 0.5')", "x z", "x z"),
        ("x = 1.5", "globals()['x'] = 2.5", "x", "x"),
        ("x = 1.5\ndef f():\n  global x\n  x = 2.5", "f()", "x", "x"),
        ("x = 1.5\ndef f():\n  exec('x = 2.5', globals())", "f()", "x", "x"),
        ("x = 1.5", "from math import *", "pi e", "pi e"),
        ("x = 1.5\ndef f():\n  x = 2.5", "f()", "", ""),
        ("", "for i in range(2): pass", "i", ""),
        ("", "import math as m", "m", ""),
        ("", "def f(): pass\nclass C: pass", "f C", ""),
    ],
)
def test_a_name_is_bound_when_its_object_is_another_one(before, source, names, unseen):
    found, hidden = bound_after(before, source)
    if "import *" in source:
        assert set(names.split()) <= found & hidden
    else:
        assert (found, hidden) == (set(names.split()), set(unseen.split()))


def test_an_assignment_that_ran_counts_though_the_object_is_the_same():
    namespace = {"n": 3}
    tree = ast.parse("n = f()")
    bound = BoundNames(namespace)
    bound.begin(tree, names_of(tree), [])
    assert not bound.is_bound("n")
    bound.saw(["n"])
    assert bound.is_bound("n")


UNPACKED = {
    "a tuple that fits": ("a, b = f(2)", {"a", "b"}),
    "a tuple that is too long": ("a, b = f(3)", set()),
    "a number": ("a, b = 5", set()),
    "a chain whose second target does not fit": ("c = a, b = f(3)", {"c"}),
    "a nested target that does not fit": ("c, (a, b) = 1, 5", {"c"}),
    "a generator that fits": ("a, b = (n for n in (7, 8))", {"a", "b"}),
    "a generator that is too short": ("a, b = (n for n in (7,))", set()),
}


@pytest.mark.parametrize(("source", "bound"), UNPACKED.values(), ids=UNPACKED)
def test_names_whose_value_cannot_be_unpacked_are_not_bound(source, bound):
    remove = sites.install()
    namespace = {"a": 0.5, "b": 3, "c": "x", "f": lambda count: (0.5, 3, 4)[:count]}
    watch = CellObserver(namespace)
    code = compile(watch.begin(ast.parse(source)), "<cell>", "exec")
    with contextlib.suppress(ValueError, TypeError):
        exec(code, namespace)
    watch.end()
    remove()
    assert set(watch.bound.names()) == bound


@pytest.mark.parametrize("value", [1, 0.5, "text", b"bytes", None, True, 1j])
def test_small_values_are_remembered_as_they_are(value):
    remembered = Remembered(value)
    assert remembered.value() is value
    assert remembered.is_(value)


@pytest.mark.parametrize("value", [[1], {"a": 1}, (1, [2]), "x" * 20_000])
def test_what_takes_no_weak_reference_is_known_by_its_address(value):
    remembered = Remembered(value)
    assert remembered.value() is GONE
    assert remembered.is_(value)
    assert not remembered.is_(copy.deepcopy(value) if not isinstance(value, str) else value + "y")


def test_what_is_remembered_is_freed():
    own = Own()
    reference, remembered = weakref.ref(own), Remembered(own)
    assert remembered.value() is own
    del own
    gc.collect()
    assert reference() is None
    assert remembered.value() is GONE
    assert not remembered.is_(Own())
