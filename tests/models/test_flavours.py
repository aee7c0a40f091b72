"""Models of libraries that MLflow has a flavour of its own for.

LightGBM stands for them in every test run; the others are heavy. With these installed too (`pip install xgboost
catboost keras`, Keras with ``KERAS_BACKEND=torch``) their cases run as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import lightgbm
import mlflow
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlmagic.models.kinds import find_models, is_fitted, kind_of
from mlmagic.models.parameters import changed_parameters
from mlmagic.models.saving.save import Skipped

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
A = X.to_numpy("float32")
HOW = "to run it: pip install {0}; pytest tests/models/test_flavours.py"


def test_its_own_flavour_is_used(log):
    model = lightgbm.LGBMClassifier(n_estimators=5, learning_rate=0.2, verbose=-1).fit(X, y)
    assert (kind_of(model), is_fitted(model), is_fitted(lightgbm.LGBMClassifier())) == ("lightgbm", True, False)
    assert changed_parameters(model) == {"learning_rate": 0.2, "n_estimators": 5, "verbose": -1}
    result = log(model, (y, X))
    assert (result.format, result.signature, result.notes) == ("lightgbm", True, ())
    assert (mlflow.pyfunc.load_model(result.uri).predict(X) == model.predict(X)).all()
    assert mlflow.models.get_model_info(result.uri).flavors.keys() == {"lightgbm", "python_function"}


def test_a_booster_is_a_model_too(log):
    booster = lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, y), num_boost_round=3)
    assert [found.kind for found in find_models({"boosters": [booster]})] == ["lightgbm"]
    result = log(booster, X)
    assert np.allclose(mlflow.pyfunc.load_model(result.uri).predict(X), booster.predict(X))
    assert log(booster, X, size_limit_mb=0.001) == Skipped("model", "it is larger than the limit of 0.001 MB")


def of_lightgbm():
    small = {"n_estimators": 3, "verbose": -1}
    frame = lightgbm.LGBMClassifier(**small).fit(X, y)
    array = lightgbm.LGBMRegressor(**small).fit(A, y)
    booster = lightgbm.train({"verbose": -1, "objective": "binary"}, lightgbm.Dataset(A, y), num_boost_round=3)
    pipe = make_pipeline(StandardScaler(), lightgbm.LGBMClassifier(**small)).fit(X, y)
    search = GridSearchCV(lightgbm.LGBMClassifier(**small), {"num_leaves": [4, 8]}, cv=2).fit(X, y)
    models = {
        "frame": (frame, X),
        "array": (array, A),
        "booster": (booster, A),
        "pipe": (pipe, X),
        "search": (search, X),
    }
    return {name: (model, data, model.predict(data)) for name, (model, data) in models.items()}


def of_xgboost():
    xgboost = pytest.importorskip("xgboost", reason=HOW.format("xgboost"))
    frame, array = xgboost.XGBClassifier(n_estimators=3).fit(X, y), xgboost.XGBRegressor(n_estimators=3).fit(A, y)
    own = xgboost.train({"max_depth": 2}, xgboost.DMatrix(X, y), num_boost_round=3)
    plain = xgboost.train({"max_depth": 2}, xgboost.DMatrix(A, y), num_boost_round=3)
    models = {"frame": (frame, X), "array": (array, A)}
    found = {name: (model, data, model.predict(data)) for name, (model, data) in models.items()}
    boosters = {"own": (own, X), "plain": (plain, A)}
    return found | {name: (b, data, b.predict(xgboost.DMatrix(data))) for name, (b, data) in boosters.items()}


def of_catboost():
    catboost = pytest.importorskip("catboost", reason=HOW.format("catboost"))
    small = {"iterations": 3, "verbose": 0, "allow_writing_files": False}
    frame = catboost.CatBoostClassifier(**small).fit(X, y)
    array = catboost.CatBoostRegressor(**small).fit(A, y)
    own = catboost.train(catboost.Pool(X, y), {**small, "loss_function": "Logloss"})
    models = {"frame": (frame, X), "array": (array, A), "own": (own, X)}
    return {name: (model, data, model.predict(data)) for name, (model, data) in models.items()}


def of_keras():
    keras = pytest.importorskip("keras", reason=HOW.format("keras torch==2.13.0"))
    layers = keras.layers
    sequential = keras.Sequential([keras.Input((30,)), layers.Dense(4), layers.Dropout(0.5), layers.Dense(1)])
    sequential.compile(optimizer="adam", loss="mse")
    sequential.fit(A, y, epochs=1, verbose=0)
    inputs = keras.Input((30,))
    functional = keras.Model(inputs, layers.Dense(2)(inputs))
    models = {"sequential": sequential, "functional": functional}
    return {name: (model, A, model.predict(A, verbose=0)) for name, model in models.items()}


@pytest.mark.parametrize("models_of", [of_lightgbm, of_xgboost, of_catboost, of_keras])
def test_each_predicts_in_a_fresh_process_what_the_original_does(models_of, log, tmp_path, monkeypatch):
    """Each is offered a table and an array, as a cell reads them: it takes the one that it was fitted on."""
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    expected = {}
    for name, (model, data, predicted) in models_of().items():
        assert [(found.name, found.model) for found in find_models({name: model})] == [(name, model)]
        result = log(model, (y, X, A), name=name)
        assert (result.signature, result.notes) == (True, ()), name
        np.save(tmp_path / f"{name}.npy", np.asarray(predicted))
        expected[name] = [result.uri, data is X]
    (tmp_path / "models.json").write_text(json.dumps(expected))

    script = Path(__file__).with_name("load_flavours.py")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, script, tmp_path], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(done.stdout.splitlines()[-1].split()) == set(expected)


def test_a_pipeline_needs_the_packages_of_its_steps(log):
    result = log(make_pipeline(StandardScaler(), lightgbm.LGBMClassifier(n_estimators=2, verbose=-1)).fit(X, y), X)
    file = Path(mlflow.artifacts.download_artifacts(result.uri)) / "requirements.txt"
    assert f"lightgbm=={lightgbm.__version__}" in file.read_text().splitlines()
