"""One column, held by Arrow, by pandas over Arrow and by polars, has one fingerprint; any one other cell has another."""

from __future__ import annotations

import datetime as dt
import decimal
import zoneinfo

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mlmagic.data.fingerprint.fingerprint import fingerprint

BRIEF = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
AROUND = st.sampled_from([-(2**40), -1, 0, 1, 2**40])
TYPES = {
    "int8": (pa.int8(), st.integers(-128, 127)),
    "int64": (pa.int64(), st.sampled_from([-(2**63), -1, 0, 1, 2**53 + 1, 2**63 - 1])),
    "uint64": (pa.uint64(), st.sampled_from([0, 1, 2**63, 2**64 - 1])),
    "float32": (pa.float32(), st.floats(width=32)),
    "float64": (pa.float64(), st.floats()),
    "bool": (pa.bool_(), st.booleans()),
    "string": (pa.string(), st.text(max_size=4)),
    "large string": (pa.large_string(), st.text(max_size=4)),
    "binary": (pa.binary(), st.binary(max_size=4)),
    "fixed binary": (pa.binary(2), st.binary(min_size=2, max_size=2)),
    "date": (pa.date32(), st.dates()),
    "time": (pa.time64("us"), st.times()),
    "second": (pa.timestamp("s"), AROUND),
    "microsecond": (pa.timestamp("us"), AROUND),
    "nanosecond": (pa.timestamp("ns"), AROUND),
    "in UTC": (pa.timestamp("us", "UTC"), AROUND),
    "in Berlin": (pa.timestamp("ms", "Europe/Berlin"), AROUND),
    "duration": (pa.duration("us"), AROUND),
    "decimal": (pa.decimal128(12, 2), st.decimals(-999, 999, places=2)),
    "list": (pa.list_(pa.int64()), st.lists(st.none() | st.integers(-2, 2), max_size=3)),
    "list of texts": (pa.list_(pa.string()), st.lists(st.none() | st.text("ab", max_size=2), max_size=3)),
    "list of lists": (pa.list_(pa.list_(pa.float64())), st.lists(st.lists(st.floats(-2, 2), max_size=2), max_size=2)),
    "structure": (
        pa.struct({"a": pa.int64(), "b": pa.string()}),
        st.fixed_dictionaries({"a": st.none() | st.integers(0, 2), "b": st.none() | st.text("ab", max_size=1)}),
    ),
    "list of structures": (
        pa.list_(pa.struct({"t": pa.timestamp("us")})),
        st.lists(st.fixed_dictionaries({"t": st.none() | st.datetimes()}), max_size=2),
    ),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "b", ""])),
    "nothing": (pa.null(), st.nothing()),
}  # fmt: skip


@st.composite
def arrays(draw):
    """Return the name of a type, and an array of it, in which values may be missing."""
    name = draw(st.sampled_from(sorted(TYPES)))
    kind, values = TYPES[name]
    listed = st.none() if name == "nothing" else st.none() | values
    return name, pa.array(draw(st.lists(listed, min_size=1, max_size=6)), kind)


def in_pandas(*chunks):
    return pd.DataFrame({"v": pd.arrays.ArrowExtensionArray(pa.chunked_array(list(chunks)))})


def in_polars(array):
    return pl.DataFrame({"v": pl.Series("v", pl.from_arrow(array))})


def facts(dataset):
    found = fingerprint(dataset)
    assert found.unhashed == ()
    return found.digest, found.order_free, found.schema, found.columns, found.types


@BRIEF
@given(arrays(), st.data())
def test_a_column_is_the_same_in_pandas_and_polars_and_however_it_is_cut(made, data):
    _, array = made
    expected = facts(in_pandas(array))
    assert facts(in_polars(array)) == expected
    at = data.draw(st.integers(0, len(array)))
    assert facts(in_pandas(array.slice(0, at), array.slice(at))) == expected
    longer = pa.concat_arrays([array, array]).slice(len(array))
    assert facts(in_pandas(longer)) == expected


