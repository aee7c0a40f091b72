"""The hash of an id: the same for ever, whatever type, library and order the id comes in."""

import datetime as dt
import decimal
import os
import subprocess
import sys
import uuid

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.data.hashing.splitmix64 import SCHEME, HashKeys, keyed
from mlmagic.data.ids.columns import plain
from mlmagic.data.ids.id_hash import hash_ids
from mlmagic.data.ids.plain_values import UnhashableError

MOMENT = dt.datetime(2024, 2, 29, 12, 30, 15, 123456)  # noqa: DTZ001 - a time without a zone is what is tested
GOLDEN = {
    0: 0xD9F75CD83FF09601,
    1: 0xE0593DF4E9176EBB,
    -1: 0x1728E23CDD49BE03,
    2**63 - 1: 0x2B2C5DEF4A34A2C7,
    2**63: 0xD14333C44AEB3A56,
    2**64 - 1: 0x1728E23CDD49BE03,
    2**70: 0xE37182EE40E8532E,
    0.5: 0xCDEA6C533D48AF48,
    -2.25: 0xB58DE2F698C4F009,
    1e300: 0xC2383712A3095916,
    float("inf"): 0xBC9C2ECE5055BBE0,
    "": 0x5B46EAC497082F5E,
    "a": 0x071847A5B8C23E79,
    "user_42": 0x33D78D6831996693,
    "exactly8": 0xD6B802DC099C993C,
    "nine char": 0x1A544677589F681A,
    "Zoë 漢字 🎉": 0x1C2FBA2E6B5905E6,
    "x" * 256: 0xB4E31DA5E8595CC7,
    "x" * 257: 0x521AD0AE19449FEF,
    b"\x00\xff": 0xE38257B47F102A53,
    MOMENT: 0xEDB70144D5715852,
    dt.date(1969, 12, 31): 0xF2F87FE6170CD4E6,
}


def hashes(column):
    return hash_ids(column).tolist()


@pytest.mark.parametrize(("value", "expected"), GOLDEN.items(), ids=repr)
def test_the_hash_of_an_id_never_changes(value, expected):
    """A hash that changes here moves rows of every user from train to test: then `SCHEME` must count up."""
    assert SCHEME == 1
    assert hashes([value]) == [expected]


def test_a_salt_never_changes_either():
    assert hash_ids([1], salt="2024")[0] == 0xADBA2CC411220499
    assert hash_ids([1], ["a"])[0] == 0xC37C936D94463B3F
    assert HashKeys.of("mlmagic salt", "é") == HashKeys(0xA10942C13D16A89F, 0x2867D709BA1A1A26)


@pytest.mark.parametrize(
    "column",
    [
        np.array([3, 1, 2], "int8"),
        np.array([3, 1, 2], "uint64"),
        np.array([3, 1, 2], ">i4"),
        np.array([3, 1, 2], "float32"),
        np.array([3, 1, 2], object),
        np.arange(6)[[3, 1, 2]][::1],
        [3, 1.0, decimal.Decimal("2.0")],
        (3, 1, 2),
        [np.int16(3), np.float64(1), 2],
        pd.Series([3, 1, 2], dtype="int32"),
        pd.Series([3, 1, 2], dtype="Int64"),
        pd.Series([3, 1, 2], dtype="Float64"),
        pd.Series([3, 1, 2], dtype="category"),
        pd.Series([3, 1, 2], dtype="int16[pyarrow]"),
        pd.Series([3, 1, 2], dtype=object),
        pd.Series(pd.arrays.SparseArray([3, 1, 2])),
        pd.Index([3, 1, 2]),
        pl.Series([3, 1, 2], dtype=pl.UInt8),
        pl.Series([3, 1, 2], dtype=pl.Float64),
        pl.Series([3, 1, 2], dtype=pl.Decimal(10, 2)),
        pa.chunked_array([[3, 1], [2]]),
        pa.array([3, 1, 2], pa.decimal128(10, 0)),
        pa.array([3, 1, 2]).dictionary_encode(),
    ],
    ids=lambda column: f"{type(column).__name__} {getattr(column, 'dtype', getattr(column, 'type', ''))}",
)
def test_a_number_is_one_id_in_every_type_and_library(column):
    assert hashes(column) == hashes([3, 1, 2])


TEXTS = ["Zoë", "", "a" * 300, "user_1", "Zoë"]


