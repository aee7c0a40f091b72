"""Assess a model in service from its recorded rows: the report of a period, without its alerts, and the findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.basis import Basis, recorded_basis
from mlmagic.monitoring.checks import anomaly_check, drift_check, performance_check
from mlmagic.monitoring.days import days_of, unit_of, with_served
from mlmagic.monitoring.judged import Judged
from mlmagic.monitoring.records.joining import with_labels
from mlmagic.monitoring.records.known_ids import unknown_ids_note
from mlmagic.monitoring.records.reading import RECORDED_VERSION, read_rows
from mlmagic.monitoring.records.values import answers_of
from mlmagic.monitoring.report import MonitoringReport

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from mlmagic.monitoring.checks.finding import Finding
    from mlmagic.monitoring.drift.report import DriftReport
    from mlmagic.monitoring.judged import Subjects
    from mlmagic.monitoring.performance.performance import Performance
    from mlmagic.monitoring.records.period import Period
    from mlmagic.monitoring.report import Unit
    from mlmagic.monitoring.serving.batches import Batches

_MOST_CLASSES = 5
_UNITS: tuple[Unit, ...] = ("day", "week", "month")
_FEWEST, _FEW_UNITS, _MOST_UNITS = 20, 7, 92
_FEWEST_COMPARED = 10
_MOST_DAILY = 5_000


@dataclass(frozen=True, eq=False)
class Assessed:
    """A report without alerts, what was found, and what was judged."""

    report: MonitoringReport
    findings: tuple[Finding, ...] = ()
    judged: Subjects = field(default_factory=dict)


def assess(
    name: str, period: Period, basis: Basis | None, *, version: str | None = None, own: Iterable[Batches] = ()
) -> Assessed:
    """Return what is known about the model *name* in a period.

    Parameters
    ----------
    basis
        What to compare with; None takes the reference that was recorded when the model was monitored.
    version
        All versions without it.
    own
        The batches of this process.

    Raises
    ------
    StoreError
        If the store refuses, or cannot be reached.
    """
    own = tuple(own)
    served = read_rows(name, "predictions", period, version=version, own=own)
    notes = list(served.problems)
    if basis is None:
        basis = recorded_basis(name, version, own=own)
    baseline = basis.performance
    if served.table is None:
        notes.append("no prediction is recorded in this period")
        empty = MonitoringReport(
            name, period.since, period.until, baseline=baseline, notes=tuple(notes), limits=basis.limits
        )
        return Assessed(empty)
    if served.share < 1:
        notes.append(f"a random sample of {served.share:.1%} of the rows was read")
    labels = read_rows(name, "actuals", period, own=own)
    joined = with_labels(served.table, labels.table)
    notes += [*labels.problems, *joined.notes]
    if served.share >= 1 and (note := unknown_ids_note(name, joined.unknown, basis.sample, own=own)):
        notes.append(note)
    table = joined.table
    unit = unit_of(table)
    whole = _whole(table.drop_columns([RECORDED_VERSION]), basis)
    counts = read_rows(name, "served", period, version=version, own=own).table
    days = with_served(tuple(days_of(table, basis, unit)), counts, unit)
    report = MonitoringReport(
        name, period.since, period.until, tuple(sorted(set(table.column(RECORDED_VERSION).to_pylist()))),
        table.num_rows, whole.labelled, whole.drift, whole.performance, baseline, (),
        unit, days, (*notes, *whole.notes), sum(day.served for day in days), basis.limits,
        judged=_names(whole.judged),
        unjudged=tuple(whole.unjudged),
    )  # fmt: skip
    return Assessed(report, tuple(whole.findings), whole.judged)


def _names(judged: Subjects) -> tuple[str, ...]:
    """Return what was judged: the metrics, and the topics of what was compared with the reference."""
    compared = [one for one in judged if one != ("schema", performance_check.LABEL)]
    return tuple(dict.fromkeys(subject if topic == "performance" else topic for topic, subject in compared))


@dataclass(eq=False)
class _Whole:
    """What all rows of a period say."""

    drift: DriftReport | None = None
    performance: tuple[Performance, ...] = ()
    labelled: int = 0
    findings: list[Finding] = field(default_factory=list)
    judged: dict[tuple[str, str], Judged] = field(default_factory=dict)
    unjudged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _whole(rows: pa.Table, basis: Basis) -> _Whole:
    found = _Whole()
    if basis.reference is None:
        found.notes.append("without a reference nothing says what is usual: ModelMonitor(…, reference=X_val)")
    else:
        found.drift, reason = drift_check.compare(basis.reference, rows, basis.drift)
        if found.drift is None:
            found.notes.append(f"drift is not known: {reason}")
            found.unjudged.append("drift")
        else:
            found.findings += drift_check.findings(found.drift)
            found.judged |= drift_check.judged(found.drift, basis.not_asked)
            found.notes += [note.text for note in found.drift.notes if note.level == "warning"]
    answers = answers_of(rows)
    if answers is None:
        found.notes.append("the performance of a model with several outputs is not computed")
        found.unjudged += basis.limits
        return found
    before = basis.answers
    answers, unknown = performance_check.unknown_labels(answers, before)
    found.labelled = int(answers.has_label.sum())
    answers, missing = performance_check.without_missing(answers)
    found.notes += filter(None, [answers.note, None if unknown is None else unknown.what, missing])
    found.findings += [unknown] if unknown is not None and unknown.level != "info" else []
    if found.labelled:
        found.judged["schema", performance_check.LABEL] = Judged(found.labelled)
    try:
        found.performance = performance_check.performance_of(answers, basis.calibration, basis.metrics)
    except UsageProblem as error:
        found.notes.append(f"the performance is not known: {error}")
    found.findings += performance_check.findings(found.performance, basis.performance, basis.limits)
    found.judged |= performance_check.judged(found.performance, basis.performance, basis.limits)
    for name, why in performance_check.unjudged(found.performance, basis.limits):
        found.unjudged.append(name)
        if name not in basis.absent:
            found.notes.append(why)
    if before is not None:
        found.findings += anomaly_check.findings(before.score, answers.score)
        if anomaly_check.can_judge(before.score, answers.score):
            found.judged["anomalies", "prediction"] = Judged(len(answers.score))
    return found
