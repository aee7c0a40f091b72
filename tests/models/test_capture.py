"""When a model has changed, what it is called, and what all of scikit-learn's estimators have in common."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.cluster import MiniBatchKMeans
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.utils import all_estimators
from torch import nn

from mlmagic.models.capture import _free_name, _has_rows_and_columns, _secret_in, name_of, size_text
from mlmagic.models.kinds import is_fitted, kind_of
from mlmagic.models.parameters import all_parameters, changed_parameters
from mlmagic.models.state import ModelState

X, Y = np.abs(np.random.default_rng(0).normal(size=(20, 3))), np.arange(20) % 2


def made_without_arguments():
    for name, kind in all_estimators():
        try:
            yield name, kind()
        except TypeError:  # it wraps another one
            continue


@pytest.mark.filterwarnings("ignore")
def test_an_estimator_made_without_arguments_has_no_parameters_of_its_own_and_is_not_fitted():
    found = dict(made_without_arguments())
    assert len(found) > 150
    assert {name: changed for name, model in found.items() if (changed := changed_parameters(model))} == {}
    assert [name for name, model in found.items() if is_fitted(model) or kind_of(model) != "sklearn"] == []
    for model in found.values():
        json.dumps(all_parameters(model), allow_nan=False)


@pytest.mark.parametrize(
    "model",
    [SGDClassifier(), GaussianNB(), MLPClassifier(max_iter=2), MiniBatchKMeans(2, n_init=1), StandardScaler(), MinMaxScaler()],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_a_model_that_learns_some_more_has_changed(model):
    model.fit(X, Y)
    state = ModelState(model)
    assert not state.differs(model)
    model.partial_fit(X[::-1], Y[::-1])
    assert state.differs(model)


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        RandomForestClassifier(3),
        KNeighborsClassifier(3),
        SVC(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        DummyClassifier(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_that_predicts_has_not_changed_and_one_that_is_fitted_again_has(model):
    model.fit(X, Y)
    state = ModelState(model)
    model.predict(X)
    model.score(X, Y)
    assert not state.differs(model)
    model.fit(X, Y)
    assert state.differs(model)


def test_an_estimator_that_keeps_nothing_has_not_changed():
    model = FunctionTransformer(np.log1p).fit(X)
    state = ModelState(model)
    model.fit(X)
    assert not state.differs(model)


def test_a_module_has_changed_when_its_weights_have():
    net = nn.Sequential(nn.Linear(3, 1), nn.BatchNorm1d(1))
    state = ModelState(net)
    net.eval()(torch.zeros(2, 3))
    net.train()
    assert not state.differs(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(torch.randn(4, 3)).sum().backward()
    assert not state.differs(net)
    optimizer.step()
    assert state.differs(net)
    state = ModelState(net)
    with torch.no_grad():
        net[0].weight.mul_(2)
    assert state.differs(net)


def test_what_has_no_state_has_not_changed():
    assert not ModelState(None).differs(None)
    assert not ModelState(3).differs(3)


def test_a_model_has_the_name_that_the_user_gave_it():
    model, other = SVC(), SVC()
    assert name_of(model, {"_hidden": model, "other": other, "svm": model, "again": model}) == "svm"
    assert name_of(model, {"_hidden": model, "equal": other}) is None


@pytest.mark.parametrize(
    ("taken", "name"), [((), "SVC"), (("SVC",), "SVC_2"), (("SVC", "SVC_2"), "SVC_3"), (("svc",), "SVC")]
)
def test_a_model_without_a_name_is_called_by_its_class(taken, name):
    assert _free_name(SVC(), taken) == name


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.0 kB"), (1_234, "1.2 kB"), (99_999, "100.0 kB"), (100_000, "0.1 MB"), (5_250_000, "5.2 MB")],
)
def test_sizes(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("value", "is_table"),
    [
        (X, True),
        (pd.DataFrame(X), True),
        (torch.zeros(2, 3, 4), True),
        (Y, False),
        (pd.Series(Y), False),
        (np.float64(3), False),
        (X.tolist(), False),
        (np, False),
        (np.shape, False),
        (None, False),
    ],
)
def test_what_may_be_an_example_of_a_models_input(value, is_table):
    assert _has_rows_and_columns(value) == is_table


def test_a_secret_in_a_model_is_seen(monkeypatch):
    monkeypatch.setenv("MY_PASSWORD", "hunter2-" + "x" * 20)
    frame = pd.DataFrame({"hunter2-" + "x" * 20: [1.0, 2.0], "b": [2.0, 1.0]})
    assert _secret_in(LinearRegression().fit(X, Y)) is None
    assert _secret_in(LinearRegression().fit(frame, [0, 1])) == "the name of a feature"
    assert _secret_in(DummyClassifier(strategy="constant", constant="hunter2-" + "x" * 20)) == "a parameter"
