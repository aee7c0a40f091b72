"""A stand-in for a model that answers with its recorded predictions, so that a scorer asks the model only once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.evaluation.measures.classification import BINARY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Outcome


def recorded_model(outcome: Outcome) -> Any:
    """Return an estimator whose data are positions of rows, in a single column, as scikit-learn's scorers take one.

    Its functions bear the names of its methods, by which scikit-learn looks them up.
    """
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    def rows_in(data: Any) -> NDArray[Any]:
        rows: NDArray[Any] = data.reshape(-1)
        return rows

    def predict(_self: Any, data: Any) -> NDArray[Any]:
        found: NDArray[Any] = outcome.predicted[rows_in(data)]
        return found

    def predict_proba(_self: Any, data: Any) -> NDArray[Any]:
        assert outcome.probabilities is not None  # noqa: S101  # the method is absent then
        found: NDArray[Any] = outcome.probabilities[rows_in(data)]
        return found

    def decision_function(_self: Any, data: Any) -> NDArray[Any]:
        assert outcome.scores is not None  # noqa: S101  # the method is absent then
        found: NDArray[Any] = outcome.scores[rows_in(data)]
        if found.ndim > 1 and len(outcome.classes) == BINARY:  # scikit-learn's form for two classes
            return found[:, 1]
        return found if outcome.positive is None or outcome.positive == len(outcome.classes) - 1 else -found

    methods: dict[str, Any] = {"predict": predict, "classes_": outcome.classes, "fit": lambda self, *_: self}
    if outcome.probabilities is not None:
        methods["predict_proba"] = predict_proba
    elif outcome.scores is not None:
        methods["decision_function"] = decision_function
    mixin = RegressorMixin if outcome.task == "regression" else ClassifierMixin
    return type("RecordedModel", (mixin, BaseEstimator), methods)()
