# ruff: noqa: DTZ001 - times without a zone are content too
from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import subprocess
import sys
import threading
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.kinds import Selection
from mlmagic.errors import UsageProblem


def digest(dataset):
    return fingerprint(dataset).digest


def series(values, dtype=None, **more):
    return pd.Series(values, dtype=dtype, **more)


def frame(values, dtype=None):
    return pd.DataFrame({"v": pd.Series(values, dtype=dtype)})


TEXT = ["a", None, "", "ümlaut", "x" * 1000]
MOMENTS = ["2020-01-01T10:00", None, "1999-12-31T23:59:59.123"]
REAL = np.array([1.5, -0.0, np.nan, np.inf])
GRID = np.arange(24.0).reshape(6, 4)


def backwards_nan():
    bits = REAL.copy().view(np.uint64)
    bits[2] = 0xFFF8000000000123  # NaN with the sign set and a payload, as 0 / 0 gives on some processors
    return bits.view(np.float64)


def memory_mapped():
    import tempfile
    from pathlib import Path

    file = Path(tempfile.mkdtemp()) / "grid"
    GRID.tofile(file)
    return np.memmap(file, np.float64, "r", shape=GRID.shape)


EQUAL = {
    "text of any type": [
        frame(TEXT, object), frame(TEXT, "string"), frame(TEXT, "string[python]"), frame(TEXT, "string[pyarrow]"),
        frame(TEXT), frame(["a", math.nan, "", "ümlaut", "x" * 1000], object), pl.DataFrame({"v": TEXT}),
        frame(TEXT, pd.ArrowDtype(pa.string())), frame([*TEXT[:1], pd.NA, *TEXT[2:]], object),
    ],
    "text with half of a surrogate pair": [frame(["\ud800", "b"], object), frame([np.str_("\ud800"), "b"], object)],
    "nothing but missing": [
        frame([None, None], object), frame([math.nan, None], object), frame([None, None], "string"),
        pl.DataFrame({"v": [None, None]}), pl.DataFrame({"v": pl.Series([None, None], dtype=pl.String)}),
    ],
    "moments in any unit": [
        frame(MOMENTS, f"datetime64[{unit}]") for unit in ("ms", "us", "ns")
    ] + [pl.DataFrame({"v": pl.Series(MOMENTS).str.to_datetime(time_unit=unit)}) for unit in ("ms", "us", "ns")],
    "moments beyond nanoseconds": [
        frame(np.array(["9999-12-31", "0001-01-01"], f"datetime64[{unit}]")) for unit in ("s", "ms", "us")
    ] + [pl.DataFrame({"v": [dt.datetime(9999, 12, 31), dt.datetime(1, 1, 1)]})],
    "instants in a zone": [
        frame(pd.to_datetime(MOMENTS, format="ISO8601").tz_localize("UTC").tz_convert("Europe/Berlin")),
        frame(pd.to_datetime(MOMENTS, format="ISO8601").tz_localize("UTC").tz_convert(dt.UTC).tz_convert("Europe/Berlin")),
        pl.DataFrame({"v": pl.Series(MOMENTS).str.to_datetime(time_zone="UTC").dt.convert_time_zone("Europe/Berlin")}),
    ],
    "instants in UTC": [
        frame(pd.to_datetime(MOMENTS, format="ISO8601").tz_localize(zone)) for zone in ("UTC", dt.UTC)
    ] + [pl.DataFrame({"v": pl.Series(MOMENTS).str.to_datetime(time_zone="UTC")})],
    "spans": [
        *(frame(pd.to_timedelta([1000, None, -1], unit="s").astype(f"timedelta64[{unit}]")) for unit in ("s", "us", "ns")),
        pl.DataFrame({"v": [dt.timedelta(seconds=1000), None, dt.timedelta(seconds=-1)]}),
    ],
    "dates": [frame([dt.date(2020, 1, 1), None], object), pl.DataFrame({"v": [dt.date(2020, 1, 1), None]})],
    "times": [frame([dt.time(1, 2, 3, 4), None], object), pl.DataFrame({"v": [dt.time(1, 2, 3, 4), None]})],
    "categories, whatever their codes": [
        frame(pd.Categorical(["x", None, "y"])), frame(pd.Categorical(["x", None, "y"], categories=["z", "y", "x"])),
        pl.DataFrame({"v": pl.Series(["x", None, "y"], dtype=pl.Categorical)}),
        frame(pd.Categorical.from_codes([1, -1, 0], categories=pd.Index(["y", "x"], dtype=object))),
    ],
    "ordered categories": [
        frame(pd.Categorical(["lo", "hi"], categories=["lo", "mid", "hi"], ordered=True)),
        frame(pd.Categorical(["lo", "hi"], categories=["lo", "hi"], ordered=True)),
        pl.DataFrame({"v": pl.Series(["lo", "hi"], dtype=pl.Enum(["lo", "hi", "top"]))}),
    ],
    "whole numbers": [
        frame([1, 2], "int64"), frame([1, 2], "Int64"), frame([1, 2], "int64[pyarrow]"), pl.DataFrame({"v": [1, 2]}),
        frame(np.array([1, 2], ">i8")), frame([1, 2], pd.SparseDtype("int64")), pd.DataFrame({"v": [2, 1]})[::-1].reset_index(drop=True),
    ],
    "whole numbers with nulls": [frame([1, None], "Int64"), frame([1, pd.NA], "Int64"), pl.DataFrame({"v": [1, None]}), frame([1, None], "int64[pyarrow]")],
    "real numbers with nulls": [
        frame([1.5, None]), frame([1.5, math.nan]), frame([1.5, None], "Float64"), pl.DataFrame({"v": [1.5, None]}),
        pl.DataFrame({"v": [1.5, math.nan]}), frame([1.5, None], pd.SparseDtype("float64")),
    ],
    "bools with nulls": [
        frame([True, None], "boolean"), frame([True, None], object), frame([np.True_, math.nan], object), pl.DataFrame({"v": [True, None]}),
    ],
    "decimals": [
        frame([decimal.Decimal("1.50"), None], object), frame([decimal.Decimal("1.5"), None], object),
        pl.DataFrame({"v": pl.Series([decimal.Decimal("1.5"), None], dtype=pl.Decimal(10, 2))}),
    ],
    "bytes": [frame([b"a", None, b"\0"], object), pl.DataFrame({"v": [b"a", None, b"\0"]})],
    "lists": [frame([[1, 2], [], [3]], object), pl.DataFrame({"v": [[1, 2], [], [3]]}), frame([[np.int64(1), 2], [], [3]], object)],
    "dicts": [frame([{"a": 1, "b": None}], object), frame([{"b": None, "a": 1}], object), pl.DataFrame({"v": [{"a": 1, "b": None}]})],
    "real arrays": [REAL, REAL.astype(">f8"), np.repeat(REAL, 2)[::2], backwards_nan(), np.ma.array(np.where(np.isnan(REAL), 5, REAL), mask=np.isnan(REAL))],
    "arrays in any order": [
        GRID, np.asfortranarray(GRID), np.repeat(GRID, 2, axis=1)[:, ::2], GRID[::-1][::-1], memory_mapped(), np.ma.array(GRID),
        Selection(GRID[::-1].copy(), np.arange(6)[::-1]), GRID.astype(">f8"), np.asmatrix(GRID),
    ],
    "masked arrays": [np.ma.array([1, 2, 3], mask=[0, 1, 0]), np.ma.array([1, 7, 3], mask=[0, 1, 0], fill_value=9)],
    "masked floats and NaN": [np.ma.array([1.0, 2.0], mask=[0, 1]), np.array([1.0, np.nan])],
    "text arrays": [np.array(["a", "bc"]), np.array(["a", "bc"], "<U9"), np.array(["a", "bc"], ">U2"), np.array(["a", "bc"], object)],
    "moment arrays": [np.array(["1970-02-01", "NaT"], f"M8[{unit}]") for unit in ("D", "h", "s", "ns", "25s", "ps")],
    "a structured array and a frame": [
        np.array([(1, 0.5), (2, np.nan)], [("a", "<i8"), ("b", ">f8")]), pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan]}),
        np.rec.array([(1, 0.5), (2, np.nan)], dtype=[("a", "i8"), ("b", "f8")]),
    ],
    "a default index": [
        pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}, index=[0, 1]), pd.DataFrame({"a": [1, 2]}, index=pd.Index([0, 1], dtype="int32")),
        pl.DataFrame({"a": [1, 2]}),
    ],
    "an index of text": [pd.DataFrame({"a": [1]}, index=pd.Index(["x"], dtype=kind)) for kind in (object, "string")],
    "no rows": [frame([], object), frame([], "string"), pl.DataFrame({"v": pl.Series([], dtype=pl.String)})],
    "series": [series([1, 2], name="n"), pl.Series("n", [1, 2])],
    "series without a name": [series([1, 2]), pl.Series([1, 2])],
    "sparse": [
        make(np.array([[0, 1.0, 0], [2, 0, -0.0]]))
        for make in (sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix, sparse.lil_matrix, sparse.dok_matrix, sparse.csr_array)
    ] + [sparse.coo_matrix(([2.0, 0.5, 0.5, 0.0], ([1, 0, 0, 0], [0, 1, 1, 2])), shape=(2, 3)), sparse.csr_matrix(([1.0, 2.0], [1, 0], np.array([0, 1, 2], np.int64)), shape=(2, 3))],
}  # fmt: skip

