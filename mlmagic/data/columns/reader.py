"""Read a column of pandas, polars or Arrow; fingerprints, ids and equal rows are computed from what is read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.data.columns.arrow import of_arrow
from mlmagic.data.columns.column import ArrayColumn, CodedColumn, ObjectColumn

if TYPE_CHECKING:
    from mlmagic.data.columns.column import Column


def read_column(values: Any) -> Column:
    """Return a Series or Index of pandas, a Series of polars or an Arrow array, chunked or not, as a column.

    >>> import pandas as pd
    >>> column = read_column(pd.Series([3, None], dtype="Int64"))
    >>> column.dtype, column.read(0, 2).tolist(), column.missing(0, 2).tolist()
    (dtype('int64'), [3, 0], [False, True])
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(values, pandas.Series | pandas.Index):
        return _of_pandas(values)
    if type(values).__module__.partition(".")[0] == "polars":
        return _of_polars(values)
    return of_arrow(values.to_arrow() if hasattr(values, "to_arrow") else values)


def _of_pandas(values: Any) -> Column:
    import numpy as np
    import pandas as pd

    dtype, length = values.dtype, len(values)
    if isinstance(dtype, np.dtype):
        array = values.to_numpy()
        return ArrayColumn(dtype, length, lambda start, stop: array[start:stop])
    held = values.array
    if isinstance(dtype, pd.CategoricalDtype):
        return CodedColumn(np.asarray(held.codes), _of_pandas(dtype.categories), bool(dtype.ordered))
    if isinstance(dtype, pd.DatetimeTZDtype):
        naive = held.tz_convert(None).to_numpy()
        return ArrayColumn(naive.dtype, length, lambda start, stop: naive[start:stop], zone=dtype.tz)
    if isinstance(dtype, pd.SparseDtype):
        return ArrayColumn(dtype.subtype, length, lambda start, stop: np.asarray(held[start:stop]))
    if hasattr(held, "__arrow_array__") and not isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype):
        import pyarrow as pa

        try:
            return of_arrow(pa.array(held, from_pandas=True))
        except (pa.ArrowException, UnicodeError):  # a lone surrogate
            pass
    return ObjectColumn(length, lambda start, stop: held[start:stop].astype(object).tolist())


def _of_polars(series: Any) -> Column:
    import polars as pl
    import pyarrow as pa

    try:
        array = series.to_arrow() if series.dtype != pl.Object else None
    except (pa.ArrowException, pl.exceptions.PolarsError, NotImplementedError):  # 128-bit types with an older pyarrow
        array = None
    if array is None:
        return ObjectColumn(len(series), lambda start, stop: series[start:stop].to_list())
    # Not every polars release exports an Enum as ordered.
    return of_arrow(array, ordered=isinstance(series.dtype, pl.Enum))
