"""Tables in memory, of pandas, polars, Arrow and NumPy: their names, and their columns one by one."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.monitoring.drift.sources.values import NotCompared, read_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlmagic.monitoring.drift.sources.values import Levels, Numbers, Values

_TABLE = 2
_MOST_NAMED = 8
TAKES = "drift compares tables of pandas, polars, Arrow or NumPy, and CSV or Parquet files"


@dataclass(frozen=True, eq=False)
class Table:
    """A table whose columns are read when they are asked for.

    ``frame`` returns what a model is given: a table of the columns of these names. A text file has no types of its own.
    ``named`` is false of arrays, and of a Series, which is one column whatever it is called.
    """

    name: str
    rows: int
    readers: Mapping[str, Callable[[], Any]]
    frame: Callable[[Iterable[str] | None], Any]
    notes: list[str] = field(default_factory=list)
    is_text_file: bool = False
    named: bool = True

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.readers)

    def read(self, column: str) -> Values:
        """Return the values of a column."""
        return read_values(self.readers[column](), of_text_file=self.is_text_file)


def table_in_memory(data: Any, name: str) -> Table:
    """Return *data* as a table.

    Raises
    ------
    UsageProblem
        If it is no table, or two columns have the same name.
    """
    kind = f"{type(data).__module__.partition('.')[0]}.{type(data).__name__}"
    if kind == "polars.LazyFrame":
        raise UsageProblem(f"{name} is a LazyFrame, which has no rows yet: {name}.collect()")
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        names = unique_names(data.columns, name)
        readers = {one: lambda at=at: data.iloc[:, at] for at, one in enumerate(names)}
        return Table(name, len(data), readers, lambda _: data)
    if pandas is not None and isinstance(data, pandas.Series):
        return _single(name, str(data.name) if data.name is not None else name, data, len(data))
    if kind == "polars.DataFrame":
        readers = {one: lambda one=one: data.get_column(one) for one in data.columns}
        return Table(name, data.height, readers, lambda _: data)
    if kind == "polars.Series":
        return _single(name, data.name or name, data, len(data))
    if kind.startswith("pyarrow.") and hasattr(data, "column_names"):
        index = index_columns(data.schema)
        names = unique_names(data.column_names, name)
        readers = {one: lambda at=at: data.column(at) for at, one in enumerate(names) if one not in index}
        return Table(name, data.num_rows, readers, lambda _: data.to_pandas())
    return _of_array(data, name)


def index_columns(schema: Any) -> set[str]:
    """Return the columns of an Arrow schema in which pandas has stored an index."""
    metadata = schema.pandas_metadata or {}
    return {one for one in metadata.get("index_columns", ()) if isinstance(one, str)}


def _single(name: str, column: str, values: Any, rows: int) -> Table:
    return Table(name, rows, {column: lambda: values}, lambda _: values, named=False)


def _of_array(data: Any, name: str) -> Table:
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(data, numpy.ndarray) or data.ndim not in {1, _TABLE}:
        shape = f" of {data.ndim} dimensions" if hasattr(data, "ndim") else ""
        what = f"{described(data)}{shape}"
        raise UsageProblem(f"{what} is no table: {TAKES}" if name == str(data) else f"{name} is {what}: {TAKES}")
    import pandas as pd

    if data.dtype.names:
        readers = {str(one): lambda one=one: pd.Series(data[one]) for one in data.dtype.names}
    elif data.ndim == 1:
        return _single(name, name, pd.Series(data), len(data))
    else:
        readers = {str(at): lambda at=at: pd.Series(data[:, at]) for at in range(data.shape[1])}
    return Table(name, len(data), readers, lambda _: data, named=bool(data.dtype.names))


def aligned(reference: Table, current: Table) -> tuple[Table, Table]:
    """Give the columns of a table without names those of the other table, by their position.

    Raises
    ------
    UsageProblem
        If one table only has names, and they have different numbers of columns.
    """
    if reference.named and current.named:
        return reference, current
    counts = len(reference.names), len(current.names)
    if counts[0] == counts[1]:
        if reference.named or counts[0] == 1:
            return reference, _renamed(current, reference)
        return (_renamed(reference, current) if current.named else reference), current
    if not reference.named and not current.named:
        return reference, current
    unnamed, named = (reference, current) if current.named else (current, reference)
    if set(unnamed.names) <= set(named.names):  # a Series of a name that the other table has
        return reference, current
    raise UsageProblem(
        f"{unnamed.name} has {_columns(unnamed)} without names, and {named.name} {_columns(named)} with names: give "
        f"both the same, as with pd.DataFrame({unnamed.name}, columns=[...])"
    )


def _columns(table: Table) -> str:
    count = len(table.names)
    return f"{count:,} column{'s' * (count != 1)}"


def _renamed(table: Table, like: Table) -> Table:
    if table.names == like.names:
        return table
    notes = list(table.notes)
    if len(table.names) == 1 and not like.named:
        notes.append(f"{table.names[0]} is compared with {like.names[0]}: each is the only column")
    else:
        notes.append(f"{table.name} has no names of columns: they are compared by position with those of {like.name}")
    return replace(table, readers=dict(zip(like.names, table.readers.values(), strict=True)), notes=notes)


def unique_names(names: Iterable[Any], table: str) -> list[str]:
    """Return the names of columns as text.

    Raises
    ------
    UsageProblem
        If two are the same.
    """
    texts = [str(one) for one in names]
    several = [one for one, count in Counter(texts).items() if count > 1]
    if several:
        shown = ", ".join(map(repr, several[:_MOST_NAMED]))
        raise UsageProblem(f"{table} has several columns named {shown}: rename them, so that each name is one column")
    return texts


def column_of(values: Any, name: str) -> Numbers | Levels:
    """Return values that stand beside a table, such as a target.

    Raises
    ------
    UsageProblem
        If they are no column of numbers, times or text.
    """
    import pandas as pd

    if isinstance(values, list | tuple | pd.Index | pd.api.extensions.ExtensionArray):
        values = pd.Series(values)
    table = table_in_memory(values, name)
    if len(table.names) != 1:
        raise UsageProblem(f"{name} has {len(table.names)} columns: give one column")
    found = table.read(table.names[0])
    if isinstance(found, NotCompared):
        raise UsageProblem(f"{name} cannot be compared: {found.reason}")
    return found
