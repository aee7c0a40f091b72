"""Run as a script, as a notebook's code is: logs models of all kinds and keeps what they predict.

Arguments: a folder for what is kept. The store is MLFLOW_TRACKING_URI. Beside it lies `nets.py`, a module of the
user's that the process which loads the models does not have.
"""

import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from logged import LoggedModel, log_model
from mlflow import MlflowClient
from nets import Residual
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from mlmagic.models.kinds import find_models

SHIFT = 3.0


class Nearest(ClassifierMixin, BaseEstimator):
    """An estimator that is defined in the notebook."""

    def __init__(self, power=2):
        self.power = power

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        self.centres_ = np.stack([np.asarray(x)[y == each].mean(axis=0) for each in self.classes_])
        return self

    def predict(self, x):
        distances = (np.abs(np.asarray(x)[:, None] - self.centres_) ** self.power).sum(axis=2)
        return self.classes_[distances.argmin(axis=1)]


def shifted(x):
    return np.asarray(x) + SHIFT


class Branching(torch.nn.Module):
    """Control flow that depends on the data: it cannot be exported as a graph."""

    def __init__(self):
        super().__init__()
        self.low, self.high = torch.nn.Linear(30, 2), torch.nn.Linear(30, 2)

    def forward(self, x):
        rows = [self.high(row) if row.sum() > 0 else self.low(row) for row in x]
        return torch.stack(rows)


def mlp():
    net = torch.nn.Sequential(
        torch.nn.Linear(30, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 2)
    )
    seen = []
    net[0].register_forward_hook(lambda module, inputs, output: seen.append(output))
    return net.train()


warnings.simplefilter("ignore")
torch.manual_seed(0)
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
Z = (X - X.mean()) / X.std()
people = pd.DataFrame({"age": [20, 30, 40, 50, 60, 70] * 5, "city": ["a", "b", "c"] * 10, "member": [True, False] * 15})
people["income"] = np.linspace(1, 9, 30)
people_later = people.assign(
    city=people["city"].where(people.index > 7, None), income=people["income"].where(people.index > 7)
)
bought = (people["age"] > 40).map({True: "yes", False: "no"})
columns = ColumnTransformer(
    [
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
        ("words", OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ("rest", "passthrough", ["member"]),
    ]
)
texts = ["good film", "bad film", "good plot", "bad plot"] * 3

sklearn_models = {
    "forest": RandomForestClassifier(100, random_state=0).fit(X, y),
    "small_forest": RandomForestClassifier(5, random_state=0).fit(X, y),
    "search": GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=3).fit(Z, y),
    "calibrated": CalibratedClassifierCV(LinearSVC(random_state=0), cv=3).fit(Z, y),
    "clusters": KMeans(3, n_init=2, random_state=0).fit(Z),
    "components": PCA(3).fit(Z),
    "density": KernelDensity().fit(Z),
    "own": Nearest().fit(Z, y),
    "with_lambda": make_pipeline(FunctionTransformer(lambda x: x * 2), LogisticRegression()).fit(Z, y),
    "with_function": make_pipeline(FunctionTransformer(shifted), LogisticRegression(max_iter=500)).fit(Z, y),
    "models": {"scaler": StandardScaler().fit(X), "list": [LogisticRegression().fit(Z, y)]},
}
torch_models = {"mlp": mlp(), "branching": Branching(), "residual": Residual(30), "conv": torch.nn.Conv1d(1, 2, 3)}

logged = {}
client = MlflowClient()
run = client.create_run("0").info.run_id


def log(name, model, method, data, candidates):
    result = log_model(model, name, client=client, run_id=run, input_example=candidates, requirements=["numpy"])
    assert isinstance(result, LoggedModel), result
    expected = getattr(model, method)(data)
    logged[name] = {
        "uri": result.uri,
        "format": result.format,
        "notes": result.notes,
        "data": data,
        "expected": expected.toarray() if hasattr(expected, "toarray") else np.asarray(expected),
    }


for found in find_models(sklearn_models):
    method = next(each for each in ("predict", "transform", "score_samples") if hasattr(found.model, each))
    log(found.name, found.model, method, X if "forest" in found.name else Z, (y, X if "forest" in found.name else Z))
pipeline = make_pipeline(columns, LogisticRegression()).fit(people, bought)
log("columns", pipeline, "predict", people_later, people.assign(bought=bought))
log("vectorizer", TfidfVectorizer().fit(texts), "transform", texts, (people, texts))
log("texts", make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(texts, [1, 0] * 6), "predict", texts, texts)

images = np.random.default_rng(0).normal(size=(6, 1, 9)).astype("float32")
for name, net in torch_models.items():
    data = images if name == "conv" else Z.to_numpy("float32")[:20]
    modes = [each.training for each in net.modules()]
    before = torch.get_rng_state()
    result = log_model(
        net, name, client=client, run_id=run, input_example=(y, torch.from_numpy(data)), requirements=["numpy"]
    )
    assert isinstance(result, LoggedModel), result
    assert [each.training for each in net.modules()] == modes, name
    assert torch.equal(before, torch.get_rng_state()), name
    with torch.no_grad():
        expected = net.eval()(torch.from_numpy(data)).numpy()
    logged[name] = {
        "uri": result.uri,
        "format": result.format,
        "notes": result.notes,
        "data": data,
        "expected": expected,
        "modes": modes,
    }

Path(sys.argv[1], "logged.pkl").write_bytes(pickle.dumps(logged))
