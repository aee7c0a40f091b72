"""Bring a model's answers and the truth into one form: labels with codes, probabilities by class, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.evaluation.outcomes.outcome import Outcome
from mlmagic.evaluation.outcomes.tasks import TWO, distinct
from mlmagic.models.saving.agreement import as_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.answers import Answers
    from mlmagic.evaluation.outcomes.outcome import Task

_HALF = 0.5


def of_numbers(answers: Answers, true: NDArray[Any], outputs: tuple[str, ...], name: str) -> Outcome:
    """Return the outcome of a regression.

    Raises
    ------
    UsageProblem
        The predictions do not fit the targets.
    """
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


def of_labels(answers: Answers, true: NDArray[Any], outputs: tuple[str, ...], name: str) -> Outcome:
    """Return the outcome of several labels of each row.

    Raises
    ------
    UsageProblem
        The predictions do not fit the targets.
    """
    import numpy as np

    predicted = answers.predicted
    probabilities = answers.probabilities
    if isinstance(probabilities, list):  # scikit-learn's forests: a pair of columns for each label
        pairs = [as_array(one) for one in probabilities]
        probabilities = np.column_stack([pair[:, 1] for pair in pairs]) if all(p.shape[1] > 1 for p in pairs) else None
    scores = probabilities if probabilities is not None else answers.scores
    if predicted.shape == true.shape and predicted.dtype.kind == "f" and not set(distinct(predicted)) <= {0, 1}:
        scores, predicted = predicted, (predicted >= _HALF).astype(int)
    if predicted.shape != true.shape:
        raise UsageProblem(f"{name} predicts the shape {predicted.shape}, and the labels have {true.shape}")
    scores = None if scores is None else as_array(scores)
    if scores is not None and scores.shape != true.shape:
        scores = None
    none = np.empty(len(true), dtype=int)
    return Outcome("multilabel", true, predicted, np.empty(0), none, none, None, None, scores, (), outputs)


def of_classes(
    answers: Answers, true: NDArray[Any], task: Task | None, name: str, *, positive: Any, note: Callable[[str], None]
) -> Outcome:
    """Return the outcome of predicted classes.

    Raises
    ------
    UsageProblem
        The predictions do not fit the targets.
    """
    import numpy as np

    own = answers.known if answers.known is not None else distinct(true)
    predicted, probabilities, scores = _as_labels(answers, own, name, note)
    if _are_texts(own) != _are_texts(true) or not np.isin(true, own).any():
        raise UsageProblem(_no_common(true, own, name))
    if _are_texts(predicted) != _are_texts(true):
        raise UsageProblem(
            f"{name} predicts {_listed(predicted)}, and the targets are {_listed(true)}: texts and numbers are never "
            "equal. Encode the targets as in training"
        )
    try:
        classes = np.unique(np.concatenate([own, true, predicted]))
    except TypeError as error:
        raise UsageProblem(_no_common(true, own, name)) from error
    unseen = [] if answers.known is None else [str(one) for one in distinct(true) if one not in own]
    if unseen:
        count = int((~np.isin(true, own)).sum())
        note(
            f"{count:,} row{'s have' if count != 1 else ' has'} a label that the model has not seen in training, and "
            f"so never predicts: {', '.join(unseen[:5])}"
        )
    binary = len(classes) <= TWO
    if task == "binary" and not binary:
        raise UsageProblem(f"task='binary': there are {len(classes)} labels, {', '.join(map(str, classes[:5]))}")
    code = _positive(positive, classes) if binary and task != "multiclass" else None
    at = np.searchsorted(classes, own)
    aligned = None
    if probabilities is not None:
        aligned = _in_columns(probabilities, at, len(classes))
    ranking = aligned
    if ranking is None and scores is not None:
        ranking = _in_columns(scores, at, len(classes))
    if code is not None and ranking is not None:
        ranking = ranking[:, code]
    codes, predicted_codes = np.searchsorted(classes, true), np.searchsorted(classes, predicted)
    found: Task = "binary" if code is not None else "multiclass"
    return Outcome(
        found, true, predicted, classes, codes, predicted_codes, code, aligned, ranking, tuple(unseen)
    )  # fmt: skip


def _in_columns(scores: NDArray[Any], own: NDArray[Any], count: int) -> NDArray[Any]:
    """Return the scores with a column for each of *count* classes, 0 for those that the model does not know.

    A decision function of two classes is that of the second. The type of the numbers is kept: scikit-learn clips
    probabilities by its precision.
    """
    import numpy as np

    columns = np.column_stack([-scores, scores]) if scores.ndim == 1 else scores
    found = np.zeros((len(scores), count), dtype=columns.dtype if columns.dtype.kind == "f" else float)
    found[:, own] = columns
    return found


def _positive(positive: Any, classes: NDArray[Any]) -> int:
    if positive is None:
        return len(classes) - 1
    texts = [str(one) for one in classes]
    equal = [code for code, one in enumerate(classes.tolist()) if one == positive]
    if equal:  # 1 is also 1.0, and True
        return equal[0]
    if str(positive) not in texts:
        raise UsageProblem(f"there is no class {positive!r} to be the positive one: the classes are {', '.join(texts)}")
    return texts.index(str(positive))


def _as_labels(
    answers: Answers, own: NDArray[Any], name: str, note: Callable[[str], None]
) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]:
    """Return labels, probabilities and scores; a network or a function may predict probabilities in place of labels."""
    import numpy as np

    predicted = answers.predicted
    probabilities = None if answers.probabilities is None else as_array(answers.probabilities)
    scores = None if answers.scores is None else as_array(answers.scores)
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
    if scores is not None and (scores.shape[1] if scores.ndim > 1 else TWO) != len(own):  # of each pair of classes
        scores = None
    return predicted, probabilities, scores


def _are_probabilities(predicted: NDArray[Any], own: NDArray[Any]) -> bool:
    """Return whether numbers are probabilities of the second of two classes, and not labels."""
    import numpy as np

    is_float = predicted.dtype.kind == "f" and len(own) == TWO
    return is_float and not np.isin(predicted, own).all() and bool(((predicted >= 0) & (predicted <= 1)).all())


def _no_common(true: NDArray[Any], own: NDArray[Any], name: str) -> str:
    return (
        f"no label of the test data is one that {name} knows: the data has {_listed(true)}, the model {_listed(own)}. "
        "Encode the targets as in training"
    )


def _are_texts(labels: NDArray[Any]) -> bool:
    if labels.dtype == object:
        return any(isinstance(one, str) for one in labels.tolist())
    return labels.dtype.kind in "US"


def _listed(labels: NDArray[Any]) -> str:
    return ", ".join(repr(one) for one in list(dict.fromkeys(labels.tolist()))[:4])
