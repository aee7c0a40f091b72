"""Rows that a model learned from are recognised in whatever form they are given, and other rows are not."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.profile.mlflow_dataset import record
from mlmagic.registry.facts import VersionFacts
from mlmagic.registry.held_out.learned_data import LearnedData
from mlmagic.registry.held_out.seen_rows import why_seen
from mlmagic.registry.versions import RegisteredVersion

ROWS = 400
rng = np.random.default_rng(0)
FRAME = pd.DataFrame({"income": rng.normal(size=ROWS), "age": rng.integers(18, 90, ROWS), "debt": rng.random(ROWS)})
TARGET = pd.Series(rng.integers(0, 2, ROWS), name="churned")
OTHER = pd.DataFrame({"income": rng.normal(size=ROWS), "age": rng.integers(18, 90, ROWS), "debt": rng.random(ROWS)})

FORMS = {
    "the same": lambda X: X,
    "shuffled": lambda X: X.sample(frac=1, random_state=0),
    "a part": lambda X: X[:150],
    "an extra column": lambda X: X.assign(site="north"),
    "in another order": lambda X: X[X.columns[::-1]],
    "both": lambda X: X.assign(site=1)[["site", "debt", "income", "age"]],
    "NumPy": lambda X: X.to_numpy(),
    "a part in NumPy": lambda X: X.to_numpy()[:150],
    "lists": lambda X: X.to_numpy().tolist(),
    "polars": pl.from_pandas,
    "polars in another order": lambda X: pl.from_pandas(X[X.columns[::-1]].assign(z=1)),
    "text": lambda X: X.astype(str),
    "objects": lambda X: X.astype(object),
    "text in NumPy": lambda X: X.astype(str).to_numpy(),
    "nullable": lambda X: X.convert_dtypes(),
    "whole numbers as floats": lambda X: X.astype({"age": float}),
    "small whole numbers": lambda X: X.astype({"age": "int8"}),
    "another index": lambda X: X.set_axis([f"row {at}" for at in range(len(X))]),
    "a named index": lambda X: X.rename_axis("customer"),
    "float32": lambda X: X.astype({"income": "float32", "debt": "float32"}),
    "float32 in NumPy": lambda X: X.to_numpy().astype("float32"),
    "float32, shuffled, with an extra column": lambda X: (
        X.astype("float32").assign(site=1)[["site", "debt", "income", "age"]].sample(frac=1, random_state=0)
    ),
}


def learned(*datasets):
    """Return the facts of a version whose run recorded these datasets as training data."""
    found = []
    for name, values in datasets:
        made = record(name, values, fingerprint(values), use="training")
        found.append(LearnedData(name, made.digest, json.loads(made.profile)))
    return VersionFacts(
        RegisteredVersion("churn", 2), data=tuple((one.name, one.digest) for one in found), learned=tuple(found)
    )


@pytest.fixture(scope="module")
def versions():
    return {
        "pandas": learned(("X_train", FRAME), ("y_train", TARGET)),
        "NumPy": learned(("X_train", FRAME.to_numpy()), ("y_train", TARGET.to_numpy())),
        "polars": learned(("X_train", pl.from_pandas(FRAME))),
        "with the target": learned(("frame", FRAME.assign(churned=TARGET))),
        "text": learned(("X_train", FRAME.astype(str))),
        "categories": learned(("X_train", FRAME.assign(age=FRAME["age"].astype("category")))),
    }


# A model of an array has no names of columns, and refuses another number of them.
WITHOUT_NAMES = [name for name in FORMS if not {"extra", "order", "both"} & {*name.split()}]


@pytest.mark.parametrize(
    ("recorded", "form"),
    [(one, form) for one in ("pandas", "polars", "categories") for form in FORMS]
    + [("NumPy", form) for form in WITHOUT_NAMES],
)
def test_training_rows_are_seen_in_every_form(recorded, form, versions):
    data = FORMS[form](FRAME)
    assert "churn/2 was trained on " in why_seen(versions[recorded], data, TARGET[: len(data)], "X")


@pytest.mark.parametrize("form", ["the same", "a part", "both", "polars", "text", "float32"])
def test_training_rows_are_seen_where_the_training_data_had_the_target_as_a_column(form, versions):
    data = FORMS[form](FRAME)
    assert "churn/2 was trained on " in why_seen(versions["with the target"], data, TARGET[: len(data)], "X")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("recorded", ["pandas", "NumPy", "polars", "with the target", "text", "categories"])
def test_other_rows_are_not(recorded, form, versions):
    assert why_seen(versions[recorded], FORMS[form](OTHER), TARGET, "X") == ""


def test_numbers_are_seen_where_the_model_learned_from_text(versions):
    assert "trained on all of the rows of X" in why_seen(versions["text"], FRAME, TARGET, "X")


def test_rounding_to_the_trained_type_is_seen_row_by_row():
    version = learned(("X_train", FRAME.astype("float32")))
    assert "about 38% of" not in (told := why_seen(version, FRAME[:150], TARGET[:150], "X"))
    assert "trained on all of the rows of X" in told


def test_a_single_column_is_seen_as_a_whole():
    version = learned(("X_train", FRAME[["income"]]))
    assert "records the same rows as 'X_train'" in why_seen(version, FRAME[["age", "income"]], TARGET, "X")
    assert "records the same rows as 'X_train'" in why_seen(version, FRAME[["income"]].to_numpy(), TARGET, "X")
    assert why_seen(version, OTHER[["income"]], TARGET, "X") == ""


def test_data_that_no_column_fits_is_not_seen(versions):
    for data in ([["a", "b", "c"]], FRAME.rename(columns=str.upper).iloc[:, :2], np.zeros((3, 4, 5))):
        assert why_seen(versions["pandas"], data, TARGET[: len(data)], "X") == ""


def test_what_anyone_may_have_written_into_a_profile_is_no_error():
    for content in ({}, {"columns": 5}, {"columns": [5, {"name": 3}]}, {"shape": "x", "values": []}):
        version = VersionFacts(RegisteredVersion("churn", 2), learned=(LearnedData("X", "0", content),))
        assert why_seen(version, FRAME, TARGET, "X") == ""
