from __future__ import annotations

import json
from dataclasses import replace

import mlflow
import numpy as np
import pandas as pd
import polars as pl
import pytest
from mlflow.types import Schema
from scipy import sparse

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.profile.mlflow_dataset import LONGEST_SCHEMA, context_of, record
from mlmagic.store.delivery.batches import to_mlflow

FRAME = pd.DataFrame({
    "age": [31, 54], "score": [0.5, None], "city": ["Bonn", None], "flag": [True, False], "day": pd.to_datetime(["2020-01-01"] * 2), "raw": [b"a", b"b"],
    "kind": pd.Categorical(["a", "b"]), "list": [[1], [2]], "small": np.array([1, 2], "int8"), "big": np.array([1, 2], "uint64"),
})  # fmt: skip


def recorded(name, dataset, **more):
    return record(name, dataset, fingerprint(dataset), **more)


def test_a_dataset_is_logged_to_a_real_store_and_read_back(store_uri):
    client = mlflow.MlflowClient()
    run_id = client.create_run("0").info.run_id
    found = recorded("df_train", FRAME)
    client.log_inputs(
        run_id, datasets=[to_mlflow(found), to_mlflow(replace(recorded("y", np.array([0, 1, 1])), context="labels"))]
    )

    inputs = {one.dataset.name: one for one in client.get_run(run_id).inputs.dataset_inputs}
    assert sorted(inputs) == ["df_train", "y"]
    stored = inputs["df_train"].dataset
    assert (stored.digest, stored.schema, stored.profile) == (found.digest, found.schema, found.profile)
    assert stored.digest == fingerprint(FRAME).digest
    assert json.loads(stored.profile)["num_rows"] == 2
    assert [(tag.key, tag.value) for one in inputs.values() for tag in one.tags] == [
        ("mlflow.data.context", "training"),
        ("mlflow.data.context", "labels"),
    ]
    assert mlflow.data.get_source(inputs["df_train"]).to_dict() == {"tags": {"mlmagic.variable": "df_train"}}


def test_mlflow_finds_runs_by_our_digest(store_uri):
    with mlflow.start_run() as run:
        mlflow.MlflowClient().log_inputs(run.info.run_id, datasets=[to_mlflow(recorded("X", FRAME))])
    assert list(mlflow.search_runs(filter_string=f"dataset.digest = '{fingerprint(FRAME).digest}'")["run_id"]) == [
        run.info.run_id
    ]


def test_the_schema_is_one_that_mlflow_reads():
    schema = json.loads(recorded("df", FRAME).schema)["mlflow_colspec"]
    assert [(column["name"], column["type"], column["required"]) for column in schema] == [
        ("age", "long", True), ("score", "double", False), ("city", "string", False), ("flag", "boolean", True), ("day", "datetime", True), ("raw", "binary", True),
        ("kind", "string", True), ("list", "any", True), ("small", "integer", True), ("big", "any", True),
    ]  # fmt: skip
    assert Schema.from_json(json.dumps(schema)).input_names() == list(FRAME)
    assert (
        recorded("df", pl.from_pandas(FRAME[["age", "city"]])).schema == recorded("df", FRAME[["age", "city"]]).schema
    )


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 4, 5), "float32"),
        np.zeros(3, "int8"),
        sparse.csr_matrix((3, 4)),
        np.zeros((0, 3), bool),
        np.array([1j, 2]),
    ],
    ids=lambda array: str(array.dtype),
)
def test_the_schema_of_an_array_is_one_that_mlflow_reads(array):
    [spec] = Schema.from_json(json.loads(recorded("X", array).schema)["mlflow_tensorspec"]["features"]).inputs
    assert (spec.type, spec.shape) == (array.dtype, (-1, *array.shape[1:]))


def test_a_series_is_one_column_without_a_name():
    assert json.loads(recorded("y", pd.Series([1, 2])).schema) == {
        "mlflow_colspec": [{"type": "long", "required": True}]
    }


@pytest.mark.parametrize(
    "array", [np.array(["a", "b"]), np.array(["2020"] * 2, "M8[s]"), np.array([[1], []], object)], ids=str
)
def test_an_array_that_mlflow_has_no_type_for_has_no_schema(array):
    assert recorded("X", array).schema == ""
    assert to_mlflow(recorded("X", array)).dataset.schema is None


def test_a_schema_that_is_too_long_is_left_out(store_uri):
    wide = pd.DataFrame(
        np.zeros((1, 6_000)), columns=[f"{number} is a column with a rather long name " * 5 for number in range(6_000)]
    )
    found = recorded("wide", wide)
    assert found.schema == ""
    assert len(found.profile) < 1_000_000
    assert len(recorded("narrow", wide.iloc[:, :500]).schema) < LONGEST_SCHEMA
    with mlflow.start_run() as run:
        mlflow.MlflowClient().log_inputs(run.info.run_id, datasets=[to_mlflow(found)])


def test_names_are_redacted_and_cut():
    token = "ghp_" + "a1B2" * 9
    frame = pd.DataFrame({token: [1], "x" * 10_000: [2]})
    found = recorded(token + " " + "n" * 1000, frame)
    assert token not in json.dumps([found.name, found.source, found.schema, found.profile])
    assert len(found.name) <= 500


@pytest.mark.parametrize(
    ("name", "context"),
    [("train", "training"), ("X_train", "training"), ("Xtrain", "training"), ("trainLoader", "training"), ("y_test[0]", "testing"), ("df_val", "validation"),
     ("eval_set", "evaluation"), ("values", "input"), ("latest", "input"), ("contest", "input"), ("df", "input"), ("trainer", "input")],
)  # fmt: skip
def test_a_name_tells_what_a_dataset_is_for(name, context):
    assert context_of(name) == context
