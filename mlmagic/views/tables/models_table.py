"""The tables of ``%models`` as HTML and text: versions with their numbers, and the history of promotions."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.scalars import as_number
from mlmagic.store.query.frames import ATTRS
from mlmagic.store.query.shown_tags import VERDICTS
from mlmagic.views.rendering import interval_ends, number, numbers, render, shorten, web_address
from mlmagic.views.run_summary import cell
from mlmagic.views.tables.cells import is_missing as _is_missing
from mlmagic.views.tables.cells import minute
from mlmagic.views.tables.text_table import TextColumn, table_lines, terminal_width
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import pandas as pd

_MOST_ROWS = 200
_MOST_METRICS = 20
_FIRST_METRICS = 3
"""So many stand beside the version; the others follow after the run."""
_LONGEST_NAME, _LONGEST_VALUE, _LONGEST_NOTE, _LONGEST_REASON = 60, 40, 400, 200
_SHOWN_DATA = 3
_SHOWN_NOTES = 10
_DIGEST = 8
_DATASETS = re.compile(r"(\S.*?) ([0-9a-zA-Z]{4,36})(?:, |$)")
_LOW, _HIGH = "_low", "_high"
_FIRST, _THEN, _LAST = ("name", "version", "aliases"), ("run", "registered", "by"), ("split", "data")
"""The columns of the text before the first metric, after it, and after all metrics."""


@dataclass(frozen=True)
class MetricCell:
    """A metric of a version: its value, the exact one as title, and its interval in brackets, if it has one."""

    text: str
    title: str = ""
    interval: str = ""


def table_html(frame: pd.DataFrame) -> str:
    """Return the escaped HTML of a frame of versions or of a history."""
    about: dict[str, Any] = frame.attrs.get(ATTRS, {})
    rows = frame.iloc[:_MOST_ROWS]
    common = {
        "headline": headline(frame),
        "notes": notes(frame),
        "hidden_rows": len(frame) - len(rows),
        "name": cell(str(about.get("name", "")), _LONGEST_NAME),
    }
    if about.get("kind") == "history":
        return render(
            "models_table.html", kind="history", events=[_event(row) for row in rows.to_dict("records")], **common
        )
    names = _metrics_by_rank(frame)
    shown = names[:_MOST_METRICS]
    tags = [name for name in about.get("tags", ()) if name in rows.columns]
    asked = [name for name in VERDICTS.values() if name in rows.columns]
    cells = {name: _metric_cells(rows, name) for name in shown}
    versions = [
        _version(row, [cells[name][at] for name in shown], [*asked, *tags], about.get("urls", {}))
        for at, row in enumerate(rows.to_dict("records"))
    ]
    return render(
        "models_table.html",
        kind="versions",
        versions=versions,
        metrics=[cell(name, _LONGEST_NAME) for name in shown],
        others=[cell(name, _LONGEST_NAME) for name in [*asked, *tags]],
        has_model=not about.get("name"),
        has_data=any(row["data"] for row in versions),
        has_split=any(row["split"].text for row in versions),
        hidden_metrics=len(names) - len(shown),
        first_metrics=_FIRST_METRICS,
        shared=_shared(versions),
        filter=cell(str(about.get("filter", "")), _LONGEST_REASON),
        **common,
    )


def _shared(versions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what all of several versions have in common of what matters least: it needs no column."""
    if len(versions) == 1:
        return {}
    found = {name: {row[name] for row in versions} for name in ("by", "split")}
    return {name: cells.pop() for name, cells in found.items() if len(cells) == 1 and all(one.text for one in cells)}


def metric_names(frame: pd.DataFrame) -> list[str]:
    """Return the metrics to show: not those that are the bounds of another one's interval."""
    known = [name for name in frame.attrs.get(ATTRS, {}).get("metrics", ()) if name in frame.columns]
    ends = {end for pair in interval_ends(known).values() for end in pair}
    return [name for name in known if name not in ends]


