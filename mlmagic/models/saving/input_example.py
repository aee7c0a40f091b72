"""Chooses a model's input example: a few rows of the data that the cell read, in the form that the model accepts."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from mlmagic.models.saving.agreement import as_array
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 5
_TABLE = 2


def rows_for_estimator(model: Any, candidates: tuple[Any, ...]) -> Iterator[Any]:
    """Yield the first rows of those *candidates* that the estimator *model* may have been fitted on.

    If a table has all the model's features (``feature_names_in_``), these columns are selected. If the model has no
    feature names, or has them in another form (LightGBM), the number of columns must match. If the model was fitted on
    an array, arrays come before tables: with column names in the signature, MLflow would reject arrays.

    >>> import numpy as np
    >>> from sklearn.svm import SVC
    >>> fitted = SVC().fit(np.eye(9), [0, 1] * 4 + [0])
    >>> [rows.shape for rows in rows_for_estimator(fitted, (np.ones(9), np.ones((9, 3)), np.eye(9)))]
    [(5, 9)]
    """
    names = getattr(model, "feature_names_in_", None)
    count = _feature_count(model)
    named = _knows_names(model)
    for data in sorted(candidates, key=lambda each: _has_columns(each) is not named):
        rows = _rows_that_fit(data, names, count)
        if rows is not None:
            yield rows


@guarded(default=None)  # data that cannot be sliced into rows is not an example
def _rows_that_fit(data: Any, names: Any, count: Any) -> Any:
    """Return the first rows of *data*, only the columns *names* if it has them, or None if *data* does not fit."""
    table = _first_rows(data)
    columns = getattr(table, "columns", None)
    if names is not None and columns is not None and set(names) <= set(columns):
        return table[list(names)] if len(columns) == len(set(columns)) else None
    fits = count is None or (len(getattr(table, "shape", ())) == _TABLE and table.shape[1] == count)
    return table if fits else None


@guarded(default=False)
def _has_columns(data: Any) -> bool:
    return hasattr(data, "columns")


def _feature_count(model: Any) -> Any:
    """Return the number of features of *model*, or None. XGBoost's and LightGBM's boosters have a method for it."""
    asked = next(
        (found for name in ("num_features", "num_feature") if callable(found := getattr(model, name, None))), None
    )
    return getattr(model, "n_features_in_", None) if asked is None else asked()


@guarded(default=False)  # a library may raise anything; only the order of candidates depends on it
def _knows_names(model: Any) -> bool:
    """Return whether *model* was fitted on named columns; CatBoost and LightGBM number unnamed columns."""
    found = (getattr(model, name, None) for name in ("feature_names_in_", "feature_names_", "feature_names"))
    names = next((each for each in found if each is not None), None)
    if names is None and callable(asked := getattr(model, "feature_name", None)):  # LightGBM's own booster
        names = asked()
    return names is not None and not all(re.fullmatch(r"(Column_)?\d+", str(name)) for name in names)


def rows_for_module(candidates: tuple[Any, ...], dtype: Any) -> Iterator[Any]:
    """Yield the first rows of *candidates* as NumPy arrays, floats in the module's NumPy *dtype*.

    Integers and booleans come unchanged and then as floats. Arrays of one value per row come last, because they are
    most often the target.
    """
    import numpy as np

    arrays = [array for data in candidates if (array := _first_as_array(data)) is not None]
    for array in sorted(arrays, key=lambda each: each.ndim < _TABLE):
        if array.dtype.kind not in "fiub" or array.ndim == 0:
            continue
        if array.dtype.kind == "f" and dtype is not None:
            yield array.astype(dtype, copy=True)
            continue
        yield array.copy()
        if dtype is not None:
            yield array.astype(dtype if np.dtype(dtype).kind == "f" else np.float32)


@guarded(default=None)
def _first_as_array(data: Any) -> Any:
    return as_array(_first_rows(data))


def _first_rows(data: Any) -> Any:
    """Return the first rows of *data*: as a pandas object for a table of any library, as an array for a tensor."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(data, torch.Tensor):
        return as_array(data[:ROWS])
    if type(data).__module__.partition(".")[0] == "polars":
        import pandas as pd

        rows = data.head(ROWS)
        return pd.DataFrame(rows.to_dict(as_series=False)) if hasattr(rows, "columns") else pd.Series(rows.to_list())
    if hasattr(data, "iloc"):
        return data.iloc[:ROWS].copy()
    if type(data).__module__.startswith("scipy.sparse"):
        return data.tocsr()[:ROWS]
    if isinstance(data, list):
        return data[:ROWS]
    return as_array(data[:ROWS]).copy()
