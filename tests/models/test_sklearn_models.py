"""Estimators become logged models of the run, by skops or by cloudpickle with a reason."""

from __future__ import annotations

import random
import threading
import warnings
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from scripts import passes
from sklearn.base import BaseEstimator
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlmagic.models.saving.save import SavedModel, Skipped

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
Z = (X - X.mean()) / X.std()


@pytest.fixture(scope="module")
def logistic():
    return LogisticRegression(C=0.5).fit(Z, y)


class Holder(BaseEstimator):
    """An estimator that holds whatever it is given."""

    def __init__(self, **held):
        vars(self).update(held)

    def predict(self, x):
        return np.zeros(len(x))


class Noisy(LinearRegression):
    """An estimator that prints, warns, logs, draws and counts."""

    def predict(self, x):
        import logging

        print("predicting")
        warnings.warn("a page of warnings", stacklevel=1)
        logging.getLogger("mlflow.noisy").warning("a line")
        self.calls_ = getattr(self, "calls_", 0) + 1
        return super().predict(x) + np.random.rand(len(x)) + random.random()


class Unstable(LinearRegression):
    """An estimator that forgets when it is pickled."""

    def __setstate__(self, state):
        super().__setstate__(state | {"intercept_": 0.0})


def test_it_is_an_ordinary_output_of_the_run(log, client, run_id, logistic):
    result = log(logistic, Z, name="models.logistic")
    assert isinstance(result, SavedModel)
    assert (result.name, result.format, result.notes, result.signature) == ("models_logistic", "skops", (), True)

    run = client.get_run(run_id)
    assert [each.model_id for each in run.outputs.model_outputs] == [result.model_id]
    entry = client.get_logged_model(result.model_id)
    assert (entry.status, entry.source_run_id, entry.name) == ("READY", run_id, "models_logistic")
    assert entry.params == {"lr": "0.1"}
    assert entry.tags["mlflow.user"] == "ana"

    info = mlflow.models.get_model_info(result.uri)
    assert info.signature.inputs.input_names() == list(X.columns)
    assert info.run_id == run_id
    loaded = mlflow.pyfunc.load_model(result.uri)
    assert (loaded.predict(Z) == logistic.predict(Z)).all()
    assert mlflow.sklearn.load_model(result.uri).get_params() == logistic.get_params()
    pd.testing.assert_frame_equal(loaded.input_example, Z.head(5).reset_index(drop=True), check_exact=False)


def test_its_environment_is_what_was_asked_and_what_loading_takes(log, logistic):
    folder = Path(mlflow.artifacts.download_artifacts(log(logistic, Z).uri))
    requirements = (folder / "requirements.txt").read_text().split()
    assert requirements[:2] == ["numpy", f"mlflow=={mlflow.__version__}"]
    assert [line.partition("==")[0] for line in requirements[2:]] == ["scikit-learn", "skops"]
    conda = yaml.safe_load((folder / "conda.yaml").read_text())
    assert conda["dependencies"][-1]["pip"] == requirements
    virtualenv = yaml.safe_load((folder / "python_env.yaml").read_text())
    assert virtualenv["dependencies"] == ["-r requirements.txt"]
    assert virtualenv["python"] == conda["dependencies"][0].removeprefix("python=")


def test_a_large_forest_is_pickled_and_says_why(log):
    forest = RandomForestClassifier(100, random_state=0).fit(X, y)
    result = log(forest, X)
    assert result.format == "cloudpickle"
    assert len(result.notes) == 1
    assert result.notes[0].startswith("cloudpickle, since skops would be several times as large and slow for 71")
    assert (mlflow.pyfunc.load_model(result.uri).predict(X) == forest.predict(X)).all()


def test_what_skops_cannot_keep_is_pickled_and_says_why(log):
    model = LinearRegression().fit(Z, y)
    model.extra_ = Ellipsis
    result = log(model, Z)
    assert result.format == "cloudpickle"
    assert len(result.notes) == 1
    assert result.notes[0].startswith("cloudpickle, since skops cannot keep it: ")
    assert mlflow.sklearn.load_model(result.uri).extra_ is Ellipsis


