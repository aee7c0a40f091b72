"""The drift of each column on each day as a table: the worst columns first, shaded by distance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.views.rendering import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.monitoring.report import Day

STEPS = (0.05, 0.1, 0.2, 0.4)
"""The distances from which on a cell has the next shade."""
_LONGEST = 40


@dataclass(frozen=True)
class Cell:
    """A column on one day; ``step`` is its shade from 0 to 4, and ``is_known`` whether it was compared."""

    title: str
    step: int = 0
    drifted: bool = False
    is_known: bool = True


def heat_rows(days: Sequence[Day], most: int) -> list[tuple[str, list[Cell]]]:
    """Return the *most* columns that drifted most, each with a cell for each day."""
    return [(shorten(name, _LONGEST), [_cell(day, name) for day in days]) for name in worst_first(days)[:most]]


def worst_first(days: Sequence[Day]) -> list[str]:
    """Return the columns, those first that drifted on most days and then the most distant ones.

    >>> from mlmagic.monitoring.report import Day
    >>> worst_first([Day("2026-05-01", 9, distances={"a": 0.1, "b": 0.3, "c": 0.2}, drifted=("c",))])
    ['c', 'b', 'a']
    """
    names = dict.fromkeys(name for day in days for name in (*day.distances, *day.drifted))
    known = {
        name: [day.distances[name] for day in days if math.isfinite(day.distances.get(name, math.nan))]
        for name in names
    }
    drifted = {name: sum(name in day.drifted for day in days) for name in names}
    return sorted(names, key=lambda name: (-drifted[name], -max(known[name], default=0.0), name))


def _cell(day: Day, name: str) -> Cell:
    distance = day.distances.get(name, math.nan)
    drifted = name in day.drifted
    mark = ", drifted" * drifted
    if not math.isfinite(distance):
        return Cell(
            f"{day.day}: {'distance not known' if day.rows else 'no predictions'}{mark}", 0, drifted, is_known=False
        )
    return Cell(f"{day.day}: distance {distance:.3f}{mark}", sum(distance >= least for least in STEPS), drifted)
