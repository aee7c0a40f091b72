"""Performance of served rows: realized where labels have arrived, estimated where they are missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlmagic.monitoring.checks.finding import Finding
from mlmagic.monitoring.performance.estimated import estimated
from mlmagic.monitoring.performance.realized import realized

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlmagic.monitoring.performance.calibration import Calibration
    from mlmagic.monitoring.performance.performance import Performance
    from mlmagic.monitoring.records.values import Answers

FEWEST_LABELS = 30
"""Labels from which on the performance is not estimated any more, also if most rows have none."""
_EVIDENCE_DIGITS = 6


def performance_of(
    answers: Answers, calibration: Calibration | None, metrics: Sequence[str] = ()
) -> tuple[Performance, ...]:
    """Return the performance of served rows: by their labels, or estimated if there are too few.

    *metrics* are computed beside the usual ones.

    Raises
    ------
    UsageProblem
        As `by_labels`, or if the probabilities do not add up to 1.
    """
    labelled = int(answers.has_label.sum())
    if labelled and (
        labelled >= FEWEST_LABELS or 2 * labelled >= len(answers.has_label) or answers.probabilities is None
    ):
        return by_labels(answers, metrics)
    if answers.probabilities is None:
        return ()
    return tuple(
        estimated(
            answers.predictions, answers.probabilities, answers.classes, metrics=list(metrics), calibration=calibration
        )
    )


def by_labels(answers: Answers, metrics: Sequence[str] = ()) -> tuple[Performance, ...]:
    """Return the performance of the rows whose labels are known.

    Raises
    ------
    UsageProblem
        If labels and predictions have nothing in common, or a prediction is NaN.
    """
    if answers.labels is None:
        return ()
    some = answers.take(answers.has_label)
    if some.labels is None:
        return ()
    return tuple(realized(some.labels, some.predictions, some.probabilities, some.classes, metrics=list(metrics)))


def findings(
    found: Sequence[Performance], baseline: Sequence[Performance], limits: Mapping[str, float]
) -> Iterator[Finding]:
    """Yield the metrics that are worse than their limit, or than the reference beyond both intervals."""
    before = {one.metric: one for one in baseline}
    for one in found:
        if math.isnan(one.value):
            continue
        if one.metric in limits:
            yield from _against_limit(one, limits[one.metric])
        elif one.metric in before:
            yield from _against_reference(one, before[one.metric])


def unjudged(found: Sequence[Performance], limits: Mapping[str, float]) -> Iterator[str]:
    """Yield a line for each limit that no number was compared with: it would never alarm."""
    known = {one.metric: one for one in found}
    for name in limits:
        one = known.get(name)
        if one is None or math.isnan(one.value):
            why = one.note if one is not None and one.note else "the metric is not known of these rows"
            yield f"the limit of {name!r} is not judged: {why}"


def _against_limit(now: Performance, limit: float) -> Iterator[Finding]:
    if not _is_worse(now.value, limit, now):
        return
    edge = now.high if now.greater_is_better else now.low
    is_sure = math.isfinite(edge) and _is_worse(edge, limit, now) and not now.is_estimate
    word = "below" if now.greater_is_better else "above"
    doubt = ""
    if not is_sure and not now.is_estimate:
        doubt = "; the interval includes the limit" if math.isfinite(edge) else "; no interval is known"
    yield Finding(
        "critical" if is_sure else "warning", "performance", now.metric,
        f"{_shown(now)} is {word} the limit {limit:.4g}{doubt}", {**_evidence(now), "limit": limit},
    )  # fmt: skip


def _against_reference(now: Performance, before: Performance) -> Iterator[Finding]:
    ends = (now.high, before.low) if now.greater_is_better else (now.low, before.high)
    if not all(map(math.isfinite, ends)) or not _is_worse(*ends, now):
        return
    evidence = {**_evidence(now), "reference": _rounded(before.value)}
    yield Finding(
        "warning" if now.is_estimate else "critical", "performance", now.metric,
        f"{_shown(now)} is worse than {before.value:.4g} [{before.low:.4g}, {before.high:.4g}] on the reference",
        evidence,
    )  # fmt: skip


def _is_worse(value: float, than: float, metric: Performance) -> bool:
    return value < than if metric.greater_is_better else value > than


def _shown(one: Performance) -> str:
    estimate = "the estimated " if one.is_estimate else ""
    interval = f" [{one.low:.4g}, {one.high:.4g}]" if math.isfinite(one.low) and math.isfinite(one.high) else ""
    return f"{estimate}{one.metric} {one.value:.4g}{interval} of {one.rows:,} rows"


def _evidence(one: Performance) -> dict[str, object]:
    return {
        "value": _rounded(one.value), "low": _rounded(one.low), "high": _rounded(one.high), "rows": one.rows,
        "is_estimate": one.is_estimate,
    }  # fmt: skip


def _rounded(value: float) -> float | None:
    return round(value, _EVIDENCE_DIGITS) if math.isfinite(value) else None
