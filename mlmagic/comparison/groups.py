"""Groups of runs, with the mean and the standard error of a metric over the runs that did not fail."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.comparison.compared_runs import CONFIGURATION, ENDED_EARLY
from mlmagic.store.query.families import is_repetition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.comparison.columns import Column
    from mlmagic.comparison.compared_runs import Comparison

_STATUS = "run:status"
_MOST_PARAMS = 4
_LARGEST_SUMMED = 1e150


@dataclass(frozen=True)
class Group:
    """A group of runs: its name, which counts the failed and killed ones, and the rows of the others."""

    name: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Mean:
    """The mean of *count* values and its standard error, which is NaN for a single value."""

    mean: float
    error: float
    count: int


def groups_of(comparison: Comparison) -> list[Group]:
    """Return the groups of a grouped comparison, those with the best mean of the main metric first.

    Failed and killed runs are in their groups' names only, because they logged a part of their values; grouped by the
    status, they are averaged too.
    """
    members: dict[object, list[int]] = {}
    by = next((column for column in comparison.columns if column.id == comparison.group), None)
    for row in range(len(comparison.runs)):
        members.setdefault(_key(comparison, by, row), []).append(row)
    groups = [_group(comparison, by, rows) for rows in members.values()]
    main = comparison.main_metric
    if main is None:
        return groups
    sign = 1 if main.goal == "min" else -1
    means = [mean_of(main, group.rows) for group in groups]
    keys = [(one is None or math.isnan(one.mean), sign * one.mean if one else 0.0) for one in means]
    return [groups[at] for at in sorted(range(len(groups)), key=keys.__getitem__)]


def mean_of(column: Column, rows: Iterable[int]) -> Mean | None:
    """Return the mean of the finite values of these rows in a column of numbers, or None if there are none.

    The error is the sample's standard deviation divided by the square root of the count.
    """
    if column.numbers is None:
        return None
    values = [value for value in column.numbers[list(rows)].tolist() if math.isfinite(value)]
    if not values:
        return None
    largest = max(map(abs, values))
    scale = largest if largest > _LARGEST_SUMMED else 1.0  # sums of the largest floats would overflow
    scaled = [value / scale for value in values]
    error = statistics.stdev(scaled) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return Mean(statistics.fmean(scaled) * scale, error * scale, len(values))


def _group(comparison: Comparison, by: Column | None, rows: Sequence[int]) -> Group:
    name = _name(comparison, by, rows)
    statuses = {row: comparison.runs[row].info.status for row in rows}
    counts = {status: list(statuses.values()).count(status) for status in ENDED_EARLY}
    if comparison.group == _STATUS or not any(counts.values()):
        return Group(name, tuple(rows))
    told = ", ".join(f"{count} {status.lower()}" for status, count in counts.items() if count)
    return Group(f"{name} ({told})", tuple(row for row in rows if statuses[row] not in ENDED_EARLY))


def _key(comparison: Comparison, by: Column | None, row: int) -> object:
    if comparison.group == CONFIGURATION:
        configuration = comparison.configurations[row]
        return configuration if configuration >= 0 else f"run {row}"  # a run without params is a group by itself
    return by and _word(by, row)


def _name(comparison: Comparison, by: Column | None, rows: Sequence[int]) -> str:
    """Return the value that a group shares, or the params that distinguish a configuration from others."""
    if by is not None:
        word = _word(by, rows[0])
        return f"{by.label} = {'missing' if word is None else word if word.strip() else repr(word)}"
    told = [
        f"{column.label}={word}"
        for column in comparison.columns
        if column.kind == "param"
        and column.differs
        and not is_repetition(column.label)
        and (word := _word(column, rows[0]))
    ]
    return ", ".join(told[:_MOST_PARAMS]) or comparison.runs[rows[0]].info.run_name or "one configuration"


def _word(column: Column, row: int) -> str | None:
    if column.codes is not None:
        code = int(column.codes[row])
        return column.words[code] if code >= 0 else None
    if column.numbers is None or (column.missing is not None and column.missing[row]):
        return None
    return repr(float(column.numbers[row]))
