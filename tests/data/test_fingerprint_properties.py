"""Fingerprints are equal exactly when the content is: over types, layouts, orders and libraries."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlmagic.data.fingerprint.fingerprint import fingerprint

BRIEF = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

KINDS = [
    "int8",
    "uint16",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "bool",
    "datetime64[s]",
    "datetime64[ns]",
    "timedelta64[ms]",
    "U4",
    "S4",
]
ARRAYS = hnp.arrays(st.sampled_from(KINDS).map(np.dtype), hnp.array_shapes(min_dims=1, max_dims=3, max_side=5))
VALUES = {
    "text": st.none() | st.text(max_size=4),
    "number": st.none() | st.floats(width=32) | st.sampled_from([0.0, -0.0, math.inf]),
    "whole": st.none() | st.integers(-5, 5),
    "flag": st.none() | st.booleans(),
    "moment": st.none() | st.datetimes(),
    "span": st.none()
    | st.timedeltas(dt.timedelta(days=-200_000), dt.timedelta(days=200_000)),  # beyond what nanoseconds reach
    "date": st.none() | st.dates(),
    "bytes": st.none() | st.binary(max_size=3),
    "list": st.lists(st.none() | st.integers(-2, 2), max_size=2),
}
POLARS = {
    "text": pl.String,
    "number": pl.Float64,
    "whole": pl.Int64,
    "flag": pl.Boolean,
    "moment": pl.Datetime("us"),
    "span": pl.Duration("us"),
    "date": pl.Date,
    "bytes": pl.Binary,
    "list": pl.List(pl.Int64),
}
PANDAS = {
    "number": "Float64",
    "whole": "Int64",
    "flag": "boolean",
    "moment": "datetime64[us]",
    "span": "timedelta64[us]",
}


@st.composite
def tables(draw):
    """Return rows as a mapping of columns to values; missing ones are None."""
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    rows = draw(st.integers(0, 6))
    return {
        f"{kind} {number}": draw(st.lists(VALUES[kind], min_size=rows, max_size=rows))
        for number, kind in enumerate(kinds)
    }


def kind(name):
    return name.partition(" ")[0]


def tells_its_types(table):
    """Tell whether pandas knows the types too: those of objects only from a value."""
    untyped = (values for name, values in table.items() if kind(name) not in PANDAS and kind(name) != "text")
    return all(any(value is not None for value in values) for values in untyped)


def in_pandas(table):
    def column(name, values):
        if kind(name) in {"moment", "span"}:  # by NumPy, whose units reach further than pandas' own conversion
            return pd.Series(np.array(values, PANDAS[kind(name)]))
        return pd.Series(values, dtype=PANDAS.get(kind(name), object))

    return pd.DataFrame({name: column(name, values) for name, values in table.items()})


def in_polars(table):
    return pl.DataFrame({name: pl.Series(name, values, dtype=POLARS[kind(name)]) for name, values in table.items()})


def plain(value):
    """Return *value* with one missing mark and one zero, so that == tells whether content is equal."""
    if value is None or value != value:  # noqa: PLR0124  # NaN
        return None
    return value + 0.0 if isinstance(value, float) else value


def content(table):
    return {name: [plain(value) for value in values] for name, values in table.items()}


@BRIEF
@given(tables())
def test_pandas_and_polars_agree(table):
    assume(tells_its_types(table))
    ours, theirs = fingerprint(in_pandas(table)), fingerprint(in_polars(table))
    assert (ours.columns, ours.types, ours.order_free) == (theirs.columns, theirs.types, theirs.order_free)
    assert ours.digest == theirs.digest


@BRIEF
@given(tables(), st.data())
def test_one_other_value_is_another_fingerprint(table, data):
    name = data.draw(st.sampled_from(sorted(table)))
    assume(table[name])
    row = data.draw(st.integers(0, len(table[name]) - 1))
    other = {**table, name: [*table[name][:row], data.draw(VALUES[kind(name)]), *table[name][row + 1 :]]}
    assume(tells_its_types(table) and tells_its_types(other))
    before, after = fingerprint(in_pandas(table)), fingerprint(in_polars(other))
    same = content(table) == content(other)
    assert (before.digest == after.digest) == same
    assert (before.order_free == after.order_free) == same
    assert [column for column in table if before.columns[column] != after.columns[column]] == ([] if same else [name])


@BRIEF
@given(tables(), st.randoms(use_true_random=False))
def test_rows_in_another_order_differ_in_order_only(table, random):
    rows = list(range(len(next(iter(table.values())))))
    random.shuffle(rows)
    other = {name: [values[row] for row in rows] for name, values in table.items()}
    before, after = fingerprint(in_pandas(table)), fingerprint(in_pandas(other))
    assert before.order_free == after.order_free
    assert (before.digest == after.digest) == (content(table) == content(other))
    assert fingerprint(in_pandas(table).iloc[rows]).order_free == before.order_free


@BRIEF
@given(ARRAYS)
def test_the_layout_of_an_array_says_nothing(array):
    wide = np.repeat(array, 2, axis=-1)[..., ::2]
    other = [
        np.asfortranarray(array),
        wide,
        array[::-1].copy()[::-1],
        array.astype(array.dtype.newbyteorder(">")),
        np.ma.array(array),
    ]
    expected = fingerprint(array)
    for one in other:
        found = fingerprint(one)
        assert (found.digest, found.order_free, found.schema) == (expected.digest, expected.order_free, expected.schema)


@BRIEF
@given(ARRAYS, st.data())
def test_arrays_are_equal_exactly_when_their_fingerprints_are(array, data):
    other = data.draw(hnp.arrays(array.dtype, array.shape))
    mixed = np.where(data.draw(hnp.arrays(bool, array.shape)), array, other)
    for one in (other, mixed):
        # NaN is NaN; of a complex number each part by itself.
        parts = [(array.real, one.real), (array.imag, one.imag)] if array.dtype.kind == "c" else [(array, one)]
        same = all(np.array_equal(left, right, equal_nan=array.dtype.kind in "fcmM") for left, right in parts)
        assert (fingerprint(array).digest == fingerprint(one).digest) == same


@BRIEF
@given(ARRAYS, st.sampled_from(KINDS))
def test_another_type_is_another_fingerprint(array, kind):
    assume(array.dtype.kind in "iufb" and np.dtype(kind).kind in "iufb")
    with np.errstate(all="ignore"):
        other = array.astype(kind)
    assert (fingerprint(array).schema == fingerprint(other).schema) == (array.dtype == other.dtype)


@BRIEF
@given(
    hnp.arrays(
        st.sampled_from(["int32", "float64"]).map(np.dtype), hnp.array_shapes(min_dims=1, max_dims=2, max_side=6)
    ),
    st.data(),
)
def test_rows_of_an_array_in_another_order_have_one_sum(array, data):
    order = data.draw(st.permutations(range(len(array))))
    assert fingerprint(array[order]).order_free == fingerprint(array).order_free


@BRIEF
@given(st.lists(st.none() | st.sampled_from(["a", "b", "c"]), max_size=8), st.permutations(["a", "b", "c", "unused"]))
def test_categories_count_by_their_values(values, categories):
    one = pd.DataFrame({"k": pd.Categorical(values, categories=["a", "b", "c"])})
    other = pd.DataFrame({"k": pd.Categorical(values, categories=categories)})
    assert fingerprint(one).digest == fingerprint(other).digest


@BRIEF
@given(
    st.lists(
        st.datetimes(
            min_value=pd.Timestamp(1700, 1, 1).to_pydatetime(), max_value=pd.Timestamp(2200, 1, 1).to_pydatetime()
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["ms", "us", "ns"]),
)
def test_moments_count_by_their_instant(moments, unit):
    rounded = np.array(moments, "datetime64[ms]")
    assert fingerprint(pd.Series(rounded.astype(f"M8[{unit}]"))).digest == fingerprint(pd.Series(rounded)).digest
    assert fingerprint(rounded.astype(f"M8[{unit}]")).digest == fingerprint(rounded).digest
