import enum
import json
import math
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.scalars import as_number
from mlmagic.store.values import as_curve, as_text, flat


class Hostile:
    """Raises at whatever it is asked."""

    def _raise(self, *_):
        raise ArithmeticError("no")

    __repr__ = __str__ = item = tolist = __float__ = __len__ = __iter__ = _raise
    ndim = shape = property(_raise)


def make(expression):
    """Return the value of *expression*, with numpy, pandas and torch at hand."""
    import numpy as np
    import pandas as pd
    import torch

    return eval(expression, {"np": np, "pd": pd, "torch": torch})  # written below


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (True, 1.0),
        (3, 3.0),
        (0.1, 0.1),
        (Fraction(1, 4), 0.25),
        (Decimal("1.5"), 1.5),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (Fraction(10**400), math.inf),
        (Decimal("1e400"), math.inf),
        (Decimal("sNaN"), None),
        (1j, None),
        ("1", None),
        (b"1", None),
        (None, None),
        ([1.0], None),
        (object(), None),
        (Hostile(), None),
        (enum.Enum("Kind", "A").A, None),
        (enum.IntEnum("Number", "A").A, 1.0),
    ],
)
def test_what_a_python_value_is_as_a_number(value, number):
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("np.float32(0.5)", 0.5),
        ("np.float16(0.5)", 0.5),
        ("np.int8(-3)", -3.0),
        ("np.uint64(2**63)", 2.0**63),
        ("np.bool_(True)", 1.0),
        ("np.array(0.5)", 0.5),
        ("np.array([[2]])", 2.0),
        ("np.longdouble(0.5)", 0.5),
        ("np.array([1, 2])", None),
        ("np.array([])", None),
        ("np.array('x')", None),
        ("np.str_('x')", None),
        ("np.complex128(1)", None),
        ("np.datetime64('2020')", None),
        ("np.array([None])", None),
        ("pd.Series([0.5])", 0.5),
        ("pd.Series([1, 2])", None),
        ("pd.NA", None),
        ("pd.Timestamp('2020')", None),
        ("pd.DataFrame({'a': [1]})", None),
        ("torch.tensor(0.5, requires_grad=True)", 0.5),
        ("torch.tensor([2], dtype=torch.bfloat16)", 2.0),
        ("torch.tensor(True)", 1.0),
        ("torch.tensor([1., 2.])", None),
        ("torch.tensor(1j)", None),
        ("torch.zeros(1, device='meta')", None),
    ],
)
def test_what_a_value_of_a_library_is_as_a_number(expression, number):
    assert as_number(make(expression)) == number


def test_not_a_number_is_a_number():
    for expression in ("float('nan')", "np.float64('nan')", "torch.tensor(float('nan'))"):
        assert math.isnan(as_number(make(expression)))


@pytest.mark.parametrize(
    ("expression", "curve"),
    [
        ("[1, 0.5, True]", [1.0, 0.5, 1.0]),
        ("(1,)", [1.0]),
        ("np.array([1, 2])", [1.0, 2.0]),
        ("[np.float32(0.5), torch.tensor(2)]", [0.5, 2.0]),
        ("pd.Series([1.5, 2])", [1.5, 2.0]),
        ("torch.tensor([1., 2.], requires_grad=True)", [1.0, 2.0]),
        ("np.array([[1, 2]])", None),
        ("np.array([])", None),
        ("np.array(1)", None),
        ("np.array(['a'])", None),
        ("torch.zeros(2, device='meta')", None),
        ("[[1], [2]]", None),
        ("{1, 2}", None),
        ("'12'", None),
        ("[]", None),
    ],
)
def test_what_is_a_curve(expression, curve):
    assert as_curve(make(expression)) == curve


def test_an_object_that_raises_is_no_curve():
    assert as_curve(Hostile()) is None
    assert as_curve([Hostile()]) is None


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("0.1", "0.1"),
        ("1e-05", "1e-05"),
        ("True", "True"),
        ("None", "None"),
        ("'é\\n'", "é\n"),
        ("b'x'", "b'x'"),
        ("bytearray(b'x')", "bytearray(b'x')"),
        ("[64, 32]", "[64, 32]"),
        ("(1, 'é')", '[1, "é"]'),
        ("[np.int64(64), np.float32(0.5), np.bool_(True)]", "[64, 0.5, true]"),
        ("[np.arange(2), torch.tensor(1)]", "[[0, 1], 1]"),
        ("range(10**12)", "range(0, 1000000000000)"),
        ("[1, object]", "[1, <class 'object'>]"),
        ("np.float64(0.1)", "0.1"),
        ("np.int64(3)", "3"),
        ("{}", "{}"),
        ("[]", "[]"),
    ],
)
def test_how_a_parameter_is_written(expression, text):
    assert as_text(make(expression)) == text


def test_what_cannot_be_written_is_named():
    assert as_text(Hostile()) == "<Hostile: ArithmeticError when shown>"
    assert as_text([1, Hostile()]) == "<list: ArithmeticError when shown>"
    itself = [1]
    itself.append(itself)
    assert as_text(itself) == "[1, [...]]"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_lists_come_back_from_their_text(value):
    if isinstance(value, list):
        assert json.loads(as_text(value)) == value
    else:
        assert as_text(value) == str(value)


KEYS = st.sampled_from("abc")
TREES = st.recursive(
    st.integers() | st.just({}), lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3), max_leaves=6
)


@given(st.dictionaries(KEYS, TREES))
def test_nested_mappings_are_flat_and_lose_no_leaf(tree):
    rebuilt = {}
    for key, leaf in flat(tree):
        *path, last = key.split(".")
        place = rebuilt
        for step in path:
            place = place.setdefault(step, {})
        place[last] = leaf
    assert rebuilt == tree


def test_any_mapping_is_flattened_and_one_that_holds_itself_ends():
    tree = {"a": MappingProxyType({1: 2}), "b": {}}
    tree["self"] = {"again": tree}
    assert list(flat(tree, "c")) == [("c.a.1", 2), ("c.b", {}), ("c.self.again", "{...}")]
    shared = {"x": 1}
    assert list(flat({"a": shared, "b": shared})) == [("a.x", 1), ("b.x", 1)]
