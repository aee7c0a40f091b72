"""Drift of features and predictions since the reference, over a period and day by day."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.checks.finding import Finding
from mlmagic.monitoring.drift.detecting import detect
from mlmagic.monitoring.drift.request import DriftRequest
from mlmagic.monitoring.judged import Judged
from mlmagic.monitoring.records.values import answers_of, features_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa

    from mlmagic.monitoring.drift.report import ColumnDrift, DriftReport
    from mlmagic.monitoring.report import Level, Topic

PREDICTION: Literal["prediction"] = "prediction"
_TOGETHER = "all columns together"
_LARGE = 0.25
_THOUSAND = 1000


def compare(reference: pa.Table, current: pa.Table, options: Mapping[str, Any]) -> tuple[DriftReport | None, str]:
    """Return the drift of *current* rows, or None and the reason; *options* are those of `mlmagic.drift`."""
    target = None
    before, now = answers_of(reference), answers_of(current)
    if before is not None and now is not None and len(before.classes) == len(now.classes):
        target = before.score, now.score
    request = DriftRequest(
        features_of(reference), features_of(current), ("the reference", "the served rows"), target=target, **options
    )
    try:
        report = detect(request)
    except UsageProblem as error:
        return None, str(error)
    columns = [
        replace(one, name=PREDICTION, role=PREDICTION) if one.role == "target" else one
        for one in report.columns.values()
    ]
    retyped = tuple(replace(one, name=PREDICTION) if one.name == "target" else one for one in report.schema.retyped)
    schema = replace(report.schema, retyped=retyped)
    return replace(report, columns={one.name: one for one in columns}, schema=schema), ""


def daily(reference: pa.Table, current: pa.Table, options: Mapping[str, Any]) -> DriftReport | None:
    """Return the drift of one day, without a classifier."""
    options = {**options, "multivariate": False, "budget": None}
    return compare(reference, current, options)[0]


def findings(report: DriftReport) -> Iterator[Finding]:
    """Yield what drifted."""
    schema = report.schema
    for name in schema.missing:
        yield Finding("critical", "schema", name, f"the column {name!r} is missing")
    for one in schema.retyped:
        yield Finding(
            "critical", "schema", one.name, f"the column {one.name!r} is {one.after} in place of {one.before}"
        )
    drifted = [report.columns[name] for name in report.drifted]
    for column in drifted:
        yield _of_column(column)
    together = report.multivariate
    if together is not None and together.drifted and not drifted:
        named = ", ".join(name for name, _ in together.columns[:3])
        yield Finding(
            "warning", "drift", _TOGETHER,
            f"a classifier tells served rows from the reference (AUC {together.auc:.3f})"
            f"{f', by {named}' if named else ''}, though no column drifted by itself",
            {"auc": together.auc, "p": together.p, "rows": together.rows},
        )  # fmt: skip


def judged(report: DriftReport, not_asked: Iterable[str]) -> dict[tuple[str, str], Judged]:
    """Return what a comparison has judged; an alert on a column that is *not asked* for any more is over too."""
    rows = report.rows[1]
    found: dict[tuple[str, str], Judged] = {
        (_topic(one), one.name): Judged(one.rows[1]) for one in report.columns.values()
    }
    found |= {("schema", one.name): Judged(rows) for one in report.columns.values()}
    found |= {(topic, name): Judged(rows) for name in not_asked for topic in ("drift", "schema")}
    if report.multivariate is not None:
        found["drift", _TOGETHER] = Judged(report.multivariate.rows)
    return found


def _topic(column: ColumnDrift) -> Topic:
    return "prediction drift" if column.role == PREDICTION else "drift"


def _of_column(column: ColumnDrift) -> Finding:
    by_missing = column.missing_change > column.distance
    distance = max(column.distance, column.missing_change)
    if by_missing:
        what = f"{column.missing[1]:.1%} of {column.name!r} is missing, {column.missing[0]:.1%} in the reference"
    elif column.kind == "category" or (column.role == PREDICTION and column.kind != "number"):
        what = f"{column.name!r} drifted: {distance:.1%} of the rows have other values than in the reference"
    else:
        what = (
            f"{column.name!r} drifted: distance {distance:.3f}, mean {_plain(column.means[0])} in the reference and "
            f"{_plain(column.means[1])} now"
        )
    evidence = {
        "distance": column.distance, "p": column.p_corrected, "test": column.test, "means": list(column.means),
        "missing": list(column.missing), "rows": list(column.rows),
    }  # fmt: skip
    level: Level = "critical" if distance >= _LARGE else "warning"
    return Finding(level, _topic(column), column.name, what, evidence)


def _plain(value: float) -> str:
    """Return a number of four digits, or whole thousands."""
    return f"{value:,.0f}" if abs(value) >= _THOUSAND else f"{value:.4g}"
