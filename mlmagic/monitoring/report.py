"""What is known about a model in service: over a period in all, and day by day."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from os import PathLike

    import pandas as pd

    from mlmagic.monitoring.drift.report import DriftReport
    from mlmagic.monitoring.performance.performance import Performance

Level = Literal["info", "warning", "critical"]
Unit = Literal["day", "week", "month"]
Topic = Literal["performance", "schema", "prediction drift", "drift", "anomalies"]


def _views(name: str) -> Any:
    """Return a module of the views, which know this one: they are imported when a report is shown."""
    return import_module(f"mlmagic.views.monitoring.{name}")


@dataclass(frozen=True)
class Alert:
    """Something about a model in service that someone should look at.

    Attributes
    ----------
    level
        ``"info"``, ``"warning"`` or ``"critical"``.
    topic, subject
        What it is about, such as ``"drift"`` of ``"income"``, or ``"performance"`` in ``"accuracy"``. Both together
        identify it among the alerts of a version: it is raised once, and again only after the cool-down.
    what
        A sentence.
    evidence
        The numbers behind it, as plain values.
    since, at
        When it was first found without an interruption, and when this time.
    is_new
        Whether this check has raised it; one that is still in its cool-down is listed only.
    is_raised
        Whether any check has raised it. One that only a report has found was not sent to anybody.
    """

    level: Level
    topic: Topic
    subject: str
    what: str
    evidence: Mapping[str, Any]
    since: datetime
    at: datetime
    model: str = ""
    version: str = ""
    is_new: bool = True
    is_raised: bool = True

    def __str__(self) -> str:
        """Return the alert in a line."""
        return f"{self.level}: {self.what}"

    @property
    def key(self) -> str:
        """What identifies the alert among those of its model."""
        return f"{self.version}:{self.topic}:{self.subject}"


@dataclass(frozen=True)
class Day:
    """A day (UTC) of service, or a week or a month where days have few rows or are many.

    Attributes
    ----------
    day
        As ``2026-11-30``, the first one of a week or month.
    rows, labelled
        The number of recorded predictions, and of how many the label is known.
    served
        The number of predictions; more than *rows* if a monitor records a sample of them.
    versions
        The number of predictions of each version.
    predicted
        The mean of the predictions if they are numbers, otherwise the share of each of the most frequent classes.
    performance
        Realized where labels have arrived, otherwise estimated (CBPE) where that can be done.
    distances
        The distance of each feature from the reference, from 0 to 1, and of ``"prediction"``.
    drifted
        Which of them drifted on this day.
    """

    day: str
    rows: int
    labelled: int = 0
    versions: Mapping[str, int] = field(default_factory=dict)
    predicted: float | Mapping[str, float] = float("nan")
    performance: tuple[Performance, ...] = ()
    distances: Mapping[str, float] = field(default_factory=dict)
    drifted: tuple[str, ...] = ()
    served: int = 0


@dataclass(frozen=True)
class MonitoringReport:
    """How a model in service has done from *since* until *until*.

    Attributes
    ----------
    model, versions
        The registered model, and its versions that predicted.
    rows, labelled
        The number of recorded predictions, and of how many the label is known.
    served
        The number of predictions; more than *rows* if a monitor records a sample of them.
    drift
        All rows compared with the reference; None without a reference, or without rows.
    performance, baseline
        Of all rows, and of the reference if its targets are known.
    alerts
        What was found in this period, and what checks have found and is open at its end; the most severe first.
    limits
        The worst value of a metric that is accepted, by the name of the metric.
    judged, unjudged
        What could be judged of the period, such as ``"drift"`` and ``"accuracy"``, and what has a limit or a reference
        and could not.
    last_check
        The end of the last period that `ModelMonitor.check` has checked, or None if there was none.
    unit, days
        Day by day, or by weeks or months if most days have fewer than 20 rows, or if there are more than 92.
    notes
        What to know about the record.
    """

    model: str
    since: datetime
    until: datetime
    versions: tuple[str, ...] = ()
    rows: int = 0
    labelled: int = 0
    drift: DriftReport | None = None
    performance: tuple[Performance, ...] = ()
    baseline: tuple[Performance, ...] = ()
    alerts: tuple[Alert, ...] = ()
    unit: Unit = "day"
    days: tuple[Day, ...] = ()
    notes: tuple[str, ...] = ()
    served: int = 0
    limits: Mapping[str, float] = field(default_factory=dict)
    judged: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    last_check: datetime | None = None

    @property
    def is_judged(self) -> bool:
        """Whether the report says how the model does: there are predictions, and all of its limits could be judged."""
        return bool(self.rows) and bool(self.judged) and not self.unjudged

    @property
    def is_alarming(self) -> bool:
        """Whether an alert is a warning or critical."""
        return any(alert.level != "info" for alert in self.alerts)

    @property
    def level(self) -> Level | None:
        """The level of the most severe alert, or None."""
        return self.alerts[0].level if self.alerts else None

    def __str__(self) -> str:
        """Return the report as ``%monitor`` shows it."""
        text: str = _views("monitoring_report").monitoring_report_bundle(self)["text/plain"]
        return text

    def __repr__(self) -> str:
        alerts = f"{len(self.alerts):,} alert{'s' * (len(self.alerts) != 1)}"
        period = f"{self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"
        rows = self.served or self.rows
        return f"<MonitoringReport of {self.model}, {period}: {rows:,} prediction{'s' * (rows != 1)}, {alerts}>"

    def save(self, path: str | PathLike[str]) -> None:
        """Write the report to a file as a page of its own, which needs no network and no script.

        It is the page of ``%monitor churn --html FILE`` and ``mlmagic monitor churn --html FILE``.

        Raises
        ------
        UsageProblem
            If the file cannot be written.

        Examples
        --------
        >>> mlmagic.monitoring_report("churn").save("monitor.html")  # doctest: +SKIP
        """
        _views("page").save_report(self, path)

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row for each day, week or month: predictions, labels, metrics with intervals, what drifted.

        Examples
        --------
        >>> from datetime import UTC, datetime
        >>> moment = datetime(2026, 11, 30, tzinfo=UTC)
        >>> report = MonitoringReport("churn", moment, moment, days=(Day("2026-11-30", 120, 20),))
        >>> report.to_dataframe()[["day", "rows", "labelled"]].values.tolist()
        [['2026-11-30', 120, 20]]
        """
        import pandas as pd

        rows = []
        for one in self.days:
            served = one.served or one.rows
            row: dict[str, Any] = {"day": one.day, "rows": one.rows, "labelled": one.labelled, "served": served}
            for result in one.performance:
                name = result.metric
                row |= {name: result.value, f"{name}_low": result.low, f"{name}_high": result.high}
                row[f"{name}_estimated"] = result.is_estimate
            row["drifted"] = ", ".join(one.drifted)
            rows.append(row)
        return pd.DataFrame(rows)
