"""The statistics of a column are those that pandas gives, however the column is cut into chunks."""

from __future__ import annotations

import datetime as dt
import itertools
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlmagic.data.columns.reader import read_column
from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.fingerprint.readers.canonical import canonical
from mlmagic.data.fingerprint.readers.plan import ReadPlan
from mlmagic.data.profile.profile import profile
from mlmagic.data.profile.statistics import MOST_CLASSES, ColumnSummary, classes, distinct, missing_in, shown_names

BRIEF = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
FLOATS = st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf])
KINDS = {
    "float64": FLOATS,
    "float32": FLOATS,
    "float16": st.floats(-100, 100, width=16) | st.just(math.nan),
    "int64": st.integers(-(2**40), 2**40),
    "int8": st.integers(-128, 127),
    "uint64": st.integers(0, 2**64 - 1),
    "bool": st.booleans(),
    "Int32": st.none() | st.integers(-9, 9),
    "UInt8": st.none() | st.integers(0, 255),
    "Float64": st.none() | st.floats(-9, 9),
    "boolean": st.none() | st.booleans(),
    "string": st.none() | st.text(max_size=3),
    "object": st.none() | st.text("ab", max_size=2),
    "category": st.none() | st.sampled_from(["a", "b", "c"]),
    "datetime64[ns]": st.none() | st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)),  # noqa: DTZ001
    "datetime64[s]": st.none() | st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(3000, 1, 1)).map(lambda one: one.replace(microsecond=0)),  # noqa: DTZ001
    "timedelta64[us]": st.none() | st.timedeltas(dt.timedelta(days=-9), dt.timedelta(days=9)),
}  # fmt: skip
COLUMNS = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.lists(KINDS[kind], min_size=1, max_size=12).map(
        lambda values: pd.Series(values, dtype=kind, name="v")
    )
)


def facts_of(dataset):
    return profile(dataset, fingerprint(dataset))["columns"][0]


def plain(number):
    return number if isinstance(number, int) or math.isfinite(number) else str(number)


def column_of(series):
    return canonical(read_column(series), ReadPlan())


@BRIEF
@given(COLUMNS)
def test_nulls_and_distinct_values_are_those_of_pandas(series):
    found = facts_of(series.to_frame())
    assert found["nulls"] == int(series.isna().sum())
    assert found["n_unique"] == series.nunique()
    if series.dtype.kind not in "mM" and str(series.dtype) != "float16":
        theirs = facts_of(pl.from_pandas(series.to_frame()))
        assert {key: theirs[key] for key in ("nulls", "n_unique")} == {key: found[key] for key in ("nulls", "n_unique")}


@BRIEF
@given(COLUMNS)
def test_range_and_mean_are_those_of_pandas(series):
    found = facts_of(series.to_frame())
    present = series.dropna()
    has_range = pd.api.types.is_numeric_dtype(series) or series.dtype.kind in "mM"
    if not has_range or present.empty:
        assert found.keys() & {"min", "max", "mean"} == set()
        return
    if series.dtype.kind == "M":
        assert [pd.Timestamp(found[end]) for end in ("min", "max")] == [present.min(), present.max()]
        return
    if series.dtype.kind == "m":
        assert [found[end] for end in ("min", "max")] == [present.min().total_seconds(), present.max().total_seconds()]
        assert found["mean"] == pytest.approx(present.dt.total_seconds().mean(), abs=1e-6)
        return
    described = present.astype("float64").describe()
    assert found["min"] == plain(present.min().item() if hasattr(present.min(), "item") else present.min())
    assert found["max"] == plain(present.max().item() if hasattr(present.max(), "item") else present.max())
    if isinstance(found["mean"], str):
        assert found["mean"] == str(described["mean"])
    else:
        assert found["mean"] == pytest.approx(described["mean"], rel=1e-9, abs=1e-9)


@BRIEF
@given(COLUMNS, st.lists(st.integers(0, 12)))
def test_it_does_not_matter_where_chunks_end(series, cuts):
    column, rows = column_of(series), len(series)
    places = sorted({0, rows, *(cut for cut in cuts if cut < rows)})
    whole, pieces = ColumnSummary(column.logical), ColumnSummary(column.logical)
    whole.add(column.chunk(0, rows))
    for start, stop in itertools.pairwise(places):
        pieces.add(column.chunk(start, stop))
    one, other = whole.to_dict(column.logical), pieces.to_dict(column.logical)
    if not isinstance(one.get("mean", ""), str):
        assert other.pop("mean") == pytest.approx(one.pop("mean"), rel=1e-9, abs=1e-9)
    assert other == one
    pairs = list(itertools.pairwise(places))
    assert classes(column, pairs, is_target=True) == classes(column, [(0, rows)], is_target=True)


