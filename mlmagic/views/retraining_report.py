"""The view of a retraining as text and HTML: the verdict, why, and both versions on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.views.evaluation_report import MetricRow, metric_rows
from mlmagic.views.rendering import MimeBundle, pad, render
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.registry.retraining.result import Retraining

_VERDICTS = {
    "kept": ("finished", "The champion stays"),
    "promoted": ("finished", "Promoted"),
    "registered": ("running", "Registered as the challenger"),
    "refused": ("killed", "Refused: the champion stays"),
}


def retraining_report_bundle(result: Retraining) -> MimeBundle:
    """Return *result* as HTML and as plain text.

    Examples
    --------
    >>> from mlmagic.registry.retraining.result import Retraining
    >>> kept = Retraining("churn", "champion", "kept", "accuracy of churn/3 on X is 0.91, at least 0.85", "accuracy", 3)
    >>> print(retraining_report_bundle(kept)["text/plain"])
    churn: The champion stays
      accuracy of churn/3 on X is 0.91, at least 0.85
    """
    rows = list(_rows(result))
    has_lines = all(row.at for _, _, row in rows)
    status, verdict = _VERDICTS[result.verdict]
    return {
        "text/html": render(
            "retraining_report.html",
            result=result,
            status=status,
            verdict=verdict,
            rows=rows,
            has_lines=has_lines,
            footer=_footer(result),
        ),
        "text/plain": "\n".join(_plain(result, verdict, rows)),
    }


def _rows(result: Retraining) -> Iterator[tuple[str, str, MetricRow]]:
    """Yield the reference, the role and the metric of each version that was evaluated."""
    roles = ("before", result.alias) if result.verdict == "promoted" else (result.alias, "new")
    versions = ((result.champion, roles[0], result.before), (result.version, roles[1], result.after))
    for version, role, evaluation in versions:
        if evaluation is not None:
            values = {result.metric: evaluation.metrics[result.metric]}
            yield f"{result.name}/{version}", role, metric_rows(values, evaluation.intervals)[0]


def _footer(result: Retraining) -> str:
    evaluation = result.before or result.after
    if evaluation is None:
        return ""
    rows = f"{evaluation.rows:,} row{'s' * (evaluation.rows != 1)}"
    return f"{result.metric} on {rows} of {evaluation.data}, {100 * evaluation.confidence:g} % intervals"


def _plain(result: Retraining, verdict: str, rows: list[tuple[str, str, MetricRow]]) -> list[str]:
    lines = [clean(f"{result.name}: {verdict}"), f"  {clean(result.reason)}"]
    if result.decision:
        lines.append(f"  {clean(result.decision)}")
    if len(rows) > 1:
        first = max(len(name) for name, _, _ in rows)
        lines += [f"  {pad(clean(name), first)}  {row.value}  {row.interval}  {role}" for name, role, row in rows]
    return [*lines, *(f"  - {clean(note)}" for note in result.notes)]
