"""The view of an evaluation as text and HTML: metrics with intervals, the difference, slices, figures and notes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.views.rendering import MimeBundle, columns, numbers, pad, render, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlmagic.evaluation.evaluation import EvaluatedSlice, Evaluation, ModelDifference
    from mlmagic.evaluation.statistics.intervals import Interval
    from mlmagic.evaluation.statistics.paired_tests import McNemar

_LONGEST = 40
_LONGEST_NAME, _LONGEST_SENTENCE = 80, 500
_SHOWN_METRICS = 12
_SHOWN_OF_SLICES = 4
_TITLES = {
    "roc": "ROC", "precision_recall": "Precision and recall", "confusion_matrix": "Confusion matrix",
}  # fmt: skip
_TASKS = {
    "binary": "two classes", "multiclass": "{} classes", "multilabel": "several labels", "regression": "regression",
}  # fmt: skip


@dataclass(frozen=True)
class MetricRow:
    """A metric to show; ``left`` and ``width`` are those of its interval, ``at`` is its value, in percent of a line.

    These are empty for a metric whose values are not between 0 and 1.
    """

    name: str
    value: str
    interval: str
    title: str
    left: str = ""
    width: str = ""
    at: str = ""


def evaluation_report_bundle(evaluation: Evaluation) -> MimeBundle:
    """Return *evaluation* as HTML and as plain text.

    Examples
    --------
    >>> from mlmagic.evaluation.evaluating import evaluate
    >>> found = evaluate(sorted, [2, 1, 4, 3] * 20, [1, 2, 3, 4] * 20, task="regression", figures=False)
    >>> print(evaluation_report_bundle(found)["text/plain"].splitlines()[0])
    sorted on 80 rows of X (regression)
    """
    rows = metric_rows(evaluation.metrics, evaluation.intervals)
    difference = evaluation.difference
    return {
        "text/html": render(
            "evaluation_report.html",
            headline=headline(evaluation),
            rows=rows[:_SHOWN_METRICS],
            more=rows[_SHOWN_METRICS:],
            sentence=None if difference is None else shorten(difference.sentence(), _LONGEST_SENTENCE),
            differences=[] if difference is None else metric_rows(difference.values, difference.intervals, lines=False),
            mcnemar=None if difference is None or difference.mcnemar is None else mcnemar_line(difference),
            slice_metrics=[shorten(name, _LONGEST) for name in _slice_metrics(evaluation)],
            slices=[
                {
                    "name": shorten(f"{one.by} = {one.value}", _LONGEST),
                    "rows": f"{one.rows:,}",
                    "values": _slice_values(one, _slice_metrics(evaluation)),
                    "warning": shorten(one.warning, _LONGEST_SENTENCE),
                }
                for one in evaluation.slices
            ],
            figures=[
                (shorten(_TITLES.get(name, name.replace("_", " ").capitalize())), base64.b64encode(picture).decode())
                for name, picture in evaluation.figures.items()
            ],
            notes=[(note.level, shorten(note.text, _LONGEST_SENTENCE)) for note in evaluation.notes],
            footer=footer(evaluation),
        ),
        "text/plain": _plain(evaluation, rows),
    }


def headline(evaluation: Evaluation) -> str:
    """Return what was evaluated on what."""
    task = _TASKS[evaluation.task].format(len(evaluation.classes))
    rows = f"{evaluation.rows:,} row{'s' * (evaluation.rows != 1)}"
    return f"{shorten(evaluation.model, _LONGEST_NAME)} on {rows} of {shorten(evaluation.data, _LONGEST_NAME)} ({task})"


def footer(evaluation: Evaluation) -> str:
    """Return how the intervals were made, which class is the positive one, and where it was recorded."""
    parts = [f"{100 * evaluation.confidence:g} % intervals from {shorten(evaluation.how, _LONGEST_SENTENCE)}"]
    if evaluation.positive is not None:
        parts.append(f"positive class: {shorten(evaluation.positive, _LONGEST)}")
    if evaluation.recorded_on is not None:
        parts.append(f"recorded on {shorten(evaluation.recorded_on, _LONGEST)}")
    else:
        parts.append("not recorded")
    return " · ".join(parts)


def metric_rows(
    values: Mapping[str, float], intervals: Mapping[str, Interval], *, lines: bool = True
) -> list[MetricRow]:
    """Return the rows of a table of metrics; with *lines*, an interval within 0 and 1 is drawn on a line."""
    rows = []
    ends = [end for name in values if (one := intervals[name]).is_known for end in (one.low, one.high)]
    texts = iter(numbers([*values.values(), *ends]))
    written = {name: next(texts) for name in values}
    for name, value in values.items():
        interval = intervals[name]
        value_shown = written[name]
        shown = f"{next(texts)} to {next(texts)}" if interval.is_known else "not known"
        about = "; ".join(filter(None, (interval.method if interval.is_known else "", interval.note)))
        about = shorten(about, _LONGEST_SENTENCE)
        row = MetricRow(shorten(name, _LONGEST), value_shown, shown, about)
        if lines and interval.is_known and 0 <= interval.low <= value <= interval.high <= 1:
            left, width = 100 * interval.low, 100 * (interval.high - interval.low)
            row = MetricRow(row.name, row.value, shown, about, f"{left:.2f}", f"{width:.2f}", f"{100 * value:.2f}")
        rows.append(row)
    return rows


def mcnemar_line(difference: ModelDifference) -> str:
    """Return McNemar's test in one line."""
    found: McNemar | None = difference.mcnemar
    assert found is not None  # noqa: S101  # the caller has checked it
    kind = "exact" if found.is_exact else "chi-squared"
    p_value = "p < 0.0001" if found.p_value < 1e-4 else f"p = {found.p_value:.2g}"  # noqa: PLR2004
    return (
        f"McNemar ({kind}): {p_value}; only {shorten(difference.model, _LONGEST_NAME)} is right in "
        f"{found.only_first:,} rows, only {shorten(difference.against, _LONGEST_NAME)} in {found.only_second:,}"
    )


