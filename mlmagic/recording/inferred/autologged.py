"""Detect what the run contains already under the names that MLflow's autologging uses.

What counts is the content of the run, not whether autologging is on. A model's parameters are left out if the run has
all of them under their plain names. A metric that the user did not name is left out if the run has its values under
autologging's key. Names that the user gave are kept, and so are datasets: MLflow's digest covers only the first 10,000
rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def holds_metric(measure: str, values: Sequence[float], logged: Mapping[str, float]) -> bool:
    """Return whether *logged* has each of *values* under a key that autologging derives from *measure*.

    Autologging names a metric after the function and the variable with the data, ``f1_score_X_test`` (the second call
    ``f1_score-2_X_test``), and a score after the estimator's class, ``SVC_score_X_test``.

    >>> holds_metric("f1_score", [0.5], {"f1_score_X_test": 0.5})
    True
    >>> holds_metric("f1_score", [0.5, 0.6], {"f1_score_X_test": 0.5}), holds_metric("score", [1], {"f1_score_X": 1})
    (False, False)
    """
    owner = "[A-Z]\\w*_" if measure == "score" else ""
    pattern = re.compile(rf"{owner}{re.escape(measure)}(-\d+)?_")
    held = {value for key, value in logged.items() if pattern.match(key)}
    return bool(values) and held.issuperset(values)


def holds_history(metric: str, values: Sequence[float], logged: Mapping[str, float]) -> bool:
    """Return whether *logged* has the last of *values* under autologging's name for a history's *metric*.

    >>> holds_history("val_loss", [0.9, 0.5], {"validation_loss": 0.5}), holds_history("loss", [0.5], {"loss": 1.0})
    (True, False)
    """
    return any(logged.get(name) == values[-1] for name in (metric, metric.replace("val_", "validation_", 1)))


@guarded(default=False)  # not an estimator, or a user's that does not store its parameters
def holds_parameters(estimator: Any, params: Mapping[str, str]) -> bool:
    """Return whether *params* include all parameters that *estimator* was created with, under scikit-learn's names.

    >>> from sklearn.linear_model import Ridge
    >>> logged = {name: str(value) for name, value in Ridge().get_params().items()}
    >>> holds_parameters(Ridge(), logged), holds_parameters(Ridge(alpha=2), logged)
    (True, False)
    """
    # For a search only its own parameters are logged: those of its estimator are in the estimator's text.
    found = estimator.get_params(deep=not hasattr(estimator, "best_params_"))
    return bool(found) and all(name in params and _is(params[name], value) for name, value in found.items())


def _is(text: str, value: Any) -> bool:
    whole = str(value)
    return text == whole or (text.endswith("...") and whole.startswith(text.removesuffix("...")))  # truncated


def told(names: Iterable[str]) -> str:
    """Return the summary's line about *names*, each a few words.

    >>> told(["metrics f1_score", "model tree"])
    "left to MLflow's autologging, which recorded the same: metrics f1_score; model tree"
    """
    return f"left to MLflow's autologging, which recorded the same: {'; '.join(names)}"
