"""Equal rows are those that pandas calls duplicated, in every library, layout and type."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import math
import uuid

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from mlmagic.data.ids.id_hash import hash_ids
from mlmagic.data.ids.plain_values import UnhashableError
from mlmagic.data.split.equal_rows import columns_of, hash_rows, sample_rows
from mlmagic.data.split.shared_rows import ALL_UP_TO, are_few, sample, sample_limit

BRIEF = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])

ZEROS_AND_NANS = st.sampled_from([0.0, -0.0, math.nan, -math.nan, 1.0, -1.0, math.inf, -math.inf, 2.0**53, 0.5])
COLUMNS = {
    "float64": ZEROS_AND_NANS,
    "float32": ZEROS_AND_NANS,
    "int8": st.integers(-2, 2),
    "uint64": st.sampled_from([0, 1, 2**63, 2**64 - 1]),
    "bool": st.booleans(),
    "Int64": st.none() | st.integers(-1, 1),
    "Float64": st.none() | st.sampled_from([0.0, -0.0, 1.5]),
    "boolean": st.none() | st.booleans(),
    "object": st.none() | st.sampled_from(["a", "b", "", "a\0"]),
    "string": st.none() | st.sampled_from(["a", "b", ""]),
    "category": st.none() | st.sampled_from(["a", "b"]),
    "datetime64[ns]": st.none() | st.sampled_from([pd.Timestamp(0), pd.Timestamp(1), pd.Timestamp("2020-02-29 12:30")]),
}


@st.composite
def frames(draw):
    rows = draw(st.integers(2, 8))
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=2, max_size=4))
    return pd.DataFrame({
        f"{kind} {number}": pd.Series(draw(st.lists(COLUMNS[kind], min_size=rows, max_size=rows)), dtype=kind)
        for number, kind in enumerate(kinds)
    })  # fmt: skip


def numbered(values):
    """Return for each row the number of the first row that equals it."""
    return pd.factorize(np.asarray(values))[0].tolist()


def by_pandas(frame):
    return frame.groupby(list(frame.columns), dropna=False, observed=True, sort=False).ngroup().tolist()


def same_groups(one, other):
    """Return whether two numberings put the same rows together."""
    return all(
        (left == right) == (mine == yours)
        for (left, mine), (right, yours) in itertools.combinations(zip(one, other, strict=True), 2)
    )


@BRIEF
@given(frames())
def test_equal_rows_of_a_frame_are_those_of_pandas(frame):
    expected = by_pandas(frame)
    assert same_groups(numbered(hash_rows(frame)), expected)
    assert hash_rows(frame)[~frame.duplicated()].shape == np.unique(hash_rows(frame)).shape
    assert same_groups(numbered(hash_rows(pl.from_pandas(frame))), expected)
    assert same_groups(numbered(hash_rows(pa.Table.from_pandas(frame, preserve_index=False))), expected)


@BRIEF
@given(
    st.sampled_from(["float64", "float32", "float16", "int64", "uint8", "bool", ">f8", ">i4"]).flatmap(
        lambda kind: hnp.arrays(
            kind, st.tuples(st.integers(2, 7), st.integers(1, 3)),
            elements=ZEROS_AND_NANS.map(lambda one: np.clip(one, -6e4, 6e4)) if "f" in kind else st.integers(0, 1),
        )
    )
)  # fmt: skip
def test_equal_rows_of_an_array_are_those_of_pandas(array):
    native = array.astype(array.dtype.newbyteorder("="))
    expected = by_pandas(pd.DataFrame(native.astype("f4") if native.dtype == "f2" else native))
    for one in (
        array,
        np.asfortranarray(array),
        array[::-1][::-1],
        array.reshape(len(array), 1, -1),
        torch.tensor(native),
    ):
        assert same_groups(numbered(hash_rows(one)), expected)
    if array.dtype.kind == "f" and array.dtype.itemsize > 2:
        assert same_groups(numbered(hash_rows(sparse.csr_matrix(native))), expected)


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "longdouble", "complex64", "complex128"])
def test_zeros_and_nans_of_any_bits_are_equal(kind):
    odd = np.frombuffer(np.uint64(0xFFF8000000000123).tobytes(), "f8")[0]
    values = np.array([0.0, -0.0, np.nan, odd, -np.nan, 1.0]).astype(kind)
    matrix = np.stack([values, np.ones_like(values)], axis=1)
    if np.dtype(kind).kind == "c":
        matrix = sparse.csr_matrix(matrix)
    assert numbered(hash_rows(matrix)) == [0, 0, 1, 1, 1, 2]


def test_complex_numbers_differ_in_either_part():
    matrix = sparse.csr_matrix(np.array([[1 + 2j], [1 + 3j], [2 + 2j], [2 + 1j], [1 + 2j]]))
    assert numbered(hash_rows(matrix)) == [0, 1, 2, 3, 0]


def test_the_array_stays_as_it_is():
    array = np.array([[-0.0, np.nan], [1.0, 2.0]])
    before = array.tobytes()
    hash_rows(array)
    assert array.tobytes() == before


def test_the_fields_of_a_structured_array_are_columns():
    rows = np.array([(0.0, "a"), (-0.0, "a"), (0.0, "b")], [("x", "f8"), ("y", "U1")])
    assert [name for name, _ in columns_of(rows)] == ["x", "y"]
    assert numbered(hash_rows(rows)) == [0, 0, 1]
    assert hash_rows(rows, without=["y"]) is None


def test_columns_that_are_left_out_do_not_count():
    frame = pd.DataFrame({"id": [1, 2, 3], "x": [1, 1, 2], "y": ["a", "a", "a"]})
    assert numbered(hash_rows(frame)) == [0, 1, 2]
    assert numbered(hash_rows(frame, without=["id"])) == [0, 0, 1]
    assert hash_rows(frame, without=["id", "x", "y"]) is None
    assert hash_rows(frame, without=["id", "y"]) is None, "one column of numbers says nothing"
    assert numbered(hash_rows(frame, without=["id", "x"])) == [0, 0, 0]


def test_the_order_of_columns_counts():
    assert len(set(hash_rows(np.array([[1, 2], [2, 1]])).tolist())) == 2
    assert len(set(hash_rows(pd.DataFrame({"a": ["x", "y"], "b": ["y", "x"]})).tolist())) == 2


@pytest.mark.parametrize(
    ("column", "tells"),
    [
        (pd.Series(["a", "b"]), True), (pd.Series(["a", "b"], dtype="category"), True), (pl.Series(["a", "b"]), True), (["a", "b"], True), (pd.Series([1, 2]), False),
        (pd.Series([1.0, 2.0]), False), (pd.Series([True, False]), False), (pl.Series([1, 2]), False), (torch.tensor([1, 2]), False), (np.array([1, 2]), False),
        (pd.Series(pd.to_datetime(["2020", "2021"])), False), (pl.Series([dt.date(2020, 1, 1)] * 2), False),
    ],
    ids=lambda one: f"{type(one).__name__} {getattr(one, 'dtype', '')}",
)  # fmt: skip
def test_one_column_tells_of_equal_rows_if_it_holds_texts(column, tells):
    assert (hash_rows(column) is not None) == tells


@pytest.mark.parametrize(
    "value", [[1], {"a": 1}, {1}, dt.timedelta(1), object()], ids=lambda value: type(value).__name__
)
def test_a_column_that_cannot_be_compared_is_named(value):
    frame = pd.DataFrame({"x": [1, 2], "odd": pd.Series([value, value], dtype=object)})
    with pytest.raises(UnhashableError, match=r"^the values of 'odd' cannot be compared\.$"):
        hash_rows(frame)
    assert hash_rows(frame, without=["odd"]) is None


def test_rows_of_an_array_without_columns_are_all_equal():
    assert numbered(hash_rows(np.zeros((3, 0)))) == [0, 0, 0]


@pytest.mark.parametrize(("distinct", "few"), [(1, True), (10, True), (11, False), (100, False)])
def test_values_that_occur_ten_times_on_average_are_few(distinct, few):
    assert are_few(hash_ids(np.arange(100) % distinct)) == few


def test_of_very_many_hashes_a_sample_has_all_equal_ones_or_none():
    assert sample(np.zeros(ALL_UP_TO, np.uint64)) is None
    assert sample_rows(pd.DataFrame({"x": np.arange(1000)})) is None
    for rows in (ALL_UP_TO + 1, 10**7, 10**8, 10**10):
        expected = rows * sample_limit(rows) / 2**64
        assert 1e6 <= expected < 2.0001e6


IDS = {
    "integers": st.integers(-(2**63), 2**64 - 1) | st.integers(-3, 3),
    "numbers": st.integers(-3, 3) | st.floats(-2, 2, width=16) | st.booleans(),
    "texts": st.text(max_size=3),
    "moments": st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(1970, 1, 2)),  # noqa: DTZ001 - without a zone
    "dates": st.dates(dt.date(1970, 1, 1), dt.date(1970, 1, 3)),
    "uuids": st.integers(0, 3).map(lambda number: uuid.UUID(int=number)),
    "decimals": st.decimals(-2, 2, places=1),
}


@given(st.sampled_from(sorted(IDS)).flatmap(lambda kind: st.lists(IDS[kind] | st.none(), min_size=2, max_size=12)))
def test_ids_are_equal_exactly_when_python_says_so(ids):
    found = hash_ids(ids).tolist()
    assert all(
        (one == other) == (left == right)
        for (one, left), (other, right) in itertools.combinations(zip(found, ids, strict=True), 2)
    )
    assert hash_ids(pd.Series(ids, dtype=object)).tolist() == found
    assert hash_ids(ids[::-1]).tolist() == found[::-1]
    assert hash_ids(pd.Series(pd.Categorical(pd.Series(ids, dtype=object)))).tolist() == found or any(
        isinstance(one, decimal.Decimal | dt.date | uuid.UUID | bool) for one in ids
    )


@BRIEF
@given(frames(), st.data())
def test_ids_of_several_columns_are_equal_exactly_when_their_rows_are(frame, data):
    names = data.draw(st.lists(st.sampled_from(list(frame.columns)), min_size=1, unique=True))
    found = hash_ids(*(frame[name] for name in names)).tolist()
    assert same_groups(found, by_pandas(frame[names]))
    order = data.draw(st.permutations(range(len(frame))))
    assert hash_ids(*(frame[name].iloc[order] for name in names)).tolist() == [found[at] for at in order]
    assert hash_ids(*(pl.Series(frame[name]) for name in names)).tolist() == found
