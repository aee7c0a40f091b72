"""Drift against what a run recorded of its data: the rows themselves are not at hand."""

import numpy as np
import pandas as pd
import pytest
from logged import log_model
from mlflow import MlflowClient
from scipy import stats
from sklearn.dummy import DummyClassifier

import mlmagic
from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.profile.mlflow_dataset import record
from mlmagic.errors import ModelNotFoundError, UsageProblem
from mlmagic.monitoring.drift.statistics.means import Moments, means_differ, within_range
from mlmagic.monitoring.drift.statistics.ranges import beyond_range
from mlmagic.recording import open_runs
from mlmagic.views.monitoring.drift_report import headline


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


def numbers(seed, rows=500, shift=0.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(shift, 1, rows), "n": rng.integers(0, 9, rows), "b": rng.random(rows) < 0.3})


@pytest.fixture
def of_numbers(store_uri):
    data = numbers(1)
    with mlmagic.track("numbers", quiet=True):
        open_runs.require_active("the test").recorder.dataset(record("X", data, fingerprint(data), use="training"))
    return data


@pytest.mark.parametrize(
    ("name", "change", "test"),
    [
        ("x", lambda frame: frame["x"] + 1, "Welch"),
        ("x", lambda frame: 2.5 + 0 * frame["x"], "Welch"),
        ("x", lambda frame: frame["x"].where(frame.index % 8 != 0, 50), "range"),
        ("n", lambda frame: frame["n"].clip(5), "Welch"),
        ("b", lambda frame: frame["b"] | (frame.index % 4 == 0), "chi-square"),
    ],
    ids=["mean", "constant", "outliers", "whole numbers", "bools"],
)
def test_a_mean_that_changed_is_found(of_numbers, name, change, test):
    same = mlmagic.drift("numbers", numbers(2))
    assert not same.is_drifted
    assert headline(same).startswith("No drift found in what is recorded: ")
    current = numbers(2)
    current[name] = change(current)
    report = mlmagic.drift("numbers", current)
    assert report.drifted == [name]
    found = report.columns[name]
    assert found.test == test
    rows = mlmagic.drift(of_numbers, current, multivariate=False).columns[name]
    assert rows.distance / 4 < found.distance < 1.5 * rows.distance


def test_profiles_of_data_that_did_not_drift_raise_no_alarms(of_numbers):
    alarms = sum(mlmagic.drift("numbers", numbers(seed, 200), min_effect=0.0).is_drifted for seed in range(2, 22))
    assert alarms <= 3


def test_means_are_compared_as_scipy_does():
    rng = np.random.default_rng(3)
    first, second = rng.normal(0, 1, 80), rng.normal(0.4, 2, 50)
    known = (Moments(len(one), one.mean(), one.std(ddof=1)) for one in (first, second))
    expected = stats.ttest_ind(first, second, equal_var=False)
    assert means_differ(*known) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-12)
    for values in (first, rng.random(50) < 0.1, rng.exponential(size=30), np.ones(5)):
        bound = within_range(len(values), values.mean(), values.min(), values.max()).deviation
        assert bound >= values.std() - 1e-12


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
