"""With MLflow's autologging on, a tracked cell records nothing twice, and nothing is lost."""

from __future__ import annotations

import json

import pytest

SETUP = """\
%load_ext mlmagic
import matplotlib.pyplot as plt, mlflow
from sklearn import metrics
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.tree import DecisionTreeClassifier
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
mlflow.autolog(silent=True)

def outputs():
    import json
    client = mlflow.MlflowClient()
    run = client.get_run(mlmagic.last_run.id)
    models = [client.get_logged_model(output.model_id) for output in run.outputs.model_outputs]
    print(json.dumps([sorted(model.name for model in models), sorted(d.dataset.name for d in run.inputs.dataset_inputs)]))
"""


@pytest.fixture(scope="module")
def autologging(kernel):
    kernel.check(SETUP)
    return kernel


def _track(kernel, code):
    output = kernel.run(f"%%track\n{code}")
    assert output.status == "ok", output.text
    models, datasets = json.loads(kernel.check("outputs()"))
    run = json.loads(
        kernel.check("import json; print(json.dumps([mlmagic.last_run.params, mlmagic.last_run.metrics]))")
    )
    files = kernel.check(
        "print(*[f.path for f in mlflow.MlflowClient().list_artifacts(mlmagic.last_run.id, 'figures')])"
    )
    return output.summaries[0], *run, models, datasets, files.split()


def test_parameters_metrics_model_and_figures_that_autologging_recorded_are_left_to_it(autologging):
    told, params, found, models, datasets, figures = _track(
        autologging,
        "depth = 2\ntree = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X_train, y_train)\n"
        "accuracy = metrics.accuracy_score(y_test, tree.predict(X_test))\n"
        "print(metrics.f1_score(y_test, tree.predict(X_test)))\n"
        "figure, axes = plt.subplots(); axes.plot([1, 2]); mlflow.log_figure(figure, 'mine.png')\n"
        "_ = plt.figure('left open'); _ = plt.plot([1, 2])\n"
        "tree.score(X_test, y_test)",
    )
    assert (params["max_depth"], params["depth"]) == ("2", "2")
    assert not [name for name in params if name.startswith("tree.")]
    # A name that the user gave stays; one that mlmagic would make up does not come beside MLflow's.
    assert found["accuracy"] == found["accuracy_score_X_test"]
    assert {name for name in found if not name.startswith("training_")} == {
        "accuracy", "accuracy_score_X_test", "f1_score_X_test", "DecisionTreeClassifier_score_X_test"
    }  # fmt: skip
    assert models == ["model"]
    assert {"X_train", "y_train", "X_test", "y_test"} == {name for name in datasets if name != "dataset"}
    assert figures == ["figures/left_open.png"]
    assert (
        "left to MLflow's autologging, which recorded the same: metrics f1_score, score; parameters of tree; model tree"
    ) in told


def test_a_second_model_whose_parameters_mlflow_could_not_keep_has_them(autologging):
    _, params, _, models, *_ = _track(
        autologging,
        "first = DecisionTreeClassifier(max_depth=2).fit(X_train, y_train)\n"
        "second = DecisionTreeClassifier(max_depth=3).fit(X_train, y_train)",
    )
    assert params["max_depth"] == "2"
    assert params["second.max_depth"] == "3"
    assert "first.max_depth" not in params
    assert models == ["model", "model"]


def test_a_search_is_left_to_mlflow_with_what_it_chose(autologging):
    told, params, found, models, *_ = _track(
        autologging, "grid = GridSearchCV(DecisionTreeClassifier(), {'max_depth': [1, 2]}, cv=3).fit(X_train, y_train)"
    )
    assert params["best_max_depth"] in {"1", "2"}
    assert not [name for name in [*params, *found] if name.startswith("grid.")]
    assert models == ["best_estimator", "model"]
    assert "parameters of grid; model grid" in told


def test_what_autologging_does_not_record_is_recorded(autologging):
    autologging.check("mlflow.sklearn.autolog(log_models=False, silent=True)")
    _, params, _, models, *_ = _track(autologging, "C = 0.5\nlog = LogisticRegression(C=C).fit(X_train, y_train)")
    assert models == ["log"]
    assert "log.C" not in params
    autologging.check("mlflow.sklearn.autolog(disable=True, silent=True)")
    told, params, _, models, *_ = _track(autologging, "log = LogisticRegression(C=C).fit(X_train, y_train)")
    assert models == ["log"]
    assert params["log.C"] == "0.5"
    assert "autologging" not in told