@pytest.mark.parametrize(
    ("held", "part"),
    [
        (
            {"lock_": threading.Lock()},
            "its attribute 'lock_' (lock) cannot be pickled: cannot pickle '_thread.lock' object",
        ),
        (
            {"rows_": (row for row in "ab")},
            "its attribute 'rows_' (generator) cannot be pickled: cannot pickle 'generator' object",
        ),
        (
            {"deep_": {"list": [1, {"lock": threading.Lock()}]}},
            "its attribute \"deep_['list'][1]['lock']\" (lock) cannot be pickled: cannot pickle",
        ),
    ],
)
def test_what_cannot_be_pickled_is_skipped_and_the_part_named(log, client, run_id, held, part):
    result = log(Holder(**held), Z)
    assert isinstance(result, Skipped)
    assert result.reason.startswith(part)
    assert client.search_logged_models(["0"]) == []


def test_a_pipeline_step_that_cannot_be_pickled_is_named(log):
    opened = threading.Lock()
    pipeline = make_pipeline(FunctionTransformer(lambda x: x if opened else None), LogisticRegression()).fit(Z, y)
    assert log(pipeline).reason.startswith("its attribute 'steps[0][1].func.opened' (lock) cannot be pickled")


def test_an_estimator_that_does_nothing_with_new_data_is_skipped(log):
    assert log(DBSCAN().fit(Z)) == Skipped(
        "model", "DBSCAN has neither predict nor transform: it makes nothing of new data"
    )
    search = GridSearchCV(LogisticRegression(), {"C": [1]}, refit=False, scoring="accuracy").fit(Z, y)
    assert "neither predict nor transform" in log(search).reason


def test_a_model_of_5_gb_costs_nothing(log):
    huge = Holder(weights_=np.zeros(5_000_000_000, "uint8"))
    assert log(huge, Z) == Skipped("model", "it is larger than the limit of 200 MB")
    small = Holder(words_=[str(number) for number in range(3000)])
    assert log(small, size_limit_mb=0.01) == Skipped("model", "it is larger than the limit of 0.01 MB")
    assert isinstance(log(small), SavedModel)


def test_nothing_of_it_shows_or_changes(log, capfd, caplog):
    model = Noisy().fit(Z, y)
    filters, states = list(warnings.filters), (random.getstate(), np.random.get_state()[1].tolist())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = log(model, Z)
    assert result.notes == (
        "cloudpickle, since Noisy would not be found where the model is loaded, and skops keeps no code",
    )
    assert caught == []
    assert (capfd.readouterr(), caplog.records) == (("", ""), [])
    assert warnings.filters == filters
    assert states == (random.getstate(), np.random.get_state()[1].tolist())
    assert not hasattr(model, "calls_")


def test_a_prediction_that_differs_after_reloading_is_told(log):
    result = log(Unstable().fit(Z, y), Z)
    assert result.notes[-1].startswith(
        "the saved model predicts otherwise on the rows that it was tested on, by up to 0."
    )
    assert result.signature is False


@pytest.mark.parametrize("example", [None, y, X[["mean radius"]], "text", object(), (3, None), [], iter("ab")])
def test_data_that_the_model_does_not_take_is_no_example(log, logistic, example):
    result = log(logistic, example)
    assert (result.signature, result.notes) == (False, ())
    assert (mlflow.pyfunc.load_model(result.uri).predict(Z) == logistic.predict(Z)).all()


def test_the_example_has_the_features_of_the_model_only(log):
    model = LogisticRegression(max_iter=300).fit(X[["mean area", "mean radius"]] / 100, y)
    result = log(model, (y, X.assign(target=y) / 100))
    loaded = mlflow.pyfunc.load_model(result.uri)
    assert list(loaded.input_example.columns) == ["mean area", "mean radius"]
    assert len(loaded.input_example) == 5


