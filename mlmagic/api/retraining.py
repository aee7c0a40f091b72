"""Retrain a registered model with a function: for scripts that a scheduler runs."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlmagic.api.registry import names_in
from mlmagic.arguments import described, require_mapping, require_text, require_text_or_none
from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.recording import open_runs
from mlmagic.session.interrupts import whole_imports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType, TracebackType

    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.recording.options import TrackOptions
    from mlmagic.registry.retraining.result import Retraining

_EXAMPLE = "mlmagic.retrain('churn', train, (X, y), on=(X_recent, y_recent), metric='accuracy', min=0.85)"
_PAIR = 2
_BETWEEN = {"mlmagic", "contextlib"}
"""The modules whose frames lie between the caller and the user's function."""


@whole_imports()
def retrain(
    name: str,
    train: Callable[..., Any],
    data: tuple[Any, ...] = (),
    *,
    on: tuple[Any, Any],
    metric: Any,
    min: float | None = None,  # noqa: A002  # the magic's word
    max: float | None = None,  # noqa: A002
    drop: float | None = None,
    promote_to: str | None = None,
    margin: float = 0.0,
    confidence: float = 0.95,
    correct: bool = False,
    trust: bool = False,
    again: bool = False,
    experiment: str | None = None,
    tags: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> Retraining:
    """Train a new version of a registered model if the one in production is no longer good enough, as ``%%retrain``.

    The champion is evaluated on recent data. If it is worse than wanted, *train* runs as a tracked run, and its model
    is evaluated on the same data, recorded, and registered as the challenger. It gets the alias *promote_to* only if it
    is better than the champion: the whole confidence interval of the difference, on the same rows, is above *margin*.
    Calling it again with the same code, data and champion trains nothing again, and goes on where a killed process
    stopped.

    Parameters
    ----------
    name
        The registered model.
    train
        A function that is called with *data* and returns the fitted model.
    data
        The training data, such as ``(X, y)``. It is recorded on the run, and must not be the recent data.
    on
        The recent data and its targets, ``(X_recent, y_recent)``, that neither model has seen.
    metric
        What decides: a metric's name, or a mapping of one name to a function of ``y_true`` and ``y_pred``.
    min, max
        Train if the champion's metric is below *min* (where more is better), or above *max* (where less is better).
    drop
        Train if the champion's metric is worse by more than this than it was when it was promoted. Without *min*,
        *max* and *drop* a new model is trained in any case.
    promote_to
        The alias that a better version gets. By default it is registered only, beside the champion.
    margin, confidence, correct, trust
        Of the gate, as in `mlmagic.promote`.
    again
        Train even if the same was trained before.
    experiment, tags
        Of the run; the version gets the tags too.
    quiet
        Show no summary of the run.

    Returns
    -------
    Retraining
        The ``verdict``: ``"kept"``, ``"promoted"``, ``"registered"`` or ``"refused"``; the reason, the versions, the
        evaluations, and ``exit_code`` for a scheduler.

    Raises
    ------
    UsageProblem
        If the champion was trained on the recent data, the metric or a limit does not fit, or *train* returns no
        fitted model.
    ModelNotFoundError, ModelLoadError
        If there is no such registered model, or the champion cannot be loaded.
    StoreError
        If the store refuses, or cannot be reached. A run that was trained is kept: the next call goes on with it.

    Examples
    --------
    >>> import mlmagic
    >>> def train(X, y):
    ...     return LogisticRegression().fit(X, y)
    >>> result = mlmagic.retrain(  # doctest: +SKIP
    ...     "churn", train, (X, y), on=(X_recent, y_recent), metric="accuracy", min=0.85, promote_to="champion"
    ... )
    """
    from mlmagic.data.code_identity import content_of, identity_of_function, key_of
    from mlmagic.recording.options import TrackOptions
    from mlmagic.registry.better_than import named_metric
    from mlmagic.registry.retraining import result as results
    from mlmagic.registry.retraining.request import RetrainRequest
    from mlmagic.registry.retraining.retraining import Training
    from mlmagic.registry.retraining.retraining import retrain as carry_out

    require_text("mlmagic.retrain", _EXAMPLE, name=name)
    require_text_or_none("mlmagic.retrain", _EXAMPLE, promote_to=promote_to, experiment=experiment)
    require_mapping("mlmagic.retrain", _EXAMPLE, tags)
    if not callable(train):
        raise UsageProblem(f"train is a function that returns the fitted model, not {described(train)}: {_EXAMPLE}")
    if not isinstance(data, tuple | list):
        raise UsageProblem(f"data is what train is called with, such as (X, y), not {described(data)}: {_EXAMPLE}")
    _require_signature(train, data)
    if not isinstance(on, tuple | list) or len(on) != _PAIR:
        raise UsageProblem(f"on is the recent data with its targets: on=(X_recent, y_recent). {_EXAMPLE}")
    if open_runs.on_this_thread() is not None:
        raise UsageProblem("mlmagic.retrain makes a run of its own: call it outside of a tracked cell and block")
    caller = sys._getframe(2)  # beyond `whole_imports`
    names = names_in(caller)
    request = RetrainRequest(
        name=name, data=on[0], targets=on[1], names=(names.get(id(on[0]), "X"), names.get(id(on[1]), "y")),
        metric=named_metric(metric), least=min, most=max, drop=drop, promote_to=promote_to, margin=margin,
        confidence=confidence, correct=correct, trust=trust, tags=tags or {}, again=again,
    )  # fmt: skip
    identity = key_of(identity_of_function(train), [content_of(one) for one in data])
    options = TrackOptions(name=f"{name} retrained", experiment=experiment, quiet=quiet)
    run = _FunctionTraining(train, tuple(data), caller, names, options)
    try:
        return results.noted(carry_out(request, Training(identity, run)))
    except MLMagicError:
        raise
    except Exception as error:  # noqa: BLE001  # the user's, without the frames between the caller and the function
        raise error.with_traceback(_users(error.__traceback__)) from error.__cause__


def _users(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the user's function on."""
    inner = trace
    while inner is not None and str(inner.tb_frame.f_globals.get("__name__", "")).partition(".")[0] in _BETWEEN:
        inner = inner.tb_next
    return inner or trace


def _require_signature(train: Callable[..., Any], data: Sequence[Any]) -> None:
    """Require that *train* can be called with *data*, before the champion is judged.

    Raises
    ------
    UsageProblem
        If it cannot.
    """
    try:
        signature = inspect.signature(train)
    except (TypeError, ValueError):  # a builtin
        return
    try:
        signature.bind(*data)
    except TypeError as error:
        name = getattr(train, "__name__", "train")
        raise UsageProblem(
            f"{name}{signature} cannot be called with data, which has {len(data)} value{'s' * (len(data) != 1)}: "
            f"{error}. {_EXAMPLE}"
        ) from None


@dataclass(frozen=True)
class _FunctionTraining:
    """Runs the user's function as a run of its own, and records its data and its model."""

    train: Callable[..., Any]
    data: tuple[Any, ...]
    caller: FrameType
    names: Mapping[int, str]
    options: TrackOptions

    def __call__(self, reason: str, tags: Mapping[str, str]) -> str:  # noqa: ARG002  # the reason is one of the tags
        from mlmagic.models.capture import record_model, record_parameters
        from mlmagic.models.kinds import is_fitted, kind_of
        from mlmagic.tracking.block import TrackedBlock

        block = TrackedBlock(replace(self.options, tags=tags), self.caller)
        with block:
            _record_data(block.run, self.data, self.names)
            model = self.train(*self.data)
            if kind_of(model) is None or not is_fitted(model):
                raise UsageProblem(f"train returns the fitted model; it returned {described(model)}")
            record_parameters(block.run, "model", {}, model)
            record_model(block.run, "model", self.data, model)
        return block.run.run_id


def _record_data(run: ActiveRun, data: tuple[Any, ...], names: Mapping[int, str]) -> None:
    from mlmagic.data.fingerprint.fingerprint import fingerprint
    from mlmagic.data.kinds import datasets_in
    from mlmagic.data.profile.mlflow_dataset import record

    for number, value in enumerate(data):
        name = names.get(id(value)) or ("X_train", "y_train", f"data_{number}")[min(_PAIR, number)]
        for suffix, item in datasets_in(value):
            run.recorder.dataset(record(f"{name}{suffix}", item, fingerprint(item), use="training"))
