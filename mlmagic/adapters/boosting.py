"""Reads the evaluation histories of XGBoost's, LightGBM's and CatBoost's estimators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HELD_IN = {"lightgbm": "_evals_result", "xgboost": "evals_result_"}


def curves_of(thing: Any) -> dict[str, list[float]]:
    """Return the metrics of an estimator on its ``eval_set`` for each round; empty if *thing* has none.

    >>> curves_of([1, 2])
    {}
    """
    library = str(getattr(type(thing), "__module__", "")).partition(".")[0]
    if library == "catboost" and getattr(thing, "is_fitted", bool)():
        found = thing.get_evals_result()
    else:  # read the attribute directly: before a fit the public accessors raise
        found = getattr(thing, "__dict__", {}).get(_HELD_IN.get(library, ""))
    if not isinstance(found, Mapping):
        return {}
    return {
        f"{of}.{metric}": [float(value) for value in values]
        for of, measured in found.items()
        if isinstance(measured, Mapping)
        for metric, values in measured.items()
    }