@pytest.mark.parametrize("as_type", [np.asarray, pd.DataFrame], ids=["array", "frame"])
def test_a_model_fitted_on_an_array_takes_both(log, as_type):
    model = LogisticRegression().fit(Z.to_numpy(), y)
    result = log(model, as_type(Z.to_numpy()))
    assert result.signature
    assert (mlflow.pyfunc.load_model(result.uri).predict(as_type(Z.to_numpy())) == model.predict(Z.to_numpy())).all()


def test_a_secret_in_the_data_is_not_kept(log, monkeypatch):
    monkeypatch.setenv("SERVICE_API_KEY", "kj2h3kj4h-23kj4h2k3j4")
    frame = pd.DataFrame({"user": ["kj2h3kj4h-23kj4h2k3j4", "b"] * 3, "n": [1.0, 2.0] * 3})
    model = make_pipeline(FunctionTransformer(lambda x: x[["n"]]), LinearRegression()).fit(frame, range(6))
    result = log(model, frame)
    assert "no input example, since there is what looks like a secret in it" in result.notes
    folder = Path(mlflow.artifacts.download_artifacts(result.uri))
    assert not list(folder.glob("*example*"))
    assert not any(b"kj2h3kj4h" in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_column_whose_name_says_secret_keeps_the_example_out(log):
    frame = pd.DataFrame({"password": ["hunter", "tiger"] * 3, "n": [1.0, 2.0] * 3})
    model = make_pipeline(FunctionTransformer(lambda x: x[["n"]]), LinearRegression()).fit(frame, range(6))
    result = log(model, frame)
    assert "no input example, since there is what looks like a secret in it" in result.notes
    folder = Path(mlflow.artifacts.download_artifacts(result.uri))
    assert not any(b"hunter" in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_column_whose_name_is_a_secret_keeps_the_signature_out_and_the_model_loads(log):
    token = "ghp_" + "a1B2" * 9
    frame = pd.DataFrame({token: [1.0, 2.0] * 3, "n": [1.0, 2.0] * 3})
    model = make_pipeline(FunctionTransformer(lambda x: x[["n"]]), LinearRegression()).fit(frame, range(6))
    for _, step in model.steps:
        vars(step).pop("feature_names_in_", None)
    result = log(model, frame)
    assert "no signature, since there is what looks like a secret in the names of its columns" in result.notes
    folder = Path(mlflow.artifacts.download_artifacts(result.uri))
    assert not any(token.encode() in file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert len(mlflow.pyfunc.load_model(result.uri).predict(frame)) == 6


def test_an_array_library_is_not_imported_for_skops(store_uri):

    script = (
        "import sys, pathlib\n"
        "from sklearn.linear_model import LinearRegression\n"
        "from mlmagic.models.saving import sklearn_models\n"
        "kept = sklearn_models.save(LinearRegression().fit([[1], [2]], [1, 2]), pathlib.Path('m'), requirements=[], candidates=(), limit=1e9)\n"
        "assert kept.format == 'skops', kept\n"
        "assert 'torch' not in sys.modules\n"
        "import torch\n"
        "assert torch.ones(1).item() == 1\n"
    )
    passes(script)


def test_a_model_that_the_store_refuses_is_marked(log, client, run_id, logistic, monkeypatch):
    def refuse(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(type(client), "log_model_artifacts", refuse)
    with pytest.raises(OSError, match="no space left on device"):
        log(logistic, Z)
    assert [each.status for each in client.search_logged_models(["0"])] == ["FAILED"]


def test_autologging_does_not_see_the_proof(log, client, logistic):
    mlflow.sklearn.autolog(log_models=False)
    try:
        assert isinstance(log(logistic, Z), SavedModel)
    finally:
        mlflow.sklearn.autolog(disable=True)
    assert mlflow.active_run() is None


def test_two_steps_share_a_model_and_it_stays_one(log):
    scaler = StandardScaler()
    pipeline = make_pipeline(scaler, LogisticRegression()).fit(X, y)
    loaded = mlflow.sklearn.load_model(log(pipeline, X).uri)
    assert (loaded.predict(X) == pipeline.predict(X)).all()
