"""Verifies that a saved model predicts the same as the original on a few rows. The rows become its input example."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from mlmagic.models.saving.agreement import EXACT, difference
from mlmagic.models.saving.saved import first_line
from mlmagic.snapshot.secrets import redaction
from mlmagic.snapshot.secrets.names import secrecy
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.models.saving.saved import Saved


def prove(saved: Saved, rows: Any, expected: Any, predict: Callable[[Any], Any], *, tolerance: float = EXACT) -> None:
    """Let the saved model *predict* on *rows* as `mlflow.pyfunc` would, and compare the result with *expected*.

    *saved* gets a signature, an input example, and a note if the predictions differ. With a signature, MLflow checks
    and converts the input. If the model then fails on its own input (a list of strings becomes a table), the signature
    is dropped. The example is left out if MLflow cannot write it, or if a part of it looks like a secret.
    """
    if _by_mlflow(saved, rows, expected, predict, tolerance) is not None:
        saved.meta.signature = None
        compare(saved, rows, expected, predict, tolerance=tolerance)
    _write_example(saved, rows)


def compare(saved: Saved, rows: Any, expected: Any, predict: Callable[[Any], Any], *, tolerance: float = EXACT) -> None:
    """Add a note to *saved* if the saved model's *predict* on *rows* does not return *expected*."""
    problem = _answer(rows, expected, predict, tolerance)
    if problem is not None:
        saved.notes.append(f"the saved model {problem}")


def _by_mlflow(saved: Saved, rows: Any, expected: Any, predict: Callable[[Any], Any], tolerance: float) -> str | None:
    """Infer a signature from *rows*, and return what is wrong with the prediction under it, or None."""
    from mlflow.models import infer_signature
    from mlflow.pyfunc import PyFuncModel

    try:
        saved.meta.signature = infer_signature(rows, expected)
    except BaseException as error:  # noqa: BLE001  # MLflow has no schema for this type of data
        reraise_interrupt(error)
        return first_line(error)
    if redaction.redact(json.dumps(saved.meta.signature.to_dict()))[1]:
        saved.notes.append("no signature, since there is what looks like a secret in the names of its columns")
        return "its signature holds a secret"
    asked = PyFuncModel(saved.meta, SimpleNamespace(predict=predict))
    return _answer(rows, expected, asked.predict, tolerance)


def _answer(rows: Any, expected: Any, predict: Callable[[Any], Any], tolerance: float) -> str | None:
    """Return what is wrong with the prediction for *rows*, or None."""
    try:
        answer = predict(rows)
    except BaseException as error:  # noqa: BLE001  # the model may raise anything; the original ran on these rows
        reraise_interrupt(error)
        return f"fails on the rows that it was tested on: {type(error).__name__}: {first_line(error)}"
    found = difference(expected, answer, tolerance=tolerance)
    return None if found is None else f"predicts otherwise on the rows that it was tested on, {found}"


def _write_example(saved: Saved, rows: Any) -> None:
    from mlflow.models.utils import _save_example

    has_secret = _has_secret_column(rows)
    try:
        _save_example(saved.meta, rows, str(saved.folder))
    except BaseException as error:  # noqa: BLE001  # MLflow writes tables and arrays, but no Series and not every object
        reraise_interrupt(error)
        keep = False
    else:
        keep = True
    written = list(saved.folder.glob("*input_example.json"))
    if keep and (has_secret or any(redaction.redact(file.read_text(encoding="utf-8"))[1] for file in written)):
        saved.notes.append("no input example, since there is what looks like a secret in it")
        keep = False
    if not keep:
        for file in written:
            file.unlink()
        saved.meta.saved_input_example_info = None


def _has_secret_column(rows: Any) -> bool:
    """Return whether values are secrets by their column's name, which MLflow's file stores apart from the values."""
    columns = getattr(rows, "columns", ())
    named = [name for name in columns if secrecy(str(name)) in {"weak", "yes"}]
    return any(redaction.redact_value(str(name), list(rows[name]))[1] for name in named)
