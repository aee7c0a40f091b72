"""The report of a period: what it shows by itself, together with what checks have found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlmagic.monitoring import recorded_checks
from mlmagic.monitoring.alerts import with_open
from mlmagic.monitoring.assessing import assess
from mlmagic.monitoring.basis import recorded_basis
from mlmagic.monitoring.checks.first_seen import first_day
from mlmagic.monitoring.report import Alert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.monitoring.assessing import Assessed
    from mlmagic.monitoring.basis import Basis
    from mlmagic.monitoring.recorded_checks import Check
    from mlmagic.monitoring.records.period import Period
    from mlmagic.monitoring.report import MonitoringReport
    from mlmagic.monitoring.serving.batches import Batches

NOT_RAISED = "no check has raised what this report has found by itself: ModelMonitor.check() raises alerts"


def report_on(
    name: str,
    period: Period,
    basis: Basis | None,
    *,
    version: str | None = None,
    own: Iterable[Batches] = (),
    checks: Iterable[Check | None] = (),
) -> MonitoringReport:
    """Return how a model has done in a period; it raises and records nothing.

    Parameters
    ----------
    basis
        What to judge by; None takes the reference and the settings that were recorded when the model was monitored.
    version
        All versions without it.
    own, checks
        The batches and the last checks of this process, which may not be in the store yet.

    Raises
    ------
    StoreError
        If the store refuses, or cannot be reached.
    """
    own = tuple(own)
    basis = recorded_basis(name, version, own=own) if basis is None else basis
    assessed = assess(name, period, basis, version=version, own=own)
    opened, _ = recorded_checks.alerts_of(name, version, at=period.until, own=own)
    last = latest([recorded_checks.last_check(name, version), *checks])
    return _with_alerts(assessed, opened, last, basis.absent)


def latest(checks: Iterable[Check | None]) -> Check | None:
    """Return the check of the latest period."""
    return max(filter(None, checks), key=lambda one: one.until, default=None)


def alerts_in(assessed: Assessed, version: str, at: datetime) -> list[Alert]:
    """Return what was found as alerts of this moment."""
    name = assessed.report.model
    return [
        Alert(one.level, one.topic, one.subject, one.what, one.evidence, at, at, name, version)
        for one in assessed.findings
    ]


def _with_alerts(
    assessed: Assessed, opened: Sequence[Alert], last: Check | None, absent: Sequence[str]
) -> MonitoringReport:
    report = assessed.report
    version = report.versions[0] if len(report.versions) == 1 else ""
    found = [
        replace(alert, since=_since(first_day(finding, report), report))
        for alert, finding in zip(alerts_in(assessed, version, report.until), assessed.findings, strict=True)
    ]
    # A version that does not serve any more has no alert that anybody can close.
    serving = [one for one in opened if not report.versions or one.version in report.versions]
    alerts = with_open(found, serving)
    notes = list(report.notes)
    if not all(one.is_raised for one in alerts):
        notes.append(NOT_RAISED)
    own = {one.metric: one for one in last.performance} if last is not None and report.since < last.until else {}
    shown = [replace(one, note=f"as of {last.until:%Y-%m-%d %H:%M}") for one in own.values() if last is not None]
    unjudged = [one for one in report.unjudged if one not in own]
    notes += [
        f"the limit of {name!r} is not judged: its function is not in the record, and no check of this period has "
        "computed it: ModelMonitor.check()"
        for name in unjudged
        if name in absent
    ]
    return replace(
        report, alerts=alerts, notes=tuple(notes), unjudged=tuple(unjudged),
        judged=(*report.judged, *(name for name in report.unjudged if name in own)),
        performance=(*report.performance, *(one for one in shown if one.metric in absent)),
        last_check=None if last is None else last.until,
    )  # fmt: skip


def _since(day: str | None, report: MonitoringReport) -> datetime:
    if day is None:
        return report.since
    return max(datetime.fromisoformat(day).replace(tzinfo=UTC), report.since)
