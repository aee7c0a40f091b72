"""What it costs to record a cross-validation of five folds: a run for each, the means, a figure and the data."""

from __future__ import annotations

import textwrap

from benchmarks.measure import Comparison, Goal, Sample, interleaved
from benchmarks.project import Notebook, create_store, project

_ROUNDS = 7

_SETUP = """\
import matplotlib.pyplot as plt
import mlflow, mlflow.sklearn
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
import mlmagic
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
"""

_FOLD = """\
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit({X}_train, {y}_train)
accuracy = accuracy_score({y}_val, model.predict({X}_val))
roc_auc = roc_auc_score({y}_val, model.predict_proba({X}_val)[:, 1])
"""
_ROWS = """\
X_train, X_val, y_train, y_val = X.iloc[train], X.iloc[val], y.iloc[train], y.iloc[val]
"""

_PLAIN = f"""\
for train, val in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
{textwrap.indent(_ROWS + _FOLD.format(X="X", y="y"), " " * 4)}
"""

_TRACKED = f"""\
%%track tracked
for fold in mlmagic.folds(StratifiedKFold(5, shuffle=True, random_state=0), X, y):
{textwrap.indent(_FOLD.format(X="fold.X", y="fold.y"), " " * 4)}
"""

_BY_HAND = f"""\
with mlflow.start_run(run_name="by hand"):
    scores = []
    splitter = StratifiedKFold(5, shuffle=True, random_state=0)
    mlflow.log_params({{"splitter": "StratifiedKFold", "n_splits": 5, "random_state": 0}})
    for number, (train, val) in enumerate(splitter.split(X, y)):
        with mlflow.start_run(run_name=f"fold_{{number}}", nested=True):
{textwrap.indent(_ROWS + _FOLD.format(X="X", y="y"), " " * 12)}
            mlflow.log_params({{"fold": number, "max_iter": 500}})
            mlflow.log_metrics({{"accuracy": accuracy, "roc_auc": roc_auc}})
            scores.append((accuracy, roc_auc))
    for name, values in zip(("accuracy", "roc_auc"), zip(*scores)):
        mlflow.log_metrics({{f"cv_mean_{{name}}": np.mean(values), f"cv_std_{{name}}": np.std(values)}})
    figure, axes = plt.subplots()
    axes.boxplot(list(zip(*scores)))
    mlflow.log_figure(figure, "figures/folds.png")
    plt.close(figure)
    mlflow.log_input(mlflow.data.from_pandas(X.assign(target=y), name="X", targets="target"), "training")
"""


def measure() -> list[Comparison]:
    """Compare the overhead of a tracked loop over folds with that of nested runs written by hand."""
    with project():
        create_store()
        notebook = Notebook()
        notebook.run(f"{_SETUP}\n%load_ext mlmagic")
        ours, by_hand, plain = interleaved(
            {
                "%%track, mlmagic.folds": lambda: notebook.run(_TRACKED),
                "nested runs by hand": lambda: notebook.run(_BY_HAND),
                "the loop, unrecorded": lambda: notebook.run(_PLAIN),
            },
            rounds=_ROUNDS,
        )
        _require_recorded()
    added = _added(ours, plain), _added(by_hand, plain)
    return [
        Comparison("What recording five folds adds", *added, (Goal("ratio", 0.5),)),
        Comparison("Five folds recorded", ours, by_hand),
    ]


def _added(whole: Sample, plain: Sample) -> Sample:
    return Sample(whole.what, tuple(seconds - plain.median for seconds in whole.seconds))


def _require_recorded() -> None:
    """Refuse to compare with a run that recorded less than it should."""
    from mlflow import MlflowClient

    client = MlflowClient()
    run = client.search_runs(["0"], "attributes.run_name = 'tracked'", max_results=1)[0]
    folds = client.search_runs(["0"], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")
    if len(folds) != 5 or not all({"accuracy", "roc_auc"} <= one.data.metrics.keys() for one in folds):
        raise RuntimeError("a fold lacks its run or its metrics: the comparison would not be fair")
    if not {"cv_mean_accuracy", "cv_std_roc_auc"} <= run.data.metrics.keys():
        raise RuntimeError("the run lacks its means: the comparison would not be fair")