def _metrics_by_rank(frame: pd.DataFrame) -> list[str]:
    """Return the metrics to show; those that the filter names come first."""
    asked = str(frame.attrs.get(ATTRS, {}).get("filter", ""))
    return sorted(metric_names(frame), key=lambda name: name not in asked)


def headline(frame: pd.DataFrame) -> str:
    """Return what the table shows in a few words."""
    about: dict[str, Any] = frame.attrs.get(ATTRS, {})
    total = len(frame)
    if about.get("kind") == "history":
        return f"{total} record{'s' * (total != 1)}, newest first" if total else "No promotion is recorded yet"
    if not total:
        return "No version matches" if not about.get("is_empty") else "No model is registered yet"
    count = f"{'The newest ' if about.get('more') else ''}{total} version{'s' * (total != 1)}"
    return f"{count}, newest first" if total > 1 else count


def notes(frame: pd.DataFrame) -> list[str]:
    """Return the lines about changes that were not completed."""
    found = [shorten(line, _LONGEST_NOTE) for line in frame.attrs.get(ATTRS, {}).get("notes", ())]
    more = [f"and {len(found) - _SHOWN_NOTES} more"] if len(found) > _SHOWN_NOTES else []
    return [*found[:_SHOWN_NOTES], *more]


def table_text(frame: pd.DataFrame) -> str:
    """Return the table as text that fits the terminal: metrics with their intervals, digests shortened."""
    about: dict[str, Any] = frame.attrs.get(ATTRS, {})
    name = shorten(about.get("name", ""), _LONGEST_NAME)
    lines = [f"{name}: {headline(frame)}" if name else headline(frame)]
    if len(frame):
        is_history = about.get("kind") == "history"
        width = terminal_width()
        lines += _history_lines(frame, width) if is_history else table_lines(_text_columns(frame), width)
    return "\n".join([*lines, *(f"! {line}" for line in notes(frame))])


def _text_columns(frame: pd.DataFrame) -> list[TextColumn]:
    """Return the columns of versions as text, the most important first."""
    about: dict[str, Any] = frame.attrs.get(ATTRS, {})
    metrics = _metrics_by_rank(frame)
    known = {*about.get("metrics", ()), "run_id", "description", *_FIRST, *_THEN, *_LAST}
    others = [name for name in frame.columns if name not in known]
    own = () if about.get("name") else ("name",)
    order = [*own, *_FIRST[1:], *metrics[:1], *_THEN, *others, *metrics[1:], *_LAST]
    return [_text_column(frame, name, name in set(metrics)) for name in order if name in frame.columns]


def _text_column(frame: pd.DataFrame, name: str, is_metric: bool) -> TextColumn:  # private
    short: list[str] = []
    if is_metric:
        found = _metric_cells(frame, name)
        cells, short = [f"{one.text} {one.interval}".strip() for one in found], [one.text for one in found]
    elif name == "data":
        cells = [", ".join(f"{part} {digest}" for part, digest in _data(value)) for value in frame[name]]
    elif name == "registered":
        cells = [minute(value) for value in frame[name]]
    else:
        cells = [_plain(value) for value in frame[name]]
    return TextColumn(name, cells, is_number=is_metric or name == "version", short=short)


def _history_lines(frame: pd.DataFrame, width: int) -> list[str]:
    """Return the records, each with its gate and its reason in whole on lines of their own."""
    rows = [_event(row) for row in frame.to_dict("records")]
    names = ("when", "what", "alias", "version", "before", "by")
    cells = {name: [getattr(row[name], "text", row[name]) for row in rows] for name in names}
    columns = [TextColumn(name, cells[name], is_number=name in {"version", "before"}) for name in names]
    heading, *lines = table_lines(columns, width)
    found = [heading]
    for at, line in enumerate(lines):
        found.append(line)
        for name in ("gate", "reason") if at < len(rows) else ():
            if text := rows[at][name].text:
                found += textwrap.wrap(f"{name}: {text}", width, initial_indent="  ", subsequent_indent="    ")
    return found


