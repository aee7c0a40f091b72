"""Loads an estimator that transforms instead of predicting.

MLflow's loader for scikit-learn supports `predict` only. A copy of this file is saved with each such model, so that the
model loads without mlmagic. The file must therefore not import mlmagic.
"""

from __future__ import annotations

from typing import Any


def _load_pyfunc(path: str) -> Any:  # MLflow calls it by this name
    import mlflow.sklearn

    return mlflow.sklearn.load_model(path)
