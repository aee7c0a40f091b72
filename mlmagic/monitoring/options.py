"""The options of a monitor, checked before anything is loaded."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.measures.asked import named
from mlmagic.monitoring.drift.request import DriftRequest, check_request
from mlmagic.monitoring.records.period import span_in
from mlmagic.suggestions import did_you_mean

_DRIFT_OPTIONS = ("columns", "alpha", "correction", "min_effect", "budget", "checks", "multivariate")


@dataclass(frozen=True)
class MonitorOptions:
    """The options of a monitor that its checks need."""

    cooldown: timedelta = timedelta(days=1)
    limits: Mapping[str, float] = field(default_factory=dict)
    drift: Mapping[str, Any] = field(default_factory=dict)


def options_of(
    *,
    limits: object,
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
    return MonitorOptions(_span("cooldown", cooldown), _limits(limits), _drift(drift))


def _span(name: str, value: object) -> timedelta:
    if isinstance(value, timedelta) and value >= timedelta():
        return value
    if isinstance(value, str) and (span := span_in(value)) is not None:
        return span
    raise UsageProblem(f"{name} is a span such as '1d', '12h' or a timedelta, not {described(value)}")


def _limits(limits: object) -> Mapping[str, float]:
    if limits is None:
        return {}
    if not isinstance(limits, Mapping) or not all(_is_number(one) for one in limits.values()):
        raise UsageProblem(f"limits maps metrics to numbers, not {described(limits)}: limits={{'accuracy': 0.85}}")
    named(list(limits))  # a name that is no metric's would never alarm
    return {str(name): float(one) for name, one in limits.items()}


def _drift(options: object) -> Mapping[str, Any]:
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise UsageProblem(f"drift maps options of mlmagic.drift to values, not {described(options)}")
    for name in options:
        if name not in _DRIFT_OPTIONS:
            near = did_you_mean(str(name), _DRIFT_OPTIONS)
            raise UsageProblem(f"drift: a monitor takes {', '.join(_DRIFT_OPTIONS)}, not {name!r}.{near}")
    check_request(DriftRequest(None, None, **options))
    return dict(options)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
