"""What an evaluation leaves on a run: the open one, a stored one, and its logged model."""

import json

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import mlmagic
from mlmagic import errors
from mlmagic.data.fingerprint.fingerprint import fingerprint


@pytest.fixture
def tracked(store_uri):
    """Return a function that evaluates within a tracked block, and returns what it returned and the stored run."""

    def track(*calls):
        with mlmagic.track("evaluated", quiet=True) as run:
            found = [call() for call in calls]
        return found, mlmagic.Run(run.id)

    return track


def _evaluation_json(run):
    return json.loads(run.text("mlmagic/evaluation.json"))["evaluations"]


def test_metrics_with_their_ends_figures_and_all_as_json(tracked, cancer):
    site = np.array(["north", "south"] * 71)
    X_test, y_test = cancer.X, cancer.y
    (found,), run = tracked(
        lambda: mlmagic.evaluate(
            cancer.logistic,
            X_test,
            y_test,
            by=site,
            against=cancer.tree,
            name="logistic",
            against_name="tree",
            resamples=200,
        )
    )
    assert found.recorded_on == "evaluated"
    stored = run.metrics
    assert stored["accuracy"] == found.metrics["accuracy"]
    assert stored["accuracy_low"] == found.intervals["accuracy"].low
    assert stored["accuracy_high"] == found.intervals["accuracy"].high
    north = next(one for one in found.slices if one.value == "north")
    assert stored["slices/site/north/f1"] == north.metrics["f1"]
    assert stored["minus_tree/accuracy"] == found.difference.values["accuracy"]
    assert stored["minus_tree/accuracy_low"] == found.difference.intervals["accuracy"].low
    assert {f"figures/{name}.png" for name in ("confusion_matrix", "roc", "precision_recall", "calibration")} <= set(
        run.artifacts
    )
    (content,) = _evaluation_json(run)
    assert content["metrics"] == dict(found.metrics)
    assert content["intervals"]["accuracy"]["low"] == found.intervals["accuracy"].low
    assert content["slices"][0]["value"] == "north"
    assert content["difference"]["sentence"] == found.difference.sentence()
    assert content["fingerprint"]["X_test"]["digest"] == fingerprint(X_test).digest


def test_the_test_data_and_its_targets_are_datasets_of_the_run(tracked, cancer):
    X_test, y_test = cancer.X, cancer.y
    _, run = tracked(lambda: mlmagic.evaluate(cancer.tree, X_test, y_test, figures=False))
    found = MlflowClient().get_run(run.id).inputs.dataset_inputs
    assert {one.dataset.name: one.dataset.digest for one in found} == {
        "X_test": fingerprint(X_test).digest,
        "y_test": fingerprint(y_test).digest,
    }
    assert [tag.value for one in found for tag in one.tags if tag.key == "mlflow.data.context"] == ["testing"] * 2


def test_a_stored_run_gets_both_too(tracked, cancer):
    X_test, y_test = cancer.X, cancer.y.tolist()
    _, run = tracked()
    mlmagic.evaluate(cancer.tree, X_test, y_test, run="evaluated", figures=False, resamples=100)
    names = sorted(one.dataset.name for one in MlflowClient().get_run(run.id).inputs.dataset_inputs)
    assert names == ["X_test", "y_test"]


def test_a_second_model_has_its_name_before_its_metrics_and_the_same_model_goes_on_by_steps(tracked, cancer):
    forms = {"figures": False, "resamples": 100}
    (first, second, third), run = tracked(
        lambda: mlmagic.evaluate(cancer.tree, cancer.X, cancer.y, name="tree", **forms),
        lambda: mlmagic.evaluate(cancer.logistic, cancer.X, cancer.y, name="logistic", **forms),
        lambda: mlmagic.evaluate(cancer.tree, cancer.X[:70], cancer.y[:70], name="tree", **forms),
    )
    assert (first.prefix, second.prefix, third.prefix) == ("", "logistic.", "")
    assert run.metrics["logistic.accuracy"] == second.metrics["accuracy"]
    assert run.history("accuracy") == [(0, first.metrics["accuracy"]), (1, third.metrics["accuracy"])]
    assert [one["model"] for one in _evaluation_json(run)] == ["tree", "logistic", "tree"]


def test_a_continued_run_keeps_the_evaluations_of_its_earlier_cells(store_uri, cancer):
    with mlmagic.track("continued", quiet=True):
        mlmagic.evaluate(cancer.tree, cancer.X, cancer.y, name="tree", figures=False, resamples=100)
    with mlmagic.track(resume="continued", quiet=True) as run:
        found = mlmagic.evaluate(cancer.logistic, cancer.X, cancer.y, name="logistic", figures=False, resamples=100)
    assert found.prefix == "logistic."
    assert [one["model"] for one in _evaluation_json(mlmagic.Run(run.id))] == ["tree", "logistic"]


