"""The public class: lets a registered model predict, records what it is asked and answers, and checks it."""

from __future__ import annotations

import atexit
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from mlmagic.errors import StoreError
from mlmagic.evaluation.outcomes.test_data import column_names, fitted_names
from mlmagic.monitoring import monitored
from mlmagic.monitoring.alerts import AlertBook
from mlmagic.monitoring.basis import Basis
from mlmagic.monitoring.checking import Checking
from mlmagic.monitoring.drift.request import require_columns
from mlmagic.monitoring.options import options_of, require_kind
from mlmagic.monitoring.records.period import period_of
from mlmagic.monitoring.records.times import times_of
from mlmagic.monitoring.reference import predicts_classes, record_basis, reference_rows, require_model
from mlmagic.monitoring.reporting import report_on
from mlmagic.monitoring.serving.batches import Batches
from mlmagic.monitoring.serving.columns import TIME, features_in
from mlmagic.monitoring.serving.recording_model import RecordingModel
from mlmagic.monitoring.serving.rows import labels
from mlmagic.store import connection, tracking_uri
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.user_objects import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import timedelta

    from mlmagic.monitoring.report import Alert, MonitoringReport


class ModelMonitor:
    """Lets a registered model predict, and records what it is asked and answers; checks it against a reference.

    Each prediction is on disk before `predict` returns it, and outlives a killed process. It is delivered to MLflow in
    batches: one run for each version and day, in the experiment ``<name> monitoring``. A store that is away, or a full
    disk, never fails a prediction. All methods may be called from several threads; each process has a monitor of its
    own.

    Parameters
    ----------
    model
        The version in service: ``"churn@champion"`` or ``"churn/3"``. An alias is looked up once.
    reference
        What is usual: a table of features as the model is given them, such as its training data or a held-out part.
    reference_target
        The targets of the reference. They give the performance that is expected, and calibrate the probabilities from
        which the performance is estimated while labels are missing, if there are 300 or more. The reference should be
        held out then: on its own training data a model is too good.
    loaded
        The model, if it is loaded already: a fitted model, or a function of rows. Otherwise `mlmagic.load_model` loads
        it, as *trust* says.
    limits
        The worst value of a metric that is accepted, such as ``{"accuracy": 0.85}``. They are recorded, so that
        `mlmagic.monitoring_report` and ``mlmagic monitor NAME`` judge by them too; of several monitors of a version the
        last one with options counts.
    metrics
        Further metrics, as `mlmagic.evaluate` takes them: ``{"business_cost": function}`` of truth and prediction. A
        limit may name one of them; its name says whether less is better, as in ``_cost``, ``_loss`` and ``_score``.
        Functions are not recorded: other processes show their value of the last check.
    drift
        Options of `mlmagic.drift` for the checks: *columns*, *alpha*, *correction*, *min_effect*, *budget*, *checks*
        and *multivariate*, such as ``{"columns": [...]}`` or ``{"budget": "1 per month"}``.
    on_alert
        A function that is called with each new `Alert`, such as one that posts it to a webhook.
    cooldown
        How long an alert that is still open, or open again, is not raised again: ``"1d"``, or a timedelta.
    sample
        The share of the rows that is recorded, above 0 and at most 1. How many there were is recorded of all.
    exclude
        Features that are not recorded anywhere.
    batch_rows, batch_s
        A batch is delivered when it has as many rows, or is as old in seconds.
    trust
        As for `mlmagic.load_model`.

    Attributes
    ----------
    name, version
        The registered model and its version.
    recorded, lost
        The numbers of rows that this process has recorded, and that the disk did not take.

    Raises
    ------
    ModelNotFoundError
        If there is no such model, alias or version.
    UsageProblem
        If an argument is invalid, or the reference is not what the model takes.
    StoreError
        If the store refuses, or cannot be reached. With *loaded* and a version's number it is not needed.

    Examples
    --------
    >>> import mlmagic
    >>> import pandas as pd
    >>> reference = pd.DataFrame({"age": [20.0 + at / 10 for at in range(400)]})
    >>> model = lambda X: X["age"] / 100
    >>> monitor = mlmagic.ModelMonitor("churn/3", loaded=model, reference=reference)  # doctest: +SKIP
    >>> served = monitor.predict(reference + 15, ids=range(400))  # doctest: +SKIP
    >>> monitor.check(since="7d").drift.drifted  # doctest: +SKIP
    ['prediction', 'age']
    """

    def __init__(
        self,
        model: str,
        *,
        reference: Any = None,
        reference_target: Any = None,
        loaded: Any = None,
        limits: Mapping[str, float] | None = None,
        metrics: Any = None,
        drift: Mapping[str, Any] | None = None,
        on_alert: Callable[[Alert], object] | None = None,
        cooldown: str | timedelta = "1d",
        sample: float = 1.0,
        exclude: Collection[str] = (),
        batch_rows: int = 50_000,
        batch_s: float = 300.0,
        trust: bool = False,
    ) -> None:
        options = options_of(
            limits=limits, metrics=metrics, drift=drift, on_alert=on_alert, cooldown=cooldown, sample=sample,
            exclude=exclude, batch_rows=batch_rows, batch_s=batch_s, reference=reference,
            reference_target=reference_target,
        )  # fmt: skip
        version = monitored.find(model, loaded)
        self._asked = model
        self.name, self.version = version.name, version.version
        if loaded is None:
            loaded = monitored.load(version, trust=trust)
        require_model(loaded)
        names = [str(one) for one in column_names(reference) or fitted_names(loaded) or ()]
        if names:  # a name that is none would leave a private column in the record
            require_columns("exclude", list(exclude), names, "the model's data")
        self._batches = Batches(version, rows=batch_rows, seconds=batch_s)
        self._model = RecordingModel(loaded, self._batches, sample=sample, exclude=exclude)
        rows = reference_rows(self._model, reference, reference_target)
        compared = names if rows is None else features_in(rows.column_names)
        if compared:
            require_columns("drift: columns", options.drift.get("columns") or (), compared, "what is recorded")
        is_of_classes = predicts_classes(loaded, rows, reference_target)
        if is_of_classes is not None:
            limits = {name: one for name, one in options.limits.items() if name not in options.metrics}
            require_kind(limits, is_of_classes=is_of_classes, classes=len(self._model.classes or ()))
        self._basis = Basis(rows, options.drift, options.limits, options.metrics, sample=options.sample)
        self._settings = options.settings
        self._is_basis_recorded = False
        book = AlertBook(options.cooldown, on_alert)
        self._checking = Checking(self._batches, self._basis, book, self._settings.functions)
        _open.add(self)

    def __repr__(self) -> str:
        lost = f", {self.lost:,} lost" if self.lost else ""
        return f"<ModelMonitor of {self.name}/{self.version}: {self.recorded:,} rows recorded{lost}>"

    @property
    def recorded(self) -> int:
        """The number of rows that this process has recorded."""
        return self._batches.recorded

    @property
    def lost(self) -> int:
        """The number of rows that could not be recorded, because the disk did not take them."""
        return self._batches.lost

    @property
    def notes(self) -> list[str]:
        """What could not be recorded, a line each."""
        return [*self._model.notes, *filter(None, [self._batches.trouble])]

    def predict(self, data: Any, *, ids: Any = None, at: Any = None) -> Any:
        """Return the model's predictions for *data*, which are recorded before.

        Parameters
        ----------
        data
            n rows, as the model takes them.
        ids
            n ids, by which `actuals` finds the predictions; without them no label can.
        at
            When the rows were served, now by default: a moment, or n of them. Those without a time zone are in UTC.

        Raises
        ------
        UsageProblem
            If *ids* or *at* are not one for each row. What the model raises is raised too.
        """
        answer = self._model.predict(data, ids, None if at is None else times_of(at))
        self._record_basis()
        return answer

    def predict_proba(self, data: Any, *, ids: Any = None, at: Any = None) -> Any:
        """Return the model's probabilities for *data*, as `predict` does; the most probable class is recorded.

        Raises
        ------
        UsageProblem
            As `predict`, or if the model has no probabilities.
        """
        answer = self._model.predict_proba(data, ids, None if at is None else times_of(at))
        self._record_basis()
        return answer

    def actuals(self, ids: Any, y: Any, *, at: Any = None) -> None:
        """Record labels that have arrived. Doing it twice changes nothing; another label for an id replaces the first.

        Parameters
        ----------
        ids, y
            n ids that `predict` was given, and their n labels, of any type that says the same: True, 1, 1.0 and ``"1"``
            are one label. Missing labels are left out. A label that no prediction can equal is named in reports.
        at
            When they arrived, now by default.

        Raises
        ------
        UsageProblem
            If there is not one label for each id.
        StoreError
            If the disk does not take them.
        """
        rows = labels(ids, y, times_of(datetime.now(UTC) if at is None else at))
        if not rows.num_rows:
            return
        day = f"{rows.column(TIME)[0].as_py():%Y-%m-%d}"
        if not self._batches.add("actuals", rows, day):
            raise StoreError(f"the labels are not recorded: {self._batches.trouble}")

    def check(self, *, since: Any = "7d", until: Any = None) -> MonitoringReport:
        """Check drift, predictions, performance and anomalies of a period, raise alerts, and record both.

        An alert is over when a check finds that it is. It stays open if the period says too little: without labels or
        predictions, with fewer than 30 rows, or by an estimate if labels have raised it. A check of a period before
        that of the last check raises and closes none.

        Parameters
        ----------
        since, until
            The period: ``"7d"`` or ``"36h"`` before its end, a date, a moment or a timedelta; it ends now by default.
            Those without a time zone are in UTC.

        Returns
        -------
        The report. Its ``alerts`` hold all that is open; ``is_new`` says which of them this check has raised. ``print``
        shows it as ``%monitor`` does, and ``save("monitor.html")`` writes it as a page.

        Raises
        ------
        UsageProblem
            If the period is none.
        StoreError
            If the store refuses, or cannot be reached.
        """
        now = datetime.now(UTC)
        period = period_of(since, until, now=now)
        self._record_basis()
        self.flush()
        report = self._checking.check(period, now)
        self.flush()
        moved = monitored.moved_alias(self.name, self.version, self._asked)
        return replace(report, notes=(*report.notes, *self.notes, *moved))

    def report(self, *, since: Any = "30d", until: Any = None) -> MonitoringReport:
        """Return how the model has done in a period, as `check` would find it; raises and records no alert.

        Its ``alerts`` are those that checks have raised and that are open at the end of the period, and what the
        report finds by itself, which says ``is_raised=False``. Parameters and errors are those of `check`.
        """
        period = period_of(since, until, now=datetime.now(UTC))
        self.flush()
        report = self._checking.report(period)
        return replace(report, notes=(*report.notes, *self.notes))

    def flush(self) -> None:
        """Hand what was recorded to the delivery to MLflow, and wait for it as long as a cell waits for the store."""
        self._batches.flush()
        uri = self._batches.monitored.uri
        delivery_worker(uri).wait(lambda: not self._batches.is_waiting, connection.wait_budget())

    def _record_basis(self) -> None:
        """Record once what the model is judged by, so that other processes can, as soon as anything is recorded."""
        if self._is_basis_recorded:  # without the lock, which a check holds for long
            return
        self._is_basis_recorded = True
        try:
            record_basis(self._batches, self._basis.reference, self._settings)
        except Exception as error:  # noqa: BLE001  # a prediction is about to be returned
            self._model.note(f"reference and limits are not recorded: {one_line(error)[:300]}")

    def close(self) -> None:
        """Flush, and end the monitor's thread. It is called when the process ends."""
        if self.recorded:
            self.flush()
        self._batches.close()
        _open.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


_open: weakref.WeakSet[ModelMonitor] = weakref.WeakSet()
"""The monitors of this process, which end with it."""


def _close_all() -> None:
    uris = {monitor._batches.monitored.uri for monitor in _open}
    for monitor in list(_open):
        monitor.close()
    for uri in uris:
        delivery_worker(uri).drain(connection.wait_budget())


atexit.register(_close_all)


def report_of(model: str, *, since: Any, until: Any) -> MonitoringReport:
    """Return the report of a model that any process monitors; see `mlmagic.monitoring_report`."""
    period = period_of(since, until, now=datetime.now(UTC))
    uri = tracking_uri.current_uri()
    ours = [monitor for monitor in _open if monitor._batches.monitored.uri == uri]
    own = [monitor._batches for monitor in ours]
    name, version = monitored.known(model, own=own)
    checks = [one._checking.last for one in ours if one.name == name and version in {None, one.version}]
    return report_on(name, period, None, version=version, own=own, checks=checks)