@pytest.mark.parametrize(
    "column",
    [
        np.array(TEXTS),
        np.array(TEXTS, object),
        [text.encode() for text in TEXTS],
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype=object),
        pd.Series(TEXTS, dtype="string[python]"),
        pd.Series(TEXTS, dtype="string[pyarrow]"),
        pd.Series(TEXTS, dtype="category"),
        pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.large_string())),
        pd.Series(["dropped", *TEXTS]).iloc[1:],
        pl.Series(TEXTS),
        pl.Series(TEXTS, dtype=pl.Categorical),
        pl.Series(TEXTS, dtype=pl.Enum(sorted(set(TEXTS)))),
        pl.Series(["dropped", *TEXTS])[1:],
        pa.chunked_array([TEXTS[:2], TEXTS[2:]]),
        pa.chunked_array([pa.array(TEXTS[:2]).dictionary_encode(), pa.array(TEXTS[2:]).dictionary_encode()]),
        pa.array(TEXTS, pa.string_view()),
        pa.array(["dropped", *TEXTS])[1:],
    ],
    ids=lambda column: f"{type(column).__name__} {getattr(column, 'dtype', getattr(column, 'type', ''))}",
)
def test_a_text_is_one_id_in_every_type_and_library(column):
    assert hashes(column) == hashes(TEXTS)


MOMENTS = [MOMENT, dt.datetime(1969, 12, 31, 23), dt.datetime(2024, 2, 29, 12, 30, 15, 123456)]  # noqa: DTZ001


@pytest.mark.parametrize(
    "column",
    [
        np.array(MOMENTS, "M8[us]"),
        np.array(MOMENTS, "M8[ns]"),
        np.array(MOMENTS, "M8[us]").astype(object),
        list(np.array(MOMENTS, "M8[us]")),
        [pd.Timestamp(moment) for moment in MOMENTS],
        [moment.replace(tzinfo=dt.UTC) for moment in MOMENTS],
        pd.Series(MOMENTS),
        pd.Series(MOMENTS, dtype="M8[ns]"),
        pd.Series(MOMENTS).dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
        pd.Series(MOMENTS, dtype="timestamp[us][pyarrow]"),
        pd.Series(MOMENTS, dtype="category"),
        pl.Series(MOMENTS),
        pl.Series(MOMENTS).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Paris"),
        pl.Series(MOMENTS).cast(pl.Datetime("ns")),
    ],
    ids=lambda column: f"{type(column).__name__} {getattr(column, 'dtype', '')}",
)
def test_a_moment_is_one_id_in_every_unit_zone_and_library(column):
    assert hashes(column) == hashes(MOMENTS)


def test_a_date_is_its_midnight():
    day = dt.date(2024, 2, 29)
    midnight = hashes([dt.datetime(2024, 2, 29)])  # noqa: DTZ001
    for column in ([day], pl.Series([day]), pa.array([day]), np.array([day], "M8[D]"), pa.array([day], pa.date64())):
        assert hashes(column) == midnight
    assert hashes([day, MOMENT]) == midnight + hashes([MOMENT])


def test_a_uuid_is_its_text():
    one, two = uuid.UUID(int=1), uuid.UUID(int=2**127)
    assert hashes([one, two]) == hashes([str(one), str(two)])
    assert hashes(pa.array([one.bytes, two.bytes], pa.uuid())) == hashes([str(one), str(two)])


def test_kinds_that_are_mixed_are_hashed_as_by_themselves():
    mixed = [7, "7", 7.5, b"7", MOMENT, None, True, 2**80, float("nan"), pd.NaT]
    alone = [hashes([value])[0] for value in mixed]
    assert hashes(mixed) == alone
    assert hashes(pd.Series(mixed, dtype=object)) == alone
    assert len(set(alone)) == 7  # "7" is b"7", and what is missing is missing


def test_a_number_is_not_its_text():
    assert hashes([7]) != hashes(["7"])


@given(st.lists(st.integers(-(2**63), 2**64 - 1)))
def test_integers_of_64_bits_hash_as_python_objects_and_as_arrays(ids):
    signed = [one for one in ids if one < 2**63]
    assert hashes(np.array(signed, "int64")) == hashes(signed) == [hashes([one])[0] for one in signed]
    unsigned = [one for one in ids if one >= 0]
    assert hashes(np.array(unsigned, "uint64")) == hashes(unsigned) == [hashes([one])[0] for one in unsigned]