EQUAL |= {
    "values in several chunks": [
        frame(TEXT * 2), pd.concat([frame(TEXT, "string[pyarrow]")] * 2, ignore_index=True),
        pd.DataFrame({"v": pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([TEXT, TEXT])))}),
    ],
    "categories in several chunks": [
        frame(pd.Categorical(["a", "b", "b", "c"])),
        pd.DataFrame({"v": pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array(["a", "b"]).dictionary_encode(), pa.array(["b", "c"]).dictionary_encode()])))}),
    ],
    "categories of no rows": [
        frame(pd.Categorical([])),
        pd.DataFrame({"v": pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([], pa.dictionary(pa.int8(), pa.string()))))}),
    ],
    "objects of the user": [frame([1, {"a": 2}], object), pl.DataFrame({"v": pl.Series([1, {"a": 2}], dtype=pl.Object)})],
    "years and days": [np.array(["2020", "NaT"], "M8[Y]"), np.array(["2020-01-01", "NaT"], "M8[D]")],
    "years and months": [np.array([1, "NaT"], "m8[Y]"), np.array([12, "NaT"], "m8[M]")],
    "a structure within": [
        np.array([((1, 2.5), [1, 2])] * 2, [("a", [("b", order + "i4"), ("c", "f8")]), ("d", order + "i8", 2)]) for order in "<>"
    ],
    "no axis": [np.array(5.0), np.array(5.0, ">f8")],
    "sparse with one axis": [sparse.coo_array(np.array([0, 1.0, 2])), sparse.coo_array(([2.0, 1.0], ([2, 1],)), shape=(3,))],
}  # fmt: skip

