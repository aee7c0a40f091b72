"""Models of libraries that MLflow has a flavour of its own for; LightGBM stands for them."""

from __future__ import annotations

import mlflow
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from mlmagic.models.kinds import find_models, is_fitted, kind_of
from mlmagic.models.parameters import changed_parameters
from mlmagic.models.saving import Skipped

lightgbm = pytest.importorskip("lightgbm")
X, y = load_breast_cancer(return_X_y=True, as_frame=True)


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
