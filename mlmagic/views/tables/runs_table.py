"""The table of ``%runs`` in a notebook: differing values as columns, and the values that all runs share below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.scalars import as_number
from mlmagic.store.query.frames import ATTRS, BASE_COLUMNS
from mlmagic.user_objects import guarded
from mlmagic.views.rendering import interval_ends, numbers, render, shorten, took, web_address
from mlmagic.views.run_summary import SummaryCell, cell
from mlmagic.views.tables.cells import is_missing as _is_missing
from mlmagic.views.tables.cells import minute
from mlmagic.views.tables.text_table import TextColumn, table_lines, terminal_width
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_MOST_ROWS = 200
_MOST_COLUMNS = 60
_FEWEST_PARAMS = 20
_SHOWN_SAME = 12
_LONGEST_NAME = 60
_LONGEST_VALUE = 40
_SHOWN_ODD = 5
_FIRST_METRICS = 3
"""So many stand beside the run, where a narrow page shows them; the others follow after the parameters."""
_SHOWN_ID = 8
_FIRST, _THEN = ("name", "status"), ("started", "run_id", "duration")
"""The columns of the text before the first metric, and after it."""
_LONGEST_ODD = 200


@dataclass(frozen=True)
class TableColumn:
    """A column to show: ``cells`` from top to bottom; ``best`` are the rows with the best value in the sort order.

    ``beside`` is what stands beside the values of a metric: their intervals in brackets, or their steps.
    """

    heading: SummaryCell
    cells: list[SummaryCell]
    is_number: bool
    beside: tuple[str, ...] = ()
    order: str = ""
    best: frozenset[int] = frozenset()


def table_html(frame: pd.DataFrame) -> str:
    """Return the escaped HTML of a frame of runs; columns that the user added are shown too."""
    about: dict[str, Any] = frame.attrs.get(ATTRS, {})
    total = len(frame)
    rows = frame.iloc[:_MOST_ROWS]
    metrics, shown, same = _divided(rows, about)
    ends = interval_ends(metrics)
    metrics = _without_ends(metrics, ends)
    first, rest = metrics[:_FIRST_METRICS], metrics[_FIRST_METRICS:]  # the sort column among them
    kept = shown[: max(_MOST_COLUMNS - len(metrics), _FEWEST_PARAMS)]
    columns = [_column(rows, name, about, ends.get(name)) for name in (*first, *kept, *rest)[:_MOST_COLUMNS]]
    return render(
        "runs_table.html",
        runs=_runs(rows, about),
        columns=columns,
        has={name for name in BASE_COLUMNS if name in rows.columns},
        same=[(cell(str(name), _LONGEST_NAME), _text(value)) for name, value in same.items()],
        shown_same=_SHOWN_SAME,
        headline=_headline(total, about),
        experiment=cell(str(about.get("experiment", "")), _LONGEST_NAME),
        filter=cell(str(about.get("filter", "")), 200),
        more=bool(about.get("more")),
        total=total,
        odd=odd_lines(frame),
        notes=_notes(frame),
        hidden_rows=total - len(rows),
        hidden_columns=len(shown) + len(metrics) - len(columns),
        order={name: _order(name, about) for name in BASE_COLUMNS},
    )


def table_text(frame: pd.DataFrame) -> str:
    """Return the table as text that fits the terminal: what differs in columns, what all runs share below."""
    about: dict[str, Any] = frame.attrs.get(ATTRS, {})
    metrics, shown, same = _divided(frame, about)
    lines = [_text_headline(len(frame), about)]
    if len(frame):
        ends = interval_ends(metrics)
        values = _without_ends(metrics, ends)
        first, rest = values[:1], values[1:]
        names = [*_FIRST, *first, *_THEN, *shown, *rest]
        columns = [_text_column(frame, name, about, ends.get(name)) for name in names if name in frame.columns]
        lines += table_lines(columns, terminal_width())
    if same:
        told = ", ".join(f"{shorten(name, _LONGEST_NAME)} = {_text(value).text}" for name, value in same.items())
        lines.append(shorten(f"the same for all: {told}", 2 * terminal_width()))
    return "\n".join([*lines, *_notes(frame), *(f"! {line}" for line in odd_lines(frame))])


def _text_headline(total: int, about: dict[str, Any]) -> str:
    headline = _headline(total, about)
    if not total:
        asked = about.get("filter")
        return (
            clean(f"{headline}: {asked}" if asked else headline)
            if asked or about.get("archived")
            else f"{headline}: put %%track on the first line of a cell"
        )
    return f"{headline} · more with -n {5 * total}" if about.get("more") else headline


def _divided(frame: pd.DataFrame, about: dict[str, Any]) -> tuple[list[str], list[str], dict[str, Any]]:
    """Return the metrics, that of the sort order first, the other columns that differ, and the values that do not."""
    metrics = [name for name in about.get("metrics", ()) if name in frame.columns]
    metrics.sort(key=lambda name: name != about.get("sort"))
    known = {*BASE_COLUMNS, *metrics, *about.get("steps", {}).values()}
    others = [name for name in frame.columns if name not in known]
    same = {name: frame[name].iloc[0] for name in others if _is_same(frame[name])} if len(frame) > 1 else {}
    shown = [name for name in others if name not in same]
    # What many runs have tells them apart; how the data were split comes last.
    shown.sort(key=lambda name: (str(name).startswith("split."), sum(map(_is_missing, frame[name]))))
    return metrics, shown, same


def _without_ends(metrics: list[str], ends: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return the metrics that are not the bounds of another one's interval."""
    bounds = {end for pair in ends.values() for end in pair}
    return [name for name in metrics if name not in bounds]


