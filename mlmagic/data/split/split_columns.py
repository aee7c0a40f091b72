"""Find the key of a split from one or several column names, or from the values themselves."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.data.ids.columns import plain
from mlmagic.errors import UsageProblem
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlmagic.data.ids.plain_values import Values

_MOST_NAMED = 12


@dataclass(frozen=True)
class NamedColumn:
    """Values, one for each row, with their name: ``by=Named("user", users)``."""

    name: str
    values: Any


@dataclass(frozen=True)
class Key:
    """The key of a split: the names of its columns, their values in plain form, and their raw values."""

    names: tuple[str, ...]
    columns: tuple[Values, ...]
    raw: tuple[Any, ...]

    @property
    def label(self) -> str:
        """The names, joined for a message."""
        return " and ".join(self.names)

    @property
    def single(self) -> Values:
        """The only column of a single-column key."""
        return self.columns[0]

    def value(self, row: int) -> str:
        """Return the value of this row, as text for a message."""
        found = [str(column.iloc[row] if hasattr(column, "iloc") else column[row]) for column in self.raw]
        return found[0] if len(found) == 1 else f"({', '.join(found)})"


def find_key(option: str, wanted: Any, data: Sequence[Any], names: Sequence[str], rows: int) -> Key:
    """Return the key that *option*, such as ``by``, refers to.

    Parameters
    ----------
    wanted
        A column's name, the names of several, `NamedColumn` values, or the values themselves, one for each row.

    Raises
    ------
    UsageProblem
        There is no such column (the nearest one is named), there are two, values are missing, or there is not one
        for each row.
    """
    if isinstance(wanted, NamedColumn):
        found = [(wanted.name, wanted.values)]
    elif _is_name(wanted):
        found = [(str(wanted), _require_column(option, wanted, data, names))]
    elif (
        isinstance(wanted, list | tuple) and wanted and all(map(_is_name, wanted)) and _are_columns(wanted, data, rows)
    ):
        found = [(str(name), _require_column(option, name, data, names)) for name in wanted]
    elif hasattr(wanted, "columns") or hasattr(wanted, "column_names"):
        found = [(str(name), get()) for name, get in _columns(wanted)]
    else:
        same = next((name for item, name in zip(data, names, strict=True) if item is wanted), None)
        found = [(str(same or getattr(wanted, "name", None) or "the given values"), wanted)]
    for name, values in found:
        length = len(values) if hasattr(values, "__len__") else 0
        if length != rows:
            raise UsageProblem(f"{option}: {name} has {length:,} values, and {names[0]} has {rows:,} rows.")
    frame = (names[0] if names[0].isidentifier() else "df") if has_column(found[0][0], data) else ""
    columns = tuple(_require_values(option, name, values, frame) for name, values in found)
    return Key(tuple(name for name, _ in found), columns, tuple(values for _, values in found))


def _is_name(wanted: Any) -> bool:
    return isinstance(wanted, str | int)


def _are_columns(wanted: Sequence[Any], data: Sequence[Any], rows: int) -> bool:
    """Return whether a list names columns; one of numbers, or one as long as the data, may hold values."""
    may_hold_values = len(wanted) == rows or not any(isinstance(name, str) for name in wanted)
    return not may_hold_values or all(has_column(name, data) for name in wanted)


def _require_values(option: str, name: str, values: Any, frame: str) -> Values:
    """Return the values in plain form; *frame* is the name of the table that holds them, or empty."""
    try:
        found = plain(values)
    except UsageProblem as error:
        raise UsageProblem(f"{option}: {name!r} cannot divide rows: {error}") from error
    if found.nulls:
        drop = "drop these rows"
        if frame:
            is_polars = type(values).__module__.startswith("polars")
            drop += f" ({frame}.drop_nulls({name!r}))" if is_polars else f" ({frame}.dropna(subset=[{name!r}]))"
        way_out = _WAYS_OUT[option].format(drop)
        raise UsageProblem(f"{option}: {name!r} is missing in {found.nulls:,} of {found.length:,} rows. {way_out}")
    return found


_WAYS_OUT = {
    "by": "A row without an id has no side: {}, or give each an id.",
    "group": "A row without a group may belong to any: {}, or make each a group of its own.",
    "stratify": "A row without a class has no proportion to keep: {}, or make 'missing' a class.",
    "time": "A row without a time is neither before nor after: {}, or give it a time.",
}


def has_column(name: Any, data: Sequence[Any]) -> bool:
    """Return whether one of *data* has a column of this name."""
    return any(_same(name, there) for item in data for there, _ in _columns(item))


def _require_column(option: str, name: Any, data: Sequence[Any], names: Sequence[str]) -> Any:
    for item in data:
        found = [get for there, get in _columns(item) if _same(name, there)]
        if len(found) > 1:
            raise UsageProblem(f"{option}: {len(found)} columns are named {name!r}; rename them, so that one is meant.")
        if found:
            return found[0]()
    valid = [str(there) for item in data for there, _ in _columns(item)]
    of = " or ".join(names)
    if not valid:
        raise UsageProblem(f"{option}: {of} has no named columns, so there is no {name!r}; give the values themselves.")
    listed = ", ".join(valid[:_MOST_NAMED]) + (", …" if len(valid) > _MOST_NAMED else "")
    raise UsageProblem(f"{option}: {of} has no column {name!r}.{did_you_mean(str(name), valid)} It has {listed}.")


def _same(wanted: Any, name: Any) -> bool:
    """Return whether the names are equal; if only *wanted* is text, as on a magic's line, compare as text."""
    return bool(wanted == name or (isinstance(wanted, str) and not isinstance(name, str) and wanted == str(name)))


def _is_array(item: Any) -> bool:
    return "numpy" in sys.modules and isinstance(item, sys.modules["numpy"].ndarray)


def _columns(item: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the name of each column, and a function that returns its values; named index levels come last."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(item, pandas.DataFrame):
        for at, name in enumerate(item.columns):
            yield name, lambda at=at: item.iloc[:, at]
    if pandas is not None and isinstance(item, pandas.DataFrame | pandas.Series):
        if isinstance(item, pandas.Series) and item.name is not None:
            yield item.name, lambda: item
        for level, name in enumerate(item.index.names):
            if name is not None and name not in list(getattr(item, "columns", [])):
                yield name, lambda level=level: item.index.get_level_values(level)
    elif _is_array(item):
        if item.dtype.names:
            yield from ((name, lambda name=name: item[name]) for name in item.dtype.names)
        elif item.ndim == 2:  # noqa: PLR2004 - rows and columns
            yield from ((at, lambda at=at: item[:, at]) for at in range(item.shape[1]))
    elif hasattr(item, "column_names"):  # Arrow
        yield from ((name, lambda name=name: item.column(name)) for name in item.column_names)
    elif hasattr(item, "columns") and hasattr(item, "get_column"):  # polars
        yield from ((name, lambda name=name: item.get_column(name)) for name in item.columns)
    elif type(item).__module__.startswith("polars") and item.name:
        yield item.name, lambda: item
