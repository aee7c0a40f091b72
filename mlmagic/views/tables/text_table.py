"""A table as text that fits the terminal: the most important columns, and the names of those that do not fit."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.views.rendering import columns, pad, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 2
_LONGEST_CELL, _SHORTEST = 60, 12
_LONGEST_NAME = 40
_MOST_LINES = 4
_USUAL_WIDTH = 80
_MOST_ROWS = 60


@dataclass(frozen=True)
class TextColumn:
    """A column: its heading and its cells from top to bottom; numbers stand at the right.

    ``short`` are the cells where those do not fit: a metric without its interval.
    """

    heading: str
    cells: Sequence[str]
    is_number: bool = False
    short: Sequence[str] = ()


def terminal_width() -> int:
    """Return the number of columns of the terminal, or what pandas' ``display.width`` is set to."""
    import pandas as pd

    asked = pd.get_option("display.width")
    if isinstance(asked, int) and asked > 0 and asked != _USUAL_WIDTH:
        return asked
    return shutil.get_terminal_size((_USUAL_WIDTH, 24)).columns


def table_lines(table: Sequence[TextColumn], width: int, *, left_out: Sequence[str] = ()) -> list[str]:
    r"""Return the lines of a table that is at most *width* wide, and below it the columns that were left out.

    *left_out* are others that are not in the table. Empty columns are left out in silence.

    >>> accuracy = TextColumn("accuracy", ["0.96 [0.9, 1]"], is_number=True, short=["0.96"])
    >>> print("\n".join(table_lines([TextColumn("name", ["forest"]), accuracy, TextColumn("seed", ["1"])], 17)))
    name    accuracy
    forest      0.96
    not shown, but in
      the DataFrame:
      seed
    """
    rows = max((len(one.cells) for one in table), default=0)
    chosen: list[list[str]] = []
    missing: list[str] = []
    used = 0
    for one in table:
        if not any(one.cells):
            continue
        cells = _fitting(one, max(width // 3, _SHORTEST), width - used - _GAP if chosen else width)
        if cells is None:
            missing.append(shorten(one.heading, _LONGEST_NAME))
            continue
        used += columns(cells[0]) + (_GAP if chosen else 0)
        chosen.append(cells)
    lines = [(" " * _GAP).join(row).rstrip() for row in zip(*chosen, strict=True)]
    if rows > _MOST_ROWS:
        lines.append(f"… and {rows - _MOST_ROWS:,} more rows, in the DataFrame")
    return [*lines, *_named([*missing, *(shorten(name, _LONGEST_NAME) for name in left_out)], width)]


def _fitting(column: TextColumn, usual: int, left: int) -> list[str] | None:
    """Return the heading and the first cells, all of one width, in the width that is *left*; None if they do not fit.

    Texts are cut: to the *usual* width if that is there, and not below the shortest.
    """
    if column.is_number:
        both = (_aligned(column, cells, _LONGEST_CELL) for cells in (column.cells, column.short) if cells)
        return next((cells for cells in both if columns(cells[0]) <= left), None)
    cells = _aligned(column, column.cells, min(usual, _LONGEST_CELL))
    if columns(cells[0]) > left >= max(_SHORTEST, columns(column.heading)):
        cells = _aligned(column, column.cells, left)
    return cells if columns(cells[0]) <= left else None


def _aligned(column: TextColumn, cells: Sequence[str], longest: int) -> list[str]:
    texts = [shorten(text, longest) for text in (column.heading, *cells[:_MOST_ROWS])]
    wide = max(map(columns, texts))
    return [" " * (wide - columns(text)) + text if column.is_number else pad(text, wide) for text in texts]


def _named(names: Sequence[str], width: int) -> list[str]:
    """Return the lines that name the columns that do not fit."""
    if not names:
        return []
    told = f"not shown, but in the DataFrame: {', '.join(names)}"
    lines = textwrap.wrap(told, width, subsequent_indent="  ", break_on_hyphens=False)
    if len(lines) <= _MOST_LINES:
        return lines
    shown = [name for name in names if any(name in line for line in lines[: _MOST_LINES - 1])]
    return [*lines[: _MOST_LINES - 1], f"  and {len(names) - len(shown)} more"]
