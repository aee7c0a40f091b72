"""Run as a script in a fresh process: loads each logged model by MLflow alone and compares what it predicts.

Argument: the folder with `models.json` (name: [uri, whether it takes a table]) and the expected predictions.
"""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
from sklearn.datasets import load_breast_cancer

folder = Path(sys.argv[1])
X, _ = load_breast_cancer(return_X_y=True, as_frame=True)
models = json.loads((folder / "models.json").read_text())
for name, (uri, takes_table) in models.items():
    answer = np.asarray(mlflow.pyfunc.load_model(uri).predict(X if takes_table else X.to_numpy("float32")))
    expected = np.load(folder / f"{name}.npy")
    assert answer.shape == expected.shape, name
    assert np.allclose(answer, expected, atol=1e-5), name
print()
print(*models)
