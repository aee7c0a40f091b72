"""The options of a monitor, checked before anything is loaded."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mlmagic.adapters.metrics import is_scorer
from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.measures.asked import named
from mlmagic.evaluation.measures.standard import kind_of
from mlmagic.monitoring.drift.alarm_budget import per_check
from mlmagic.monitoring.drift.request import DriftRequest, check_request
from mlmagic.monitoring.records.period import span_in
from mlmagic.monitoring.records.settings import DRIFT_OPTIONS, Settings
from mlmagic.store.query.direction import direction_of
from mlmagic.suggestions import did_you_mean

_TWO = 2
_OF_TWO = {
    "f1": "f1_macro", "precision": "precision_macro", "recall": "recall_macro", "roc_auc": "roc_auc_ovr",
}  # fmt: skip
_ANY_BUDGET = "0.000001 per year"


@dataclass(frozen=True)
class MonitorOptions:
    """The options of a monitor that its checks need."""

    cooldown: timedelta = timedelta(days=1)
    limits: Mapping[str, float] = field(default_factory=dict)
    drift: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    sample: float = 1.0

    @property
    def settings(self) -> Settings:
        """What of them is recorded."""
        names = {name: what for name, what in self.metrics.items() if isinstance(what, str)}
        functions = tuple(name for name in self.metrics if name not in names)
        return Settings(self.limits, self.drift, self.sample, names, functions)


def options_of(
    *,
    limits: object,
    metrics: Any,
    drift: object,
    on_alert: object,
    cooldown: object,
    sample: object,
    exclude: object,
    batch_rows: object,
    batch_s: object,
    reference: object,
    reference_target: object,
) -> MonitorOptions:
    """Return the options, checked.

    Raises
    ------
    UsageProblem
        If one is invalid.
    """
    if on_alert is not None and not callable(on_alert):
        raise UsageProblem(f"on_alert is a function that takes an alert, not {described(on_alert)}")
    if not _is_number(sample) or not 0 < sample <= 1:  # type: ignore[operator]  # it is a number
        raise UsageProblem(f"sample is a share above 0 and at most 1, not {described(sample)}")
    if isinstance(exclude, str) or not isinstance(exclude, Collection):
        raise UsageProblem(f"exclude is a list of columns, not {described(exclude)}: exclude=['name']")
    if isinstance(batch_rows, bool) or not isinstance(batch_rows, int) or batch_rows < 1:
        raise UsageProblem(f"batch_rows is a whole number from 1 on, not {described(batch_rows)}")
    if not _is_number(batch_s) or not batch_s > 0:  # type: ignore[operator]  # it is a number
        raise UsageProblem(f"batch_s is a number of seconds above 0, not {described(batch_s)}")
    if reference is None and reference_target is not None:
        raise UsageProblem("reference_target belongs to a reference: reference=X_val, reference_target=y_val")
    own = named(metrics)
    return MonitorOptions(
        _span("cooldown", cooldown), _limits(limits, own), _drift(drift), own,
        float(sample),  # type: ignore[arg-type]  # it is a number
    )  # fmt: skip


def require_kind(limits: Mapping[str, float], *, is_of_classes: bool, classes: int) -> None:
    """Require that limits are of metrics of classes, or of numbers, as the model predicts: others would never alarm.

    *classes* is the number of classes, 0 if it is not known.

    Raises
    ------
    UsageProblem
        If one is of the other kind.
    """
    predicts, such = ("classes", "accuracy") if is_of_classes else ("numbers", "rmse")
    for name in limits:
        kind = kind_of(name)
        if kind not in {None, predicts}:
            raise UsageProblem(
                f"limits: {name!r} is a metric of {kind}, and the model predicts {predicts}: it would never alarm. "
                f"For example: limits={{{such!r}: …}}"
            )
        if classes > _TWO and name in _OF_TWO:
            raise UsageProblem(
                f"limits: {name!r} is a metric of two classes, and the model has {classes}: {_OF_TWO[name]!r} is the "
                "mean over them"
            )


def _span(name: str, value: object) -> timedelta:
    if isinstance(value, timedelta) and value >= timedelta():
        return value
    if isinstance(value, str) and (span := span_in(value)) is not None:
        return span
    raise UsageProblem(f"{name} is a span such as '1d', '12h' or a timedelta, not {described(value)}")


def _limits(limits: object, own: Mapping[str, Any]) -> Mapping[str, float]:
    if limits is None:
        return {}
    if not isinstance(limits, Mapping) or not all(_is_number(one) for one in limits.values()):
        raise UsageProblem(f"limits maps metrics to numbers, not {described(limits)}: limits={{'accuracy': 0.85}}")
    try:
        named([name for name in limits if name not in own])  # a name that is no metric's would never alarm
    except UsageProblem as error:
        text = str(error).replace("--metric NAME=FUNC", "ModelMonitor(…, metrics={'NAME': FUNC})")
        unknown = next((name for name in limits if name not in own and repr(name) in text), "")
        near = did_you_mean(str(unknown), own)
        raise UsageProblem(f"limits: {text if not near else f'there is no metric {unknown!r}.{near}'}") from None
    for name in limits:
        if callable(own.get(name)) and not is_scorer(own[name]) and direction_of(name) is None:
            raise UsageProblem(
                f"limits: whether more or less of {name!r} is better cannot be told from its name: name it such as "
                f"'{name}_loss' or '{name}_score'"
            )
    return {str(name): float(one) for name, one in limits.items()}


def _drift(options: object) -> Mapping[str, Any]:
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise UsageProblem(f"drift maps options of mlmagic.drift to values, not {described(options)}")
    for name in options:
        if name not in DRIFT_OPTIONS:
            near = did_you_mean(str(name), DRIFT_OPTIONS)
            raise UsageProblem(f"drift: a monitor takes {', '.join(DRIFT_OPTIONS)}, not {name!r}.{near}")
    try:
        _check_drift(options)
    except UsageProblem as error:
        text = str(error)
        raise UsageProblem(text if text.startswith("drift: ") else f"drift: {text}") from None
    return dict(options)


def _check_drift(options: Mapping[str, Any]) -> None:
    check_request(DriftRequest(None, None, **options))
    if options.get("columns") is not None and not len(options["columns"]):
        raise UsageProblem("drift: columns is empty, so nothing would be compared: leave it out for all columns")
    if not isinstance(options.get("multivariate", True), bool):
        raise UsageProblem(f"drift: multivariate is True or False, not {described(options['multivariate'])}")
    budget = options.get("budget")
    per_check(_ANY_BUDGET if budget is None else budget, options.get("checks", "daily"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