@BRIEF
@given(arrays(), st.data())
def test_one_other_cell_is_another_fingerprint_and_the_same_cell_is_not(made, data):
    name, array = made
    assume(name != "nothing")
    kind, values = TYPES[name]
    listed = plain_values(array)
    at = data.draw(st.integers(0, len(listed) - 1))
    other = pa.array([*listed[:at], data.draw(st.none() | values), *listed[at + 1 :]], kind)
    same = texts(array) == texts(other)
    before, after = fingerprint(in_pandas(array)), fingerprint(in_polars(other))
    assert (before.digest == after.digest) == same
    assert (before.columns == after.columns) == same
    assert (before.order_free == after.order_free) == same


def plain_values(array):
    """Return Python's values, of times the numbers: Python's own do not reach as far."""
    is_time = pa.types.is_timestamp(array.type) or pa.types.is_duration(array.type)
    return (array.cast(pa.int64()) if is_time else array).to_pylist()


def texts(array):
    """Return the values as text, in which all NaNs and missing floats are one, and so are the zeros."""
    return [repr(_plain(value)) for value in plain_values(array)]


def _plain(value):
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value + 0.0 if value == value else None  # noqa: PLR0124
    return value


SAME_CLOCK = [dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC), dt.datetime(2024, 10, 27, 1, 30, tzinfo=dt.UTC)]
"""Both are half past two in Berlin, where summer time ends between them."""


def test_moments_of_one_clock_time_are_told_apart_by_their_instant():
    moments = pd.Series(SAME_CLOCK).dt.tz_convert("Europe/Berlin")
    pandas = pd.DataFrame({"t": moments.astype("datetime64[us, Europe/Berlin]")})
    assert set(moments.dt.strftime("%H:%M")) == {"02:30"}
    assert fingerprint(pandas).digest != fingerprint(pandas[::-1].reset_index(drop=True)).digest
    polars = pl.DataFrame({"t": pl.Series("t", SAME_CLOCK).dt.convert_time_zone("Europe/Berlin")})
    assert fingerprint(polars).digest == fingerprint(pandas).digest
    objects = pd.DataFrame({"t": pd.Series([moment.astimezone(BERLIN) for moment in SAME_CLOCK], dtype=object)})
    assert fingerprint(objects).digest != fingerprint(objects[::-1].reset_index(drop=True)).digest


@pytest.mark.parametrize(
    ("one", "other"), [("UTC", "Europe/London"), ("Europe/Berlin", "Europe/Paris"), ("UTC", None), ("+01:00", "+02:00")]
)
def test_the_zone_is_a_part_of_the_type(one, other):
    frames = [pd.DataFrame({"t": pd.array([0, 1], pd.ArrowDtype(pa.timestamp("us", zone)))}) for zone in (one, other)]
    assert fingerprint(frames[0]).schema != fingerprint(frames[1]).schema
    assert len({fingerprint(frame).columns["t"] for frame in frames}) == 2


@pytest.mark.parametrize("order", [["lo", "hi"], ["hi", "lo"], ["hi", "mid", "lo"]])
def test_an_ordered_category_is_one_in_pandas_and_polars(order):
    values = ["lo", None, "hi", "lo"]
    ordered = pd.DataFrame({"k": pd.Categorical(values, categories=order, ordered=True)})
    assert (
        fingerprint(ordered).digest == fingerprint(pl.DataFrame({"k": pl.Series(values, dtype=pl.Enum(order))})).digest
    )
    unordered = pd.DataFrame({"k": pd.Categorical(values, categories=order)})
    polars = pl.DataFrame({"k": pl.Series(values, dtype=pl.Categorical)})
    assert fingerprint(unordered).digest == fingerprint(polars).digest != fingerprint(ordered).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], ["1", "2"]), ([1, 2], [1.0, 2.0]), ([True, False], [1, 0]), (["a"], [b"a"]), ([dt.date(2020, 1, 1)], [dt.datetime(2020, 1, 1)]),  # noqa: DTZ001
        ([decimal.Decimal(1)], [1]), ([[1]], [(1,)]), ([{"a": 1}], [[("a", 1)]]), ([None], [""]), ([""], ["\0"]), ([[]], [None]), ([[None]], [[]]), ([{}], [None]),
    ],
    ids=str,
)  # fmt: skip
def test_values_of_another_type_are_another_column(one, other):
    assert fingerprint(pd.DataFrame({"v": one})).digest != fingerprint(pd.DataFrame({"v": other})).digest