CASES = [(name, number) for name, several in EQUAL.items() for number in range(1, len(several))]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_equal_content_has_one_fingerprint(name, number):
    first, other = fingerprint(EQUAL[name][0]), fingerprint(EQUAL[name][number])
    assert (first.digest, first.order_free, first.schema, first.index, first.columns, first.unhashed) == (
        other.digest, other.order_free, other.schema, other.index, other.columns, other.unhashed,
    )  # fmt: skip
    assert first.unhashed == ()


DIFFERENT = {
    "types": [
        *(np.array([0, 1, 0]).astype(kind) for kind in ("i1", "i2", "i4", "i8", "u1", "u8", "f2", "f4", "f8", "g", "c8", "c16", "?", "U1", "S1", "M8[s]", "m8[s]")),
        np.array([0, 1, 0], object),
    ],
    "columns of one value": [
        *(frame([1, 1], kind) for kind in ("int64", "int32", "float64", "bool", "category", "datetime64[ns]", "timedelta64[ns]")),
        frame(["1", "1"]), frame(["1", "1"], "category"), frame([1, 1], object), frame([1.0, 1.0], object), frame([True, 1], object),
        frame([decimal.Decimal(1)] * 2, object), frame([b"1", b"1"], object), frame([dt.date(1970, 1, 1)] * 2, object),
        frame([dt.time(1), dt.time(1)], object), frame([[1], [1]], object), frame([(1,), (1,)], object), frame([{1}, {1}], object), frame([{1: 1}] * 2, object),
        frame([dt.time(1, tzinfo=dt.UTC)] * 2, object), frame([1 + 0j, 1 + 0j], object),
        frame(pd.to_datetime([1, 1], utc=True)), frame(pd.to_datetime([1, 1], utc=True).tz_convert("Asia/Tokyo")),
        frame(pd.Categorical([1, 1], ordered=True)), frame(pd.period_range("2020", periods=2, freq="D")), frame(pd.interval_range(0, 2)),
        series([1, 1], name="v"), pd.DataFrame({"w": [1, 1]}), pd.DataFrame({0: [1, 1]}), pd.DataFrame({"0": [1, 1]}), pd.DataFrame({("v",): [1, 1]}),
        np.array([1, 1]), np.array([[1, 1]]), np.array([[1], [1]]), np.array([(1,), (1,)], [("v", "i8", (1, 1))]), sparse.csr_matrix([[1], [1]]),
    ],
    "missing values": [
        frame([1, None], "Int64"), frame([1, 0], "Int64"), frame([None, 1], "Int64"), frame([1, None]), frame([None, None], "Int64"),
        frame(["a", None], object), frame(["a", ""], object), frame(["a", "None"]), frame(["a", "nan"]), frame([None, "a"]), frame(["", "a"]),
    ],
    "where one text ends": [frame(["ab", "c"]), frame(["a", "bc"]), frame(["abc", ""]), frame(["", "abc"]), frame(["abc"]), frame(["ab", "c", ""]), frame(["ab\0", "c"])],
    "shapes": [GRID, GRID.T, GRID.reshape(4, 6), GRID.reshape(-1), GRID.reshape(6, 2, 2), GRID.reshape(1, 24), GRID[None], np.zeros((0, 3)), np.zeros((0, 2)), np.zeros((3, 0))],
    "indexes": [
        pd.DataFrame({"a": [1, 2]}, index=index)
        for index in (None, [1, 0], ["0", "1"], [0.0, 1.0], pd.RangeIndex(2, name="i"), pd.Index([0, 1], name="j"), pd.MultiIndex.from_tuples([(0, 1), (1, 1)]),
                      pd.to_datetime([0, 1]), pd.to_datetime([0, 1], utc=True), pd.Categorical(["0", "1"]), [True, False], range(5, 7), range(0, 4, 2), [0, 3])
    ],
    "order of ordered categories": [
        frame(pd.Categorical(["lo", "hi"], categories=order, ordered=True)) for order in (["lo", "hi"], ["hi", "lo"])
    ] + [frame(pd.Categorical(["lo", "hi"]))],
    "order of columns": [pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame({"b": [2], "a": [1]}), pd.DataFrame({"a": [2], "b": [1]})],
    "moments": [np.array([value], "M8[ns]") for value in (0, 1, 1000)] + [np.array([value], "M8[s]") for value in ("NaT", "9999-12-31", "9999-12-30", "2262-04-12", -(2**62), 2**62)],
    "parts of a nanosecond": [np.array([value], "M8[ps]") for value in (0, 1, 999, 1000)],
    "months and days": [np.array([1, 1], "m8[M]"), np.array([1, 1], "m8[D]"), np.array([12, 12], "m8[M]")],
    "sparse": [sparse.csr_matrix(rows) for rows in ([[0, 1.0], [0, 0]], [[1.0, 0], [0, 0]], [[0, 0], [0, 1.0]], [[0, 2.0], [0, 0]], [[0, 0], [0, 0]], [[0, 1.0]], [[0, np.nan], [0, 0]])],
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_content_has_different_fingerprints(name):
    digests = [digest(one) for one in DIFFERENT[name]]
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("row", [0, 1, 9_999, 10_001, 899_999, 999_999])
def test_a_change_in_any_row_is_seen(row):
    big = pd.DataFrame({"a": np.arange(1_000_000.0), "b": np.arange(1_000_000) % 2 == 0})
    before = fingerprint(big)
    big.loc[row, "b"] = not big.loc[row, "b"]
    after = fingerprint(big)
    assert before.digest != after.digest
    assert before.order_free != after.order_free
    assert before.columns["a"] == after.columns["a"]
    assert before.columns["b"] != after.columns["b"]


def test_the_order_of_rows_alone_is_told_apart():
    rows = pd.DataFrame({"a": [3, 1, 2], "b": ["x", None, "z"], "c": pd.Categorical(["u", "v", "u"])})
    for other in (rows.sample(frac=1, random_state=1), rows[::-1].reset_index(drop=True), pl.from_pandas(rows[::-1])):
        assert fingerprint(other).order_free == fingerprint(rows).order_free
        assert fingerprint(other).digest != fingerprint(rows).digest
    swapped = rows.assign(a=rows["a"].to_numpy()[::-1])
    assert fingerprint(swapped).order_free != fingerprint(rows).order_free
    doubled = rows.iloc[[0, 0, 1]]
    assert fingerprint(doubled).order_free != fingerprint(rows).order_free


def test_an_index_that_means_something_belongs_to_the_row():
    prices = pd.DataFrame({"p": [1.0, 2.0]}, index=pd.to_datetime(["2020-01-01", "2020-01-02"]))
    assert fingerprint(prices[::-1]).order_free == fingerprint(prices).order_free
    assert fingerprint(prices.set_axis(prices.index[::-1])).order_free != fingerprint(prices).order_free


@pytest.mark.parametrize("shape", [(5,), (5, 3), (5, 100), (5, 3, 4)])
@pytest.mark.parametrize(
    "kind", ["float32", "uint8", "complex128", "datetime64[s]", "U3", "object", "longdouble", "bool"]
)
def test_rows_of_an_array_in_another_order(shape, kind):
    array = (np.arange(math.prod(shape)) % 97).reshape(shape).astype(kind)
    assert fingerprint(array[::-1]).order_free == fingerprint(array).order_free
    assert digest(array[::-1]) != digest(array)
    assert fingerprint(np.roll(array, 1)).order_free != fingerprint(array).order_free or len(shape) == 1
    assert digest(np.asfortranarray(array)) == digest(array)


def test_rows_of_a_sparse_array_in_another_order():
    rows = sparse.random(50, 8, 0.3, format="csr", random_state=0)
    assert fingerprint(rows[::-1]).order_free == fingerprint(rows).order_free
    assert fingerprint(rows[:, ::-1]).order_free != fingerprint(rows).order_free


def test_a_type_of_ml_dtypes_is_a_type_of_its_own():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="JAX brings it; mlmagic does not need it")

    numbers = np.array([1.0, -0.0, np.nan])
    small = numbers.astype(ml_dtypes.bfloat16)
    assert digest(small) == digest(np.array([1.0, 0.0, np.nan]).astype(ml_dtypes.bfloat16))
    assert digest(small) != digest(numbers.astype(np.float32))