def test_a_trial_of_a_sweep_is_evaluated_on_its_own_run(store_uri, cancer):
    def train(depth):
        model = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(cancer.X_train, cancer.y_train)
        return mlmagic.evaluate(model, cancer.X, cancer.y, figures=False, resamples=100).metrics["accuracy"]

    mlmagic.sweep(train, {"depth": "1,3"}, metric="accuracy", mode="max", quiet=True)
    trials = MlflowClient().search_runs(["0"], "params.depth LIKE '%'")
    assert len(trials) == 2
    for trial in trials:
        stored = mlmagic.Run(trial.info.run_id)
        assert stored.metrics["accuracy_low"] < stored.metrics["accuracy"]
        assert {value for _, value in stored.history("accuracy")} == {stored.metrics["accuracy"]}
        assert _evaluation_json(stored)[0]["model"] == "model"


def test_without_a_run_nothing_is_recorded(store_uri, cancer):
    found = mlmagic.evaluate(cancer.tree, cancer.X, cancer.y, figures=False, resamples=100)
    assert found.recorded_on is None
    assert MlflowClient().search_runs(["0"]) == []


def test_a_stored_run_keeps_its_status_and_times(tracked, cancer):
    _, run = tracked()
    before = MlflowClient().get_run(run.id).info
    found = mlmagic.evaluate(cancer.tree, cancer.X, cancer.y, run="evaluated", name="tree", resamples=100)
    assert found.recorded_on == "evaluated"
    after = MlflowClient().get_run(run.id)
    assert (after.info.status, after.info.start_time, after.info.end_time) == (
        "FINISHED",
        before.start_time,
        before.end_time,
    )
    assert after.data.metrics["accuracy"] == found.metrics["accuracy"]
    assert "figures/roc.png" in run.artifacts
    again = mlmagic.evaluate(
        cancer.logistic, cancer.X, cancer.y, run=run, name="logistic", figures=False, resamples=100
    )
    assert again.prefix == "logistic."
    assert [one["model"] for one in _evaluation_json(run)] == ["tree", "logistic"]
    assert run.metrics["logistic.f1"] == again.metrics["f1"]


def test_a_run_of_plain_mlflow_and_its_logged_model_get_the_metrics(store_uri, cancer):
    with mlflow.start_run(run_name="plain") as plain:
        mlflow.sklearn.log_model(cancer.tree, name="tree", serialization_format="cloudpickle")
    found = mlmagic.evaluate(cancer.tree, cancer.X, cancer.y, run="plain", name="tree", figures=False, resamples=100)
    client = MlflowClient()
    (output,) = client.get_run(plain.info.run_id).outputs.model_outputs
    of_model = {one.key: one.value for one in client.get_logged_model(output.model_id).metrics}
    assert of_model["accuracy"] == found.metrics["accuracy"]
    assert of_model["accuracy_low"] == found.intervals["accuracy"].low
    assert any(note.text == "also on the logged model 'tree'" for note in found.notes)
    assert client.get_run(plain.info.run_id).info.status == "FINISHED"


def test_a_run_that_does_not_exist_or_has_not_ended(store_uri, cancer):
    with pytest.raises(errors.RunNotFoundError, match="nowhere"):
        mlmagic.evaluate(cancer.tree, cancer.X, cancer.y, run="nowhere", figures=False, resamples=100)
    with mlflow.start_run(run_name="open"), pytest.raises(errors.UsageProblem, match="has not ended"):
        mlmagic.evaluate(cancer.tree, cancer.X, cancer.y, run="open", figures=False, resamples=100)


def test_autologging_logs_nothing_of_an_evaluation(tracked, cancer):
    mlflow.sklearn.autolog(log_models=False, silent=True)
    try:
        (found,), run = tracked(
            lambda: mlmagic.evaluate(cancer.logistic, cancer.X, cancer.y, figures=False, resamples=100)
        )
        with mlmagic.track("fitted", quiet=True) as fitted:
            model = LogisticRegression(max_iter=5000).fit(cancer.X_train, cancer.y_train)
            mlmagic.evaluate(model, cancer.X, cancer.y, figures=False, resamples=100)
    finally:
        mlflow.sklearn.autolog(disable=True)
    ends = {f"{name}{end}" for name in found.metrics for end in ("", "_low", "_high")}
    assert set(run.metrics) <= ends
    extra = set(mlmagic.Run(fitted.id).metrics) - ends
    assert all(name.startswith("training_") for name in extra)


def test_secrets_in_names_are_redacted(tracked, cancer, monkeypatch):
    secret = "hunter2-" + "x" * 20
    monkeypatch.setenv("MY_PASSWORD", secret)
    site = np.array([secret, "south"] * 71)
    _, run = tracked(lambda: mlmagic.evaluate(cancer.tree, cancer.X, cancer.y, by=site, figures=False, resamples=100))
    text = run.text("mlmagic/evaluation.json")
    assert secret not in text
    assert not any(secret in name for name in run.metrics)
