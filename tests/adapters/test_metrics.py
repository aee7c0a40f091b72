"""Which functions, scorers, estimators and histories of known libraries are recognised, and what they are called."""

import csv
import functools
import types

import numpy as np
import pytest
from sklearn import metrics
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, make_scorer
from sklearn.model_selection import KFold, cross_val_predict, cross_val_score, cross_validate

from mlmagic.adapters import boosting, keras, lightning
from mlmagic.adapters.metrics import (
    fold_scores,
    folds,
    is_boosting,
    is_cross_validation,
    is_estimator,
    is_metric_module,
    is_per_class,
    is_scorer,
    measure_name,
    snake_case,
)
from mlmagic.adapters.optional import require
from mlmagic.errors import MissingPackageError


def accuracy_score(y_true, y_pred):
    """A function of the user's own, with a known name."""


def own_scorer(estimator, X, y):
    """A scorer of the user's own."""


class Fits:
    def fit(self, X):
        """Fit."""

    def get_params(self, deep=True):  # as scikit-learn has it
        """Return the parameters."""


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (metrics.accuracy_score, "accuracy_score"),
        (metrics.precision_recall_fscore_support, "precision_recall_fscore_support"),
        (get_scorer("f1_macro"), "f1_score"),
        (make_scorer(metrics.fbeta_score, beta=2), "fbeta_score"),
        (make_scorer(accuracy_score), "accuracy_score"),
        (cross_val_score, "cross_val_score"),
        (cross_validate, "cross_validate"),
        (cross_val_predict, None),
        (accuracy_score, None),
        (own_scorer, None),
        (functools.partial(metrics.accuracy_score), None),
        (np.mean, None),
        (metrics.ConfusionMatrixDisplay, None),
        (LogisticRegression(), None),
        ("accuracy_score", None),
        (None, None),
    ],
)
def test_the_name_under_which_a_result_is_recorded(thing, name):
    assert measure_name(thing) == name


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("sklearn.metrics", True), ("sklearn.metrics._ranking", True), ("torchmetrics.functional", True), ("sklearn.metrics_of_mine", False), ("sklearn", False), ("", False)],
)  # fmt: skip
def test_modules_of_metrics(name, is_one):
    assert is_metric_module(name) == is_one


@pytest.mark.parametrize(
    ("thing", "scorer", "estimator", "cross_validation", "per_class"),
    [
        (get_scorer("accuracy"), True, False, False, False),
        (own_scorer, False, False, False, False),
        (LogisticRegression(), False, True, False, False),
        (LogisticRegression, False, False, False, False),
        (Fits(), False, True, False, False),
        (Fits, False, False, False, False),
        (KFold(3), False, False, False, False),
        (cross_val_score, False, False, True, False),
        (metrics.precision_recall_fscore_support, False, False, False, True),
        (metrics.f1_score, False, False, False, False),
        (object(), False, False, False, False),
    ],
)
def test_what_kind_of_thing_it_is(thing, scorer, estimator, cross_validation, per_class):
    found = is_scorer(thing), is_estimator(thing), is_cross_validation(thing), is_per_class(thing)
    assert found == (scorer, estimator, cross_validation, per_class)


@pytest.mark.parametrize(
    ("module", "is_one"),
    [("xgboost.sklearn", True), ("lightgbm", True), ("catboost.core", True), ("xgboosted", False), (None, False)],
)
def test_boosting_libraries_are_known_by_their_module(module, is_one):
    assert is_boosting(type("Model", (), {"__module__": module})) == is_one


@pytest.mark.parametrize(
    ("name", "snake"),
    [("MulticlassF1Score", "multiclass_f1_score"), ("MeanSquaredError", "mean_squared_error"), ("SVC", "svc"), ("R2Score", "r2_score"), ("", "")],
)  # fmt: skip
def test_names_of_classes_in_snake_case(name, snake):
    assert snake_case(name) == snake


@pytest.mark.parametrize(
    ("value", "scores"),
    [
        (np.array([0.5, 1.0]), {"": [0.5, 1.0]}),
        ([0.5, 1.0], {"": [0.5, 1.0]}),
        ({"test_score": np.array([0.5]), "fit_time": np.array([0.1]), "estimator": [None]}, {"test_score": [0.5]}),
        ({"test_f1": np.array([0.5]), "train_f1": np.array([0.9])}, {"test_f1": [0.5], "train_f1": [0.9]}),
        ({"fit_time": np.array([0.1])}, {}),
        ([], None),
        ([1, 2], None),
        (["a"], None),
        (np.array([[0.5]]), None),
        (0.5, None),
        (None, None),
    ],
)
def test_the_scores_of_folds(value, scores):
    assert fold_scores(value) == scores


def test_mean_and_spread_are_numpys():
    assert folds([0.5, 1.0, 0.75]) == {"": (pytest.approx(0.75), pytest.approx(np.std([0.5, 1.0, 0.75])))}
    assert folds("no") is None


def of_library(name, class_name, **attributes):
    """Return an object of a class of this name in a module of this library."""
    made = type(class_name, (), {"__module__": f"{name}.core"})()
    vars(made).update(attributes)
    return made


