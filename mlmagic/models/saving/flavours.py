"""Writes models by MLflow's flavours for XGBoost, LightGBM, CatBoost and Keras."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.models.saving.agreement import as_array
from mlmagic.models.saving.guard import preserve_state
from mlmagic.models.saving.input_example import rows_for_estimator, rows_for_module
from mlmagic.models.saving.limits import weigh
from mlmagic.models.saving.saved import CannotLogError, Saved, first_line, with_needed
from mlmagic.models.saving.verify import prove
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.models.kinds import Kind

_BYTES_A_WEIGHT = 4
# The libraries write single precision or text, so predictions agree only to that precision.
_SINGLE_PRECISION = 1e-5


def save(
    model: Any, kind: Kind, folder: Path, *, requirements: list[str], candidates: tuple[Any, ...], limit: float
) -> Saved:
    """Write *model* to *folder* by MLflow's flavour *kind*, and read it back as a check.

    Raises
    ------
    CannotLogError
        If the model is larger than *limit* bytes, or MLflow cannot write or read it.
    """
    from mlflow import pyfunc
    from mlflow.models import Model

    if kind == "keras":
        if (size := model.count_params() * _BYTES_A_WEIGHT) > limit:
            raise CannotLogError(f"its weights take {size / 1e6:,.0f} MB, the limit is {limit / 1e6:g} MB")
    else:
        weigh(model, limit)
    meta = Model()
    flavour = importlib.import_module(f"mlflow.{kind}")
    options: dict[str, Any] = {"pip_requirements": with_needed(requirements, [kind])}
    if "serialization_format" in inspect.signature(flavour.save_model).parameters:
        options["serialization_format"] = "cloudpickle"  # the default, skops, would need the name of each type
    try:
        with preserve_state():
            flavour.save_model(model, str(folder), mlflow_model=meta, **options)
            with _loadable(folder) as path:
                kept = pyfunc.load_model(path)
    except BaseException as error:
        reraise_interrupt(error)
        raise CannotLogError(f"mlflow.{kind}: {type(error).__name__}: {first_line(error)}") from error
    saved = Saved(meta, folder, str(kind))
    # Keras draws a progress bar on the stream that was in place at its import.
    silent = {"verbose": 0} if kind == "keras" else {}
    read_back = kept.get_raw_model() if kind == "keras" else kept
    for rows in _rows(model, kind, candidates):
        with preserve_state() as rewind:
            try:
                expected = as_array(model.predict(_as_taken(model, rows), **silent))
            except BaseException as error:  # noqa: BLE001  # the model does not accept these rows
                reraise_interrupt(error)
                continue
            rewind()
            prove(saved, rows, expected, partial(read_back.predict, **silent), tolerance=_SINGLE_PRECISION)
        break
    return saved


def _as_taken(model: Any, rows: Any) -> Any:
    """Return *rows* in the type that the model accepts: an XGBoost `Booster` accepts a `DMatrix` only."""
    xgboost = sys.modules.get("xgboost")
    return xgboost.DMatrix(rows) if xgboost is not None and isinstance(model, xgboost.Booster) else rows


def _rows(model: Any, kind: Kind, candidates: tuple[Any, ...]) -> Iterator[Any]:
    if kind == "keras":
        import numpy as np

        return rows_for_module(candidates, np.dtype("float32"))
    return rows_for_estimator(model, candidates)


@contextlib.contextmanager
def _loadable(folder: Path) -> Iterator[str]:
    """Yield a path of *folder* that MLflow can load: a copy if the path has percent signs, which MLflow decodes."""
    if "%" not in str(folder):
        yield str(folder)
        return
    with tempfile.TemporaryDirectory() as other:
        yield str(shutil.copytree(folder, Path(other) / "model"))
