"""A tracked cell that fits and evaluates, in a real kernel: what the run holds, each thing once."""

from __future__ import annotations

import json

SETUP = """\
%load_ext mlmagic
import json, mlflow
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
"""
HELD = """\
client = mlflow.MlflowClient()
run = client.get_run(mlmagic.last_run.id)
models = [client.get_logged_model(one.model_id) for one in run.outputs.model_outputs]
print(json.dumps({
    "metrics": run.data.metrics,
    "figures": [one.path for one in client.list_artifacts(run.info.run_id, "figures")],
    "data": sorted(one.dataset.name for one in run.inputs.dataset_inputs),
    "models": {model.name: {one.key: one.value for one in model.metrics} for model in models},
}))
"""


def test_a_cell_that_fits_and_evaluates(kernel):
    kernel.check(SETUP)
    output = kernel.run(
        "%%track tree\n"
        "tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X_train, y_train)\n"
        "%evaluate tree X_test y_test --resamples 100"
    )
    assert output.status == "ok", output.errors
    (shown,) = [content["data"] for content in output.of("execute_result")]
    assert shown["text/plain"].startswith("tree on 143 rows of X_test (two classes)")
    assert "recorded on tree" in shown["text/plain"]
    assert "mlmagic-evaluation" in shown["text/html"]
    held = json.loads(kernel.check(HELD))
    names = {name.removesuffix("_low").removesuffix("_high") for name in held["metrics"]}
    assert names == {
        "accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc", "roc_auc", "average_precision", "log_loss",
        "brier",
    }  # fmt: skip
    assert held["figures"] == [
        f"figures/{name}.png" for name in ("calibration", "confusion_matrix", "precision_recall", "roc")
    ]
    assert held["data"] == ["X_test", "X_train", "y_test", "y_train"]
    assert held["models"]["tree"] == held["metrics"]


def test_the_function_in_a_cell_records_the_data_once(kernel):
    kernel.check(SETUP)
    kernel.check(
        "%%track function\n"
        "tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X_train, y_train)\n"
        "found = mlmagic.evaluate(tree, X_test, y_test, figures=False, resamples=100)\n"
        "mine = accuracy_score(y_test, tree.predict(X_test))"
    )
    held = json.loads(kernel.check(HELD))
    assert held["data"] == ["X_test", "X_train", "y_test", "y_train"]
    assert held["metrics"]["mine"] == held["metrics"]["accuracy"]
    assert not {"found", "result"} & set(held["metrics"])
