"""The parameters of models and optimizers, by name."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scipy.stats import loguniform
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectFromModel
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from torch import nn

from mlmagic.models.parameters import all_parameters, changed_parameters


class Careless(BaseEstimator):
    """An estimator that does not keep what it is given, so that `get_params` raises."""

    def __init__(self, depth):
        self.other = depth


class Passing(RandomForestClassifier):
    """An estimator that passes keywords on, as XGBoost's do."""

    def __init__(self, *, extra=1, **more):
        super().__init__(**more)
        self.extra = extra

    @classmethod
    def _get_param_names(cls):
        return [*RandomForestClassifier._get_param_names(), "extra"]


class Own(SVC):
    """An estimator with another default than its base, and a parameter of its own."""

    def __init__(self, C=5.0, extra=2):
        super().__init__(C=C)
        self.extra = extra


class Raising(BaseEstimator):
    def get_params(self, deep=True):  # as scikit-learn has it
        raise RuntimeError("no")


def scaled(x):
    return x


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (RandomForestClassifier(), {}),
        (RandomForestClassifier(100, max_depth=5, random_state=0), {"max_depth": 5, "random_state": 0}),
        (SVC(C=1), {}),
        (SVC(C=np.float64(0.5), kernel="linear"), {"C": 0.5, "kernel": "linear"}),
        (SVC(class_weight={0: 1.0, 1: 2.0}), {"class_weight": {"0": 1.0, "1": 2.0}}),
        (SVC(shrinking=1), {"shrinking": 1}),
        (SimpleImputer(missing_values=np.nan), {}),
        (Passing(extra=2, max_depth=3), {"extra": 2, "max_depth": 3}),
        (Careless(3), {}),
        (make_pipeline(StandardScaler(), SVC(C=0.5)), {"svc__C": 0.5}),
        (make_pipeline(SVC(C=2), SVC(C=3)), {"svc-1__C": 2, "svc-2__C": 3}),
        (
            Pipeline(
                [("scale", StandardScaler(with_mean=False)), ("skip", "passthrough"), ("svm", SVC())], verbose=True
            ),
            {
                "scale": "StandardScaler",
                "scale__with_mean": False,
                "skip": "passthrough",
                "svm": "SVC",
                "verbose": True,
            },
        ),
        (
            make_pipeline(
                ColumnTransformer([("num", SimpleImputer(strategy="median"), ["a"]), ("cat", OneHotEncoder(), ["b"])]),
                SVC(),
            ),
            {
                "columntransformer__num": "SimpleImputer",
                "columntransformer__num__strategy": "median",
                "columntransformer__cat": "OneHotEncoder",
            },
        ),
        (
            VotingClassifier([("lr", LogisticRegression(C=2)), ("no", "drop")], voting="soft"),
            {"lr": "LogisticRegression", "lr__C": 2, "no": "drop", "voting": "soft"},
        ),
        (CalibratedClassifierCV(SVC(C=2)), {"estimator": "SVC", "estimator__C": 2}),
        (FunctionTransformer(scaled), {"func": "scaled"}),
        (FunctionTransformer(np.log1p), {"func": "log1p"}),
        (
            RandomizedSearchCV(SVC(), {"C": loguniform(0.1, 10), "gamma": np.array([1.0, 2.0])}, n_iter=3),
            {"estimator": "SVC", "param_distributions": {"C": "loguniform(0.1, 10)", "gamma": [1.0, 2.0]}, "n_iter": 3},
        ),
        (GaussianProcessRegressor(ConstantKernel(4.0) * RBF(3.0)), {"kernel": "2**2 * RBF(length_scale=3)"}),
        (
            GridSearchCV(
                make_pipeline(SVC(C=3)), [{"svc__C": [1]}, {"svc": [SVC(C=4), LogisticRegression()]}], cv=KFold(2)
            ),
            {
                "estimator": "Pipeline",
                "estimator__svc__C": 3,
                "param_grid": [{"svc__C": [1]}, {"svc": ["SVC(C=4)", "LogisticRegression()"]}],
                "cv": "KFold(n_splits=2, random_state=None, shuffle=False)",
            },
        ),
        (
            StackingClassifier([("a", SVC()), ("b", make_pipeline(LogisticRegression(C=2)))], SVC(C=0.1)),
            {
                "a": "SVC",
                "b": "Pipeline",
                "b__logisticregression__C": 2,
                "final_estimator": "SVC",
                "final_estimator__C": 0.1,
            },
        ),
        (
            ColumnTransformer(
                [
                    ("n", make_pipeline(SimpleImputer(), StandardScaler(with_std=False)), ["a"]),
                    ("p", "passthrough", ["b"]),
                ],
                remainder=MinMaxScaler((0, 2)),
            ),
            {
                "n": "Pipeline",
                "n__standardscaler__with_std": False,
                "p": "passthrough",
                "remainder": "MinMaxScaler",
                "remainder__feature_range": [0, 2],
            },
        ),
        (make_union(PCA(2), StandardScaler()), {"pca__n_components": 2}),
        (BaggingClassifier(SVC(C=2), n_estimators=3), {"estimator": "SVC", "estimator__C": 2, "n_estimators": 3}),
        (
            OneVsRestClassifier(MultiOutputClassifier(SVC(C=4))),
            {"estimator": "MultiOutputClassifier", "estimator__estimator": "SVC", "estimator__estimator__C": 4},
        ),
        (
            SelectFromModel(LogisticRegression(C=9), threshold="mean"),
            {"estimator": "LogisticRegression", "estimator__C": 9, "threshold": "mean"},
        ),
        (
            TransformedTargetRegressor(Ridge(2), func=np.log, inverse_func=np.exp),
            {"regressor": "Ridge", "regressor__alpha": 2, "func": "log", "inverse_func": "exp"},
        ),
        (
            Pipeline([("a", None), ("b", "passthrough")], memory="cache"),
            {"a": None, "b": "passthrough", "memory": "cache"},
        ),
        (Own(C=5.0), {}),
        (Own(C=1.0, extra=3), {"C": 1.0, "extra": 3}),
        (Raising(), {}),
        (AdaBoostClassifier(), {}),
        (SVC(random_state=np.random.RandomState(0)), {"random_state": "RandomState"}),
        (SVC(kernel=lambda a, b: a @ b.T), {"kernel": "<lambda>"}),
        (SVC, {}),
        (None, {}),
        ("text", {}),
        (nn.Linear(2, 1), {}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parameters_that_are_not_default(model, expected):
    assert changed_parameters(model) == expected
    json.dumps(changed_parameters(model))


def test_a_fitted_search_tells_what_it_chose():
    search = GridSearchCV(make_pipeline(SVC()), {"svc__C": [0.5, 1.0]}, cv=2)
    search.fit(np.arange(20.0).reshape(10, 2), [0, 1] * 5)
    found = changed_parameters(search)
    assert found["param_grid"] == {"svc__C": [0.5, 1.0]}
    assert found["best_params_"] in [{"svc__C": 0.5}, {"svc__C": 1.0}]
    assert all_parameters(search)["best_params_"] == found["best_params_"]


def test_an_optimizer_tells_what_it_began_with():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    assert changed_parameters(torch.optim.Adam(net.parameters())) == {"class": "Adam", "lr": 0.001}
    assert changed_parameters(torch.optim.AdamW(net.parameters())) == {"class": "AdamW", "lr": 0.001}
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == 0.05
    assert changed_parameters(optimizer) == {"class": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4}
    groups = torch.optim.SGD(
        [{"params": net[0].parameters(), "lr": 0.01}, {"params": net[1].parameters()}], lr=0.1, momentum=0.9
    )
    assert changed_parameters(groups) == {"class": "SGD", "lr": [0.01, 0.1], "momentum": 0.9}
    found = all_parameters(groups)
    assert [group["lr"] for group in found["param_groups"]] == [0.01, 0.1]
    assert all("params" not in group for group in found["param_groups"])
    json.dumps(found)


def test_all_parameters_of_a_pipeline_are_ready_for_json():
    model = make_pipeline(
        StandardScaler(), FunctionTransformer(lambda x: x), SVC(C=0.5, random_state=np.random.RandomState(0))
    )
    found = json.loads(json.dumps(all_parameters(model)))
    assert found["class"] == "sklearn.pipeline.Pipeline"
    assert found["parameters"]["svc"] == "SVC"
    assert found["parameters"]["svc__C"] == 0.5
    assert found["parameters"]["svc__kernel"] == "rbf"
    assert found["parameters"]["svc__random_state"] == "RandomState"
    assert (
        found["parameters"]["functiontransformer__func"]
        == "test_all_parameters_of_a_pipeline_are_ready_for_json.<locals>.<lambda>"
    )


def test_all_parameters_of_a_module():
    net = nn.Sequential(nn.Linear(3, 2), nn.LazyLinear(2)).eval()
    net[0].bias.requires_grad_(requires_grad=False)
    found = all_parameters(net)
    assert found == {
        "class": "torch.nn.modules.container.Sequential",
        "architecture": repr(net),
        "parameter_count": 8,
        "trainable_count": 6,
        "devices": ["cpu"],
        "dtypes": ["torch.float32"],
        "training": False,
    }