@given(st.lists(st.floats(allow_nan=False)))
def test_floats_hash_as_python_objects_and_as_arrays(ids):
    assert hashes(np.array(ids, "float64")) == [hashes([one])[0] for one in ids]


@given(st.lists(st.text(max_size=40) | st.text("ab\0", min_size=250, max_size=270)))
def test_texts_differ_in_hash_exactly_when_they_differ(texts):
    found = hashes(pa.array(texts, pa.string()))
    assert found == [hashes([text])[0] for text in texts] or not texts
    assert len(set(found)) == len(set(texts))


def test_many_texts_hash_as_few_do():
    texts = [f"user-{number}-{'x' * (number % 30)}" for number in range(40_000)]
    found = hash_ids(pd.Series(texts))
    assert found[::997].tolist() == hashes(texts[::997])


def test_lone_surrogates_are_ids_too():
    assert len(set(hashes(["\ud800", "\ud801", "a"]))) == 3


def test_the_hash_is_the_same_in_another_process_with_another_hash_seed():
    code = "from mlmagic.data.ids.id_hash import hash_ids; print(hash_ids(['a', 1, 'b']).tolist())"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout.strip() == str(hashes(["a", 1, "b"]))


def test_threads_change_nothing():
    """More than a million words are hashed on several threads."""
    words = np.arange((1 << 20) + 12_345, dtype=np.uint64)
    keys = HashKeys(3, 4)
    found = keyed(words, keys)
    parts = np.concatenate([keyed(part, keys) for part in np.array_split(words, 7)])
    assert np.array_equal(found, parts)
    assert len(np.unique(found)) == len(words)


def test_bits_of_the_hash_are_even():
    """Each bit of the hashes of a million ids in a row is set in half of them, within five standard errors."""
    found = hash_ids(np.arange(1_000_000))
    for bit in range(64):
        ones = int(((found >> np.uint64(bit)) & np.uint64(1)).sum())
        assert abs(ones - 500_000) < 2_500, bit


def test_columns_together_are_an_id():
    first, second = [1, 1, 2], ["a", "b", "a"]
    assert len(set(hash_ids(first, second).tolist())) == 3
    assert hash_ids(first, second).tolist() != hash_ids(second, first).tolist()


@pytest.mark.parametrize(
    ("column", "missing"),
    [
        ([1, None, 3], [False, True, False]),
        (["a", float("nan"), pd.NA, "b"], [False, True, True, False]),
        (np.array([1.0, np.nan]), [False, True]),
        (np.array(["2024", "NaT"], "M8[s]"), [False, True]),
        (np.ma.MaskedArray([1, 2], [False, True]), [False, True]),
        (pd.Series([1, None], dtype="Int8"), [False, True]),
        (pd.Series(["a", None], dtype="category"), [False, True]),
        (pl.Series([1, None]), [False, True]),
        (pl.Series([1.5, float("nan"), None]), [False, True, True]),
        (pl.Series(["a", None], dtype=pl.Categorical), [False, True]),
        (pa.nulls(2), [True, True]),
        ([None], [True]),
    ],
)
def test_what_is_missing_is_known_and_hashes_alike(column, missing):
    assert plain(column).null.tolist() == missing
    assert plain(column).nulls == sum(missing)
    assert {found for found, gone in zip(hashes(column), missing, strict=True) if gone} == set(hashes([None]))


@pytest.mark.parametrize("empty", [[], np.array([]), pd.Series([], dtype=object), pl.Series([]), pa.array([])])
def test_no_ids_have_no_hashes(empty):
    assert hashes(empty) == []


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ([[1], [2]], "values of type list<item: int64>"),
        ([{"a": 1}], "values of type struct"),
        ([{1}, "a"], "a value of type set cannot be the id of a row"),
        ([dt.timedelta(1)], "timedelta|duration"),
        (np.array([1j]), "values of type complex128"),
        (np.zeros((3, 1)), r"an array of shape \(3, 1\)"),
        (pd.Series(pd.to_timedelta([1], unit="s")), "timedelta"),
    ],
)
def test_what_identifies_nothing_is_refused(column, said):
    with pytest.raises(UnhashableError, match=said):
        hash_ids(column)


@pytest.mark.parametrize(
    "column", [pd.cut(pd.Series([1, 5, 9]), 3), pd.Series(pd.period_range("2024", periods=3, freq="M"))]
)
def test_intervals_and_periods_are_ids(column):
    assert len(set(hashes(column))) == 3
