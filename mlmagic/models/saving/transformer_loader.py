"""Loads an estimator that transforms instead of predicting.

MLflow's own loader for scikit-learn knows `predict` only. A copy of this file is kept in the folder of each such
model, so that it loads where mlmagic is not installed: it imports nothing of mlmagic.
"""

from __future__ import annotations

from typing import Any


def _load_pyfunc(path: str) -> Any:  # MLflow calls it by this name
    import mlflow.sklearn

    return mlflow.sklearn.load_model(path)
