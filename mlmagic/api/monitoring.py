"""Compare recent data with a reference, and read how monitored models have done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.api.registry import names_in
from mlmagic.recording import open_runs
from mlmagic.session.interrupts import whole_imports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.monitoring.drift.report import DriftReport
    from mlmagic.monitoring.drift.request import DriftRequest
    from mlmagic.monitoring.report import MonitoringReport


@whole_imports()
def drift(
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None = None,
    alpha: float = 0.05,
    correction: Literal["bh", "bonferroni", "none"] = "bh",
    min_effect: float = 0.05,
    target: Any = None,
    by: str | None = None,
    model: Any = None,
    multivariate: bool = True,
    budget: str | None = None,
    checks: str | float = "daily",
    record: bool | None = None,
    figures: bool = True,
) -> DriftReport:
    """Compare current data with a reference: which columns drifted, by how much, and whether all of them together did.

    A column drifted if a test finds it, corrected for the number of tests, and if its distance is at least
    *min_effect*: with many rows, tests find differences that do not matter. In a tracked cell, or within
    ``with mlmagic.track():``, the report is recorded on the run.

    Parameters
    ----------
    reference, current
        Two tables of pandas, polars, Arrow or NumPy, or paths of CSV or Parquet files, which are read column by column.
        Columns are matched by name, those of an array by position, and two single columns with each other. The
        reference may also be the name of a run or of a registered model, such as ``"churn@champion"``: of these only
        the profile of the data is recorded, and the report says what it can tell.
    columns
        The names of the columns to compare, all of the reference by default.
    alpha
        The level of the tests, after the correction.
    correction
        ``"bh"`` (Benjamini and Hochberg) limits the share of false findings, ``"bonferroni"`` the probability of any,
        and ``"none"`` corrects nothing.
    min_effect
        The least distance of a column that drifted, from 0 to 1: of numbers and dates the Kolmogorov-Smirnov distance,
        of categories the share of rows that would have to change, less what chance may give rare ones, of missing
        values the change of their share.
    target
        The column that is the target, or the targets of both sides, ``(y_train, y_recent)``. It comes first.
    by
        A column: the drift of the rows with each of its values too.
    model
        A fitted model: its predictions on both sides are compared too, and columns are ordered by its permutation
        importance times their distance.
    multivariate
        Whether a classifier tries to tell both sides apart, which finds drift that no column shows alone.
    budget, checks
        How many false alarms are accepted, such as ``"1 per month"``, and how often drift is checked: ``"hourly"``,
        ``"daily"``, ``"weekly"``, ``"monthly"``, or a number per month. The level of the tests follows from both, by
        comparing the reference with itself many times; *alpha* is its upper limit, and *correction* does not count.
    record
        True records on a new run if none is active, False records nowhere.
    figures
        Whether to record figures of the columns that drifted.

    Returns
    -------
    The report, with ``drifted``, ``columns``, ``schema``, ``multivariate``, ``is_drifted``, ``to_dataframe()`` and
    ``save()``; ``print`` shows it as text.

    Raises
    ------
    ModelNotFoundError
        The reference names an alias or a version that does not exist.
    UsageProblem
        A table has no rows, two columns have the same name, there is no such column or file, or an option is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> train = pd.DataFrame({"age": rng.normal(40, 9, 500), "income": rng.normal(30, 5, 500)})
    >>> recent = pd.DataFrame({"age": rng.normal(46, 9, 500), "income": rng.normal(30, 5, 500)})
    >>> report = drift(train, recent)
    >>> report.drifted, round(report.columns["age"].distance, 2)
    (['age'], 0.31)
    """
    from mlmagic.monitoring.drift.request import DriftRequest

    names = names_in(sys._getframe(2))  # beyond `whole_imports`
    request = DriftRequest(
        reference, current, (names.get(id(reference), "reference"), names.get(id(current), "current")),
        columns=columns, alpha=alpha, correction=correction, min_effect=min_effect, target=target, by=by, model=model,
        multivariate=multivariate, budget=budget, checks=checks,
    )  # fmt: skip
    return drift_of(request, record=record, figures=figures)


def drift_of(request: DriftRequest, *, record: bool | None = None, figures: bool = True) -> DriftReport:
    """Compare as `drift` does, and record the report on the open run, or on one of its own if *record* is true.

    Raises
    ------
    UsageProblem
        As `drift` does.
    """
    from mlmagic.monitoring.drift.detecting import detect
    from mlmagic.monitoring.drift.recording import record_on_open_run
    from mlmagic.monitoring.drift.report import DriftReport
    from mlmagic.views.monitoring.drift_page import DriftPages

    DriftReport.pages = DriftPages()
    report = detect(request)
    context = open_runs.active()
    if record is False or (context is None and not record):
        return report
    if context is not None:
        return record_on_open_run(report, request, context, figures=figures)
    from mlmagic.api.recording import track

    with track(f"drift of {report.current}", quiet=True):
        return record_on_open_run(report, request, open_runs.require_active("mlmagic.drift"), figures=figures)


@whole_imports()
def monitoring_report(model: str, *, since: Any = "30d", until: Any = None) -> MonitoringReport:
    """Return how a monitored model has done, from what any process has recorded; the model itself is not loaded.

    The period is judged by the reference and the limits that were recorded, also if no `ModelMonitor.check` was made.

    Parameters
    ----------
    model
        The registered model, such as ``"churn"``, or one version of it: ``"churn/3"``, ``"churn@champion"``.
    since, until
        The period: ``"30d"`` or ``"36h"`` before its end, a date, a moment or a timedelta; it ends now by default.
        Those without a time zone are in UTC.

    Returns
    -------
    The report: days, drift since the reference, performance, and alerts: those that the period shows by itself
    (``is_raised=False``), and those that checks have raised and that are open at its end. ``is_judged`` says whether
    there was anything to judge by. ``print`` shows it, and ``save("monitor.html")`` writes it as a page.

    Raises
    ------
    UsageProblem
        If nothing of such a model or version is recorded (the nearest is named), or the period is none.
    ModelNotFoundError
        If an alias does not exist.
    StoreError
        If the store refuses, or cannot be reached.

    Examples
    --------
    >>> import mlmagic
    >>> with mlmagic.ModelMonitor("churn/3", loaded=lambda X: [0] * len(X)) as monitor:  # doctest: +SKIP
    ...     served = monitor.predict([[1], [2]])
    >>> mlmagic.monitoring_report("churn", since="7d").rows  # doctest: +SKIP
    2
    """
    from mlmagic.monitoring.model_monitor import report_of

    return report_of(model, since=since, until=until)


def monitored_models() -> list[str]:
    """Return the names of the models whose service is recorded.

    Raises
    ------
    StoreError
        If the store refuses, or cannot be reached.
    """
    from mlmagic.monitoring.records import reading
    from mlmagic.store import connection

    return connection.ask(lambda: reading.monitored_models(connection.connect()))