HISTORY = {"loss": [0.5, 0.4], "accuracy": [0.8], "empty": [], "odd": 3}


@pytest.mark.parametrize(
    ("thing", "curves"),
    [
        (of_library("keras", "History", history=HISTORY), {"loss": [0.5, 0.4], "accuracy": [0.8]}),
        (of_library("tensorflow", "History", history=HISTORY), {"loss": [0.5, 0.4], "accuracy": [0.8]}),
        (of_library("keras", "History", history=None), None),
        (of_library("keras", "Other", history=HISTORY), None),
        (of_library("mine", "History", history=HISTORY), None),
        ({"loss": [0.5]}, None),
    ],
)
def test_the_history_of_a_keras_training(thing, curves):
    assert keras.curves_of(thing) == curves


ROUNDS = {"valid_0": {"l2": [1, 0.5]}, "training": {"l2": [0.9, 0.4]}, "odd": 3}


@pytest.mark.parametrize(
    ("thing", "curves"),
    [
        (of_library("lightgbm", "LGBMModel", _evals_result=ROUNDS), {"valid_0.l2": [1.0, 0.5], "training.l2": [0.9, 0.4]}),
        (of_library("xgboost", "XGBModel", evals_result_=ROUNDS), {"valid_0.l2": [1.0, 0.5], "training.l2": [0.9, 0.4]}),
        (of_library("catboost", "CatBoost", is_fitted=lambda: True, get_evals_result=lambda: ROUNDS), {"valid_0.l2": [1.0, 0.5], "training.l2": [0.9, 0.4]}),
        (of_library("catboost", "CatBoost", is_fitted=lambda: False), {}),
        (of_library("lightgbm", "LGBMModel"), {}),
        (of_library("lightgbm", "LGBMModel", _evals_result=None), {}),
        (of_library("mine", "Model", _evals_result=ROUNDS), {}),
        (LogisticRegression(), {}),
        (3, {}),
    ],
)  # fmt: skip
def test_the_rounds_of_a_boosting(thing, curves):
    assert boosting.curves_of(thing) == curves


def test_the_rounds_of_lightgbm_itself():
    lightgbm = pytest.importorskip("lightgbm")
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1)
    assert boosting.curves_of(model) == {}
    model.fit(X, y, eval_set=[(X[:30], y[:30])])
    assert [(name, len(values)) for name, values in boosting.curves_of(model).items()] == [
        ("valid_0.binary_logloss", 3)
    ]


def trainer(**attributes):
    made = of_library("lightning", "Trainer", **attributes)
    assert lightning.is_trainer(made)
    return made


def test_only_lightnings_trainer_is_one():
    assert lightning.is_trainer(of_library("pytorch_lightning", "Trainer"))
    assert not lightning.is_trainer(of_library("transformers", "Trainer"))
    assert not lightning.is_trainer("Trainer")


@pytest.mark.parametrize("without", [None, (), [object()]])
def test_a_trainer_without_a_csv_file_has_no_rows(without):
    assert lightning.logged_rows(trainer(loggers=without)) == []


def test_rows_of_the_csv_file_and_those_not_written_yet(tmp_path):
    file = tmp_path / "metrics.csv"
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerows(
            [
                ["epoch", "step", "loss", "acc"],
                [0, 1, 0.5, ""],
                [0, "2.0", "", 0.9],
                [1, "", 0.4, ""],
                [1, 3, "cut", ""],
            ]
        )
    held = types.SimpleNamespace(metrics_file_path=str(file), metrics=[{"step": 4, "loss": 0.25}, {"loss": 1}])
    logger = types.SimpleNamespace(_experiment=held)
    assert lightning.logged_rows(trainer(loggers=[logger])) == [
        (1, {"loss": 0.5}),
        (2, {"acc": 0.9}),
        (4, {"loss": 0.25}),
    ]


def test_of_the_last_values_that_of_the_epoch_counts():
    values = {"loss": np.array(0.5), "loss_epoch": 0.4, "acc": 0.9, "many": np.zeros(3), "name": "a"}
    assert lightning.last_values(trainer(callback_metrics=values)) == {"loss_epoch": 0.4, "acc": 0.9}
    assert lightning.last_values(trainer()) == {}


class Estimator(BaseEstimator):
    """An estimator by its base class alone."""


def test_an_estimator_by_its_base_class_is_one():
    assert is_estimator(Estimator())


@pytest.mark.parametrize("package", ["no_such_package", "no_such_package.part"])
def test_a_package_that_is_missing_is_named_with_the_command(package):
    with pytest.raises(MissingPackageError, match=r"^mlmagic\.x needs the-package: %pip install the-package$"):
        require(package, "mlmagic.x", pip="the-package")


def test_a_package_that_lacks_another_one_raises_its_own_error(tmp_path, monkeypatch):
    (tmp_path / "needy_package.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'") as caught:
        require("needy_package", "mlmagic.x")
    assert not isinstance(caught.value, MissingPackageError)
    assert require("os.path", "mlmagic.x").join("a", "b") == "a/b"
