"""Assess a model in service from its recorded rows: the report of a period, without its alerts, and the findings."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.checks import anomaly_check, drift_check, performance_check
from mlmagic.monitoring.judged import Judged
from mlmagic.monitoring.records.joining import with_labels
from mlmagic.monitoring.records.reading import RECORDED_VERSION, read_rows
from mlmagic.monitoring.records.settings import last_settings
from mlmagic.monitoring.records.thinning import thinned
from mlmagic.monitoring.records.values import answers_of
from mlmagic.monitoring.report import Day, MonitoringReport
from mlmagic.monitoring.serving.columns import TIME, features_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa

    from mlmagic.monitoring.checks.finding import Finding
    from mlmagic.monitoring.drift.report import DriftReport
    from mlmagic.monitoring.judged import Subjects
    from mlmagic.monitoring.performance.calibration import Calibration
    from mlmagic.monitoring.performance.performance import Performance
    from mlmagic.monitoring.records.period import Period
    from mlmagic.monitoring.records.values import Answers
    from mlmagic.monitoring.report import Unit
    from mlmagic.monitoring.serving.batches import Batches

_MOST_CLASSES = 5
_UNITS: tuple[Unit, ...] = ("day", "week", "month")
_FEWEST, _MOST_UNITS = 20, 92
_FEWEST_COMPARED = 10
_MOST_DAILY = 5_000


@dataclass(frozen=True, eq=False)
class Assessed:
    """A report without alerts, what was found, and what was judged."""

    report: MonitoringReport
    findings: tuple[Finding, ...] = ()
    judged: Subjects = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Basis:
    """What served rows are compared with.

    ``reference`` has the columns of served rows, with labels if they are known, or is None; ``drift`` are options of
    `mlmagic.drift`, and ``limits`` the worst value of a metric that is accepted. ``further`` are more metrics, names
    and functions; ``absent`` are the names of functions that are not in the record. ``sample`` is the share of the rows
    that is recorded.
    """

    reference: pa.Table | None = None
    drift: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    further: Mapping[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    sample: float = 1.0

    @cached_property
    def calibration(self) -> Calibration | None:
        """The calibration of the probabilities on the reference, if its labels are known."""
        from mlmagic.monitoring.performance.calibration import Calibration

        answers = self._answers()
        known = None if answers is None else answers.take(answers.has_label)
        if known is None or known.probabilities is None or known.labels is None:
            return None
        try:
            return Calibration.fit(known.labels, known.probabilities, known.classes)
        except UsageProblem:  # a class without labels, or too few rows
            return None

    @cached_property
    def performance(self) -> tuple[Performance, ...]:
        """The performance on the reference, if its labels are known."""
        answers = self._answers()
        try:
            return () if answers is None else performance_check.by_labels(answers, self.metrics)
        except UsageProblem:  # the performance of the served rows says it too
            return ()

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The metrics that have a limit, and the user's own: they are computed beside the usual ones."""
        return {**{name: name for name in self.limits if name not in self.absent}, **self.further}

    @property
    def not_asked(self) -> Iterable[str]:
        """The columns of the reference that are not to be compared."""
        chosen = self.drift.get("columns")
        if self.reference is None or chosen is None:
            return ()
        return [one for one in features_in(self.reference.column_names) if one not in chosen]

    @cached_property
    def part(self) -> pa.Table | None:
        """A part of the reference, for comparisons with many periods."""
        return None if self.reference is None else thinned(self.reference, _MOST_DAILY)

    def _answers(self) -> Answers | None:
        return None if self.reference is None else answers_of(self.reference)


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
    table = joined.table
    unit = unit_of(table)
    whole = _whole(table.drop_columns([RECORDED_VERSION]), basis)
    report = MonitoringReport(
        name, period.since, period.until, tuple(sorted(set(table.column(RECORDED_VERSION).to_pylist()))),
        table.num_rows, whole.labelled, whole.drift, whole.performance, baseline, (),
        unit, tuple(_days(table, basis, unit)), (*notes, *whole.notes), limits=basis.limits,
        judged=tuple(dict.fromkeys(subject if topic == "performance" else topic for topic, subject in whole.judged)),
        unjudged=tuple(whole.unjudged),
    )  # fmt: skip
    return Assessed(report, tuple(whole.findings), whole.judged)


def recorded_basis(name: str, version: str | None, *, own: Iterable[Batches] = ()) -> Basis:
    """Return the reference and the settings that the monitors of a model have recorded last.

    Raises
    ------
    StoreError
        If the store refuses, or cannot be reached.
    """
    own = tuple(own)
    reference = _last_reference(read_rows(name, "reference", None, version=version, own=own).table)
    settings = last_settings(read_rows(name, "settings", None, version=version, own=own).table)
    return Basis(reference, settings.drift, settings.limits, settings.metrics, settings.functions, settings.sample)


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
    before = answers_of(basis.reference) if basis.reference is not None else None
    found.labelled = int(answers.has_label.sum())
    found.notes += filter(None, [answers.note, performance_check.unknown_labels(answers, before)])
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


def unit_of(table: pa.Table) -> Unit:
    """Return by what rows are put together: days, or weeks or months if days have few rows or are many."""
    import pyarrow.compute as pc

    for unit in _UNITS[:-1]:
        counts = pc.value_counts(pc.floor_temporal(table.column(TIME), unit=unit)).field("counts").to_pylist()
        if statistics.median(counts) >= _FEWEST and len(counts) <= _MOST_UNITS:
            return unit
    return _UNITS[-1]


def _days(table: pa.Table, basis: Basis, unit: Unit) -> Iterator[Day]:
    import pyarrow.compute as pc

    names = pc.strftime(pc.floor_temporal(table.column(TIME), unit=unit), "%Y-%m-%d")
    for day in sorted(set(names.to_pylist())):
        rows = table.filter(pc.equal(names, day))
        versions = Counter(rows.column(RECORDED_VERSION).to_pylist())
        plain = rows.drop_columns([RECORDED_VERSION])
        answers = answers_of(plain)
        drift = None
        if basis.part is not None and rows.num_rows >= _FEWEST_COMPARED:
            drift = drift_check.daily(basis.part, plain, basis.drift)
        yield Day(
            day,
            rows.num_rows,
            0 if answers is None else int(answers.has_label.sum()),
            dict(sorted(versions.items())),
            float("nan") if answers is None else _predicted(answers),
            () if answers is None else _performance(answers, basis),
            {} if drift is None else {key: max(one.distance, one.missing_change) for key, one in drift.columns.items()},
            () if drift is None else tuple(drift.drifted),
        )


def _performance(answers: Answers, basis: Basis) -> tuple[Performance, ...]:
    try:
        return performance_check.performance_of(answers, basis.calibration, basis.metrics)
    except UsageProblem:  # all rows together say it
        return ()


def _predicted(answers: Answers) -> float | Mapping[str, float]:
    import numpy as np

    predictions = answers.predictions
    if answers.probabilities is None and predictions.dtype.kind == "f":
        return float(np.nanmean(predictions)) if np.isfinite(predictions).any() else float("nan")
    counts = Counter(str(one) for one in predictions.tolist())
    return {label: count / len(predictions) for label, count in counts.most_common(_MOST_CLASSES)}


def _last_reference(table: pa.Table | None) -> pa.Table | None:
    """Return the reference that was recorded last; several processes may have recorded the same."""
    import pyarrow.compute as pc

    if table is None:
        return None
    last = pc.max(table.column(TIME))
    return table.filter(pc.equal(table.column(TIME), last)).drop_columns([RECORDED_VERSION])
