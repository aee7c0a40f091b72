"""What it costs to record the training of a random forest: model, data, environment, Git, figure and metrics."""

from __future__ import annotations

import textwrap

from benchmarks.measure import Comparison, Goal, interleaved
from benchmarks.project import Notebook, create_store, project

_ROUNDS = 3

_SETUP = """\
import importlib.metadata, subprocess, sys
import matplotlib.pyplot as plt
import mlflow, mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import RocCurveDisplay, accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
"""

_BODY = """\
n_estimators, max_depth = 100, 6
model = RandomForestClassifier(n_estimators, max_depth=max_depth, random_state=0).fit(X_train, y_train)
accuracy = accuracy_score(y_test, model.predict(X_test))
roc_auc = roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
figure, axes = plt.subplots()
RocCurveDisplay.from_estimator(model, X_test, y_test, ax=axes)
axes.set_title("ROC curve")
"""

_BY_HAND = """\
def ask(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

with mlflow.start_run(run_name="by hand"):
{body}
    mlflow.log_params(model.get_params())
    mlflow.log_metrics({{"accuracy": accuracy, "roc_auc": roc_auc}})
    mlflow.log_figure(figure, "figures/roc.png")
    train, test = X_train.assign(target=y_train), X_test.assign(target=y_test)
    mlflow.log_input(mlflow.data.from_pandas(train, name="train", targets="target"), "training")
    mlflow.log_input(mlflow.data.from_pandas(test, name="test", targets="target"), "testing")
    mlflow.sklearn.log_model(
        model, name="model", serialization_format="cloudpickle",
        signature=infer_signature(X_train, model.predict(X_train)), input_example=X_train.head(5),
    )
    mlflow.log_text(ask(sys.executable, "-m", "pip", "freeze"), "requirements.txt")
    mlflow.set_tag("mlflow.source.git.commit", ask("git", "rev-parse", "HEAD").strip())
    mlflow.log_text(ask("git", "diff", "HEAD"), "uncommitted.patch")
"""

_AUTOLOG = """\
mlflow.autolog(silent=True)
try:
    with mlflow.start_run(run_name="autolog"):
{body}
finally:
    mlflow.autolog(disable=True, silent=True)
"""


def measure() -> list[Comparison]:
    """Compare a tracked cell with the same recorded by MLflow's own calls, and by its autologging."""
    with project(uncommitted=True):
        create_store()
        notebook = Notebook()
        notebook.run(f"{_SETUP}\n%load_ext mlmagic")
        ours, by_hand, autolog, unrecorded = interleaved(
            {
                "%%track": lambda: notebook.run(f"%%track tracked\n{_BODY}"),
                "MLflow's calls": lambda: notebook.run(_BY_HAND.format(body=textwrap.indent(_BODY, " " * 4))),
                "mlflow.autolog": lambda: notebook.run(_AUTOLOG.format(body=textwrap.indent(_BODY, " " * 8))),
                "the cell, unrecorded": lambda: notebook.run(_BODY),
            },
            rounds=_ROUNDS,
        )
        _require_recorded()
    return [
        Comparison("Training recorded", ours, by_hand, (Goal("ratio", 0.1),)),
        Comparison("Training recorded, beside autologging", ours, autolog, (Goal("ratio", 0.1),)),
        Comparison("Training recorded over not recorded", ours, unrecorded),
    ]


def _require_recorded() -> None:
    """Refuse to compare with a run that recorded less than it should: that is quick, and says nothing."""
    from mlflow import MlflowClient

    client = MlflowClient()
    run = client.search_runs(["0"], "attributes.run_name = 'tracked'", max_results=1)[0]
    names = {found.dataset.name for found in run.inputs.dataset_inputs}
    wanted = {"accuracy", "roc_auc"} - run.data.metrics.keys() | {"X_train", "y_train", "X_test", "y_test"} - names
    if wanted or not run.outputs.model_outputs:
        raise RuntimeError(f"the tracked run lacks {sorted(wanted) or 'its model'}: the comparison would not be fair")