@BRIEF
@given(COLUMNS)
def test_missing_values_are_where_pandas_sees_them(series):
    missing = missing_in(column_of(series).chunk(0, len(series)))
    assert (np.zeros(len(series), bool) if missing is None else missing).tolist() == series.isna().tolist()


@BRIEF
@given(
    st.sampled_from(["int64", "bool", "string", "category", "Int32", "float64"]).flatmap(
        lambda kind: st.lists(
            {"float64": st.sampled_from([0.0, -0.0, 1.0, math.nan]), "string": st.none() | st.sampled_from(["a", "b", ""])}.get(kind, KINDS[kind]),
            min_size=1, max_size=30,
        ).map(lambda values: pd.Series(values, dtype=kind))
    )
)  # fmt: skip
def test_classes_are_counted_as_pandas_counts_them(series):
    found = classes(column_of(series), [(0, len(series))], is_target=True)
    counts = series.value_counts()
    expected = {
        str(int(label)) if isinstance(label, float) else str(label): int(count)
        for label, count in counts.items()
        if count
    }
    assert (found or {}) == expected
    assert list((found or {}).values()) == sorted(expected.values(), reverse=True)


NO_CLASSES = {
    "fractions": [0.5, 1.5] * 20,
    "an infinity": [1.0, math.inf] * 20,
    "moments": pd.to_datetime(["2020", "2021"]).tolist() * 20,
    "lists": [[1], [2]] * 20,
    "bytes": [b"a", b"b"] * 20,
    "complex numbers": [1j, 2j] * 20,
    "too many": list(range(MOST_CLASSES + 1)),
    "texts that do not repeat": [f"name {number}" for number in range(20)],
}


@pytest.mark.parametrize("name", NO_CLASSES)
def test_these_are_no_classes(name):
    series = pd.Series(NO_CLASSES[name])
    assert classes(column_of(series), [(0, len(series))], is_target=False) is None


def test_texts_of_a_named_target_are_classes_though_they_do_not_repeat():
    series = pd.Series(["a", "b", "c"])
    assert classes(column_of(series), [(0, 3)], is_target=True) == {"a": 1, "b": 1, "c": 1}
    assert classes(column_of(series), [(0, 3)], is_target=False) is None
    assert classes(column_of(pd.Series(["a", "b"] * 5)), [(0, 10)], is_target=False) == {"a": 5, "b": 5}
    assert classes(column_of(pd.Series(["a", "b"] * 5)), [(0, 9)], is_target=False) is None


def test_just_as_many_classes_as_are_kept():
    series = pd.Series(range(MOST_CLASSES))
    assert len(classes(column_of(series), [(0, MOST_CLASSES)], is_target=False)) == MOST_CLASSES


def test_labels_are_redacted_cut_and_added_up():
    token = "ghp_" + "a1B2" * 9
    series = pd.Series([token, token.replace("a", "c"), "x" * 500, "x" * 501])
    found = classes(column_of(series), [(0, 4)], is_target=True)
    assert found == {"<redacted>": 2, "x" * 80: 2}


@pytest.mark.parametrize("rows", [0, 1, 20_000, 20_001, 100_000])
def test_distinct_values_of_very_many_rows_are_those_of_a_sample_that_says_its_size(rows):
    column = column_of(pd.Series(np.arange(rows) % 7919))
    found = distinct(column, rows)
    assert found["n_unique"] == min(rows, 7919) or rows > 20_000
    assert found.get("n_unique_of") == (20_000 if rows > 20_000 else None)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (["2020-01-02"], ("2020-01-02", "2020-01-02")), (["2020-01-02T03:04:05.600", "1969-12-31"], ("1969-12-31", "2020-01-02T03:04:05.6")),
        (["2020-01-01T00:00:00.000000001"], ("2020-01-01T00:00:00.000000001",) * 2), (["NaT"], None), (["9999-12-31", "2020-01-01"], ("2020-01-01", "9999-12-31")), (["9999-12-31T23:59:59.999", "NaT"], ("9999-12-31T23:59:59",) * 2),
        (["0001-01-01", "1969-01-01"], ("0001-01-01", "1969-01-01")),
    ],
)  # fmt: skip
def test_times_are_shown_without_what_is_zero(values, shown):
    found = facts_of(pd.DataFrame({"t": np.array(values, "M8[ns]" if len(values[0]) > 25 else "M8[ms]")}))
    assert tuple(found[end] for end in ("min", "max") if end in found) == (shown or ())
    assert "mean" not in found


def test_names_are_redacted_cut_and_made_unique():
    token = "ghp_" + "a1B2" * 9
    names = shown_names(["a", token, token.replace("a", "c"), "x" * 300, "x" * 301, "a"])
    assert len(set(names)) == 6
    assert names[:3] == ["a", "<redacted>", "<redacted>_2"]
    assert all(len(name) <= 203 for name in names)
    assert token not in "".join(names)