def test_rows_that_take_megabytes_are_read_in_parts():
    wide = np.arange(1_500_000.0).reshape(2, 750_000)
    found = fingerprint(wide)
    assert found.order_free is None
    assert found.digest == digest(np.asfortranarray(wide)) == digest(Selection(wide[::-1], np.array([1, 0])))
    wide[1, 700_000] += 1
    assert found.digest != digest(wide)


def test_pieces_of_the_content_end_nowhere_in_particular():
    text = [f"row {number}" * (number % 7) for number in range(40_000)]
    whole = pd.DataFrame({"t": text, "n": range(40_000), "l": [[number] for number in range(40_000)]})
    chunked = pl.concat(
        [pl.from_pandas(whole[:123]), pl.from_pandas(whole[123:30_001]), pl.from_pandas(whole[30_001:])], rechunk=False
    )
    assert digest(chunked) == digest(whole)


def test_columns_are_named_also_when_names_stand_twice_or_are_no_text():
    found = fingerprint(pd.DataFrame([[1, 2, 3]], columns=["a", "a", 0]))
    assert list(found.columns) == ["a", "a#2", "0"]
    assert list(found.types.values()) == ["int64"] * 3


def test_schema_and_content_are_told_apart():
    narrow, wide = fingerprint(frame([1, 2], "int32")), fingerprint(frame([1, 2], "int64"))
    other = fingerprint(frame([3, 4], "int64"))
    assert narrow.schema != wide.schema == other.schema


