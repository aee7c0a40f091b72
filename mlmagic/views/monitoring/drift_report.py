"""The view of a drift report as text and HTML: columns by severity, all together, schema, groups and notes."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.views.histograms import histogram_svg
from mlmagic.views.rendering import MimeBundle, columns, number, pad, render, shorten
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from mlmagic.monitoring.drift.report import ColumnDrift, DriftReport

_LONGEST, _LONGEST_LEVEL = 40, 24
_SHOWN, _MORE, _UNDRIFTED = 30, 200, 5
_NAMED = 8
_LEAST_P = 1e-4
_ARROW = "\N{RIGHTWARDS ARROW}"
_FEW_PERCENT = 0.1
_NO_NAME = "(no name)"


@dataclass(frozen=True)
class ColumnRow:
    """A column to show: ``facts`` say what changed, ``width`` is its distance in percent."""

    name: str
    role: str
    drifted: bool
    distance: str
    width: str
    p: str
    title: str
    facts: tuple[str, ...]
    histogram: Markup


def drift_report_bundle(report: DriftReport, *, all_in: str = "to_dataframe()") -> MimeBundle:
    """Return *report* as HTML and as plain text, which says that the columns that it leaves out are *all_in* that.

    Examples
    --------
    >>> from mlmagic.monitoring.drift.report import ColumnDrift, DriftReport
    >>> column = ColumnDrift("age", "column", "number", (90, 80), distance=0.5, p_corrected=0.001, drifted=True)
    >>> report = DriftReport("train", "recent", (90, 80), 0.05, "bh", 0.05, 1, {"age": column})
    >>> print(drift_report_bundle(report)["text/plain"])
    Drift in 1 of 1 column: recent (80 rows) against train (90 rows)
      ! age  0.500  p = 0.001
    p below 0.05 after bh over 1 test, and a distance of at least 0.05
    """
    rows = [_row(one) for one in report.columns.values()]
    first = [row for row in rows if row.drifted or row.role]
    rest = [row for row in rows if not (row.drifted or row.role)]
    return {
        "text/html": render(
            "drift_report.html",
            headline=headline(report),
            drifted=report.is_drifted,
            names=(shorten(report.reference, _LONGEST), shorten(report.current, _LONGEST)),
            rows=first[:_SHOWN],
            more=first[_SHOWN:_MORE],
            rest=rest[:_MORE],
            uncounted=max(len(first) - _MORE, 0) + max(len(rest) - _MORE, 0),
            findings=findings(report),
            groups=_groups(report),
            notes=report.notes,
            footer=footer(report),
        ),
        "text/plain": _plain(report, first, rest, all_in),
    }


def headline(report: DriftReport) -> str:
    """Return the answer, and what was compared."""
    total = len(report.columns)
    of = f"{len(report.drifted):,} of {total:,} column{'s' * (total != 1)}"
    sides = f"{report.current} ({_rows(report.rows[1])}) against {report.reference} ({_rows(report.rows[0])})"
    if report.drifted:
        return f"Drift in {of}: {sides}"
    if not total:
        return f"Nothing was compared{', but the schema changed' * report.is_drifted}: {sides}"
    together = report.multivariate is not None and report.multivariate.drifted
    if together or any(group.drifted for group in report.groups):
        return f"Drift, but in no single column: {sides}"
    if report.is_drifted:
        return f"Drift of the schema only: {sides}"
    return f"No drift found{' in what is recorded' * report.of_profile}: {sides}"


def findings(report: DriftReport) -> list[tuple[str, str]]:
    """Return what was found beside the columns, each with its level: schema, all columns together, not compared."""
    found = []
    schema = report.schema
    if schema.missing:
        found.append(("warning", f"missing now: {_names(schema.missing)}"))
    for one in schema.retyped:
        note = f"; {one.note}" if one.note else ""
        found.append(("warning", f"{one.name}: {one.before} {_ARROW} {one.after}{note}"))
    if schema.new:
        found.append(("info", f"new: {_names(schema.new)}"))
    if (together := report.multivariate) is not None:
        tells = f"AUC {together.auc:.3f} on {together.rows:,} rows, {p_value(together.p_corrected)}"
        by = f", by {_names([name for name, _ in together.columns])}" if together.columns else ""
        text = (
            f"a classifier tells both apart{by} ({tells})"
            if together.drifted
            else (f"all columns together: a classifier does not tell both apart ({tells})")
        )
        found.append(("warning" if together.drifted else "info", text))
    retyped = {one.name for one in schema.retyped}
    for name, reason in report.not_compared.items():
        if name not in retyped:
            found.append(("info", f"{name or _NO_NAME} was not compared: {reason}"))
    return found


def footer(report: DriftReport) -> str:
    """Return when a column counts as drifted, and where the report was recorded."""
    correction = "" if report.correction == "none" else f" after {report.correction}"
    tests = f"{report.tests:,} test{'s' * (report.tests != 1)}"
    parts = [f"p below {report.alpha:g}{correction} over {tests}, and a distance of at least {report.min_effect:g}"]
    if report.budget is not None:
        budget = report.budget
        monthly = budget.checks.endswith(" a month")
        checks = f"{budget.checks.split()[0]} checks a month" if monthly else f"{budget.checks} checks"
        parts.insert(0, f"at most {budget.text} false alarms with {checks}")
    if report.recorded_on is not None:
        parts.append(f"recorded on {shorten(report.recorded_on, _LONGEST)}")
    return " \N{MIDDLE DOT} ".join(parts)


def p_value(p: float) -> str:
    """Return a p-value in words.

    >>> p_value(0.00001), p_value(0.0321)
    ('p < 0.0001', 'p = 0.032')
    """
    if math.isnan(p):
        return ""
    return "p < 0.0001" if p < _LEAST_P else f"p = {p:.2g}"


def facts(one: ColumnDrift) -> tuple[str, ...]:
    """Return what changed in a column, in a few words each."""
    found = []
    if not math.isnan(one.means[0]) and not math.isnan(one.means[1]):
        values = [_day(value) if one.kind == "time" else number(float(f"{value:.4g}")) for value in one.means]
        found.append(f"mean {values[0]} {_ARROW} {values[1]}")
    elif one.histogram.labels:
        shares = one.histogram.reference, one.histogram.current
        by_change = sorted(range(len(one.histogram.labels)), key=lambda at: -abs(shares[1][at] - shares[0][at]))
        is_bool = set(one.histogram.labels) == {"False", "True"}
        at = one.histogram.labels.index("True") if is_bool else by_change[0]
        label = shorten(one.histogram.labels[at], _LONGEST_LEVEL)
        found.append(f"{label}: {percent(shares[0][at])} {_ARROW} {percent(shares[1][at])}")
    if any(one.missing):
        found.append(f"missing {percent(one.missing[0])} {_ARROW} {percent(one.missing[1])}")
    if one.outside:
        found.append(f"{percent(one.outside)} beyond the reference's range")
    if one.new_share:
        names = ", ".join(shorten(name, _LONGEST_LEVEL) for name in one.new_levels[:3])
        more = ", …" if len(one.new_levels) > 3 else ""  # noqa: PLR2004  # as many are named
        found.append(f"new: {names}{more} ({percent(one.new_share)} of rows)")
    if any(one.infinite):
        found.append(f"infinite values: {one.infinite[0]:,} {_ARROW} {one.infinite[1]:,}")
    if one.note:
        found.append(one.note)
    if one.importance:
        found.append(f"importance {one.importance:.2f}")
    return tuple(found)


def percent(share: float) -> str:
    """Return a share in percent.

    >>> percent(0.123), percent(0.0004), percent(1.0)
    ('12 %', '< 0.1 %', '100 %')
    """
    value = 100 * share
    if 0 < value < _FEW_PERCENT:
        return "< 0.1 %"
    return f"{value:.2g} %" if value < 10 else f"{value:.0f} %"  # noqa: PLR2004


def _row(one: ColumnDrift) -> ColumnRow:
    distance = max(one.distance, one.missing_change)
    known = [p for p in (one.p_corrected, one.missing_p_corrected) if not math.isnan(p)]
    scales = [f"{one.test}" if one.test else ""] + [
        f"{name} {value:.3g}"
        for name, value in (("PSI", one.psi), ("Jensen-Shannon", one.jensen_shannon), ("Wasserstein", one.wasserstein))
        if not math.isnan(value)
    ]
    return ColumnRow(
        shorten(one.name, _LONGEST) or _NO_NAME,
        "" if one.role == "column" else one.role,
        one.drifted,
        f"{distance:.3f}",
        f"{100 * min(distance, 1):.1f}",
        p_value(min(known, default=math.nan)),
        "; ".join(filter(None, scales)),
        facts(one),
        histogram_svg(one.histogram.reference, one.histogram.current, are_levels=bool(one.histogram.labels)),
    )


def _groups(report: DriftReport) -> list[tuple[str, str, str]]:
    """Return each group with its rows and what drifted in it."""
    found = []
    compared = [one for one in report.groups if not one.note]
    left_out = [one for one in report.groups if one.note]
    for one in compared if len(left_out) > 1 else report.groups:
        name = shorten(f"{one.by} = {one.value}", _LONGEST)
        what = (one.note and f"not compared: {one.note}") or (_names(one.drifted) if one.drifted else "no drift found")
        found.append((name, f"{one.rows[0]:,} {_ARROW} {one.rows[1]:,}", what))
    if len(left_out) > 1:
        rows = [sum(one.rows[side] for one in left_out) for side in (0, 1)]
        name = shorten(f"{len(left_out)} values of {left_out[0].by}", _LONGEST)
        what = f"not compared: {left_out[0].note}"
        found.append((name, f"{rows[0]:,} {_ARROW} {rows[1]:,}", what))
    return found


def _plain(report: DriftReport, first: Sequence[ColumnRow], rest: Sequence[ColumnRow], all_in: str) -> str:
    lines = [clean(headline(report))]
    shown = [*first[:_SHOWN], *rest[:_UNDRIFTED]]
    width = max((columns(row.name) for row in shown), default=0)
    for row in shown:
        told = "  ".join(filter(None, [row.distance, row.p, row.role and f"({row.role})", ", ".join(row.facts)]))
        lines.append(f"  {'!' if row.drifted else ' '} {pad(row.name, width)}  {clean(told)}")
    if (more := len(first) + len(rest) - len(shown)) > 0:
        hidden = f"{more:,} more" if len(first) > _SHOWN else f"{more:,} more without drift"
        lines.append(f"    and {hidden}: {all_in} has all of them")
    for name, rows, what in _groups(report):
        lines.append(f"  {clean(name)}  {rows} rows: {clean(what)}")
    for level, text in [*findings(report), *((note.level, note.text) for note in report.notes)]:
        lines.append(f"  {'!' if level == 'warning' else '-'} {clean(text)}")
    return "\n".join([*lines, clean(footer(report))])


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(shorten(name, _LONGEST) or _NO_NAME for name in names[:_NAMED]) + more


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"


def _day(seconds: float) -> str:
    try:
        return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M")
    except OverflowError:
        return f"{seconds:.4g} s"
