"""One reader of columns: what fingerprints and ids get of each library."""

import datetime as dt
import decimal
import uuid

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mlmagic.data.columns.column import ArrayColumn, CodedColumn, ObjectColumn, TextColumn
from mlmagic.data.columns.reader import read_column
from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.ids.id_hash import hash_ids

ARROW = {
    "int32": (pa.array([1, None, 3], pa.int32()), ArrayColumn),
    "uint64": (pa.array([2**64 - 1, None, 3], pa.uint64()), ArrayColumn),
    "float16": (pa.array([1.5, None, -0.0], pa.float16()), ArrayColumn),
    "bool": (pa.array([True, None, False]), ArrayColumn),
    "date": (pa.array([dt.date(2020, 2, 29), None, dt.date(9999, 12, 31)]), ArrayColumn),
    "instant": (pa.array([1, None, -3], pa.timestamp("us", "Europe/Berlin")), ArrayColumn),
    "string": (pa.array(["a", None, "é"]), TextColumn),
    "string_view": (pa.array(["a", None, "é"], pa.string_view()), TextColumn),
    "binary": (pa.array([b"ab", None, b"\0\0"], pa.binary(2)), TextColumn),
    "null": (pa.nulls(3), TextColumn),
    "dictionary": (pa.array(["a", None, "b"]).dictionary_encode(), CodedColumn),
    "dictionary, ordered": (
        pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.uint8()), pa.array(["x", "y"]), ordered=True),
        CodedColumn,
    ),
    "dictionary of instants": (pa.array([5, None, 7], pa.timestamp("ms", "UTC")).dictionary_encode(), CodedColumn),
    "decimal": (pa.array([decimal.Decimal("1.50"), None, decimal.Decimal(3)]), ObjectColumn),
    "uuid": (
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([uuid.UUID(int=at).bytes for at in range(3)], pa.binary(16))),
        ObjectColumn,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ARROW)
def test_an_arrow_array_is_the_same_column_in_one_piece_in_chunks_and_in_pandas(name):
    array, form = ARROW[name]
    chunked = pa.chunked_array([array.slice(0, 1), array.slice(1)])
    assert type(read_column(array)) is type(read_column(chunked)) is form
    assert hash_ids(array).tolist() == hash_ids(chunked).tolist()
    one, other = (
        pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([*chunks]))) for chunks in ([array], chunked.chunks)
    )
    assert fingerprint(one).digest == fingerprint(other).digest
    assert hash_ids(one).tolist() == hash_ids(array).tolist()


@pytest.mark.parametrize(
    ("column", "form"),
    [
        (pd.Series([1.5, None]), ArrayColumn),
        (pd.Series([1, None], dtype="Int64"), ArrayColumn),
        (pd.Series(pd.arrays.SparseArray([0, 3])), ArrayColumn),
        (pd.Series(pd.to_datetime(["2020-01-01", None])).dt.tz_localize("UTC"), ArrayColumn),
        (pd.Series(["a", None], dtype="string"), TextColumn),
        (pd.Series(["a", None], dtype="category"), CodedColumn),
        (pd.Series(pd.PeriodIndex(["2020-01", None], freq="M")), ObjectColumn),
        (pd.Index([3, 4]), ArrayColumn),
        (pl.Series([1, None]), ArrayColumn),
        (pl.Series(["a", None]), TextColumn),
        (pl.Series(["a", None], dtype=pl.Enum(["a", "b"])), CodedColumn),
        (pl.Series([{1}, None], dtype=pl.Object), ObjectColumn),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_each_library_is_read_in_one_of_four_forms(column, form):
    read = read_column(column)
    assert isinstance(read, form)
    assert read.length == len(column)


def test_a_period_and_an_interval_identify_a_row_as_their_text_does():
    periods = pd.Series(pd.PeriodIndex(["2020-01", "2020-02"], freq="M"))
    assert hash_ids(periods).tolist() == hash_ids(["2020-01", "2020-02"]).tolist()
    assert hash_ids(list(periods)).tolist() == hash_ids(periods).tolist()


def test_a_chunked_array_without_chunks_is_an_empty_column():
    for kind in (pa.string(), pa.int64(), pa.dictionary(pa.int8(), pa.string())):
        assert hash_ids(pa.chunked_array([], kind)).tolist() == []