def test_what_cannot_be_identified_is_told_and_never_equal():
    lock = threading.Lock()
    locks = frame([lock, 1, lock], object)
    found = fingerprint(locks)
    assert found.unhashed == ("column 'v': 2 of type 'lock' cannot be identified",)
    assert found.digest != digest(locks)
    for value in (lambda: 1, locks):
        own = frame([value], object)
        assert digest(own) != digest(own)


def test_numbers_that_no_other_machine_has_are_told():
    if np.dtype(np.clongdouble).itemsize > 16:
        assert fingerprint(np.zeros(2, np.clongdouble)).unhashed == (
            "its values: 2 of type 'clongdouble' cannot be identified",
        )


def test_a_function_of_the_notebook_within_an_object_is_no_content():
    import functools

    def of_the_notebook():
        return 1

    of_the_notebook.__module__ = "__main__"
    own = frame([functools.partial(of_the_notebook)], object)
    assert digest(own) != digest(own)


def test_a_list_that_holds_itself_does_no_harm():
    endless: list = []
    endless.append(endless)
    assert fingerprint(frame([endless, 1], object)).unhashed == ("column 'v': 1 of type 'list' cannot be identified",)


def test_objects_of_a_class_are_identified_by_what_they_hold():
    from fractions import Fraction
    from pathlib import PurePosixPath
    from uuid import UUID

    def values(last):
        return frame(
            [
                Fraction(1, 3),
                PurePosixPath("a/b"),
                UUID(int=7),
                frozenset("abc"),
                np.arange(3),
                frame([1]),
                range(last),
            ],
            object,
        )

    assert digest(values(3)) == digest(values(3)) != digest(values(4))
    assert fingerprint(values(3)).unhashed == ()


