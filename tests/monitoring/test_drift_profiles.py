"""Drift against what a run recorded of its data: the rows themselves are not at hand."""

import numpy as np
import pandas as pd
import pytest
from logged import log_model
from mlflow import MlflowClient
from sklearn.dummy import DummyClassifier

import mlmagic
from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.profile.mlflow_dataset import record
from mlmagic.errors import ModelNotFoundError, UsageProblem
from mlmagic.monitoring.drift.statistics.ranges import beyond_range
from mlmagic.recording import open_runs


def table(seed, rows=500, shift=0.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "age": rng.uniform(20 + shift, 60 + shift, rows), "city": rng.choice(["Rome", "Oslo"], rows),
        "at": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 1000, rows), unit="h"),
        "target": rng.integers(0, 2, rows),
    })  # fmt: skip


@pytest.fixture
def trained(store_uri):
    """A run with a model that is registered as the champion, and the profile of its data."""
    data = table(1)
    with mlmagic.track("trained", quiet=True) as run:
        open_runs.require_active("the test").recorder.dataset(
            record("X_train", data, fingerprint(data), use="training")
        )
    client = MlflowClient(store_uri)
    log_model(DummyClassifier().fit([[0]], [0]), "model", client=client, run_id=run.id, requirements=["numpy"])
    mlmagic.register("churn", run="trained")
    mlmagic.promote("churn", 1)
    return run


@pytest.mark.parametrize("reference", ["trained", "churn@champion", "churn/1", "churn"])
def test_data_like_the_recorded_one_does_not_drift(trained, reference):
    report = mlmagic.drift(reference, table(2))
    assert (report.drifted, report.is_drifted, bool(report.schema)) == ([], False, False)
    assert "(X_train)" in report.reference
    assert report.rows == (500, 500)
    assert any("only the profile is recorded" in note.text for note in report.notes)


def test_what_a_profile_can_tell(trained):
    current = table(2, shift=12).drop(columns="at").assign(extra=1)
    current.loc[:99, "city"] = None
    current["target"] = np.where(current.index % 3 == 0, 2, current["target"])
    report = mlmagic.drift("trained", current)
    assert set(report.drifted) == {"age", "city", "target"}
    assert (report.schema.missing, report.schema.new) == (("at",), ("extra",))
    age = report.columns["age"]
    assert age.test == "range"
    full = mlmagic.drift(table(1), current, multivariate=False).columns["age"]
    assert 0.2 < age.distance <= full.distance
    assert age.outside == full.outside
    assert report.columns["city"].missing == (0, 0.2)
    assert report.columns["target"].new_levels == ("2",)
    late = table(2).assign(
        at=lambda frame: frame["at"] + pd.Timedelta(days=90), age=lambda frame: frame["age"].astype(str)
    )
    report = mlmagic.drift("trained", late)
    assert report.columns["at"].outside == 1
    assert [one.name for one in report.schema.retyped] == ["age"]


def test_the_test_of_a_range_is_exact_for_values_of_one_distribution():
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(2000):
        first, second = rng.normal(size=30), rng.normal(size=20)
        alarms += beyond_range(int((second < first.min()).sum()), int((second > first.max()).sum()), 30, 20) < 0.1
    assert 0.02 < alarms / 2000 < 0.12


@pytest.mark.parametrize(
    ("reference", "options", "error", "message"),
    [
        ("traned", {}, UsageProblem, "no file, no run and no registered model: .*Did you mean 'trained'"),
        ("churn@chmpion", {}, ModelNotFoundError, "champion"),
        ("chrn@champion", {}, ModelNotFoundError, "Did you mean 'churn'"),
        ("trained", {"by": "city"}, UsageProblem, "by needs the rows of the reference"),
        ("trained", {"columns": ["agee"]}, UsageProblem, "Did you mean 'age'"),
        ("plain", {}, UsageProblem, "the data of plain has no recorded table"),
        (" ", {}, UsageProblem, "not an empty text"),
    ],
)
def test_what_cannot_be_compared_is_one_line(trained, reference, options, error, message):
    with mlmagic.track("plain", quiet=True):
        pass
    with pytest.raises(error, match=message) as raised:
        mlmagic.drift(reference, table(2), **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("profile", ["", "[]", "{}", '{"num_rows": 0, "columns": []}', '{"num_rows": 5, "columns": 3}'])
def test_a_profile_that_someone_else_wrote_is_no_table(store_uri, profile):
    import mlflow
    from mlflow.entities import Dataset, DatasetInput

    with mlflow.start_run(run_name="foreign") as run:
        pass
    MlflowClient().log_inputs(run.info.run_id, [DatasetInput(Dataset("d", "1", "code", "{}", profile=profile))])
    with pytest.raises(UsageProblem, match="has no recorded table"):
        mlmagic.drift("foreign", table(2))
