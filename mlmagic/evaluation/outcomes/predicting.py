"""Ask a model for its predictions, once, and find out which task it solves."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import autologging
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.outcomes.outcome import TASKS, Outcome, Task
from mlmagic.evaluation.outcomes.test_data import text_columns
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import guarded, one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_MOST_CLASSES_OF_NUMBERS = 20
_TWO = 2
_HALF = 0.5


@dataclass
class _Answers:
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
    if isinstance(model, type):
        raise UsageProblem(f"{name} is the class {model.__name__}: give a fitted model, {model.__name__}().fit(X, y)")
    if not hasattr(model, "predict") and not callable(model):
        raise UsageProblem(
            f"{name} is of type {type(model).__name__}: evaluate takes a model with predict, or a function of the data"
        )


def predict(
    model: Any,
    data: Any,
    true: NDArray[Any],
    *,
    name: str,
    data_name: str,
    outputs: tuple[str, ...],
    task: Task | None,
    positive: Any,
    note: Callable[[str], None],
) -> Outcome:
    """Return the outcome of *model* on *data*; what was assumed is told to *note*.

    Raises
    ------
    UsageProblem
        The model is not fitted or raises, its predictions are not one for each row, or no label is one that it knows.
    """
    if task is not None and task not in TASKS:
        raise UsageProblem(
            f"there is no task {task!r}.{did_you_mean(str(task), TASKS)} It is one of {', '.join(TASKS)}"
        )
    with autologging.switched_off(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X (does not have valid|has) feature names")
        answers = _ask(model, data, name, data_name)
    if len(answers.predicted) != len(true):
        raise UsageProblem(
            f"{name} predicted {len(answers.predicted):,} values for the {len(true):,} rows of {data_name}: "
            "a function must return one for each row"
        )
    found = task or _task_of(model, true, answers, note)
    if found == "regression":
        return _of_numbers(answers, true, outputs, name)
    if found == "multilabel":
        return _of_labels(answers, true, outputs, name)
    return _of_classes(answers, true, found if task else None, name, positive=positive, note=note)


def _ask(model: Any, data: Any, name: str, data_name: str) -> _Answers:
    import numpy as np

    try:
        raw = model.predict(data) if hasattr(model, "predict") else model(data)
        probabilities = model.predict_proba(data) if _has(model, "predict_proba") else None
        scores = model.decision_function(data) if probabilities is None and _has(model, "decision_function") else None
        predicted = _array(raw)
    except BaseException as error:
        reraise_interrupt(error)
        raise UsageProblem(_why(error, model, data, name, data_name)) from error
    if predicted.ndim > 1 and predicted.shape[1] == 1:
        predicted = predicted.reshape(-1)
    known = getattr(model, "classes_", None)
    plain = known is not None and not isinstance(known, list)
    return _Answers(predicted, probabilities, scores, np.asarray(known) if plain else None)


@guarded(default=False)
def _has(model: Any, method: str) -> bool:
    return callable(getattr(model, method, None))


def _array(values: Any) -> NDArray[Any]:
    import numpy as np

    if hasattr(values, "detach"):  # a tensor, perhaps of a GPU
        values = values.detach().cpu()
    return np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)


def _why(error: BaseException, model: Any, data: Any, name: str, data_name: str) -> str:
    if any(kind.__name__ == "NotFittedError" for kind in type(error).__mro__):
        return f"{name} is not fitted: fit it first, {name}.fit(X_train, y_train)"
    method = "predict" if hasattr(model, "predict") else "the call"
    text = f"{method} of {name} failed on {data_name}: {one_line(error)[:300]}"
    columns = text_columns(data)
    if columns and isinstance(error, TypeError | ValueError):
        text += f". Columns that hold text: {', '.join(columns[:8])}"
    return text


def _task_of(model: Any, true: NDArray[Any], answers: _Answers, note: Callable[[str], None]) -> Task:
    kind = _kind_of_estimator(model)
    numbers = true.dtype.kind in "fiub"
    if true.ndim > 1:
        is_mask = numbers and set(_distinct(true)) <= {0, 1}
        return "multilabel" if is_mask and kind != "regressor" else "regression"
    if kind == "regressor":
        return "regression"
    if kind != "classifier" and answers.known is None and numbers and true.dtype.kind != "b":
        distinct = _distinct(true)
        whole = bool((true == true.round()).all())
        if not whole or len(distinct) > _MOST_CLASSES_OF_NUMBERS or _are_numbers(answers.predicted, len(distinct)):
            return "regression"
        note("taken as classes, because the targets are few whole numbers; task='regression' takes them as numbers")
    labels = _distinct(true) if answers.known is None else _distinct(answers.known)
    return "binary" if len(labels) <= _TWO else "multiclass"


def _are_numbers(predicted: NDArray[Any], classes: int) -> bool:
    """Return whether predictions for whole numbers are neither whole numbers nor probabilities."""
    if predicted.dtype.kind != "f" or predicted.ndim > 1:
        return False
    is_probability = classes <= _TWO and bool(((predicted >= 0) & (predicted <= 1)).all())
    return not is_probability and not bool((predicted == predicted.round()).all())


def _kind_of_estimator(model: Any) -> str:
    base = sys.modules.get("sklearn.base")
    if base is None:
        return ""
    for kind in ("classifier", "regressor"):
        if guarded(default=False)(getattr(base, f"is_{kind}"))(model):
            return kind
    return ""


def _distinct(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.unique(values)


def _of_numbers(answers: _Answers, true: NDArray[Any], outputs: tuple[str, ...], name: str) -> Outcome:
    import numpy as np

    try:
        target, predicted = true.astype(float), answers.predicted.astype(float)
    except (TypeError, ValueError) as error:
        raise UsageProblem(f"the targets and predictions of a regression are numbers: {error}") from error
    if target.shape != predicted.shape:
        raise UsageProblem(f"{name} predicts the shape {predicted.shape}, and the targets have {target.shape}")
    if not np.isfinite(target).all():
        raise UsageProblem(f"{int((~np.isfinite(target)).sum()):,} targets are infinite: no metric is defined there")
    if not np.isfinite(predicted).all():
        wrong = int((~np.isfinite(predicted)).sum())
        raise UsageProblem(f"{name} predicts NaN or infinity for {wrong:,} of {len(target):,} rows")
    none = np.empty(len(target), dtype=int)
    return Outcome("regression", target, predicted, np.empty(0), none, none, None, None, None, (), outputs)


def _of_labels(answers: _Answers, true: NDArray[Any], outputs: tuple[str, ...], name: str) -> Outcome:
    import numpy as np

    predicted = answers.predicted
    probabilities = answers.probabilities
    if isinstance(probabilities, list):  # scikit-learn's forests: a pair of columns for each label
        pairs = [_array(one) for one in probabilities]
        probabilities = np.column_stack([pair[:, 1] for pair in pairs]) if all(p.shape[1] > 1 for p in pairs) else None
    scores = probabilities if probabilities is not None else answers.scores
    if predicted.shape == true.shape and predicted.dtype.kind == "f" and not set(_distinct(predicted)) <= {0, 1}:
        scores, predicted = predicted, (predicted >= _HALF).astype(int)
    if predicted.shape != true.shape:
        raise UsageProblem(f"{name} predicts the shape {predicted.shape}, and the labels have {true.shape}")
    scores = None if scores is None else _array(scores)
    none = np.empty(len(true), dtype=int)
    return Outcome("multilabel", true, predicted, np.empty(0), none, none, None, None, scores, (), outputs)


def _of_classes(
    answers: _Answers, true: NDArray[Any], task: Task | None, name: str, *, positive: Any, note: Callable[[str], None]
) -> Outcome:
    import numpy as np

    own = answers.known if answers.known is not None else _distinct(true)
    predicted, probabilities, scores = _as_labels(answers, own, name, note)
    try:
        classes = np.unique(np.concatenate([own, true, predicted]))
    except TypeError as error:
        raise UsageProblem(_no_common(true, own, name)) from error
    if (own.dtype.kind in "OUS") != (true.dtype.kind in "OUS") or not np.isin(true, own).any():
        raise UsageProblem(_no_common(true, own, name))
    unseen = [] if answers.known is None else [str(one) for one in _distinct(true) if one not in own]
    if unseen:
        count = int((~np.isin(true, own)).sum())
        note(
            f"{count:,} row{'s have' if count != 1 else ' has'} a label that the model has not seen in training, and "
            f"so never predicts: {', '.join(unseen[:5])}"
        )
    binary = len(classes) <= _TWO
    if task == "binary" and not binary:
        raise UsageProblem(f"task='binary': there are {len(classes)} labels, {', '.join(map(str, classes[:5]))}")
    code = _positive(positive, classes) if binary and task != "multiclass" else None
    at = np.searchsorted(classes, own)
    aligned = None
    if probabilities is not None:
        aligned = np.zeros((len(true), len(classes)))
        aligned[:, at] = probabilities
    ranking = aligned if aligned is not None else scores
    if code is not None and ranking is not None:
        ranking = _of_positive(ranking, code, at)
    codes, predicted_codes = np.searchsorted(classes, true), np.searchsorted(classes, predicted)
    found: Task = "binary" if code is not None else "multiclass"
    return Outcome(
        found, true, predicted, classes, codes, predicted_codes, code, aligned, ranking, tuple(unseen)
    )  # fmt: skip


def _of_positive(ranking: NDArray[Any], code: int, own: NDArray[Any]) -> NDArray[Any]:
    """Return the score of the positive class; a decision function of two classes is that of the second."""
    if ranking.ndim > 1:
        found: NDArray[Any] = ranking[:, code]
        return found
    return ranking if code == own[-1] else -ranking


def _positive(positive: Any, classes: NDArray[Any]) -> int:
    if positive is None:
        return len(classes) - 1
    texts = [str(one) for one in classes]
    if str(positive) not in texts:
        raise UsageProblem(f"there is no class {positive!r} to be the positive one: the classes are {', '.join(texts)}")
    return texts.index(str(positive))


def _as_labels(
    answers: _Answers, own: NDArray[Any], name: str, note: Callable[[str], None]
) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]:
    """Return labels, probabilities and scores; a network or a function may predict probabilities in place of labels."""
    import numpy as np

    predicted = answers.predicted
    probabilities = None if answers.probabilities is None else _array(answers.probabilities)
    scores = None if answers.scores is None else _array(answers.scores)
    if predicted.ndim > 1:
        if predicted.shape[1] != len(own):
            raise UsageProblem(f"{name} predicts {predicted.shape[1]} columns, and there are {len(own)} classes")
        if bool(((predicted >= 0) & (predicted <= 1)).all()):
            probabilities = predicted
        else:
            scores = predicted
        note("the model predicts a column for each class: the class of the largest is taken")
        predicted = own[predicted.argmax(axis=1)]
    elif _are_probabilities(predicted, own):
        note("the model predicts probabilities: the second class is taken from 0.5 on")
        probabilities = np.column_stack([1 - predicted, predicted])
        predicted = own[(predicted >= _HALF).astype(int)]
    if probabilities is not None and probabilities.shape != (len(predicted), len(own)):
        probabilities = None
    if scores is not None and scores.ndim > 1 and scores.shape[1] != len(own):  # of each pair of classes
        scores = None
    return predicted, probabilities, scores


def _are_probabilities(predicted: NDArray[Any], own: NDArray[Any]) -> bool:
    """Return whether numbers are probabilities of the second of two classes, and not labels."""
    import numpy as np

    is_float = predicted.dtype.kind == "f" and len(own) == _TWO
    return is_float and not np.isin(predicted, own).all() and bool(((predicted >= 0) & (predicted <= 1)).all())


def _no_common(true: NDArray[Any], own: NDArray[Any], name: str) -> str:
    shown = [", ".join(repr(one) for one in list(dict.fromkeys(labels.tolist()))[:4]) for labels in (true, own)]
    return (
        f"no label of the test data is one that {name} knows: the data has {shown[0]}, the model {shown[1]}. "
        "Encode the targets as in training"
    )