def _version(
    row: Mapping[Hashable, Any], metrics: list[MetricCell], others: Sequence[str], urls: dict[str, str]
) -> dict[str, Any]:
    data = _data(row.get("data"))
    return {
        "model": cell(_plain(row.get("name")), _LONGEST_NAME),
        "version": shorten(_plain(row.get("version")), _LONGEST_VALUE),
        "aliases": [cell(alias, _LONGEST_NAME) for alias in _plain(row.get("aliases")).split(", ") if alias],
        "metrics": metrics,
        "run": cell(_plain(row.get("run")), _LONGEST_NAME),
        "run_id": clean(_plain(row.get("run_id"))),
        "url": web_address(urls.get(f"{_plain(row.get('name'))}/{_plain(row.get('version'))}")),
        "data": [(cell(name, _LONGEST_VALUE), clean(digest)) for name, digest in data[:_SHOWN_DATA]],
        "more_data": len(data) - _SHOWN_DATA,
        "split": cell(_plain(row.get("split")), _LONGEST_NAME),
        "others": [cell(_plain(row.get(name)), _LONGEST_VALUE) for name in others],
        "registered": minute(row.get("registered")),
        "by": cell(_plain(row.get("by")), _LONGEST_VALUE),
        "description": cell(_plain(row.get("description")), _LONGEST_REASON),
    }


def _event(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    what = _plain(row.get("what"))
    return {
        "when": minute(row.get("when")),
        "moment": shorten(_plain(row.get("when")), _LONGEST_VALUE),
        "what": cell(what, _LONGEST_VALUE),
        "kind": {"promoted": "finished", "refused": "failed", "rolled back": "killed"}.get(what, ""),
        "alias": cell(_plain(row.get("alias")), _LONGEST_NAME),
        "version": _number(row.get("version")),
        "before": _number(row.get("before")),
        "by": cell(_plain(row.get("by")), _LONGEST_VALUE),
        "gate": cell(_plain(row.get("gate")), _LONGEST_REASON),
        "reason": cell(_plain(row.get("reason")), _LONGEST_REASON),
    }


def _metric_cells(frame: pd.DataFrame, name: str) -> list[MetricCell]:
    values = [None if _is_missing(value) else as_number(value) for value in frame[name]]
    texts = iter(numbers([value for value in values if value is not None]))
    has_interval = {f"{name}{_LOW}", f"{name}{_HIGH}"} <= {*frame.columns}
    lows = list(frame[f"{name}{_LOW}"]) if has_interval else [None] * len(values)
    highs = list(frame[f"{name}{_HIGH}"]) if has_interval else [None] * len(values)
    cells = []
    for value, written, low, high in zip(values, frame[name], lows, highs, strict=True):
        if value is None:  # the user may have put a text in the place of a number
            cells.append(MetricCell(shorten(_plain(written), _LONGEST_VALUE)))
            continue
        text = next(texts)
        cells.append(MetricCell(text, repr(value), _interval(as_number(low), as_number(high), text)))
    return cells


def _interval(low: Any, high: Any, beside: str) -> str:
    """Return an interval in brackets, with as many decimals as the value *beside* it."""
    if _is_missing(low) or _is_missing(high):
        return ""
    decimals = len(beside.partition(".")[2])
    is_plain = beside.replace(".", "", 1).lstrip("-").isdigit() and decimals
    bounds = (f"{float(one):.{decimals}f}" if is_plain else number(float(one)) for one in (low, high))
    return f"[{', '.join(bounds)}]"


def _data(value: Any) -> list[tuple[str, str]]:
    """Return name and shortened digest of each dataset in the column of the frame."""
    return [(name, digest[:_DIGEST]) for name, digest in _DATASETS.findall(_plain(value))]


def _number(value: Any) -> str:
    number = None if _is_missing(value) else as_number(value)
    return _plain(value) if number is None else f"{number:.0f}"


def _plain(value: Any) -> str:
    return "" if _is_missing(value) else str(value)
