"""Find out which task a model solves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.answers import Answers
    from mlmagic.evaluation.outcomes.outcome import Task

TWO = 2
_MOST_CLASSES_OF_NUMBERS = 20


def task_of(model: Any, true: NDArray[Any], answers: Answers, note: Callable[[str], None]) -> Task:
    """Return the task that a model's kind, its predictions and the targets show; *note* an assumption.

    Raises
    ------
    UsageProblem
        There are several outputs of classes.
    """
    kind = _kind_of_estimator(model)
    numbers = true.dtype.kind in "fiub"
    if true.ndim > 1:
        is_mask = numbers and set(distinct(true)) <= {0, 1}
        if is_mask and kind != "regressor":
            return "multilabel"
        if kind == "classifier" or not numbers:
            raise UsageProblem("several outputs of classes have no metric in common: evaluate each output by itself")
        return "regression"
    if kind == "regressor":
        return "regression"
    if kind != "classifier" and answers.known is None and numbers and true.dtype.kind != "b":
        values = distinct(true)
        whole = bool((true == true.round()).all())
        if not whole or len(values) > _MOST_CLASSES_OF_NUMBERS or _are_numbers(answers.predicted, len(values)):
            return "regression"
        note("taken as classes, because the targets are few whole numbers; task='regression' takes them as numbers")
    labels = distinct(true) if answers.known is None else distinct(answers.known)
    return "binary" if len(labels) <= TWO else "multiclass"


def _are_numbers(predicted: NDArray[Any], classes: int) -> bool:
    """Return whether predictions for whole numbers are neither whole numbers nor probabilities."""
    if predicted.dtype.kind != "f" or predicted.ndim > 1:
        return False
    is_probability = classes <= TWO and bool(((predicted >= 0) & (predicted <= 1)).all())
    return not is_probability and not bool((predicted == predicted.round()).all())


def _kind_of_estimator(model: Any) -> str:
    base = sys.modules.get("sklearn.base")
    if base is None:
        return ""
    for kind in ("classifier", "regressor"):
        if guarded(default=False)(getattr(base, f"is_{kind}"))(model):
            return kind
    return ""


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Return the distinct values, sorted."""
    import numpy as np

    return np.unique(values)
