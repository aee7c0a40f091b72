"""What an evaluation computes only on request: permutation importance and the learning curve."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.evaluation.outcomes.test_data import column_names, for_model
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Outcome
    from mlmagic.evaluation.request import Request

_REPEATS = 5
_FOLDS = 5
_SHARES = (0.1, 0.325, 0.55, 0.775, 1.0)


def scored(outcome: Outcome) -> str:
    """Return the score that is looked at: ``"r2"`` or ``"accuracy"``."""
    return "r2" if outcome.task == "regression" else "accuracy"


def importance(
    request: Request, true: NDArray[Any], outcome: Outcome, note: Callable[[str], None]
) -> dict[str, tuple[float, float]]:
    """Return the mean and deviation of the loss in accuracy or R2 if a column is shuffled, the most important first.

    The shuffling has a seed of its own.
    """
    require("sklearn", "mlmagic.evaluate", pip="scikit-learn")
    from sklearn.inspection import permutation_importance

    data = for_model(request.model, request.data, request.names.data, lambda _: None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = permutation_importance(
                request.model, data, true, n_repeats=_REPEATS, random_state=0, scoring=scored(outcome)
            )
    except BaseException as error:  # noqa: BLE001  # whatever a model raises costs only its importance
        reraise_interrupt(error)
        note(f"the permutation importance was left out: {one_line(error)[:200]}")
        return {}
    names = column_names(data) or [f"column {at}" for at in range(len(found.importances_mean))]
    order = sorted(range(len(names)), key=lambda at: -found.importances_mean[at])
    return {str(names[at]): (float(found.importances_mean[at]), float(found.importances_std[at])) for at in order}


def learning_curve(
    model: Any, data: Any, targets: Any, outcome: Outcome, note: Callable[[str], None]
) -> Callable[[Any], None] | None:
    """Return what draws the learning curve of clones of *model* on training data, None if it cannot be computed."""
    require("sklearn", "mlmagic.evaluate", pip="scikit-learn")
    from sklearn.base import clone
    from sklearn.model_selection import LearningCurveDisplay
    from sklearn.model_selection import learning_curve as compute

    scoring = scored(outcome)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sizes, train, test = compute(
                clone(model),
                data,
                targets,
                cv=_FOLDS,
                train_sizes=_SHARES,
                scoring=scoring,
                shuffle=True,
                random_state=0,
            )
    except BaseException as error:  # noqa: BLE001  # as above
        reraise_interrupt(error)
        note(f"the learning curve was left out: {one_line(error)[:200]}")
        return None

    def function(axes: Any) -> None:
        LearningCurveDisplay(train_sizes=sizes, train_scores=train, test_scores=test, score_name=scoring).plot(
            ax=axes, score_type="both", std_display_style="fill_between"
        )
        axes.set_title("Learning curve")

    return function
