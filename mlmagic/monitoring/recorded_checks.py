"""What checks record on the run of their day, and which recorded alerts are still open."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.journal.records import Ended
from mlmagic.monitoring.alerts import recorded_alerts
from mlmagic.monitoring.performance.performance import Performance
from mlmagic.monitoring.records.reading import read_rows, runs_of
from mlmagic.monitoring.serving.batches import VERSION
from mlmagic.recording.notices import Notices
from mlmagic.recording.recorder import Recorder
from mlmagic.store import connection
from mlmagic.store.delivery.worker import delivery_worker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.monitoring.report import Alert, MonitoringReport
    from mlmagic.monitoring.serving.batches import Batches, Monitored

CHECKED = "mlmagic.monitoring.checked"
"""The tag of a monitoring run that has the last check of its day."""
_MOST_COLUMNS = 200


def alerts_of(
    name: str, version: str | None, *, at: datetime | None = None, own: Iterable[Batches] = ()
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """Return the alerts of a model, or of one version, that are open now, or *at* a moment, and those that are over."""
    return recorded_alerts(read_rows(name, "alerts", None, version=version, own=own).table, at)


@dataclass(frozen=True)
class Check:
    """A check that was made: the end of its period, and the user's own metrics, which are not in the record."""

    until: datetime
    performance: tuple[Performance, ...] = ()


def last_check(name: str, version: str | None) -> Check | None:
    """Return the check of the latest period of a model, or of one version, or None if there was none.

    Raises
    ------
    StoreError
        If the store refuses, or cannot be reached.
    """
    runs = connection.ask(partial(runs_of, connection.connect(), name))
    found = [_check(run.data.tags.get(CHECKED, "")) for run in runs if version in {None, run.data.tags[VERSION]}]
    return max(filter(None, found), key=lambda one: one.until, default=None)


def _check(text: str) -> Check | None:
    try:
        values = json.loads(text)
        until = datetime.fromisoformat(values["until"]).astimezone(UTC)
        return Check(until, tuple(Performance(**one) for one in values["performance"]))
    except (KeyError, TypeError, ValueError):
        return None


def record(report: MonitoringReport, version: Monitored, day: str, check: Check | None) -> None:
    """Record the numbers of a check on the run of its day; the step of a metric is the millisecond of the day.

    *check* is what later reports know of it; None if a later period has been checked already.
    """
    moment = report.until
    delivery = version.begin(day)
    recorder = Recorder(delivery.journal, Notices())
    step = (moment - datetime.fromisoformat(day).replace(tzinfo=UTC)) // timedelta(milliseconds=1)
    for name, value in _metrics(report).items():
        if math.isfinite(value):
            recorder.metric(name, float(value), step)
    if check is not None:
        own = [asdict(one) for one in check.performance]
        recorder.tag(CHECKED, json.dumps({"until": check.until.isoformat(), "performance": own}))
    delivery.journal.append(Ended("FINISHED", int(moment.timestamp() * 1000)))
    delivery_worker(delivery.uri).add(delivery)


def _metrics(report: MonitoringReport) -> dict[str, float]:
    found: dict[str, float] = {
        "rows": report.rows, "labelled": report.labelled, "alerts": len(report.alerts),
        "alerts.new": sum(one.is_new for one in report.alerts),
    }  # fmt: skip
    if report.drift is not None:
        found["drift.share"] = report.drift.share
        if report.drift.multivariate is not None:
            found["drift.auc"] = report.drift.multivariate.auc
        found |= {
            f"drift.{name}.distance": one.distance for name, one in list(report.drift.columns.items())[:_MOST_COLUMNS]
        }
    for one in report.performance:
        name = f"estimated.{one.metric}" if one.is_estimate else one.metric
        found |= {name: one.value, f"{name}.low": one.low, f"{name}.high": one.high}
    return found
