"""What is told of data that changed, from what mlmagic and plain MLflow record of it."""

import json

import numpy as np
import pandas as pd
import pytest

from mlmagic.comparison.diffs.data_diff import ColumnChange, data_rows
from mlmagic.comparison.diffs.run_record import DatasetRecord
from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.profile.mlflow_dataset import record

FRAME = pd.DataFrame({
    "age": np.arange(100), "income": np.arange(100) / 7, "city": ["Bonn", "Köln"] * 50, "y": [0, 1] * 50,
})  # fmt: skip


def recorded(name, data):
    found = record(name, data, fingerprint(data))
    return DatasetRecord(found.name, found.digest, found.profile)


def change(before, after):
    [row] = data_rows([[recorded("X", before)], [recorded("X", after)]])
    return row.changes[0]


def test_equal_data_are_the_same():
    assert change(FRAME, FRAME.copy()).verdict == "same"


def test_shuffled_rows_are_told_as_such_and_nothing_else():
    found = change(FRAME, FRAME.sample(frac=1, random_state=1))
    assert (found.verdict, found.told, found.columns) == ("order", ("only the order of the rows changed",), ())


def test_a_changed_column_is_named_with_what_became_of_it():
    found = change(FRAME, FRAME.assign(income=FRAME["income"].where(FRAME["age"] > 0)))
    assert found.verdict == "changed"
    assert [(one.name, one.what) for one in found.columns] == [("income", "values")]
    assert found.told[0].startswith("column income changed: nulls 0 → 1, min 0 → 0.142857, mean 7.07143 → 7.14286")


def test_several_changed_columns_are_named():
    assert change(FRAME, FRAME.assign(income=0.5, city="Bonn")).told == ("columns income, city changed",)


def test_added_and_removed_columns_are_named():
    after = FRAME.drop(columns="city").assign(height=1.5)
    found = change(FRAME, after)
    assert found.told == ("column height added", "column city removed", "the order of the columns changed")[:2]
    assert ColumnChange("height", "added", "float64") in found.columns


def test_another_order_of_the_columns_is_told():
    assert change(FRAME, FRAME[["y", "age", "income", "city"]]).told == ("the order of the columns changed",)


def test_another_type_of_a_column_is_told():
    found = change(FRAME, FRAME.astype({"age": "float32"}))
    assert found.told == ("column age is int64, now float32",)


def test_another_number_of_rows_is_told_without_calling_every_column_changed():
    after = pd.concat([FRAME, FRAME[:20]], ignore_index=True)
    found = change(FRAME, after)
    assert (found.told, found.columns) == (("100 → 120 rows",), ())
    assert change(FRAME, FRAME[:1]).told == ("100 → 1 row",)


def test_another_index_is_told():
    assert change(FRAME, FRAME.set_axis(pd.RangeIndex(1, 101, name="id"))).told == ("the index changed",)


def test_rows_shuffled_and_a_column_changed_is_not_told_as_more_than_is_known():
    found = change(FRAME, FRAME.assign(income=0.0).sample(frac=1, random_state=1))
    assert found.told == ("the values of every column changed, or those of some and the order of the rows",)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (np.zeros((120, 3)), "100 → 120 rows"),
        (np.zeros((100, 4)), "shape 100 by 3 → 100 by 4"),
        (np.zeros((100, 3), "float32"), "its values are float64, now float32"),
        (np.ones((100, 3)), "its values changed: min 0 → 1, max 0 → 1, mean 0 → 1"),
    ],
)
def test_arrays(after, told):
    assert change(np.zeros((100, 3)), after).told == (told,)


def test_an_array_whose_rows_are_shuffled():
    values = np.arange(300.0).reshape(100, 3)
    assert change(values, values[::-1].copy()).verdict == "order"


def test_a_sample_is_compared_with_a_sample_only():
    whole = recorded("X", FRAME)
    sampled = DatasetRecord("X", "5a" * 16, json.dumps({**json.loads(whole.profile), "sampled": True}))
    [row] = data_rows([[whole], [sampled]])
    assert row.changes[0].verdict == "unknown"
    assert "sample of its rows" in row.changes[0].told[0]
    assert not row.differs
    assert data_rows([[sampled], [sampled]])[0].changes[0].told == ("the same in a sample of its rows",)


def test_what_only_one_run_read_is_told_with_the_name_of_an_equal_one():
    rows = data_rows([[recorded("df", FRAME), recorded("y", FRAME["y"])], [recorded("data", FRAME)]])
    by_name = {row.name: row.changes[0] for row in rows}
    assert by_name["df"].told == ("this run has none of this name", "this run has the same content as data")
    assert by_name["data"].told == ("the base has none of this name", "the base has the same content as df")
    assert by_name["y"].told == ("this run has none of this name",)
    assert by_name["data"].verdict == "added"


def test_a_run_without_any_recorded_data_is_no_difference():
    [row] = data_rows([[recorded("df", FRAME)], []])
    assert (row.changes[0].verdict, row.changes[0].told) == ("unknown", ("no data of this run is recorded",))
    assert not row.differs


def test_plain_mlflow_is_compared_by_digest():
    before = DatasetRecord("df", "1a2b3c4d", '{"num_rows": 100, "num_elements": 400}')
    assert data_rows([[before], [before]])[0].changes[0].verdict == "same"
    other = DatasetRecord("df", "5e6f7a8b", before.profile)
    assert data_rows([[before], [other]])[0].changes[0].told == (
        "MLflow recorded digests only, which do not tell what else changed",
    )
    mixed = data_rows([[before], [recorded("df", FRAME)]])[0]
    assert mixed.changes[0].verdict == "unknown"
    assert mixed.shapes == ("100 rows", "100 by 4")


@pytest.mark.parametrize(
    "profile", ["", "not json", "[1]", '{"columns": 3, "shape": "x", "kind": 1, "order_free": 1, "schema": 1}']
)
def test_a_profile_of_any_text_is_survived(profile):
    row = data_rows([[DatasetRecord("d", "1", profile)], [DatasetRecord("d", "2", profile)]])[0]
    assert row.changes[0].verdict in {"changed", "order"}


def test_names_that_stand_twice_and_columns_cut_to_the_same_name_are_kept_apart():
    frame = pd.DataFrame({"x" * 250 + "a": [1], "x" * 250 + "b": [2]})
    other = pd.DataFrame({"x" * 250 + "a": [1], "x" * 250 + "b": [3]})
    assert len(change(frame, other).columns) == 1
    rows = data_rows([[recorded("X", FRAME), recorded("X", FRAME[:50])]] * 2)
    assert [row.name for row in rows] == ["X", "X_2"]


def test_three_runs_are_each_compared_with_the_first():
    [row] = data_rows([[recorded("X", FRAME)], [recorded("X", FRAME)], [recorded("X", FRAME[::-1])]])
    assert [one.verdict for one in row.changes] == ["same", "order"]
    assert row.differs
