"""Recognises metric functions, scorers, estimators and cross-validation of known libraries, and names their results."""

from __future__ import annotations

import re
import sys
from typing import Any

from mlmagic.scalars import mean_and_std

METRIC_MODULES = ("sklearn.metrics", "torchmetrics")
CROSS_VALIDATION = frozenset(["cross_val_score", "cross_validate"])
PARTS = {
    "precision_recall_fscore_support": ("precision", "recall", "fscore", "support"),
    "homogeneity_completeness_v_measure": ("homogeneity", "completeness", "v_measure"),
    "class_likelihood_ratios": ("positive", "negative"),
}
"""The names of the parts of the tuples that these functions return."""
_PER_CLASS = "precision_recall_fscore_support"


def is_metric_module(name: str) -> bool:
    """Return whether *name* is a module of metrics.

    >>> is_metric_module("sklearn.metrics._ranking"), is_metric_module("sklearn.metrics_of_mine")
    (True, False)
    """
    return any(name == home or name.startswith(f"{home}.") for home in METRIC_MODULES)


def is_cross_validation(thing: object) -> bool:
    """Return whether *thing* is scikit-learn's ``cross_val_score`` or ``cross_validate``."""
    home = str(getattr(thing, "__module__", ""))
    return home.startswith("sklearn.model_selection") and getattr(thing, "__name__", "") in CROSS_VALIDATION


def is_scorer(thing: object) -> bool:
    """Return whether *thing* is a scikit-learn scorer (``get_scorer``, ``make_scorer``)."""
    module = sys.modules.get("sklearn.metrics._scorer")
    base = getattr(module, "_BaseScorer", None)
    return base is not None and isinstance(thing, base)


def is_per_class(thing: object) -> bool:
    """Return whether *thing* is a function that returns a value for each class unless ``average`` is set."""
    return getattr(thing, "__name__", "") == _PER_CLASS and measure_name(thing) is not None


def is_of_torchmetrics(thing: object) -> bool:
    """Return whether *thing* is a torchmetrics function; these take predictions before targets."""
    return str(getattr(thing, "__module__", "")).partition(".")[0] == "torchmetrics"


def is_boosting(thing: object) -> bool:
    """Return whether *thing* is a function or class of XGBoost, LightGBM or CatBoost."""
    return str(getattr(thing, "__module__", "")).partition(".")[0] in {"xgboost", "lightgbm", "catboost"}


def is_torchmetric(thing: object) -> bool:
    """Return whether *thing* is a torchmetrics metric object."""
    module = sys.modules.get("torchmetrics")
    return module is not None and isinstance(thing, module.Metric)


def is_estimator(thing: object) -> bool:
    """Return whether *thing* is a scikit-learn estimator, or follows the protocol of one."""
    base = sys.modules.get("sklearn.base")
    if base is not None and isinstance(thing, base.BaseEstimator):
        return True
    return not isinstance(thing, type) and hasattr(type(thing), "fit") and hasattr(type(thing), "get_params")


def measure_name(thing: object) -> str | None:
    """Return the metric's name for the results of calling *thing*, or None if *thing* is not a known metric.

    A user's own function is never a known metric, whatever its name.
    """
    if is_scorer(thing):
        function = getattr(thing, "_score_func", None)
        return str(getattr(function, "__name__", "score"))
    if is_torchmetric(thing):
        return snake_case(type(thing).__name__)
    if is_cross_validation(thing):
        return str(thing.__name__)  # type: ignore[attr-defined]
    if isinstance(thing, type) or not callable(thing):
        return None
    return (
        str(getattr(thing, "__name__", "")) or None if is_metric_module(str(getattr(thing, "__module__", ""))) else None
    )


def snake_case(name: str) -> str:
    """Convert a class name to snake case.

    >>> snake_case("MulticlassF1Score"), snake_case("SVC")
    ('multiclass_f1_score', 'svc')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def fold_scores(value: Any) -> dict[str, list[float]] | None:
    """Return the value of each fold for each score of a cross-validation's result.

    >>> fold_scores([0.5, 1.0]), fold_scores({"test_score": [0.5], "estimator": [None]})
    ({'': [0.5, 1.0]}, {'test_score': [0.5]})
    """
    if isinstance(value, dict):
        return {
            str(name): found[""]
            for name, scores in value.items()
            if str(name).startswith(("test_", "train_")) and (found := fold_scores(scores)) is not None
        }
    scores = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(scores, list) or not scores or not all(isinstance(score, float) for score in scores):
        return None
    return {"": list(scores)}


def folds(value: Any) -> dict[str, tuple[float, float]] | None:
    """Return (mean, standard deviation) over the folds for each score of a cross-validation's result.

    >>> folds([0.5, 1.0])
    {'': (0.75, 0.25)}
    """
    found = fold_scores(value)
    return None if found is None else {name: mean_and_std(scores) for name, scores in found.items()}
