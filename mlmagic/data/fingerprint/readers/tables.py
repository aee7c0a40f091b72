"""A frame or series of pandas or polars, or a structured array, as named columns in canonical form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.data.fingerprint.readers.arrow_columns import of_arrow
from mlmagic.data.fingerprint.readers.columns import of_codes
from mlmagic.data.fingerprint.readers.instants import zone_name
from mlmagic.data.fingerprint.readers.numpy_columns import of_array
from mlmagic.data.fingerprint.readers.python_columns import of_values

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
    parts = [(name, _of_pandas(series, plan)) for name, series in frame.items()]
    index, in_rows = _index(frame.index, plan)
    return Table("table", frame.shape, parts, index, in_rows, row_bytes=8 * len(parts))


def of_pandas_series(series: Any, plan: ReadPlan) -> Table:
    """Return a Series as one column."""
    index, in_rows = _index(series.index, plan)
    return Table("series", series.shape, [(series.name, _of_pandas(series, plan))], index, in_rows)


def of_polars_frame(frame: Any, plan: ReadPlan) -> Table:
    """Return the columns of a polars frame."""
    parts = [(series.name, _of_polars(series, plan)) for series in frame.get_columns()]
    return Table("table", frame.shape, parts, row_bytes=8 * len(parts))


def of_polars_series(series: Any, plan: ReadPlan) -> Table:
    """Return a polars Series as one column; an empty name becomes None."""
    return Table("series", series.shape, [(series.name or None, _of_polars(series, plan))])


def _of_pandas(values: Any, plan: ReadPlan) -> DataColumn:
    """Return the column of a pandas Series or Index."""
    import numpy as np
    import pandas as pd

    plan.check()
    dtype, length = values.dtype, len(values)
    held = values.array
    if isinstance(dtype, np.dtype):
        array = values.to_numpy()
        return of_array(dtype, lambda start, stop: array[start:stop], length, plan)
    if isinstance(dtype, pd.CategoricalDtype):
        categories = _of_pandas(dtype.categories, plan)
        codes = np.asarray(held.codes)
        return of_codes(codes, categories, len(dtype.categories), plan, ordered=bool(dtype.ordered))
    if isinstance(dtype, pd.DatetimeTZDtype):
        naive = held.tz_convert(None).to_numpy()
        column = of_array(naive.dtype, lambda start, stop: naive[start:stop], length, plan)
        return replace(column, logical=f"datetime<{zone_name(dtype.tz)}>")
    if isinstance(dtype, pd.SparseDtype):
        return of_array(dtype.subtype, lambda start, stop: np.asarray(held[start:stop]), length, plan)
    if hasattr(held, "__arrow_array__") and not isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype):
        import pyarrow as pa

        try:
            return of_arrow(pa.array(held, from_pandas=True), plan)
        except (pa.ArrowException, UnicodeError):  # a lone surrogate
            pass
    return of_values(lambda start, stop: held[start:stop].astype(object).tolist(), length, plan)


def _of_polars(series: Any, plan: ReadPlan) -> DataColumn:
    import polars as pl
    import pyarrow as pa

    try:
        array = series.to_arrow() if series.dtype != pl.Object else None
    except (pa.ArrowException, pl.exceptions.PolarsError, NotImplementedError):  # 128-bit types with an older pyarrow
        array = None
    if array is None:
        return of_values(lambda start, stop: series[start:stop].to_list(), len(series), plan)
    # Not every polars release exports an Enum as ordered.
    return of_arrow(array, plan, ordered=isinstance(series.dtype, pl.Enum))


def _index(index: Any, plan: ReadPlan) -> tuple[list[tuple[Any, DataColumn]], bool]:
    """Return the columns of an index, none for a default one, and whether they are part of a row."""
    import numpy as np
    import pandas as pd

    names, length = list(index.names), len(index)
    if isinstance(index, pd.MultiIndex):
        return [(name, _of_pandas(index.get_level_values(level), plan)) for level, name in enumerate(names)], True
    unnamed = names == [None]
    if unnamed and (not length or isinstance(index, pd.RangeIndex)):
        if not length or (index.start, index.step) == (0, 1):
            return [], False
    elif unnamed and isinstance(index.dtype, np.dtype) and index.dtype.kind in "iu":
        ends = (index[0], index[-1])
        if ends == (0, length - 1) and np.array_equal(index.to_numpy(), np.arange(length)):
            return [], False
    whole = isinstance(index.dtype, np.dtype) and index.dtype.kind in "iu"
    return [(names[0], _of_pandas(index, plan))], not (unnamed and whole)
