"""Which columns of a table of runs are shown: those that most of its rows have, and in which they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.store.query.frames import BASE_COLUMNS
from mlmagic.user_objects import guarded
from mlmagic.views.rendering import interval_ends
from mlmagic.views.tables.cells import is_missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

MOST_COLUMNS = 8
"""So many columns stand beside name, status, start and duration, unless the user asks for more."""
_FEWEST = 4
"""If fewer columns than this have a value in a quarter of the rows, emptier ones are shown too."""


@dataclass(frozen=True)
class ChosenColumns:
    """The *metrics* and *others* to show, the most important first; *left_out* are not shown.

    *same* are the values that all rows share, by column, and *ends* the columns with the interval of a metric.
    """

    metrics: list[str]
    others: list[str]
    left_out: list[str]
    same: dict[str, Any]
    ends: Mapping[str, tuple[str, str]]


def chosen_columns(rows: pd.DataFrame, about: Mapping[str, Any]) -> ChosenColumns:
    """Return the columns of *rows*, those that the table shows; *about* describes the frame."""
    metrics = [name for name in about.get("metrics", ()) if name in rows.columns]
    known = {*BASE_COLUMNS, *metrics, *about.get("steps", {}).values()}
    others = [name for name in rows.columns if name not in known]
    same = {name: rows[name].iloc[0] for name in others if _is_same(rows[name])} if len(rows) > 1 else {}
    ends = interval_ends(metrics)
    bounds = {end for pair in ends.values() for end in pair}
    metrics = _by_rank(rows, [name for name in metrics if name not in bounds], about.get("sort"))
    # How the data were split comes last.
    others = _by_rank(rows, [name for name in others if name not in same], about.get("sort"))
    others.sort(key=lambda name: str(name).startswith("split."))
    shown = _shown(rows, metrics, others, about)
    first, then = [name for name in metrics if name in shown], [name for name in others if name in shown]
    return ChosenColumns(first, then, [name for name in (*metrics, *others) if name not in shown], same, ends)


def _shown(rows: pd.DataFrame, metrics: list[str], others: list[str], about: Mapping[str, Any]) -> set[str]:
    """Return the columns that are shown; metrics and others, which come in order, have half of the places each."""
    if (most := about.get("columns")) is None:
        most = MOST_COLUMNS
        usual = [name for name in (*metrics, *others) if 4 * _count(rows[name]) >= len(rows)]
        least = 1 if len(usual) < _FEWEST else len(rows) / 4
        metrics, others = ([name for name in some if _count(rows[name]) >= least] for some in (metrics, others))
    of_metrics = max((most + 1) // 2, most - len(others))
    first = metrics[:of_metrics]
    # The user's own choice of order is there, however few rows have a value.
    ordered_by = [name for name in (*metrics, *others) if name == about.get("sort")]
    return {*first, *others[: most - len(first)], *ordered_by}


def _by_rank(rows: pd.DataFrame, names: list[str], sort: object) -> list[str]:
    """Return *names* in order: the column of the sort order, what most rows have, and what differs among them."""

    def rank(name: str) -> tuple[bool, int, bool]:
        values: pd.Series[Any] = rows[name]
        return (name != sort, -_count(values), not _do_differ(values))

    return sorted(names, key=rank)


def _count(values: pd.Series[Any]) -> int:
    return sum(not is_missing(value) for value in values)


def _do_differ(values: pd.Series[Any]) -> bool:
    given = [value for value in values if not is_missing(value)]
    return any(not _equal(value, given[0]) for value in given)


def _is_same(values: pd.Series[Any]) -> bool:
    """Return whether all rows have the same value."""
    return _count(values) == len(values) and not _do_differ(values)


@guarded(default=False)  # an array has no truth value
def _equal(a: Any, b: Any) -> bool:
    return bool(a == b)
