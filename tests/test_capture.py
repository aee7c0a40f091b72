"""Training cells as people write them, and the record that each must leave: name by name."""

from __future__ import annotations

import io
import os
import re
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SETUP = """
import numpy as np, pandas as pd, torch
from sklearn import metrics
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
depth = 3
model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X_train, y_train)

def evaluate(m):
    return accuracy_score(y_test, m.predict(X_test))

class Deep:
    def __init__(self): self.depth = 9

def error_rate(m):
    return float(np.mean(m.predict(X_test) != y_test))

def fit_tree(max_depth, seed=0):
    return DecisionTreeClassifier(max_depth=max_depth, random_state=seed).fit(X_train, y_train)
"""


@dataclass
class Expected:
    """The record: parameters, the number of values of each metric, data that was read, and models."""

    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, int] = field(default_factory=dict)
    data: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)


SPLIT = {"X_train", "X_test", "y_train", "y_test"}
CELLS = {
    "score printed": (
        "n = 20\nforest = RandomForestClassifier(n, max_depth=depth, random_state=0).fit(X_train, y_train)\n"
        "print(accuracy_score(y_test, forest.predict(X_test)))",
        Expected(
            {"depth": "3", "n": "20", "forest.n_estimators": "20", "forest.max_depth": "3", "forest.random_state": "0"},
            {"accuracy_score": 1},
            SPLIT,
            {"forest"},
        ),
    ),
    "score as last expression": (
        "tree = DecisionTreeClassifier(random_state=0)\ntree.fit(X_train, y_train)\ntree.score(X_test, y_test)",
        Expected({"tree.random_state": "0"}, {"score": 1}, SPLIT, {"tree"}),
    ),
    "score in an f-string": (
        "pred = model.predict(X_test)\n"
        "print(f'accuracy {accuracy_score(y_test, pred):.3f}, f1 {metrics.f1_score(y_test, pred):.3f}')\n"
        "print(f'train {accuracy_score(y_train, model.predict(X_train)):.3f}')",
        Expected({}, {"accuracy_score": 1, "f1_score": 1, "accuracy_score_y_train": 1}, SPLIT, set()),
    ),
    "score in a loop": (
        "for d in [1, 2, 3]:\n    tree = DecisionTreeClassifier(max_depth=d, random_state=0).fit(X_train, y_train)\n"
        "    acc = tree.score(X_test, y_test)\n    print(d, acc)",
        Expected({"tree.max_depth": "3", "tree.random_state": "0"}, {"acc": 3}, SPLIT, {"tree"}),
    ),
    "through a helper": (
        "tree = fit_tree(max_depth=4)\nprint('accuracy', evaluate(tree))",
        Expected(
            {"max_depth": "4", "tree.max_depth": "4", "tree.random_state": "0"}, {"accuracy_score": 1}, SPLIT, {"tree"}
        ),
    ),
    "through a helper with NumPy": (
        "tree = fit_tree(max_depth=4)\nerror = error_rate(tree)",
        Expected({"max_depth": "4", "tree.max_depth": "4", "tree.random_state": "0"}, {"error": 1}, SPLIT, {"tree"}),
    ),
    "fit().score()": (
        "LogisticRegression(max_iter=4000).fit(X_train, y_train).score(X_test, y_test)",
        Expected({"LogisticRegression.max_iter": "4000"}, {"score": 1}, SPLIT, {"LogisticRegression"}),
    ),
    "grid search": (
        "grid = GridSearchCV(DecisionTreeClassifier(random_state=0), {'max_depth': [1, 2]}, cv=3).fit(X_train, y_train)\n"
        "print(grid.best_params_)\ngrid.best_score_",
        Expected(
            {
                "grid.cv": "3",
                "grid.estimator": "DecisionTreeClassifier",
                "grid.estimator__random_state": "0",
                "grid.param_grid.max_depth": "[1, 2]",
                "grid.best_params_.max_depth": "2",
            },
            {"grid.best_score_": 1},
            {"X_train", "y_train"},
            {"grid"},
        ),
    ),
    "cross-validation": (
        "scores = cross_val_score(DecisionTreeClassifier(max_depth=depth, random_state=0), X, y, cv=3)\n"
        "print(scores.mean())\n"
        "cv = cross_validate(DecisionTreeClassifier(max_depth=2), X, y, cv=3, scoring=['f1'])",
        Expected(
            {
                "depth": "3",
                "DecisionTreeClassifier.max_depth": "3",
                "DecisionTreeClassifier.random_state": "0",
                "DecisionTreeClassifier_2.max_depth": "2",
            },
            {"scores.mean": 1, "scores.std": 1, "cv.test_f1.mean": 1, "cv.test_f1.std": 1},
            {"X", "y"},
            set(),
        ),
    ),
    "torch with an optimizer": (
        "lr, epochs = 0.05, 4\n"
        "inputs = torch.tensor(StandardScaler().fit_transform(X_train)).float(); labels = torch.tensor(y_train.values)\n"
        "net = torch.nn.Sequential(torch.nn.Linear(30, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))\n"
        "optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)\n"
        "for epoch in range(epochs):\n"
        "    optimizer.zero_grad()\n"
        "    loss = torch.nn.functional.cross_entropy(net(inputs), labels)\n"
        "    loss.backward()\n    optimizer.step()\n    train_loss = loss.item()\n"
        "accuracy = (net(inputs).argmax(1) == labels).float().mean()",
        Expected(
            {"lr": "0.05", "epochs": "4", "optimizer.lr": "0.05", "optimizer.momentum": "0.9"},
            {"train_loss": 4, "loss": 4, "accuracy": 1},
            {"X_train", "y_train"},
            {"net"},
        ),
    ),
    "models in a dict": (
        "models = {'tree': DecisionTreeClassifier(random_state=0), 'log': LogisticRegression(max_iter=4000)}\n"
        "results = {}\nfor name, m in models.items():\n    m.fit(X_train, y_train)\n"
        "    results[name] = m.score(X_test, y_test)\nresults",
        Expected(
            {"models.tree.random_state": "0", "models.log.max_iter": "4000"},
            {"results.tree": 1, "results.log": 1},
            SPLIT,
            {"models_tree", "models_log"},
        ),
    ),
    "a pipeline": (
        "C = 0.5\npipe = make_pipeline(StandardScaler(), LogisticRegression(C=C))\npipe.fit(X_train, y_train)\n"
        "test_accuracy = round(pipe.score(X_test, y_test), 3)",
        Expected({"C": "0.5", "pipe.logisticregression__C": "0.5"}, {"test_accuracy": 1}, SPLIT, {"pipe"}),
    ),
    "scores appended": (
        "scores = []\nfor d in (1, 2):\n    scores.append(evaluate(fit_tree(max_depth=d)))\nbest = max(scores)",
        Expected({}, {"scores": 2, "best": 1}, SPLIT, set()),
    ),
}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A shell with mlmagic, a store of its own, and the names that the cells use."""
    import mlflow
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    folder = tmp_path_factory.mktemp("capture")
    home = Path.cwd()
    os.chdir(folder)  # where MLflow puts the artifacts of a new store
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.user_ns["__name__"] = "__main__"
    shell.run_cell("%load_ext mlmagic", store_history=True)
    shell.run_cell(SETUP, store_history=True).raise_error()
    yield shell
    shell.run_cell("%unload_ext mlmagic")
    mlflow.set_tracking_uri(None)
    os.chdir(home)


def _run(shell, code):
    printed = io.StringIO()
    with redirect_stdout(printed):
        result = shell.run_cell(code, store_history=True)
    result.raise_error()
    return result.result, re.sub(r"Out\[\d+\]", "Out", printed.getvalue())


@pytest.mark.parametrize("name", CELLS)
def test_a_training_cell_is_recorded_as_one_would_by_hand(name, session):
    import mlflow
    import torch

    code, expected = CELLS[name]
    torch.manual_seed(0)
    untracked = _run(session, code)
    torch.manual_seed(0)
    value, printed = _run(session, f"%%track {name.split()[0]} --no-figures\n{code}")

    assert str(value) == str(untracked[0])
    assert printed.startswith(untracked[1])
    client = mlflow.MlflowClient()
    run = client.search_runs(["0"], order_by=["attributes.start_time DESC"], max_results=1)[0]
    steps = {metric: len(client.get_metric_history(run.info.run_id, metric)) for metric in run.data.metrics}
    assert run.data.params == expected.params
    assert steps == expected.metrics
    assert {d.dataset.name for d in run.inputs.dataset_inputs} == expected.data
    logged = [client.get_logged_model(output.model_id).name for output in run.outputs.model_outputs]
    assert sorted(logged) == sorted(expected.models)


def test_a_loop_of_a_thousand_metric_calls_is_a_curve(session):
    import mlflow

    _run(session, "%%track many\nfor i in range(1000): f1_score(y_test, y_test)")
    client = mlflow.MlflowClient()
    run = client.search_runs(["0"], order_by=["attributes.start_time DESC"], max_results=1)[0]
    assert len(client.get_metric_history(run.info.run_id, "f1_score")) == 1000


UNTAKEN = {
    "rebound five times": ("lr = 1\nlr = 2\nlr = 3\nlr = 4\nlr = 5", {}, {}),
    "logged by the user": (
        "import mlflow\nmlflow.log_param('depth', 'mine'); mlflow.log_metric('acc', 3.0)\nacc = depth / 7",
        {"depth": "mine"},
        {"acc": 3.0},
    ),
    "own function of a metric's name": ("def accuracy_score(a, b): return 0.5\nprint(accuracy_score(1, 2))", {}, {}),
    "odd values": ("a = 'x' * 3\nb = torch.zeros(10)\nc = 1j * 2\nd = (i for i in range(3))\n_e = 0.5 * 1", {}, {}),
    "attributes of a global's name": (
        "deep = Deep()\nprint(deep.depth)",
        {},
        {},
    ),
    "a branch that is not taken": ("if depth > 100: gamma = 5", {"depth": "3"}, {}),
    "excluded": ("acc = depth / 6", {}, {}, "-x depth acc"),
    "no auto": ("acc = depth / 6", {}, {}, "--no-auto"),
    "override": ("lr = 0.5\nacc = 0.25 * 2", {"acc": "0.5"}, {"lr": 0.5}, "-p acc -m lr"),
    "counters": ("total = 0.0\nfor i in range(3):\n    total += 0.5\nimport math\nx: float", {}, {}),
}


@pytest.mark.parametrize("name", UNTAKEN)
def test_what_is_no_parameter_and_no_metric_is_left_alone(name, session):
    import mlflow

    code, params, found, *options = UNTAKEN[name]
    _run(session, "from sklearn.metrics import accuracy_score")
    _run(session, f"%%track {' '.join(options)}\n{code}")
    run = mlflow.MlflowClient().search_runs(["0"], order_by=["attributes.start_time DESC"], max_results=1)[0]
    assert run.data.params == params
    assert run.data.metrics == found


def test_of_a_cell_that_fails_only_what_it_came_to_is_recorded(session):
    import mlflow

    _run(session, "late, best = depth / 4, 0.9\ngamma = 5")
    with redirect_stdout(io.StringIO()):
        session.run_cell(
            "%%track\nearly = depth / 5\nlr = 0.1\n1 / 0\nlr2 = 0.2\ngamma = 6\nlate = depth / 6", store_history=True
        )
    run = mlflow.MlflowClient().search_runs(["0"], order_by=["attributes.start_time DESC"], max_results=1)[0]
    assert run.info.status == "FAILED"
    assert run.data.params == {"lr": "0.1", "depth": "3"}
    assert run.data.metrics == {"early": 0.6}