def test_the_fingerprint_changes_nothing():
    matrix = sparse.csr_matrix(([1.0, 0.0, 2.0], ([0, 0, 0], [2, 1, 2])), shape=(2, 3))
    unsorted = sparse.csr_matrix((np.array([1.0, 2.0]), np.array([2, 0]), np.array([0, 2, 2])), shape=(2, 3))
    for one in (matrix, unsorted):
        before = one.indices.copy(), one.data.copy()
        fingerprint(one)
        assert (one.indices == before[0]).all()
        assert (one.data == before[1]).all()
    real = backwards_nan()
    before = real.tobytes()
    fingerprint(real)
    assert real.tobytes() == before


def test_past_the_budget_a_sample_stands_for_the_whole():
    big = pd.DataFrame({"a": np.arange(300_000), "b": [str(number) for number in range(300_000)]})
    whole, sample = fingerprint(big), fingerprint(big, budget_s=0)
    assert (whole.sampled, sample.sampled) == (False, True)
    assert sample.order_free is None
    assert sample.schema == whole.schema
    assert sample.digest != whole.digest
    assert sample.digest == fingerprint(big, budget_s=1e-9).digest, "however far the clock let it get"
    assert sample.digest == fingerprint(pl.from_pandas(big), budget_s=0).digest
    big.loc[299_999, "a"] = 0
    assert sample.digest != fingerprint(big, budget_s=0).digest


def test_a_sample_of_few_rows_is_called_one_too():
    assert fingerprint(GRID, budget_s=0).digest != fingerprint(GRID).digest
    assert fingerprint(GRID, budget_s=60).digest == fingerprint(GRID).digest


@pytest.mark.parametrize("value", [5, "text", [1, 2], None, {"a": 1}])
def test_what_is_no_dataset_is_refused(value):
    with pytest.raises(UsageProblem, match=f"of type '{type(value).__name__}' is no dataset. Give a DataFrame"):
        fingerprint(value)


def test_a_fingerprint_cannot_be_changed():
    with pytest.raises(FrozenInstanceError, match="digest"):
        fingerprint(GRID).digest = ""


def test_another_process_finds_the_same():
    code = """
import json, numpy as np, pandas as pd
from mlmagic.data.fingerprint.fingerprint import fingerprint
frame = pd.DataFrame({"s": [{"b", "a", "c"}, {"x": 1}], "t": pd.Categorical(["q", "p"])})
print(json.dumps([fingerprint(frame).digest, fingerprint(np.arange(5.0)).digest]))
"""

    def run(seed):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        )
        return json.loads(done.stdout)

    assert run("1") == run("2")
