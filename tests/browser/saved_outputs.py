"""A notebook with each output of mlmagic, executed once and saved: what its cells hold when nothing runs any more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import nbformat
from databases import copy_new_database
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from pathlib import Path

_LOAD = """\
%load_ext mlmagic
import numpy as np
from sklearn.datasets import load_wine
from sklearn.tree import DecisionTreeClassifier
X, y = load_wine(return_X_y=True, as_frame=True)"""
_TRACK = """\
%%track {name}
def build(depth):
    if depth > {more}:
        return DecisionTreeClassifier(max_depth=depth, min_samples_leaf={leaf}, random_state=0)
    return DecisionTreeClassifier(max_depth=depth, random_state=0)
depth = {depth}
model = build(depth).fit(X_train, y_train)
accuracy = model.score(X_test, y_test)
error = 1 - accuracy"""
_TRAIN = """\
%%track network
stopper = mlmagic.EarlyStopping(patience=2)
for epoch in mlmagic.progress(range(50), description="epochs"):
    for batch in mlmagic.progress(range(4), description="batches"):
        pass
    mlmagic.log(train_loss=1 / (epoch + 1), val_loss=abs(epoch - 5))
    if stopper(abs(epoch - 5)): break"""
_CONFIG = """\
%%hydra cfg lr=0.05 model.depth=5
lr: 0.1
model:
  name: forest
  depth: 3
  features: [alcohol, ash]
seed: 42"""
_SWEEP = """\
%%sweep depths depth=1,2,3 leaf=1,8 --metric accuracy --seeds 2
model = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf).fit(X_train, y_train)
accuracy = model.score(X_test, y_test)"""
CELLS = {
    "load": _LOAD,
    "seed": "%seed 42",
    "split": "%split X y --test 0.3 --stratify y",
    "card": _TRACK.format(name="tree", more=9, leaf=2, depth=2),
    "second card": _TRACK.format(name="larger", more=3, leaf=5, depth=6),
    "failed": "%%track broken\nrate = 0.1\n1 / 0",
    "blocks": "for depth in (2, 3, 5):\n    with mlmagic.track(f'depth {depth}'):\n        mlmagic.log_params(depth=depth)\n"
    "        mlmagic.log(accuracy=0.9 + depth / 100)",
    "training": _TRAIN,
    "bar": "for batch in mlmagic.progress(range(3)): pass",
    "config": _CONFIG,
    "sweep": _SWEEP,
    "runs": "%runs --sort accuracy",
    "diff": "%diff tree larger",
    "comparison": "%compare --metric accuracy",
    "drift": "shifted = X_test * 1.3\n%drift X_train shifted",
    "registered": "%register wine-tree --run larger",
    "models": "%models wine-tree",
    "evaluation": "%evaluate model X_test y_test",
    "card again": _TRACK.format(name="tree", more=9, leaf=2, depth=3),
}


def save(folder: Path) -> dict[str, list[nbformat.NotebookNode]]:
    """Execute the notebook in *folder*, save it as ``outputs.ipynb``, and return the outputs of each cell by its name."""
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS.values()])
    resources = {"metadata": {"path": str(folder)}}
    # As a person's kernel has none; pytest-xdist sets it.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONHASHSEED"}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources, allow_errors=True)
    client.execute(env=environment)
    nbformat.write(notebook, folder / "outputs.ipynb")
    cells = nbformat.read(folder / "outputs.ipynb", 4).cells
    return dict(zip(CELLS, (cell.outputs for cell in cells), strict=True))


def html_of(outputs: list[nbformat.NotebookNode]) -> str:
    """Return the HTML of a cell's *outputs*."""
    return "\n".join(one.data["text/html"] for one in outputs if "text/html" in one.get("data", {}))
