"""What checks record on the run of their day, and which recorded alerts are still open."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mlmagic.journal.records import Ended
from mlmagic.monitoring.alerts import open_alerts
from mlmagic.monitoring.records.reading import read_rows
from mlmagic.recording.notices import Notices
from mlmagic.recording.recorder import Recorder
from mlmagic.store.delivery.worker import delivery_worker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.monitoring.report import Alert, MonitoringReport
    from mlmagic.monitoring.serving.batches import Batches, Monitored

_MOST_COLUMNS = 200


def open_alerts_of(name: str, version: str | None, *, own: Iterable[Batches] = ()) -> tuple[Alert, ...]:
    """Return the recorded alerts of a model, or of one version, that are still open."""
    return open_alerts(read_rows(name, "alerts", None, version=version, own=own).table)


def record(report: MonitoringReport, version: Monitored, day: str) -> None:
    """Record the numbers of a check on the run of its day; the step of a metric is the millisecond of the day."""
    moment = report.until
    delivery = version.begin(day)
    recorder = Recorder(delivery.journal, Notices())
    step = (moment - datetime.fromisoformat(day).replace(tzinfo=UTC)) // timedelta(milliseconds=1)
    for name, value in _metrics(report).items():
        if math.isfinite(value):
            recorder.metric(name, float(value), step)
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
