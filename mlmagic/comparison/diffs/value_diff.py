"""Compares named values of several runs: parameters, metrics, tags, and facts about the environment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from mlmagic.store.query.direction import Direction, direction_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LAST = "system/"
"""System metrics come after the model's metrics."""


@dataclass(frozen=True)
class ValueRow:
    """A name and its value in each run, or None if a run has none."""

    name: str
    values: tuple[str | None, ...]
    differs: bool


@dataclass(frozen=True)
class MetricRow:
    """A metric's last value in each run, and its difference to the base, the first run.

    *changes* and *relative* (the change divided by the base's absolute value) are None if a number is missing or not
    finite. *goal* is the direction in which the metric is better, *best* the positions of the runs with the best value.
    """

    name: str
    values: tuple[float | None, ...]
    differs: bool
    goal: Direction | None
    best: tuple[int, ...]
    changes: tuple[float | None, ...]
    relative: tuple[float | None, ...]


def value_rows(runs: Sequence[Mapping[str, str | None] | None]) -> tuple[ValueRow, ...]:
    """Return a row for each name in any of the runs, in the order of the base.

    None stands for a run without a record, which has no values and does not count as different.

    >>> for row in value_rows([{"lr": "0.1"}, {"lr": "0.1", "depth": "3"}, None]):
    ...     print(row.name, row.values, row.differs)
    lr ('0.1', '0.1', None) False
    depth (None, '3', None) True
    """
    rows = []
    for name in dict.fromkeys(name for run in runs for name in run or ()):
        given = {run.get(name) for run in runs if run is not None}
        values = tuple(run.get(name) if run is not None else None for run in runs)
        rows.append(ValueRow(name, values, differs=len(given) > 1))
    return tuple(rows)


def metric_rows(runs: Sequence[Mapping[str, float]]) -> tuple[MetricRow, ...]:
    """Return a row for each metric, system metrics last.

    >>> [row] = metric_rows([{"loss": 0.3}, {"loss": 0.1}])
    >>> row.goal, row.best, row.changes, row.relative[1]
    ('min', (1,), (None, -0.2), -0.6666666666666667)
    """
    names = dict.fromkeys(name for run in runs for name in run)
    return tuple(_metric_row(name, runs) for name in sorted(names, key=lambda name: name.startswith(_LAST)))


def _metric_row(name: str, runs: Sequence[Mapping[str, float]]) -> MetricRow:
    values = tuple(run.get(name) for run in runs)
    changes = (None, *(_change(values[0], value) for value in values[1:]))
    # repr, for which NaN is equal to itself
    differs = len({None if value is None else repr(value) for value in values}) > 1
    goal = direction_of(name)
    return MetricRow(
        name=name,
        values=values,
        differs=differs,
        goal=goal,
        best=_best(values, goal) if differs else (),
        changes=changes,
        relative=tuple(_relative(change, values[0]) for change in changes),
    )


def _best(values: Sequence[float | None], goal: Direction | None) -> tuple[int, ...]:
    given = {at: value for at, value in enumerate(values) if value is not None and not math.isnan(value)}
    if goal is None or len(given) <= 1:
        return ()
    best = min(given.values()) if goal == "min" else max(given.values())
    return tuple(at for at, value in given.items() if value == best)


def _change(base: float | None, value: float | None) -> float | None:
    """Subtract in decimal: 0.3 - 0.1 is 0.2, not 0.19999999999999998."""
    if base is None or value is None or not (math.isfinite(base) and math.isfinite(value)):
        return None
    change = float(Decimal(repr(float(value))) - Decimal(repr(float(base))))
    return change if math.isfinite(change) else None


def _relative(change: float | None, base: float | None) -> float | None:
    if change is None or not base:
        return None
    part = change / abs(base)
    return part if math.isfinite(part) else None
