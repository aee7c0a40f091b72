"""Call a metric function or a scorer with what its signature asks for: labels, probabilities, scores or a model."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.metrics import is_scorer
from mlmagic.evaluation.measures.recorded_model import recorded_model
from mlmagic.store.query.direction import direction_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Outcome

_PROBABILITIES = frozenset(["y_proba", "y_prob", "probabilities"])
_SCORES = frozenset(["y_score"])
_DECISION = frozenset(["pred_decision"])
_OF_PROBABILITIES = frozenset(["log_loss", "d2_log_loss_score"])
"""scikit-learn's metrics that take probabilities as ``y_pred``."""
_ARGUMENTS = 2


def function_of(name: str, what: Any, outcome: Outcome) -> tuple[Callable[[NDArray[Any]], Any], Any]:
    """Return a function of the positions of rows, and the direction of the metric."""
    if isinstance(what, str):
        from sklearn.metrics import get_scorer

        what = get_scorer(what)
    if is_scorer(what) or _takes_estimator(what):
        model = recorded_model(outcome)
        return lambda rows: what(model, rows.reshape(-1, 1), outcome.true[rows]), "max"
    return partial(_called, what, outcome, _parameters(what)), direction_of(name)


def _called(what: Any, outcome: Outcome, parameters: Mapping[str, inspect.Parameter], rows: NDArray[Any]) -> Any:
    """Return the value of a metric function on these rows.

    Raises
    ------
    LookupError
        It takes probabilities or scores that the model does not have.
    """
    function = what.func if isinstance(what, partial) else what
    is_sklearns = str(getattr(function, "__module__", "")).startswith("sklearn.metrics")
    asked = parameters.keys() & (_PROBABILITIES | _SCORES | _DECISION)
    if is_sklearns and getattr(function, "__name__", "") in _OF_PROBABILITIES:
        asked = asked or {"y_pred", "y_proba"} & parameters.keys()
    if not asked:
        return what(outcome.true[rows], outcome.predicted[rows])
    given = {name: _asked_for(name, outcome)[rows] for name in asked}
    true = outcome.true[rows]
    if is_sklearns and outcome.positive is not None:  # it takes the larger label for the positive one
        true = (outcome.codes[rows] == outcome.positive).astype(int)
    elif is_sklearns and len(outcome.classes):
        own = {"labels": outcome.classes, "multi_class": "ovr"}
        given |= {name: value for name, value in own.items() if name in parameters}
    predicted = [outcome.predicted[rows]] if _takes_predicted(parameters, asked) else []
    return what(true, *predicted, **given)


def _asked_for(name: str, outcome: Outcome) -> NDArray[Any]:
    """Return the probabilities or scores that a parameter of this name means, of two classes those of the positive."""
    if name in _DECISION and outcome.probabilities is not None:
        raise LookupError("it takes a decision function, and {model} has probabilities")
    found = outcome.probabilities
    if found is None and name in _SCORES | _DECISION:
        found = outcome.scores
    if found is None:
        kind = "scores" if name in _SCORES | _DECISION else "probabilities"
        raise LookupError(f"it takes {kind}, and {{model}} has none")
    return found[:, outcome.positive] if outcome.positive is not None and found.ndim > 1 else found


def _takes_predicted(parameters: Mapping[str, inspect.Parameter], asked: set[str]) -> bool:
    """Return whether the second argument is the prediction: it must be given, or its name says so."""
    positional = [one for one in parameters.values() if one.kind != one.KEYWORD_ONLY]
    if len(positional) < _ARGUMENTS or positional[1].name in asked:
        return False
    return positional[1].default is inspect.Parameter.empty or "pred" in positional[1].name


def _parameters(function: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return {
            name: one
            for name, one in inspect.signature(function).parameters.items()
            if one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY, one.POSITIONAL_ONLY}
        }
    except (TypeError, ValueError):  # a builtin
        return {}


def _takes_estimator(function: Any) -> bool:
    """Return whether a function is a scorer by its signature: ``(estimator, X, y)``."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    required = [one.name for one in parameters if one.default is one.empty and one.kind == one.POSITIONAL_OR_KEYWORD]
    return len(required) > _ARGUMENTS and required[0] in {"estimator", "model", "clf", "est"}