def _slice_metrics(evaluation: Evaluation) -> list[str]:
    names = list(evaluation.metrics)
    asked = [name for name in names if any(name in one.metrics for one in evaluation.slices)]
    return asked[:_SHOWN_OF_SLICES]


def _slice_values(one: EvaluatedSlice, names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the value and the interval of each metric, dashes where the slice does not have it."""
    found = []
    for name in names:
        if name not in one.metrics:
            found.append(("\N{EN DASH}", ""))
            continue
        interval = one.intervals[name]
        ends = f"{interval.low:.3g} to {interval.high:.3g}" if interval.is_known else ""
        found.append((numbers([one.metrics[name], interval.low, interval.high])[0], ends))
    return found


def _plain(evaluation: Evaluation, rows: Sequence[MetricRow]) -> str:
    lines = [headline(evaluation), *_table([(row.name, [row.value, row.interval]) for row in rows])]
    if (difference := evaluation.difference) is not None:
        lines += ["", shorten(difference.sentence(), _LONGEST_SENTENCE)]
        if difference.mcnemar is not None:
            lines.append(mcnemar_line(difference))
    if evaluation.slices:
        names = _slice_metrics(evaluation)
        table: list[tuple[str, list[str]]] = [("", ["rows", *(shorten(name, _LONGEST) for name in names)])]
        for one in evaluation.slices:
            values = [value for value, _ in _slice_values(one, names)]
            table.append((shorten(f"{one.by} = {one.value}", _LONGEST), [f"{one.rows:,}", *values]))
        lines += ["", *_table(table)]
        lines += [
            f"  ! {shorten(f'{one.by} = {one.value}', _LONGEST)}: {shorten(one.warning, _LONGEST_SENTENCE)}"
            for one in evaluation.slices
            if one.warning
        ]
    lines += [
        f"  {'!' if note.level == 'warning' else '-'} {shorten(note.text, _LONGEST_SENTENCE)}"
        for note in evaluation.notes
    ]
    return "\n".join([*lines, footer(evaluation)])


def _table(rows: Sequence[tuple[str, list[str]]]) -> list[str]:
    first = max(columns(name) for name, _ in rows)
    widths = [max(len(texts[at]) for _, texts in rows) for at in range(len(rows[0][1]))]
    return [
        f"  {pad(name, first)}  " + "  ".join(f"{text:>{width}}" for text, width in zip(texts, widths, strict=True))
        for name, texts in rows
    ]
