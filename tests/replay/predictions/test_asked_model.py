"""What a model answers on the rows that are stored with it, by its kind."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mlmagic.models.saving.guard import preserve_state
from mlmagic.models.saving.save import SavedModel, save_model
from mlmagic.replay.predictions.differences import judge
from mlmagic.replay.predictions.in_model_process import answer
from mlmagic.replay.predictions.predictions import read, write

X = pd.DataFrame(np.random.RandomState(0).rand(40, 3), columns=["a", "b", "c"])
WORDS = (X.a > 0.5).map({True: "yes", False: "no"})
TEXTS = ["red apple", "green tree", "red car", "green leaf", "blue sky", "red"]


@pytest.fixture(autouse=True)
def _own_random():
    with preserve_state():
        yield


class Restless(RegressorMixin, BaseEstimator):
    """Predicts otherwise each time, whatever the seed."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return np.random.default_rng().random(len(X))


class Drawing(Restless):
    """Draws from the global generator where it predicts."""

    def predict(self, X):
        return np.random.rand(len(X))


class OnlyProba(ClassifierMixin, BaseEstimator):
    """Its probabilities cannot be asked for."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return np.zeros(len(X))

    def predict_proba(self, X):
        raise NotImplementedError


def _asked(model, folder, example=X):
    saved = save_model(model, "m", folder, input_example=example)
    assert isinstance(saved, SavedModel), saved
    return answer(folder, folder)


@pytest.mark.parametrize(
    ("make", "outputs"),
    [
        (lambda: RandomForestClassifier(5, n_jobs=2, random_state=0).fit(X, WORDS), ["predict", "predict_proba"]),
        (lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(X, WORDS), ["predict", "predict_proba"]),
        (lambda: SVC().fit(X, WORDS), ["predict", "decision_function"]),
        (lambda: LinearRegression().fit(X, X.a), ["predict"]),
        (lambda: KMeans(2, n_init=1, random_state=0).fit(X), ["predict"]),
        (lambda: PCA(2).fit(X), ["transform"]),
        (lambda: KernelDensity().fit(X), ["score_samples"]),
        (
            lambda: MultiOutputClassifier(LogisticRegression()).fit(X, np.c_[WORDS, WORDS[::-1]]),
            ["predict", "predict_proba[0]", "predict_proba[1]"],
        ),
        (lambda: OnlyProba().fit(X), ["predict"]),
        (lambda: Drawing().fit(X), ["predict"]),
    ],
)  # fmt: skip
def test_an_estimator(make, outputs, tmp_path):
    found = _asked(make(), tmp_path / "m")
    assert (found.raised, found.problem) == ("", "")
    assert list(found.outputs) == outputs
    assert found.rows == 5
    assert found.is_steady
    assert judge(found, answer(tmp_path / "m", tmp_path / "m")).note == "predicts the same on 5 stored rows"
    write(found, tmp_path, "kept")
    assert judge(found, read(tmp_path, "kept")).state == "identical"


def test_a_list_of_texts(tmp_path):
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, ["r", "g", "r", "g", "b", "r"])
    found = _asked(model, tmp_path / "m", TEXTS)
    assert found.outputs["predict"].tolist() == ["r", "g", "r", "g", "b"]


def test_a_model_of_lightgbm(tmp_path):
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1, n_jobs=1).fit(X, WORDS)
    found = _asked(model, tmp_path / "m")
    assert list(found.outputs) == ["predict", "predict_proba"], found
    assert found.outputs["predict"].tolist() == model.predict(X[:5]).tolist()


def test_a_torch_module_is_asked_in_evaluation_mode(tmp_path):
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(0.5), torch.nn.BatchNorm1d(8))
    assert net.training
    found = _asked(net, tmp_path / "m", torch.tensor(X.to_numpy(), dtype=torch.float32))
    assert found.is_steady
    assert found.outputs["predict"].shape == (5, 8)
    assert found.outputs["predict"].dtype == np.float32


def test_a_torch_module_that_returns_a_dict(tmp_path):
    import torch

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 2)

        def forward(self, rows):
            return {"logits": self.layer(rows), "parts": [self.layer(rows)[:, 0], self.layer(rows)[:, 1]]}

    save_model(Two(), "m", tmp_path / "m", input_example=X.to_numpy(np.float32))
    save_model(torch.nn.Linear(3, 1), "rows", tmp_path / "rows", input_example=X.to_numpy(np.float32))
    found = answer(tmp_path / "m", tmp_path / "rows")
    assert list(found.outputs) == ["predict['logits']", "predict['parts'][0]", "predict['parts'][1]"]


def test_what_predicts_otherwise_each_time_is_known_as_such(tmp_path):
    assert not _asked(Restless().fit(X), tmp_path / "m").is_steady


def test_rows_that_the_model_does_not_take(tmp_path):
    _asked(LinearRegression().fit(X, X.a), tmp_path / "m")
    _asked(LinearRegression().fit(X[["a"]], X.a), tmp_path / "other")
    found = answer(tmp_path / "other", tmp_path / "m")
    assert "ValueError: The feature names should match" in found.raised


class Huge(Restless):
    """Wants more memory than any machine has."""

    def predict(self, X):
        return np.zeros((len(X), 10**15))


def test_a_model_without_enough_memory_is_not_compared(tmp_path):
    save_model(LinearRegression().fit(X, X.a), "rows", tmp_path / "rows", input_example=X)
    save_model(Huge().fit(X), "m", tmp_path / "m", input_example=X)
    assert answer(tmp_path / "m", tmp_path / "rows").problem.startswith("this machine has too little memory for it")


class Silent(Restless):
    """Predicts nothing."""

    def predict(self, X):
        return {}


def test_what_predicts_nothing_is_not_compared(tmp_path):
    save_model(LinearRegression().fit(X, X.a), "rows", tmp_path / "rows", input_example=X)
    save_model(Silent().fit(X), "m", tmp_path / "m", input_example=X)
    assert (
        answer(tmp_path / "m", tmp_path / "rows").problem == "it predicts nothing on the rows that are stored with it"
    )


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda folder: (folder / "MLmodel").write_text("flavors: 3"), "names no format in which the model was saved"),
        (lambda folder: next(folder.glob("model.*")).write_bytes(b"none"), "it cannot be loaded here"),
        (lambda folder: next(folder.glob("model.*")).unlink(), "it cannot be loaded here"),
        (lambda folder: (folder / "MLmodel").unlink(), "the rows that are stored with it cannot be read"),
        (lambda folder: (folder / "input_example.json").write_text("{"), "the rows that are stored with it cannot be read"),
        (lambda folder: (folder / "input_example.json").unlink(), "the rows that are stored with it cannot be read"),
    ],
)  # fmt: skip
def test_damaged_files_are_a_reason(damage, problem, tmp_path):
    _asked(LinearRegression().fit(X, X.a), tmp_path / "m")
    _asked(LinearRegression().fit(X, X.a), tmp_path / "rows")
    damage(tmp_path / "m")
    found = answer(tmp_path / "m", tmp_path / ("m" if "rows" in problem else "rows"))
    assert problem in found.problem


def test_a_class_that_is_not_here(tmp_path, monkeypatch):
    import pickle
    import sys
    import types

    module = types.ModuleType("gone_with_it")
    exec("class Gone:\n    predict = None", module.__dict__)
    monkeypatch.setitem(sys.modules, "gone_with_it", module)
    content = pickle.dumps(module.Gone())
    _asked(LogisticRegression().fit(X, WORDS), tmp_path / "m")
    file = next((tmp_path / "m").glob("model.*"))
    file.unlink()
    (tmp_path / "m" / "model.pkl").write_bytes(content)
    described = (tmp_path / "m" / "MLmodel").read_text().replace(file.name, "model.pkl").replace("skops", "pickle", 1)
    described = described.replace("serialization_format: skops", "serialization_format: pickle")
    (tmp_path / "m" / "MLmodel").write_text(described)
    assert answer(tmp_path / "m", tmp_path / "m").problem == "it has no predict, and no transform"
    monkeypatch.delitem(sys.modules, "gone_with_it")
    found = answer(tmp_path / "m", tmp_path / "m")
    assert found.problem.startswith("it needs the module 'gone_with_it', which is not here")
