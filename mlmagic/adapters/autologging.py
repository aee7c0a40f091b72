"""Finds what MLflow's autologging logs, so that nothing is recorded twice. Never imports MLflow."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Packages whose models autologging logs without remembering the objects, and the names of its integrations.
_LIBRARIES = {
    "xgboost": ("xgboost",),
    "lightgbm": ("lightgbm",),
    "keras": ("keras", "tensorflow"),
    "lightning": ("pytorch",),
    "pytorch_lightning": ("pytorch",),
}


def logs(model: Any) -> bool:
    """Return whether autologging is on for *model*, a booster or a network, and logs models.

    Of torch modules, autologging only logs Lightning's.

    >>> logs("no model")
    False
    """
    utilities = sys.modules.get("mlflow.utils.autologging_utils")
    if utilities is None or hasattr(model, "get_params"):
        return False
    homes = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    return any(
        not utilities.autologging_is_disabled(library)
        and utilities.get_autologging_config(library, "log_models", default_value=True)
        for home in homes
        for library in _LIBRARIES.get(home, ())
    )


def model_id_of(estimator: Any) -> str | None:
    """Return the id of the logged model that autologging created when *estimator* was fitted, or None.

    MLflow remembers it for estimators with scikit-learn's interface, including XGBoost's and LightGBM's.
    """
    manager = getattr(sys.modules.get("mlflow.sklearn"), "_AUTOLOGGING_METRICS_MANAGER", None)
    known = getattr(manager, "get_model_id_for_model", None)
    found = known(estimator) if callable(known) else None
    return found if isinstance(found, str) else None


@contextlib.contextmanager
def switched_off() -> Iterator[None]:
    """Disable autologging within the context, because it would log a trial's models to MLflow's active run."""
    utilities = sys.modules.get("mlflow.utils.autologging_utils")
    if utilities is None:
        yield
        return
    with utilities.disable_autologging():
        yield


def is_saving() -> bool:
    """Return whether MLflow's code is on the call stack (autologging, ``mlflow.log_figure``).

    >>> is_saving()
    False
    """
    frame = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module == "__main__":
            return False
        if module.partition(".")[0] == "mlflow":
            return True
        frame = frame.f_back  # type: ignore[assignment]  # None at the end
    return False
