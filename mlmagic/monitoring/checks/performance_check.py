"""Performance of served rows: realized where labels have arrived, estimated where they are missing."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import brief
from mlmagic.monitoring.checks.finding import Finding
from mlmagic.monitoring.judged import Judged
from mlmagic.monitoring.performance.estimated import estimated
from mlmagic.monitoring.performance.realized import realized
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlmagic.monitoring.performance.calibration import Calibration
    from mlmagic.monitoring.performance.performance import Performance
    from mlmagic.monitoring.records.values import Answers

FEWEST_LABELS = 30
"""Labels from which on the performance is not estimated any more, also if most rows have none."""
FEWEST_ROWS = 30
"""An estimate for fewer rows has no interval: the metric can take a few values only, and the interval has others."""
NOT_CALIBRATED = (
    "too few labels of the reference say whether the probabilities are calibrated: ModelMonitor(…, reference=X_val, "
    "reference_target=y_val) with 300 of them"
)
_EVIDENCE_DIGITS = 6
_MOST_NAMED = 5
_MANY_UNKNOWN = 0.05
_MOST_MISSING = 0.05
LABEL = "label"


def performance_of(
    answers: Answers, calibration: Calibration | None, metrics: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Performance, ...]:
    """Return the performance of served rows: by their labels, or estimated if there are too few.

    *metrics* are computed beside the usual ones: names and functions, by name.

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
    found = estimated(
        answers.predictions, answers.probabilities, answers.classes, metrics=metrics, calibration=calibration
    )
    if calibration is None or not calibration.is_checked:
        found = [replace(one, low=math.nan, high=math.nan, is_calibrated=False) for one in found]
    elif len(answers.predictions) < FEWEST_ROWS:
        found = [replace(one, low=math.nan, high=math.nan) for one in found]
    return tuple(found)


def by_labels(answers: Answers, metrics: Mapping[str, Any] = MappingProxyType({})) -> tuple[Performance, ...]:
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
    return tuple(realized(some.labels, some.predictions, some.probabilities, some.classes, metrics=metrics))


def findings(
    found: Sequence[Performance], baseline: Sequence[Performance], limits: Mapping[str, float]
) -> Iterator[Finding]:
    """Yield the metrics that are worse than their limit, or than the reference beyond both intervals."""
    before = {one.metric: one for one in baseline}
    for one in found:
        if math.isnan(one.value) or not one.is_calibrated:
            continue
        if one.metric in limits:
            yield from _against_limit(one, limits[one.metric])
        elif one.metric in before:
            yield from _against_reference(one, before[one.metric])


def judged(
    found: Sequence[Performance], baseline: Sequence[Performance], limits: Mapping[str, float]
) -> dict[tuple[str, str], Judged]:
    """Return the metrics that were compared with a limit or with the reference."""
    before = {one.metric for one in baseline if math.isfinite(one.low) and math.isfinite(one.high)}
    return {
        ("performance", one.metric): Judged(one.rows, one.is_estimate)
        for one in found
        if one.is_calibrated and math.isfinite(one.value)
        and (one.metric in limits or (one.metric in before and math.isfinite(one.low) and math.isfinite(one.high)))
    }  # fmt: skip


def unjudged(found: Sequence[Performance], limits: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Yield each limit that no number was compared with, and a line that says why: it would never alarm."""
    known = {one.metric: one for one in found}
    for name in limits:
        one = known.get(name)
        why = ""
        if one is None or math.isnan(one.value):
            why = one.note if one is not None and one.note else "the metric is not known of these rows"
        elif not one.is_calibrated:
            why = NOT_CALIBRATED
        if why:
            yield name, f"the limit of {name!r} is not judged: {why}"


def without_missing(answers: Answers) -> tuple[Answers, str]:
    """Return the answers without a few predictions that are NaN or infinite, and a line that says so.

    Many of them stay: then the performance is not known.
    """
    import numpy as np

    if answers.predictions.dtype.kind != "f":
        return answers, ""
    is_number = np.isfinite(answers.predictions)
    count, rows = int((~is_number).sum()), len(is_number)
    if not count or count > _MOST_MISSING * rows:
        return answers, ""
    are = "are" if count > 1 else "is"
    note = f"{count:,} of {rows:,} predictions {are} NaN or infinite, and left out of the performance"
    return answers.take(is_number), note


def unknown_labels(answers: Answers, reference: Answers | None) -> tuple[Answers, Finding | None]:
    """Return the answers without labels of no known class, and what names these, or None if there are none.

    Known are the classes of the model, those that it predicts, and those of the reference. Where a model has no
    probabilities, it may know other classes: there such labels stay, and count as errors.
    """
    if answers.labels is None or not answers.is_of_classes:
        return answers, None
    known = {*answers.classes, *answers.predictions.tolist()}
    for one in () if reference is None else (reference.predictions, reference.labels):
        known |= set() if one is None else set(one.tolist())
    labels = answers.labels.tolist()
    is_unknown = [there and one not in known for one, there in zip(labels, answers.has_label.tolist(), strict=True)]
    counts = Counter(one for one, is_one in zip(labels, is_unknown, strict=True) if is_one)
    if not counts:
        return answers, None
    count, rows = counts.total(), int(answers.has_label.sum())
    names = [one for one, _ in counts.most_common()]
    some = ", ".join(map(brief, names[:_MOST_NAMED])) + (", …" if len(names) > _MOST_NAMED else "")
    near = did_you_mean(str(names[0]), sorted(map(str, known)))
    is_out = answers.probabilities is not None
    fate = f"{'are' if count > 1 else 'is'} left out" if is_out else f"count{'s' * (count == 1)} as errors"
    finding = Finding(
        "warning" if count >= _MANY_UNKNOWN * rows else "info", "schema", LABEL,
        f"{count:,} of {rows:,} labels {'are' if count > 1 else 'is'} of no class that the model knows, and {fate}: "
        f"{some}.{near}",
        {"count": count, "rows": rows},
    )  # fmt: skip
    return answers.without_labels(is_unknown) if is_out else answers, finding


def _against_limit(now: Performance, limit: float) -> Iterator[Finding]:
    if not is_worse(now.value, limit, now):
        return
    edge = now.high if now.greater_is_better else now.low
    is_sure = math.isfinite(edge) and is_worse(edge, limit, now) and not now.is_estimate
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
    if not all(map(math.isfinite, ends)) or not is_worse(*ends, now):
        return
    evidence = {**_evidence(now), "reference": _rounded(before.value)}
    yield Finding(
        "warning" if now.is_estimate else "critical", "performance", now.metric,
        f"{_shown(now)} is worse than {before.value:.4g} [{before.low:.4g}, {before.high:.4g}] on the reference",
        evidence,
    )  # fmt: skip


def is_worse(value: float, than: float, metric: Performance) -> bool:
    """Return whether a value of *metric* is worse than another."""
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