def _text_column(frame: pd.DataFrame, name: str, about: dict[str, Any], ends: tuple[str, str] | None) -> TextColumn:
    column = _column(frame, name, about, ends)
    cells, short = [one.text for one in column.cells], list[str]()
    if name == "name" and "run_id" in frame.columns:
        below = about.get("below", {})
        counts = [below_text(below.get(run_id, 0)) if isinstance(run_id, str) else "" for run_id in frame["run_id"]]
        cells = [f"{text} {count}".rstrip() for text, count in zip(cells, counts, strict=True)]
    elif name == "run_id":
        cells = [text[:_SHOWN_ID] for text in cells]
    elif name == "status":
        cells = [text.lower() for text in cells]
    elif name == "started":
        cells = [minute(value) for value in frame[name]]
    elif name == "duration":
        spans = about.get("spans", {})
        ids = frame["run_id"] if "run_id" in frame.columns else [""] * len(frame)
        cells = [
            _took(value, spans.get(run_id) if isinstance(run_id, str) else None)
            for value, run_id in zip(frame[name], ids, strict=True)
        ]
    elif column.beside:
        short = cells
        cells = [f"{text} {beside}".rstrip() for text, beside in zip(cells, column.beside, strict=True)]
    return TextColumn(name, cells, is_number=column.is_number or name == "duration", short=short)


def below_text(count: int) -> str:
    """Return how many runs below a run are not listed.

    >>> below_text(24), below_text(1), below_text(0)
    ('+ 24 runs', '+ 1 run', '')
    """
    return f"+ {count} run{'s' * (count != 1)}" if count else ""


def _notes(frame: pd.DataFrame) -> list[str]:
    """Return a line for what could not be done, and one for the runs below others that are not listed."""
    about = frame.attrs.get(ATTRS, {})
    below = sum(about.get("below", {}).get(run_id, 0) for run_id in frame.get("run_id", ()) if isinstance(run_id, str))
    lines = [about["note"]] if about.get("note") else []
    told = f"{below} run{'s are' if below > 1 else ' is'} below these"
    return [*lines, ": ".join(filter(None, [told, about.get("unfold")]))] if below else lines


def odd_lines(frame: pd.DataFrame) -> list[str]:
    """Return one line for each run with an invalid value, such as a start time that is not a date."""
    odd = frame.attrs.get(ATTRS, {}).get("odd", ())
    more = [f"and {len(odd) - _SHOWN_ODD} more runs"] if len(odd) > _SHOWN_ODD else []
    return [shorten(line, _LONGEST_ODD) for line in odd[:_SHOWN_ODD]] + more


def _headline(total: int, about: dict[str, Any]) -> str:
    if told := about.get("headline"):
        return str(told)
    if left_out := about.get("archived"):
        archived = f"{left_out} archived run{'s' * (left_out != 1)} hidden: %runs --archived"
        return f"{_counted(total, about)} · {archived}"
    return _counted(total, about)


