"""Let a model predict the rows of the test data: one outcome, whatever the task."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import autologging
from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.outcomes.answers import ask
from mlmagic.evaluation.outcomes.interpreting import of_classes, of_labels, of_numbers
from mlmagic.evaluation.outcomes.outcome import TASKS
from mlmagic.evaluation.outcomes.tasks import task_of
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Outcome, Task

_MOST_DIMENSIONS = 2


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
        answers = ask(model, data, name, data_name)
    if not answers.predicted.ndim:
        raise UsageProblem(
            f"{name} returned {described(answers.predicted.tolist())} for the {len(true):,} rows of {data_name}: "
            "a function must return one value for each row"
        )
    if answers.predicted.ndim > _MOST_DIMENSIONS:
        raise UsageProblem(
            f"{name} predicts the shape {answers.predicted.shape}: give a value for each row, or a column for each "
            "class or output"
        )
    if len(answers.predicted) != len(true):
        raise UsageProblem(
            f"{name} predicted {len(answers.predicted):,} values for the {len(true):,} rows of {data_name}: "
            "a function must return one for each row"
        )
    found = task or task_of(model, true, answers, note)
    if found == "regression":
        return of_numbers(answers, true, outputs, name)
    if found == "multilabel":
        return of_labels(answers, true, outputs, name)
    return of_classes(answers, true, found if task else None, name, positive=positive, note=note)
