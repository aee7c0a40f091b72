"""The summary below a tracked cell: a card, or one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from mlmagic.views.rendering import (
    MimeBundle,
    columns,
    difference,
    interval_ends,
    number,
    pad,
    render,
    shorten,
    took,
    web_address,
)
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlmagic.recording.summary import MetricLine, Notice, ParamChange, RunSummary

T = TypeVar("T")

_SHOWN = 12
_KEPT = 200
_SHOWN_IN_PLAIN = 50
_LONGEST_NAME = 80
_LONGEST_VALUE = 60
_LONGEST_TITLE = 2000
_LONGEST_NOTICE = 500
_LONGEST_PREVIEW = 30
_PREVIEWED, _MOST_CHANGES = 6, 8
_HINT = (
    "No parameters or metrics yet: mlmagic.log(accuracy=0.9) records a metric, "
    "%%track -p lr -m accuracy takes variables."
)


@dataclass(frozen=True)
class SummaryCell:
    """A text to show, and its full text as *title* if it was cut."""

    text: str
    title: str = ""


@dataclass(frozen=True)
class SummaryMetric:
    """A metric to show: ``change`` is the signed difference, ``direction`` is ``up``, ``down`` or empty.

    ``interval`` is its confidence interval in brackets, if it has one.
    """

    name: SummaryCell
    value: str
    exact: str
    steps: int
    change: str
    direction: str
    interval: str = ""


@dataclass(frozen=True)
class Folded(Generic[T]):
    """A list in three parts: the first items are shown, more are folded, and the rest is only counted."""

    shown: Sequence[T]
    folded: Sequence[T]
    left_out: int

    def __bool__(self) -> bool:
        return bool(self.shown)


def summary(s: RunSummary, *, quiet: bool = False) -> MimeBundle:
    """Return the run as a compact card in HTML and as aligned lines of text.

    Names and values are untrusted: they may contain markup, formulas or thousands of characters.

    Parameters
    ----------
    s
        The summary of a run whose cell has ended.
    quiet
        One line only: status, name, the first metrics, duration, and the number of warnings.

    Examples
    --------
    >>> from mlmagic.recording.summary import RunSummary
    >>> run = RunSummary("a1b2c3d4e5", "baseline", "churn", "FINISHED", 0.42, {})
    >>> summary(run, quiet=True)["text/plain"]
    '● finished  baseline · 0.42 s'
    """
    if quiet:
        return {"text/html": _html("run_line.html", s), "text/plain": _plain_line(s)}
    return {"text/html": _html("run_summary.html", s), "text/plain": _plain(s)}


def _html(template: str, s: RunSummary) -> str:
    return render(
        template,
        status=s.status.lower(),
        name=cell(s.name, _LONGEST_NAME),
        url=web_address(s.url),
        experiment=cell(s.experiment, _LONGEST_NAME),
        duration=took(s.duration_s, s.span_s),
        run_id=s.run_id,
        error=cell(s.error, 300) if s.error else None,
        metrics=fold([_metric_row(line, interval) for line, interval in _with_intervals(s.metrics)]),
        previous=cell(_previous(s), 30),
        changed=_changed(s),
        params=s.params,
        all_params=[
            (cell(key, _LONGEST_NAME), cell(value, _LONGEST_VALUE)) for key, value in [*s.params.items()][:_KEPT]
        ],
        preview=[f"{shorten(key, _LONGEST_PREVIEW)} {shorten(value, _LONGEST_PREVIEW)}" for key, value in _preview(s)],
        lines=[(label, fold([cell(name, _LONGEST_NAME) for name in names])) for label, names in _lines(s)],
        notices=notice_lines(one for one in s.notices if one.level == "warning"),
        remarks=[text for _, text in notice_lines(one for one in s.notices if one.level != "warning")],
        hint=_HINT if _is_empty(s) else "",
        first_metrics=_first_metrics(s),
        warnings=_warnings(s),
    )


def notice_lines(notices: Iterable[Notice]) -> list[tuple[str, str]]:
    """Return the level and the shortened text of each notice."""
    return [(notice.level, shorten(notice.text, _LONGEST_NOTICE)) for notice in notices]


def cell(text: str, limit: int) -> SummaryCell:
    """Return *text* cut to *limit* characters, with the full text as the title if it was cut."""
    shown = shorten(text, limit)
    return SummaryCell(shown, "" if len(text) <= limit else shorten(text, _LONGEST_TITLE))


def fold(items: Sequence[T]) -> Folded[T]:
    """Divide a list into shown, folded and counted items.

    If only one item would be folded, it is shown too.
    """
    shown = len(items) if len(items) == _SHOWN + 1 else _SHOWN
    return Folded(items[:shown], items[shown:_KEPT], max(len(items) - _KEPT, 0))


def _with_intervals(lines: Sequence[MetricLine]) -> list[tuple[MetricLine, str]]:
    """Return each metric with its interval, as text; the ends of intervals are no metrics of their own."""
    known = {line.name: line for line in lines}
    ends = interval_ends(known)
    left_out = {end for pair in ends.values() for end in pair}
    return [
        (line, _interval(known, ends[line.name]) if line.name in ends else "")
        for line in lines
        if line.name not in left_out
    ]


def _interval(known: Mapping[str, MetricLine], ends: tuple[str, str]) -> str:
    return f"[{', '.join(number(known[end].value) for end in ends)}]"


def _metric_row(line: MetricLine, interval: str) -> SummaryMetric:
    change = "" if line.previous is None else difference(line.value, line.previous)
    direction = {"+": "up", "-": "down"}.get(change[:1], "")
    return SummaryMetric(
        cell(line.name, _LONGEST_NAME),
        number(line.value),
        repr(float(line.value)),
        line.steps,
        change,
        direction,
        interval,
    )


def _previous(s: RunSummary) -> str:
    return s.previous_name if s.previous_name and s.previous_name != s.name else "the last run"


def _changed(s: RunSummary) -> list[str]:
    """Return in a few words each what differs from the previous run of the cell; nothing if there is none."""
    if s.previous_name is None:
        return []
    shown = [_change(one) for one in s.changes[:_MOST_CHANGES]]
    more = len(s.changes) - len(shown)
    shown += [f"{more} more parameters"] if more > 1 else [_change(one) for one in s.changes[_MOST_CHANGES:]]
    lines = s.changed_lines
    shown += [f"{lines} line{'s' * (lines != 1)} of the code"] if lines else []
    return shown or ["the same parameters and code"]


def _change(one: ParamChange) -> str:
    name = shorten(one.name, _LONGEST_NAME)
    if one.before is None or one.after is None:
        what = "new" if one.before is None else "gone"
        return f"{name} {shorten(one.after or one.before or '', _LONGEST_PREVIEW)} ({what})"
    return f"{name} {shorten(one.before, _LONGEST_PREVIEW)} \N{RIGHTWARDS ARROW} {shorten(one.after, _LONGEST_PREVIEW)}"


def _preview(s: RunSummary) -> list[tuple[str, str]]:
    """Return the first parameters, without those of the split, and each once: ``depth`` is ``tree.max_depth`` too."""
    plain = {value for key, value in s.params.items() if "." not in key}
    own = [
        (key, value)
        for key, value in s.params.items()
        if "." not in key or not (key.startswith("split.") or value in plain)
    ]
    return own[:_PREVIEWED]


def _is_empty(s: RunSummary) -> bool:
    return s.status == "FINISHED" and not (s.metrics or s.params or _lines(s))


def _lines(s: RunSummary) -> list[tuple[str, tuple[str, ...]]]:
    """Return the label and the names of each line: data, models and figures."""
    lines = [("Data", s.datasets), ("Models", s.models), ("Figures", s.figures)]
    return [(label, names) for label, names in lines if names]


def _first_metrics(s: RunSummary) -> str:
    return ", ".join(f"{shorten(line.name, 30)} {number(line.value)}" for line in s.metrics[:3])


def _warnings(s: RunSummary) -> str:
    count = sum(notice.level == "warning" for notice in s.notices)
    return "" if not count else "1 warning" if count == 1 else f"{count} warnings"


def _plain_line(s: RunSummary) -> str:
    parts = [shorten(s.name, _LONGEST_NAME)]
    parts += [part for part in (shorten(s.error or "", 120), _first_metrics(s)) if part]
    parts += [part for part in (took(s.duration_s, s.span_s), _warnings(s)) if part]
    return f"● {s.status.lower()}  {' · '.join(parts)}"


def _plain(s: RunSummary) -> str:
    head = (
        f"● {s.status.lower()}  {shorten(s.name, _LONGEST_NAME)}  "
        f"({shorten(s.experiment, _LONGEST_NAME)}, {took(s.duration_s, s.span_s)}, run {s.run_id[:8]})"
    )
    lines = [head]
    if s.error:
        lines.append(f"  error    {shorten(s.error, 300)}")
    lines += _block(
        "metrics", [_plain_metric(line, interval) for line, interval in _with_intervals(s.metrics)], _since(s)
    )
    if changed := _changed(s):
        lines.append(f"  changed  {', '.join(changed)}  (since {shorten(_previous(s), 30)})")
    lines += _block("params", [(clean(key), shorten(value, _LONGEST_VALUE)) for key, value in s.params.items()])
    for label, names in _lines(s):
        shown = ", ".join(shorten(name, _LONGEST_NAME) for name in names[:_SHOWN_IN_PLAIN])
        more = len(names) - _SHOWN_IN_PLAIN
        lines.append(f"  {label.lower():8} {shown}{f' and {more} more' if more > 0 else ''}")
    for notice in s.notices:
        label = "warning" if notice.level == "warning" else "note"
        lines.append(f"  {label:8} {shorten(notice.text, _LONGEST_NOTICE)}")
    if _is_empty(s):
        lines.append(f"  {_HINT}")
    if address := web_address(s.url):
        lines.append(f"  {address}")
    return "\n".join(lines)


def _plain_metric(line: MetricLine, interval: str) -> tuple[str, ...]:
    change = "" if line.previous is None else difference(line.value, line.previous)
    steps = f"{line.steps} steps" if line.steps > 1 else ""
    return clean(line.name), number(line.value), interval, change, steps


def _since(s: RunSummary) -> str:
    compared = any(line.previous is not None for line in s.metrics)
    return f"change since {shorten(_previous(s), 30)}" if compared else ""


def _block(label: str, rows: Sequence[tuple[str, ...]], remark: str = "") -> Iterable[str]:
    """Yield rows in aligned columns, with the label before the first."""
    shown = [tuple(shorten(text, _LONGEST_NAME) for text in row) for row in rows[:_SHOWN_IN_PLAIN]]
    widths = [max(map(columns, column)) for column in zip(*shown, strict=True)]
    for at, row in enumerate(shown):
        texts = "  ".join(pad(text, width) for text, width in zip(row, widths, strict=True) if width)
        tail = f"  ({remark})" if remark and at == 0 else ""
        yield f"  {label if at == 0 else '':8} {texts.rstrip()}{tail}"
    if len(rows) > len(shown):
        yield f"  {'':8} … {len(rows) - len(shown)} more"
