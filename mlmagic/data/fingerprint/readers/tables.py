"""A frame or series of pandas or polars, or a structured array, as named columns in canonical form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.data.columns.reader import read_column
from mlmagic.data.fingerprint.readers.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.data.fingerprint.readers.columns import DataColumn
    from mlmagic.data.fingerprint.readers.plan import ReadPlan

Family = Literal["table", "series", "array", "sparse"]


@dataclass(frozen=True)
class Table:
    """A dataset as columns; an array is one unnamed column, each row of which may hold many values.

    `form` is the shape of an array's rows, which the columns lack. Row hashes include the *index* only if
    `index_in_rows`; an unnamed integer index is not part of the rows.
    """

    family: Family
    shape: tuple[int, ...]
    columns: Sequence[tuple[Any, DataColumn]]
    index: Sequence[tuple[Any, DataColumn]] = ()
    index_in_rows: bool = False
    form: str = ""
    rows_too_wide: bool = False
    """A row takes megabytes: it is read in parts, and rows are not hashed."""
    read_rows: int | None = None
    """The number of rows that `Column.chunk` can read, if it is not ``shape[0]``."""
    row_bytes: int = 8

    @property
    def rows(self) -> int:
        """The number of rows to read."""
        return self.shape[0] if self.read_rows is None else self.read_rows


def of_pandas_frame(frame: Any, plan: ReadPlan) -> Table:
    """Return the columns of a DataFrame; names may be duplicated."""
    parts = [(name, _column(series, plan)) for name, series in frame.items()]
    index, in_rows = _index(frame.index, plan)
    return Table("table", frame.shape, parts, index, in_rows, row_bytes=8 * len(parts))


def of_pandas_series(series: Any, plan: ReadPlan) -> Table:
    """Return a Series as one column."""
    index, in_rows = _index(series.index, plan)
    return Table("series", series.shape, [(series.name, _column(series, plan))], index, in_rows)


def of_polars_frame(frame: Any, plan: ReadPlan) -> Table:
    """Return the columns of a polars frame."""
    parts = [(series.name, _column(series, plan)) for series in frame.get_columns()]
    return Table("table", frame.shape, parts, row_bytes=8 * len(parts))


def of_polars_series(series: Any, plan: ReadPlan) -> Table:
    """Return a polars Series as one column; an empty name becomes None."""
    return Table("series", series.shape, [(series.name or None, _column(series, plan))])


def _column(values: Any, plan: ReadPlan) -> DataColumn:
    return canonical(read_column(values), plan)


def _index(index: Any, plan: ReadPlan) -> tuple[list[tuple[Any, DataColumn]], bool]:
    """Return the columns of an index, none for a default one, and whether they are part of a row."""
    import numpy as np
    import pandas as pd

    names, length = list(index.names), len(index)
    if isinstance(index, pd.MultiIndex):
        return [(name, _column(index.get_level_values(level), plan)) for level, name in enumerate(names)], True
    unnamed = names == [None]
    if unnamed and (not length or isinstance(index, pd.RangeIndex)):
        if not length or (index.start, index.step) == (0, 1):
            return [], False
    elif unnamed and isinstance(index.dtype, np.dtype) and index.dtype.kind in "iu":
        ends = (index[0], index[-1])
        if ends == (0, length - 1) and np.array_equal(index.to_numpy(), np.arange(length)):
            return [], False
    whole = isinstance(index.dtype, np.dtype) and index.dtype.kind in "iu"
    return [(names[0], _column(index, plan))], not (unnamed and whole)