def _counted(total: int, about: dict[str, Any]) -> str:
    if not total:
        return "No run matches" if about.get("filter") or about.get("archived") else "No runs yet"
    count = "1 run" if total == 1 else f"{'The first ' if about.get('more') else ''}{total} runs"
    sort = about.get("sort")
    if sort is None:
        return f"{count}, newest first" if total > 1 else count
    direction = "lowest" if about.get("ascending") else "highest"
    return f"{count}, {direction} {shorten(sort, _LONGEST_NAME)} first"


def _runs(rows: pd.DataFrame, about: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the basic facts of each run; a fact whose column the user has removed is empty."""
    urls, spans, below = (about.get(key, {}) for key in ("urls", "spans", "below"))
    held = rows.reindex(columns=list(BASE_COLUMNS))
    return [
        {
            "name": cell(_plain(name), _LONGEST_NAME),
            "url": web_address(urls.get(_plain(run_id))),
            "run_id": clean(_plain(run_id)),
            "below": below_text(below.get(_plain(run_id), 0)),
            "status": clean(_plain(status)).lower(),
            "started": minute(started),
            "moment": shorten(_plain(started), _LONGEST_VALUE),
            "duration": _took(seconds, spans.get(_plain(run_id))),
        }
        for run_id, name, status, started, seconds in held.itertuples(index=False, name=None)
    ]


def _column(rows: pd.DataFrame, name: str, about: dict[str, Any], ends: tuple[str, str] | None = None) -> TableColumn:
    import pandas as pd

    values = list(rows[name])
    is_number = pd.api.types.is_numeric_dtype(rows[name]) and not pd.api.types.is_bool_dtype(rows[name])
    is_metric = is_number and name in about.get("metrics", ())
    order = _order(name, about)
    given = [float(value) for value in values if not _is_missing(value)] if is_metric else []
    best = frozenset[int]()
    if order and len(given) > 1:
        first = min(given) if about.get("ascending") else max(given)
        best = frozenset(at for at, value in enumerate(values) if not _is_missing(value) and value == first)
    return TableColumn(
        cell(str(name), _LONGEST_NAME),
        _measured(values, given) if is_metric else [_text(value) for value in values],
        is_number=is_number,
        beside=_intervals(rows, ends, about) or _steps(rows, name, about),
        order=order,
        best=best,
    )


def _intervals(rows: pd.DataFrame, ends: tuple[str, str] | None, about: dict[str, Any]) -> tuple[str, ...]:
    if ends is None:
        return ()
    lows, highs = ([one.text for one in _column(rows, end, about).cells] for end in ends)
    return tuple(f"[{low}, {high}]" if low and high else "" for low, high in zip(lows, highs, strict=True))


def _steps(rows: pd.DataFrame, name: str, about: dict[str, Any]) -> tuple[str, ...]:
    """Return at which step each of the values was logged."""
    column = about.get("steps", {}).get(name)
    if column not in rows.columns:
        return ()
    return tuple("" if _is_missing(step) else f"@ {step}" for step in rows[column])


def _measured(values: list[Any], given: list[float]) -> list[SummaryCell]:
    """Return the cells of a metric, with aligned decimals and the exact value as the title."""
    texts = iter(numbers(given))
    return [SummaryCell("") if _is_missing(value) else SummaryCell(next(texts), repr(float(value))) for value in values]


def _order(name: str, about: dict[str, Any]) -> str:
    """Return the value of ``aria-sort`` for a column."""
    if name != (about.get("sort") or "started"):
        return ""
    return "ascending" if about.get("ascending") else "descending"


def _is_same(values: pd.Series[Any]) -> bool:
    """Return whether all runs have the same value."""
    first = values.iloc[0]
    return not _is_missing(first) and all(not _is_missing(value) and _equal(value, first) for value in values)


@guarded(default=False)  # an array has no truth value
def _equal(a: Any, b: Any) -> bool:
    return bool(a == b)


def _text(value: object) -> SummaryCell:
    if _is_missing(value):
        return SummaryCell("")
    if isinstance(value, float) and len(f"{value:.7g}") < len(str(value)) and not value.is_integer():
        return SummaryCell(f"{value:.7g}", repr(float(value)))
    return cell(str(value), _LONGEST_VALUE)


def _plain(value: object) -> str:
    return "" if _is_missing(value) else str(value)


def _took(seconds: object, span: float | None) -> str:
    """Return a duration, or what the user has put in its place."""
    if _is_missing(seconds):
        return ""
    number = as_number(seconds)
    return _text(seconds).text if number is None else took(number, span)
