"""What the run holds already under the names of MLflow's autologging: held to autologging itself, and to near misses."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from databases import copy_new_database
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from mlmagic.recording.inferred.autologged import holds_history, holds_metric, holds_parameters, told

X, Y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
FITTED = {
    "ridge": Ridge(alpha=0.5),
    "svc": SVC(kernel="linear", C=3.0),
    "tree": DecisionTreeClassifier(max_depth=1),
    "search": GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, cv=2),
}
# In a process of its own: what autologging patches stays patched.
SCRIPT = """
import json, mlflow, numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)
from sklearn.metrics import accuracy_score, f1_score
X, Y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
found = {}
def logged(name, code):
    with mlflow.start_run() as run:
        values = code()
    data = mlflow.get_run(run.info.run_id).data
    found[name] = {"params": data.params, "metrics": data.metrics, "values": values}
def scores():
    tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, Y)
    predicted = tree.predict(X)
    return {"score": tree.score(X, Y), "accuracy_score": accuracy_score(Y, predicted), "f1_score": f1_score(Y, predicted)}
logged("scores", scores)
logged("ridge", lambda: Ridge(alpha=0.5).fit(X, Y) and None)
logged("svc", lambda: SVC(kernel="linear", C=3.0).fit(X, Y) and None)
logged("tree", lambda: DecisionTreeClassifier(max_depth=1).fit(X, Y) and None)
logged("search", lambda: GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, cv=2).fit(X, Y) and None)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def autologged(tmp_path_factory):
    """What autologging recorded of each fit, and of three scores."""
    folder = tmp_path_factory.mktemp("autologged")
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], cwd=folder, env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def test_a_score_and_a_metric_function_are_found_under_the_names_that_autologging_gives(autologged):
    metrics = autologged["scores"]["metrics"]
    for name, value in autologged["scores"]["values"].items():
        assert holds_metric(name, [value], metrics), (name, metrics)
        assert not holds_metric(name, [value, value + 0.1], metrics)


@pytest.mark.parametrize("name", FITTED)
def test_the_parameters_of_an_estimator_are_found_whole_or_not_at_all(autologged, name):
    estimator, params = FITTED[name], autologged[name]["params"]
    if name == "search":
        estimator.fit(X, Y)  # of a search its own parameters count, and only a fitted one is known as a search
    assert holds_parameters(estimator, params)
    first = next(iter(estimator.get_params(deep=False)))
    assert not holds_parameters(estimator, {key: text for key, text in params.items() if key != first})
    assert not holds_parameters(estimator, params | {first: "something else"})


class Silent:
    """Has parameters that cannot be asked for."""

    def get_params(self, deep=True):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "estimator",
    [Silent(), object(), None, 5, type("Empty", (), {"get_params": lambda self, deep=True: {}})()],
    ids=["raises", "object", "none", "number", "empty"],
)
def test_what_has_no_parameters_is_held_by_nothing(estimator):
    assert not holds_parameters(estimator, {"alpha": "1"})


def test_a_long_value_that_mlflow_cut_is_the_same():
    ridge = Ridge(alpha=0.123456789)
    logged = {name: str(value) for name, value in ridge.get_params().items()}
    assert holds_parameters(ridge, logged | {"alpha": "0.1234..."})
    assert not holds_parameters(ridge, logged | {"alpha": "0.9..."})


@pytest.mark.parametrize(
    ("measure", "values", "logged", "held"),
    [
        ("f1_score", [], {"f1_score_X": 0.5}, False),
        ("f1_score", [0.5], {}, False),
        ("f1_score", [0.5], {"f1_score": 0.5}, False),
        ("f1_score", [0.5], {"my_f1_score_X": 0.5}, False),
        ("f1_score", [0.5, 0.6], {"f1_score_X": 0.5, "f1_score-2_X": 0.6}, True),
        ("score", [0.5], {"SVC_score_X": 0.5}, True),
        ("score", [0.5], {"svc_score_X": 0.5}, False),
        ("a.b", [0.5], {"aXb_X": 0.5}, False),
    ],
)
def test_names_of_metrics(measure, values, logged, held):
    assert holds_metric(measure, values, logged) is held


@pytest.mark.parametrize(
    ("metric", "values", "logged", "held"),
    [
        ("loss", [0.9, 0.5], {"loss": 0.5}, True),
        ("loss", [0.9, 0.5], {"loss": 0.9}, False),
        ("val_loss", [0.5], {"validation_loss": 0.5}, True),
        ("val_loss", [0.5], {"val_loss": 0.5}, True),
        ("eval_val_x", [0.5], {"evalidation_x": 0.5}, False),
    ],
)
def test_names_of_histories(metric, values, logged, held):
    assert holds_history(metric, values, logged) is held


def test_the_line_of_the_summary():
    assert told(["model tree"]) == "left to MLflow's autologging, which recorded the same: model tree"
