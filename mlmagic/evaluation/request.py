"""What is asked of an evaluation, checked before the model predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.data.split.registry import splits_of
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.outcomes.answers import require_model
from mlmagic.evaluation.outcomes.test_data import values_for_rows
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Task
    from mlmagic.store.query.run import Run

_FEWEST_RESAMPLES = 100
_LEAST_CONFIDENCE = 0.5
_PAIR = 2


@dataclass(frozen=True)
class Names:
    """What the user calls the model, the data, the targets and the other model."""

    model: str
    data: str
    targets: str
    against: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Options:
    """The options of `mlmagic.evaluate`, as it explains them."""

    metrics: Any = None
    by: Any = None
    against: Any = None
    groups: Any = None
    run: str | Run | None = None
    confidence: float = 0.95
    figures: bool = True
    importance: bool = False
    learning_curve: tuple[Any, Any] | None = None
    task: Task | None = None
    positive: Any = None
    stratify: bool | None = None
    resamples: int | None = None


@dataclass(frozen=True, eq=False)
class Request(_Options):
    """A model to evaluate on *data* with its *targets*."""

    names: Names
    model: Any
    data: Any
    targets: Any


def _require_one_kind(request: Request) -> None:
    from sklearn.base import is_classifier, is_regressor

    models = {request.names.model: request.model, request.names.against: request.against}
    classifiers = [name for name, model in models.items() if guarded(default=False)(is_classifier)(model)]
    regressors = [name for name, model in models.items() if guarded(default=False)(is_regressor)(model)]
    if classifiers and regressors:
        raise UsageProblem(
            f"{classifiers[0]} predicts classes, and {regressors[0]} numbers: they cannot be compared by one metric"
        )


def check_request(request: Request) -> None:
    """Check the models and the options.

    Raises
    ------
    UsageProblem
        Something predicts nothing, or an option is invalid.
    """
    require_model(request.model, request.names.model)
    if request.against is request.model and request.names.against == request.names.model:
        raise UsageProblem(f"against: {request.names.against} is the model itself: name another one")
    if request.against is not None:
        require_model(request.against, request.names.against)
        if request.task is None:
            _require_one_kind(request)
    require_confidence(request.confidence)
    resamples, curve = request.resamples, request.learning_curve
    if resamples is not None and (not isinstance(resamples, int) or resamples < _FEWEST_RESAMPLES):
        raise UsageProblem(f"resamples is a whole number from {_FEWEST_RESAMPLES} on, not {described(resamples)}")
    if request.stratify and request.groups is not None:
        raise UsageProblem(
            "stratify and groups exclude each other: whole groups are drawn, of whatever classes they are"
        )
    if curve is not None and (not isinstance(curve, tuple | list) or len(curve) != _PAIR):
        raise UsageProblem("learning_curve takes the training data: learning_curve=(X_train, y_train)")


def require_confidence(confidence: object) -> None:
    """Require that *confidence* is a number from 0.5 to below 1.

    Raises
    ------
    UsageProblem
        If it is something else.
    """
    is_number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    if not is_number or not _LEAST_CONFIDENCE <= confidence < 1:  # type: ignore[operator]  # it is a number
        raise UsageProblem(f"confidence is a number from 0.5 to below 1, such as 0.95, not {described(confidence)}")


def is_stratified(request: Request) -> bool:
    """Return whether the test set has fixed numbers of rows of each class: as asked, or by a split that is known."""
    if request.stratify is not None:
        return request.stratify
    parts = [part for item in (request.data, request.targets) for part in splits_of(item)]
    return request.groups is None and any(part.identity.get("method") == "stratify" for part in parts)


def group_codes(request: Request, rows: int) -> NDArray[Any] | None:
    """Return the number of each row's group, or None without groups.

    Raises
    ------
    UsageProblem
        Groups are missing, or there is only one.
    """
    import numpy as np
    import pandas as pd

    if request.groups is None:
        return None
    label, values = values_for_rows("groups", request.groups, request.data, rows, request.names.data)
    if missing := int(np.asarray(pd.isna(values)).sum()):
        raise UsageProblem(f"groups: {label} is missing in {missing:,} of {rows:,} rows: give each row a group")
    codes: NDArray[Any] = np.unique(values.astype(str), return_inverse=True)[1].reshape(-1)
    if codes.max() == 0:
        raise UsageProblem(f"groups: all rows have the same {label}: no interval can be told from one group")
    return codes
