from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.kinds import Selection
from mlmagic.data.profile.profile import MOST_COLUMNS, profile


def profiled(dataset, **more):
    found = profile(dataset, fingerprint(dataset), **more)
    assert json.loads(json.dumps(found, allow_nan=False)) == found, "it is JSON as it stands"
    return found


def facts(column):
    return {key: value for key, value in column.items() if key != "digest"}


MIXED = pd.DataFrame({
    "age": pd.array([31, None, 54], dtype="Int64"),
    "score": [0.5, np.nan, np.inf],
    "city": ["Bonn", "Ulm", None],
    "flag": [True, False, True],
    "day": pd.to_datetime(["2020-01-01", None, "2020-01-03T12:30:00.5"], format="ISO8601"),
    "span": pd.to_timedelta([1.5, None, 3], unit="s"),
    "list": [[1], [1], None],
    "kind": pd.Categorical(["a", None, "a"]),
})  # fmt: skip


@pytest.mark.parametrize("dataset", [MIXED, pl.from_pandas(MIXED)], ids=["pandas", "polars"])
def test_columns_are_described_without_their_texts(dataset):
    found = profiled(dataset)
    assert (found["shape"], found["num_rows"], found["num_elements"], found["sampled"]) == ([3, 8], 3, 24, False)
    assert [facts(column) for column in found["columns"]] == [
        {"name": "age", "type": "int64", "nulls": 1, "min": 31, "max": 54, "mean": 42.5, "n_unique": 2},
        {"name": "score", "type": "float64", "nulls": 1, "min": 0.5, "max": "inf", "mean": "inf", "n_unique": 2},
        {"name": "city", "type": "string", "nulls": 1, "n_unique": 2},
        {"name": "flag", "type": "bool", "nulls": 0, "min": 0, "max": 1, "mean": 2 / 3, "n_unique": 2},
        {
            "name": "day",
            "type": "datetime",
            "nulls": 1,
            "min": "2020-01-01",
            "max": "2020-01-03T12:30:00.5",
            "n_unique": 2,
        },
        {"name": "span", "type": "duration", "nulls": 1, "min": 1.5, "max": 3.0, "mean": 2.25, "n_unique": 2},
        {"name": "list", "type": "object", "nulls": 1, "n_unique": 1},
        {"name": "kind", "type": "category<string>", "nulls": 1, "n_unique": 1},
    ]
    assert [column["digest"] for column in found["columns"]] == list(fingerprint(dataset).columns.values())
    assert "Bonn" not in json.dumps(found)


def test_arrays_are_described_as_a_whole():
    found = profiled(np.array([[1.0, np.nan], [3, 4]]))
    assert found["values"] == {"type": "float64", "nulls": 1, "min": 1.0, "max": 4.0, "mean": 8 / 3}
    assert profiled(np.arange(10)[::-1])["values"] == {
        "type": "int64",
        "nulls": 0,
        "min": 0,
        "max": 9,
        "mean": 4.5,
        "n_unique": 10,
    }
    assert profiled(np.array([1j, 2]))["values"] == {"type": "complex128", "nulls": 0, "n_unique": 2}
    assert profiled(Selection(np.arange(10.0), np.array([2, 4])))["values"]["mean"] == 3
    assert profiled(sparse.csr_matrix([[0, 1.0], [2, 0]]))["values"] == {"type": "float64", "nonzero": 2}
    assert profiled(np.ma.array([1, 2, 3], mask=[0, 1, 0]))["values"]["nulls"] == 1


@pytest.mark.parametrize(
    "empty",
    [
        pd.DataFrame(),
        MIXED[:0],
        MIXED[[]],
        pl.DataFrame(),
        np.zeros((0, 3)),
        np.zeros((3, 0)),
        pd.Series([], dtype=float),
    ],
    ids=lambda value: str(value.shape),
)
def test_what_is_empty_has_a_profile_too(empty):
    assert profiled(empty)["shape"] == list(empty.shape)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 1, 1, 0, 1], {"1": 3, "0": 2}),
        ([0.0, 1.0, 1.0, np.nan], {"1": 2, "0": 1}),
        ([True, False, True], {"True": 2, "False": 1}),
        (["spam", "ham", "spam"], {"spam": 2, "ham": 1}),
        (pd.Categorical(["b", None, "b"]), {"b": 2}),
        ([0.5, 1.5], None),
        (range(51), None),
        (pd.to_datetime(["2020-01-01"] * 2), None),
        ([None, None], None),
    ],
)  # fmt: skip
def test_the_named_target_has_a_class_balance(labels, expected):
    frame = pd.DataFrame({"x": range(len(labels)), "label of x": labels})
    found = profiled(frame, target="label of x")
    assert found.get("target") == (None if expected is None else {"name": "label of x", "classes": expected})
    assert "target" not in profiled(frame)
    assert "target" not in profiled(frame, target="no such column")


def test_a_target_without_being_named():
    frame = pd.DataFrame({"x": range(20), "Target": ["yes", "no"] * 10})
    assert profiled(frame)["target"] == {"name": "Target", "classes": {"yes": 10, "no": 10}}
    assert profiled(frame["Target"])["target"] == {"name": "Target", "classes": {"yes": 10, "no": 10}}
    assert profiled(np.array([0, 1, 1]))["target"] == {"name": "", "classes": {"1": 2, "0": 1}}
    assert "target" not in profiled(np.array([[0], [1]]))


def test_texts_that_do_not_repeat_are_no_classes():
    keys = pd.Series(["sk-one", "sk-two", "sk-one", "sk-three"])
    assert "target" not in profiled(keys)


def test_a_label_that_is_a_secret_is_redacted():
    token = "ghp_" + "a1B2" * 9
    frame = pd.DataFrame({"y": [token, "b"] * 20})
    assert profiled(frame)["target"]["classes"] == {"<redacted>": 20, "b": 20}


def test_the_classes_of_many_rows_are_counted_in_full():
    assert profiled(np.arange(100_000) % 3)["target"]["classes"] == {"0": 33_334, "1": 33_333, "2": 33_333}


def test_distinct_values_of_many_rows_are_those_of_some():
    found = profiled(np.arange(100_000))
    assert (found["values"]["n_unique"], found["values"]["n_unique_of"]) == (20_000, 20_000)


def test_a_profile_of_a_sample_says_so():
    big = np.arange(1_000_000.0)
    found = profile(big, fingerprint(big, budget_s=0))
    assert (found["sampled"], found["statistics_of"], found["num_rows"]) == (True, 65_536, 1_000_000)


def test_a_profile_stays_small():
    wide = pd.DataFrame(
        np.zeros((2, 3000)), columns=["a column with a long name " * 100 + str(number) for number in range(3000)]
    )
    found = profiled(wide)
    assert (len(found["columns"]), found["columns_left_out"]) == (MOST_COLUMNS, 2500)
    assert len(json.dumps(found)) < 1_000_000


def test_what_was_not_identified_stands_in_the_profile():
    assert profiled(pd.DataFrame({"f": [print, len]}))["unhashed"] == [
        "column 'f': 2 of type 'builtin_function_or_method' cannot be identified"
    ]
