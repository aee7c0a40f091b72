"""Served rows day by day, or by weeks or months: what was predicted, how good it was, and what drifted."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.checks import drift_check, performance_check
from mlmagic.monitoring.records.reading import RECORDED_VERSION
from mlmagic.monitoring.records.values import answers_of
from mlmagic.monitoring.report import Day
from mlmagic.monitoring.serving.columns import TIME
from mlmagic.monitoring.serving.sampling import RECORDED, SERVED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from mlmagic.monitoring.basis import Basis
    from mlmagic.monitoring.performance.performance import Performance
    from mlmagic.monitoring.records.values import Answers
    from mlmagic.monitoring.report import Unit

_MOST_CLASSES = 5
_UNITS: tuple[Unit, ...] = ("day", "week", "month")
_FEWEST, _FEW_UNITS, _MOST_UNITS = 20, 7, 92
_FEWEST_COMPARED = 10


def unit_of(table: pa.Table) -> Unit:
    """Return by what rows are put together: days, or weeks or months if days have few rows or are many.

    Few days, or weeks, are shown as they are, however few rows they have.
    """
    import pyarrow.compute as pc

    for unit in _UNITS[:-1]:
        counts = pc.value_counts(pc.floor_temporal(table.column(TIME), unit=unit)).field("counts").to_pylist()
        if len(counts) <= _FEW_UNITS or (statistics.median(counts) >= _FEWEST and len(counts) <= _MOST_UNITS):
            return unit
    return _UNITS[-1]


def with_served(days: tuple[Day, ...], counts: pa.Table | None, unit: Unit) -> tuple[Day, ...]:
    """Return days with the numbers of predictions, given the counts of the calls of which a sample was recorded."""
    if counts is None:
        return days
    more: Counter[str] = Counter()
    for name, served, recorded in zip(
        _named(counts, unit), counts.column(SERVED).to_pylist(), counts.column(RECORDED).to_pylist(), strict=True
    ):
        more[name] += served - recorded
    silent = [Day(name, 0) for name in more.keys() - {one.day for one in days}]
    found = [replace(one, served=one.rows + more[one.day]) for one in (*days, *silent)]
    return tuple(sorted(found, key=lambda one: one.day))


def _named(table: pa.Table, unit: Unit) -> list[str]:
    """Return the first day of each row's day, week or month."""
    import pyarrow.compute as pc

    names: list[str] = pc.strftime(pc.floor_temporal(table.column(TIME), unit=unit), "%Y-%m-%d").to_pylist()
    return names


def days_of(table: pa.Table, basis: Basis, unit: Unit) -> Iterator[Day]:
    """Yield the days, weeks or months that have rows, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = _named(table, unit)
    for day in sorted(set(names)):
        rows = table.filter(pc.equal(pa.array(names), day))
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
        answers, _ = performance_check.unknown_labels(answers, basis.answers)
        answers, _ = performance_check.without_missing(answers)
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
