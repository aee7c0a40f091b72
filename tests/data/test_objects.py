# ruff: noqa: DTZ001 - times without a zone are content too
from __future__ import annotations

import datetime as dt
import decimal
import enum
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.data.fingerprint.readers.objects import Encoder

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.binary(max_size=3)
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3) | st.tuples(inner, inner)
    ),
    max_leaves=5,
)


class Colour(enum.Enum):
    RED = 1


class Shade(enum.IntEnum):
    RED = 1


class Point:
    def __init__(self, x):
        self.x = x

    def __str__(self):  # a test's id is the same in each worker
        return f"Point({self.x})"


SAME = [
    (None, math.nan), (None, pd.NA), (None, pd.NaT), (None, np.float32("nan")), (None, np.datetime64("NaT")), (None, decimal.Decimal("NaN")),
    (0.0, -0.0), (1, np.int8(1)), (1.5, np.float32(1.5)), (True, np.True_), ("a", np.str_("a")), (1j, np.complex64(1j)), (b"a", bytearray(b"a")),
    (dt.datetime(2020, 1, 1), pd.Timestamp("2020-01-01")), (dt.datetime(2020, 1, 1), np.datetime64("2020-01-01")), (dt.timedelta(days=1), pd.Timedelta(days=1)),
    (dt.timedelta(days=1), np.timedelta64(1, "D")), (decimal.Decimal("1.0"), decimal.Decimal("1.00")), (decimal.Decimal("1E+2"), decimal.Decimal(100)),
    (pd.Timestamp("2020-01-01T12:00Z"), pd.Timestamp("2020-01-01T13:00+01:00")), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({1, 2, 3}, frozenset([3, 2, 1])),
    ([None], [math.nan]), (Point(1), Point(1)), (np.arange(3), np.arange(3)[::-1][::-1]), (np.zeros(()), np.zeros(())), (pd.Interval(0, 1), pd.Interval(0, 1)),
]  # fmt: skip
APART = [
    None, True, 1, 1.0, 1 + 0j, "1", b"1", decimal.Decimal(1), [1], (1,), {1}, {1: 1}, [[1]], [1, 1], ["1"], "", [], (), {}, set(), [""], [[]], ["a", "b"], ["ab"], ["", "ab"],
    dt.date(1970, 1, 1), dt.datetime(1970, 1, 1), dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(0), dt.time(0), dt.time(0, tzinfo=dt.UTC), pd.Timestamp(1), pd.Timedelta(1),
    Colour.RED, Shade.RED, Point(1), Point(2), pd.Interval(0, 1), pd.Interval(0, 1, closed="left"), pd.Interval(0.0, 1), pd.Period("2020-01", "M"), pd.Period("2020-01-01", "D"),
    np.arange(3), np.arange(3.0), np.zeros(1), np.zeros(()), pd.Series([0]), pd.Series([0], index=["a"]), pd.DataFrame({"a": [0]}), np.timedelta64(1, "M"), range(1), 10**30, -1,
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME, ids=str)
def test_one_value_has_the_same_bytes_in_any_guise(one, other):
    encode = Encoder()
    assert encode(one) == encode(other)
    assert encode.unhashed == {}


def test_no_two_of_these_are_the_same():
    encode = Encoder()
    encoded = [encode(value) for value in APART]
    assert [APART[number] for number, one in enumerate(encoded) if one in encoded[:number]] == []
    assert encode.unhashed == {}


def same(one, other):
    """Tell whether two values are equal, types included."""
    if one is None or other is None or one != one or other != other:  # noqa: PLR0124
        return _missing(one) and _missing(other) if not isinstance(one, (list, tuple, dict)) else False
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


def _missing(value):
    return value is None or (isinstance(value, (float, decimal.Decimal)) and value != value)  # noqa: PLR0124


@given(VALUES, VALUES)
def test_bytes_are_equal_exactly_when_values_are(one, other):
    encode = Encoder()
    assert (encode(one) == encode(other)) == same(one, other)
    assert encode(one) == encode(one)


@pytest.mark.parametrize(
    "value", [lambda: 1, print, Point, pd, (x for x in "ab"), open], ids=lambda value: type(value).__name__
)
def test_what_has_no_content_to_compare_never_looks_equal(value):
    encode = Encoder()
    assert encode(value) != encode(value)
    assert encode([value]) != encode([value])
    assert sum(encode.unhashed.values()) == 4


def test_an_object_whose_pickling_fails_is_told():
    class Angry:
        def __reduce__(self):
            raise RuntimeError("no")

    encode = Encoder()
    assert encode(Angry()) != encode(Angry())
    assert encode.unhashed == {"Angry": 2}
