"""The checks of one monitor: what they find, which alerts are open, and which period was checked last."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.monitoring import recorded_checks
from mlmagic.monitoring.alerts import as_rows
from mlmagic.monitoring.assessing import assess
from mlmagic.monitoring.recorded_checks import Check
from mlmagic.monitoring.records.period import microseconds
from mlmagic.monitoring.reporting import NOT_RAISED, alerts_in, latest, report_on
from mlmagic.monitoring.serving.batches import day_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from mlmagic.monitoring.alerts import AlertBook
    from mlmagic.monitoring.basis import Basis
    from mlmagic.monitoring.records.period import Period
    from mlmagic.monitoring.report import MonitoringReport
    from mlmagic.monitoring.serving.batches import Batches


class Checking:
    """Checks what *batches* record against *basis*. *functions* are the names of metrics that are not in the record.

    ``last`` is the check of the latest period, of any process.
    """

    def __init__(self, batches: Batches, basis: Basis, book: AlertBook, functions: Collection[str]) -> None:
        self._batches, self._basis, self._book, self._functions = batches, basis, book, functions
        self._name, self._version = batches.monitored.name, batches.monitored.version
        self._lock = threading.Lock()
        self._is_book_read = False
        self.last: Check | None = None

    def check(self, period: Period, now: datetime) -> MonitoringReport:
        """Check a period, raise alerts, and record both. A period before that of the last check raises none.

        Raises
        ------
        StoreError
            If the store refuses, or cannot be reached.
        """
        moment = min(period.until, now)
        with self._lock:
            self._read_book()
            if self.last is not None and moment < self.last.until:
                return self._look_back(period, self.last)
            assessed = assess(self._name, period, self._basis, version=self._version, own=[self._batches])
            taken = self._book.take(alerts_in(assessed, self._version, moment), assessed.judged)
            own = [one for one in assessed.report.performance if one.metric in self._functions]
            self.last = check = Check(moment, tuple(own))
        notes = list(assessed.report.notes)
        found = {(one.topic, one.subject) for one in assessed.findings}
        if still := [one.subject for one in taken.alerts if (one.topic, one.subject) not in found]:
            notes.append(f"open alerts that this period says too little about: {', '.join(still)}")
        report = replace(assessed.report, alerts=taken.alerts, notes=tuple(notes), last_check=moment)
        day = day_of(microseconds(moment) - 1)
        if taken.opened or taken.over:
            self._batches.add("alerts", as_rows(taken.opened, taken.over, moment), day)
        recorded_checks.record(report, self._batches.monitored, day, check)
        return report

    def report(self, period: Period) -> MonitoringReport:
        """Return what a check of a period would find; raises and records nothing."""
        return report_on(
            self._name, period, self._basis, version=self._version, own=[self._batches], checks=[self.last]
        )

    def _read_book(self) -> None:
        """Read once what other processes have checked and raised."""
        if self._is_book_read:
            return
        self._book.remember(*recorded_checks.alerts_of(self._name, self._version, own=[self._batches]))
        self.last = latest([self.last, recorded_checks.last_check(self._name, self._version)])
        self._is_book_read = True

    def _look_back(self, period: Period, last: Check) -> MonitoringReport:
        report = self.report(period)
        recorded_checks.record(report, self._batches.monitored, day_of(microseconds(period.until) - 1), None)
        note = (
            "this check raises and closes no alert, since a later period has been checked, until "
            f"{last.until:%Y-%m-%d %H:%M} (UTC)"
        )
        return replace(report, notes=(*(one for one in report.notes if one != NOT_RAISED), note))
