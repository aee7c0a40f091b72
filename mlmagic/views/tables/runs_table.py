"""The table of ``%runs`` in a notebook: differing values as columns, and the values that all runs share below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.scalars import as_number
from mlmagic.store.query.families import below_text
from mlmagic.store.query.frames import ATTRS, BASE_COLUMNS
from mlmagic.views.rendering import numbers, render, shorten, took, web_address
from mlmagic.views.run_summary import SummaryCell, cell
from mlmagic.views.tables.cells import is_missing as _is_missing
from mlmagic.views.tables.cells import minute
from mlmagic.views.tables.chosen_columns import chosen_columns
from mlmagic.views.tables.runs_headline import headline, hint
from mlmagic.views.tables.text_table import TextColumn, table_lines, terminal_width
from mlmagic.visible import clean

if TYPE_CHECKING:
    import pandas as pd

_MOST_ROWS, _MOST_TEXT_ROWS = 200, 60
_MOST_COLUMNS = 60
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
    rows = frame.iloc[: about.get("rows", _MOST_ROWS)][:_MOST_ROWS]
    chosen = chosen_columns(rows, about)
    first, rest = chosen.metrics[:_FIRST_METRICS], chosen.metrics[_FIRST_METRICS:]
    names = (*first, *chosen.others, *rest)
    columns = [_column(rows, name, about, chosen.ends.get(name)) for name in names[:_MOST_COLUMNS]]
    left_out = [*names[_MOST_COLUMNS:], *chosen.left_out]
    return render(
        "runs_table.html",
        runs=_runs(rows, about),
        columns=columns,
        has={name for name in BASE_COLUMNS if name in rows.columns},
        same=[(cell(str(name), _LONGEST_NAME), _text(value)) for name, value in chosen.same.items()],
        shown_same=_SHOWN_SAME,
        headline=headline(len(rows), total, about),
        hint=hint(len(rows), total, about),
        experiment=cell(str(about.get("experiment", "")), _LONGEST_NAME),
        filter=cell(str(about.get("filter", "")), 200),
        odd=odd_lines(frame),
        notes=_notes(frame),
        is_part=len(rows) < total,
        left_out=[cell(str(name), _LONGEST_NAME) for name in left_out],
        order={name: _order(name, about) for name in BASE_COLUMNS},
    )


def table_text(frame: pd.DataFrame) -> str:
    """Return the table as text that fits the terminal: what differs in columns, what all runs share below."""
    about: dict[str, Any] = frame.attrs.get(ATTRS, {})
    rows = frame.iloc[: about.get("rows", _MOST_TEXT_ROWS)][:_MOST_TEXT_ROWS]
    chosen = chosen_columns(rows, about)
    lines = [_text_headline(len(rows), len(frame), about)]
    if len(frame):
        first, rest = chosen.metrics[:1], chosen.metrics[1:]
        names = [*_FIRST, *first, *_THEN, *chosen.others, *rest]
        columns = [_text_column(rows, name, about, chosen.ends.get(name)) for name in names if name in frame.columns]
        lines += table_lines(columns, terminal_width(), left_out=[str(name) for name in chosen.left_out])
    if chosen.same:
        told = ", ".join(f"{shorten(name, _LONGEST_NAME)} = {_text(value).text}" for name, value in chosen.same.items())
        same = "the same for all shown" if len(rows) < len(frame) else "the same for all"
        lines.append(shorten(f"{same}: {told}", 2 * terminal_width()))
    return "\n".join([*lines, *_notes(frame), *(f"! {line}" for line in odd_lines(frame))])


def _text_headline(shown: int, total: int, about: dict[str, Any]) -> str:
    told = headline(shown, total, about)
    if not total:
        asked = about.get("filter")
        return (
            clean(f"{told}: {asked}" if asked else told)
            if asked or about.get("archived")
            else f"{told}: put %%track on the first line of a cell"
        )
    return " · ".join(filter(None, [told, hint(shown, total, about)]))


def _text_column(frame: pd.DataFrame, name: str, about: dict[str, Any], ends: tuple[str, str] | None) -> TextColumn:
    column = _column(frame, name, about, ends)
    cells, short = [one.text for one in column.cells], list[str]()
    if name == "name" and "run_id" in frame.columns:
        below = about.get("below", {})
        counts = [below_text(below.get(run_id, 0)) if isinstance(run_id, str) else "" for run_id in frame["run_id"]]
        marks = [_marks(run_id, about) for run_id in frame["run_id"]]
        cells = [
            " ".join(filter(None, [text, *marked, count]))
            for text, marked, count in zip(cells, marks, counts, strict=True)
        ]
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


def _marks(run_id: object, about: dict[str, Any]) -> list[str]:
    """Return the star of a run, and the aliases of registered models that name it."""
    star = ["\N{BLACK STAR}"] if run_id in about.get("stars", ()) else []
    return [*star, *about.get("aliases", {}).get(run_id, ())] if isinstance(run_id, str) else []


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
            "marks": [cell(mark, _LONGEST_NAME) for mark in _marks(run_id, about)],
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
