"""The evaluation histories of XGBoost's, LightGBM's and CatBoost's estimators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HELD_IN = {"lightgbm": "_evals_result", "xgboost": "evals_result_"}


def curves_of(thing: Any) -> dict[str, list[float]]:
    """Return what *thing*, an estimator, measured on its ``eval_set`` in each round; empty where it is none.

    >>> curves_of([1, 2])
    {}
    """
    library = str(getattr(type(thing), "__module__", "")).partition(".")[0]
    if library == "catboost" and getattr(thing, "is_fitted", bool)():
        found = thing.get_evals_result()
    else:  # read where it is held: before a fit the public ways to it raise
        found = getattr(thing, "__dict__", {}).get(_HELD_IN.get(library, ""))
    if not isinstance(found, Mapping):
        return {}
    return {
        f"{of}.{metric}": [float(value) for value in values]
        for of, measured in found.items()
        if isinstance(measured, Mapping)
        for metric, values in measured.items()
    }
