"""Records each candidate of a scikit-learn search as a child run of the run in which the search was fitted."""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.recording.child_runs import ChildRun
from mlmagic.recording.open_runs import require_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.recording.active_run import ActiveRun

_NO_METRICS = ("param_", "params")


def log_search(search: Any, name: str = "search") -> int:
    """Record each candidate of a fitted search, such as ``GridSearchCV``, as a child run of the active run.

    A tracked cell does this automatically for the searches that it fits. Use it within ``with mlmagic.track():``.

    Returns
    -------
    The number of candidates that were recorded; 0 if the search was already recorded.

    Raises
    ------
    NoActiveRunError
        If no run is active.
    UsageProblem
        If *search* is not a fitted search.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.log_search([1, 2])
    Traceback (most recent call last):
    mlmagic.errors.NoActiveRunError: mlmagic.log_search was called where no run is active, ...
    """
    run = require_run("mlmagic.log_search")
    if not is_search(search):
        raise UsageProblem(
            "mlmagic.log_search takes a fitted GridSearchCV or its like, which has cv_results_, "
            f"not a {type(search).__name__}"
        )
    return record_search(run, name, search)


def is_search(thing: object) -> bool:
    """Return whether *thing* is a fitted search, such as ``GridSearchCV`` or ``RandomizedSearchCV``."""
    results = getattr(thing, "cv_results_", None)
    return isinstance(results, dict) and isinstance(results.get("params"), list)


def record_search(run: ActiveRun, name: str, search: Any) -> int:
    """Record each candidate of a fitted search as a child run of *run*, and return their number.

    A child run has the candidate's parameters, and all numbers of ``cv_results_`` as metrics under scikit-learn's
    names. A candidate whose fits failed (its scores are NaN) gets the status ``FAILED``. A search is recorded once.
    """
    if id(search) in run.recorded:
        return 0
    run.recorded.add(id(search))
    results: Mapping[str, Any] = search.cv_results_
    columns = {key: values for key, values in results.items() if not key.startswith(_NO_METRICS)}
    # The start of each fit is unknown. 1 ms before the cell's run keeps the cell's run the newest.
    started = run.delivery.began.started - 1
    for number, params in enumerate(results["params"]):
        metrics = {key: float(values[number]) for key, values in columns.items() if _is_number(values[number])}
        scores = [value for key, value in metrics.items() if key.startswith("mean_test")]
        child = ChildRun(run, f"{name} {number}", started, {"mlmagic.trial": str(number), "mlmagic.search": name})
        for key, value in params.items():
            child.recorder.param(key, value)
        for key, value in metrics.items():
            if not math.isnan(value):
                child.recorder.metric(key, value)
        failed = bool(scores) and all(math.isnan(score) for score in scores)
        took_s = metrics.get("mean_fit_time", 0.0) + metrics.get("mean_score_time", 0.0)
        # Each fold has a key for each metric, `split0_test_f1`, and for the training rows, `split0_train_f1`.
        folds = len({key.partition("_")[0] for key in metrics if key.startswith("split")}) or 1
        child.end("FAILED" if failed else "FINISHED", started + round(1000 * took_s * folds))
    return len(results["params"])


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
