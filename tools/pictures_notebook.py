"""The experiment of README's pictures: about forty runs on the digits, as a notebook that is executed in a kernel."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from nbformat import NotebookNode

SETUP = """
import warnings
warnings.filterwarnings("ignore")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import ConfusionMatrixDisplay, log_loss
from sklearn.model_selection import train_test_split
%load_ext mlmagic
digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(digits.data / 16, digits.target, test_size=0.4, random_state=0)
"""
LINEAR = """
classes = np.unique(y_train)
for alpha in (1e-4, 1e-2, 1e-1):
    for eta0 in (0.002, 0.02):
        for seed in (0, 1, 2):
            with mlmagic.track(f"linear {alpha:g}", quiet=True):
                mlmagic.log_params(model="linear", alpha=alpha, eta0=eta0, seed=seed)
                model = SGDClassifier("log_loss", alpha=alpha, learning_rate="constant", eta0=eta0, random_state=seed)
                order = np.random.default_rng(seed)
                for step in range(30):
                    rows = order.permutation(len(X_train))[:300]
                    model.partial_fit(X_train[rows], y_train[rows], classes=classes)
                    mlmagic.log(
                        train_loss=log_loss(y_train[rows], model.predict_proba(X_train[rows])),
                        val_loss=log_loss(y_test, model.predict_proba(X_test)),
                        accuracy=model.score(X_test, y_test),
                        step=step,
                    )
                    if seed == 0 and step % 10 == 9:
                        figure, axes = plt.subplots(figsize=(3, 3), layout="constrained")
                        axes.imshow(model.coef_[3].reshape(8, 8), cmap="RdBu")
                        axes.set_axis_off()
                        mlmagic.log_figure(figure, "weights of 3", step=step)
                        plt.close(figure)
"""
FORESTS = """
for max_depth in (4, 8, 16):
    for n_estimators in (50, 200):
        for seed in (0, 1):
            with mlmagic.track(f"forest {max_depth}", quiet=True):
                mlmagic.log_params(model="forest", max_depth=max_depth, n_estimators=n_estimators, seed=seed)
                model = RandomForestClassifier(n_estimators, max_depth=max_depth, random_state=seed)
                model.fit(X_train, y_train)
                mlmagic.log(accuracy=model.score(X_test, y_test))
                mlmagic.log(val_loss=log_loss(y_test, model.predict_proba(X_test)))
                figure, axes = plt.subplots(figsize=(4, 4), layout="constrained")
                ConfusionMatrixDisplay.from_predictions(y_test, model.predict(X_test), ax=axes, colorbar=False)
                mlmagic.log_figure(figure, "confusion matrix")
                plt.close(figure)
"""
SWEEP = """%%sweep tuned max_depth=6,10,14 max_features=2,4,8 --metric val_loss --no-models
model = RandomForestClassifier(60, max_depth=max_depth, max_features=max_features, random_state=0).fit(X_train, y_train)
val_loss = log_loss(y_test, model.predict_proba(X_test))
accuracy = model.score(X_test, y_test)
"""
CARD = """%%track forest
n_estimators, max_depth = {n_estimators}, {max_depth}
model = RandomForestClassifier(n_estimators, max_depth=max_depth, random_state=42)
model.fit(X_train, y_train)
accuracy = model.score(X_test, y_test)
val_loss = log_loss(y_test, model.predict_proba(X_test))
fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.bar(range(10), np.bincount(y_test[model.predict(X_test) == y_test]))
ax.set_title("right answers by digit");
"""
AFTERWARDS = """
best = mlmagic.Run(mlmagic.runs("model = forest", sort="val_loss").run_id[0])
best.star()
best.set_note("Deeper than 8 brings little; more trees do.")
mlmagic.register("digits", run=mlmagic.last_run.id, alias="champion")
"""
CELLS = {
    "setup": SETUP,
    "linear": LINEAR,
    "forests": FORESTS,
    "sweep": SWEEP,
    "before": CARD.format(n_estimators=50, max_depth=4),
    "card": CARD.format(n_estimators=200, max_depth=12),
    "broken": "%%track broken\nmodel = SGDClassifier(alpha=-1).fit(X_train, y_train)",
    "register": "%register digits --alias champion --run forest",
    "after": AFTERWARDS.partition("mlmagic.register")[0],
    "runs": "%runs --sort val_loss -n 10",
    "diff": "%diff forest {mlmagic.runs('name = forest', sort='started asc').run_id[0]}",
}
"""The cells by name; ``card``, ``sweep``, ``runs`` and ``diff`` have outputs that are pictured."""


def execute(folder: Path) -> NotebookNode:
    """Execute the notebook in *folder*, where its store is then, and return it."""
    import nbclient
    import nbformat

    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(source.strip("\n"), id=name) for name, source in CELLS.items()]
    made.cells[list(CELLS).index("broken")].metadata["tags"] = ["raises-exception"]
    os.environ["MLFLOW_TRACKING_URI"] = uri_of(folder)
    os.environ["MLMAGIC_NOTEBOOK"] = str(folder / "digits.ipynb")
    nbclient.NotebookClient(made, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.write(made, folder / "digits.ipynb")
    return made


def uri_of(folder: Path) -> str:
    """Return the address of the store of *folder*."""
    return f"sqlite:///{folder / 'mlflow.db'}"
