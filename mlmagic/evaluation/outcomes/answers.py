"""Ask a model for its predictions, once."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.evaluation.outcomes.test_data import missing_columns, text_columns
from mlmagic.models.saving.agreement import as_array
from mlmagic.user_objects import guarded, quoted, reraise_interrupt

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Answers:
    """What the model returned; ``known`` are the labels that it knows."""

    predicted: NDArray[Any]
    probabilities: Any
    scores: Any
    known: NDArray[Any] | None


def require_model(model: Any, name: str) -> None:
    """Require something that predicts.

    Raises
    ------
    UsageProblem
        It has no ``predict`` and cannot be called, or it is a class or a PyTorch module.
    """
    torch = sys.modules.get("torch.nn")
    if torch is not None and isinstance(model, torch.Module) and not hasattr(model, "predict"):
        raise UsageProblem(
            f"{name} is a PyTorch module, which has no predict. Give a function that takes the data and returns "
            f"classes, probabilities or numbers: lambda X: {name}(torch.as_tensor(X)).argmax(1).numpy(force=True)"
        )
    if isinstance(model, str):
        raise UsageProblem(f"the model is the text {model!r:.60}: give the fitted model itself")
    if isinstance(model, type):
        raise UsageProblem(f"{name} is the class {model.__name__}: give a fitted model, {model.__name__}().fit(X, y)")
    if not hasattr(model, "predict") and not callable(model):
        raise UsageProblem(
            f"{name} is of type {type(model).__name__}: evaluate takes a model with predict, or a function of the data"
        )


def ask(model: Any, data: Any, name: str, data_name: str) -> Answers:
    """Ask *model* for predictions, and for probabilities or scores if it has them.

    Raises
    ------
    UsageProblem
        It is not fitted, or it raises.
    """
    import numpy as np

    try:
        raw = model.predict(data) if hasattr(model, "predict") else model(data)
        probabilities = model.predict_proba(data) if _has(model, "predict_proba") else None
        scores = model.decision_function(data) if probabilities is None and _has(model, "decision_function") else None
        predicted: NDArray[Any] = as_array(raw)
    except BaseException as error:
        reraise_interrupt(error)
        raise UsageProblem(_why(error, model, data, name, data_name)) from error
    if predicted.ndim > 1 and predicted.shape[1] == 1:
        predicted = predicted.reshape(-1)
    known = getattr(model, "classes_", None)
    plain = known is not None and not isinstance(known, list)
    return Answers(predicted, probabilities, scores, np.asarray(known) if plain else None)


@guarded(default=False)
def _has(model: Any, method: str) -> bool:
    return callable(getattr(model, method, None))


def _why(error: BaseException, model: Any, data: Any, name: str, data_name: str) -> str:
    if any(kind.__name__ == "NotFittedError" for kind in type(error).__mro__):
        return f"{name} is not fitted: fit it first, {name}.fit(X_train, y_train)"
    method = "predict" if hasattr(model, "predict") else "the call"
    text = f"{method} of {name} failed on {data_name}: {quoted(error)[:300]}"
    if not isinstance(error, TypeError | ValueError):
        return text
    if columns := text_columns(data):
        text += f". Columns that hold text: {', '.join(columns[:8])}"
    elif columns := missing_columns(data):
        text += f". Columns with missing values: {', '.join(columns[:8])}"
    return text
