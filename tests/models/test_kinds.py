"""What is a fitted model, and what it is called."""

from __future__ import annotations

import warnings
from collections import OrderedDict, defaultdict

import numpy as np
import pytest
import torch
from scripts import passes
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import nn

from mlmagic.models.kinds import find_models, is_fitted, kind_of

X, y = np.arange(20.0).reshape(10, 2), [0, 1] * 5


class Own(BaseEstimator):
    """An estimator without tags, as old ones are."""

    def fit(self, x, y=None):
        self.mean_ = np.mean(x)
        return self


class Asked(BaseEstimator):
    def __sklearn_is_fitted__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("model", "kind", "fitted"),
    [
        (GaussianNB().fit(X, y), "sklearn", True),
        (GaussianNB(), "sklearn", False),
        (GaussianNB, None, False),
        (make_pipeline(StandardScaler(), GaussianNB()).fit(X, y), "sklearn", True),
        (make_pipeline(StandardScaler(), GaussianNB()), "sklearn", False),
        (GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2).fit(X, y), "sklearn", True),
        (GridSearchCV(LogisticRegression(), {"C": [1, 2]}), "sklearn", False),
        (FunctionTransformer(np.log1p), "sklearn", False),
        (FunctionTransformer(np.log1p).fit(X), "sklearn", True),
        (make_pipeline(FunctionTransformer(np.log1p), StandardScaler()).fit(X), "sklearn", True),
        (Own().fit(X), "sklearn", True),
        (Own(), "sklearn", False),
        (Asked(), "sklearn", False),
        (nn.Linear(2, 1), "torch", True),
        (nn.CrossEntropyLoss(), "torch", False),
        (nn.Sequential(nn.ReLU(), nn.Flatten()), "torch", False),
        (torch.optim.SGD(nn.Linear(2, 1).parameters()), None, False),
        (torch.zeros(3), None, False),
        ({"a": 1}, None, False),
        (None, None, False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_fitted_model_is_known_without_a_warning(model, kind, fitted):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (kind_of(model), is_fitted(model)) == (kind, fitted)


def test_models_in_containers_are_found_and_named():
    bayes, forest, logistic = (
        GaussianNB().fit(X, y),
        RandomForestClassifier(2).fit(X, y),
        LogisticRegression().fit(X, y),
    )
    net = nn.Linear(2, 1)
    values = {
        "bayes": bayes,
        "n": 3,
        "models": {"rf": forest, "again": bayes, "nested": {3: net}, "raw": GaussianNB(), (1, 2): logistic},
        "by_alpha": {
            0.1: GaussianNB().fit(X, y),
            (0.1, "l1"): GaussianNB().fit(X, y),
            GaussianNB: GaussianNB().fit(X, y),
        },
        "folds": [GaussianNB().fit(X, y), GaussianNB().fit(X, y)],
        "pairs": [("lr", LogisticRegression().fit(X, y))],
        "ordered": OrderedDict(a=GaussianNB().fit(X, y)),
        "by_default": defaultdict(list, b=[GaussianNB().fit(X, y)]),
        "frame": np.zeros(3),
    }
    assert [found.name for found in find_models(values)] == [
        "bayes",
        "models.rf",
        "models.nested.3",
        "models.1_2",
        "by_alpha.0.1",
        "by_alpha.0.1_l1",
        "by_alpha_2",
        "folds_0",
        "folds_1",
        "pairs.lr",
        "ordered.a",
        "by_default.b_0",
    ]
    assert find_models({}) == []


def test_the_model_s_own_name_comes_before_that_in_a_dict():
    bayes = GaussianNB().fit(X, y)
    assert [found.name for found in find_models({"models": {"nb": bayes}, "best": bayes, "again": bayes})] == ["best"]


def test_a_part_of_a_model_is_not_a_model_of_its_own():
    scaler, bayes = StandardScaler(), GaussianNB()
    pipeline = make_pipeline(scaler, make_pipeline(bayes)).fit(X, y)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [1, 2]}, cv=2
    )
    encoder = nn.Linear(2, 2)
    values = {
        "scaler": scaler,
        "bayes": bayes,
        "pipeline": pipeline,
        "search": search.fit(X, y),
        "best": search.best_estimator_,
        "encoder": encoder,
        "auto": nn.Sequential(encoder, nn.Linear(2, 2)),
        "vote": VotingClassifier([("nb", GaussianNB())]).fit(X, y),
    }
    assert [found.name for found in find_models(values)] == ["pipeline", "search", "auto", "vote"]


def test_a_container_that_holds_itself_is_no_trouble():
    endless: list[object] = [GaussianNB().fit(X, y)]
    endless.append(endless)
    assert [found.name for found in find_models({"endless": endless, "long": [GaussianNB()] * 10_000})] == ["endless_0"]


def test_no_library_is_imported():
    script = (
        "import sys\n"
        "from mlmagic.models import kinds, parameters; from mlmagic.models.saving import save as saving\n"
        "assert kinds.find_models({'a': 1, 'b': [object()]}) == []\n"
        "assert parameters.changed_parameters(object()) == {}\n"
        "heavy = {'mlflow', 'numpy', 'pandas', 'torch', 'sklearn', 'skops', 'cloudpickle'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    passes(script)
