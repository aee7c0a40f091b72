"""Convert a column of any library to a plain form, in which equal values have equal representations."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.data.ids.arrow_ids import of_arrow, of_objects
from mlmagic.data.ids.plain_values import Values, coded, of_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray


def plain(column: Any) -> Values:
    """Return *column*, a pandas or polars Series, a NumPy or Arrow array, a tensor or a list, in its plain form.

    Raises
    ------
    UnhashableError
        It holds lists, dicts, time spans or other values that are no ids.

    Examples
    --------
    >>> plain([3, None, 5]).form, plain([3, None, 5]).nulls
    ('whole', 1)
    >>> plain(["a", 7]).form
    'mixed'
    """
    import numpy as np

    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(column, pandas.Series | pandas.Index):
        return _of_pandas(column)
    if isinstance(column, np.ndarray):
        return of_numpy(column)
    if type(column).__module__.partition(".")[0] == "pyarrow":
        return of_arrow(column)
    if hasattr(column, "to_arrow"):
        return of_arrow(column.to_arrow())
    if hasattr(column, "detach"):
        return of_numpy(column.detach().cpu().numpy())
    return of_objects(list(column))


def _of_pandas(column: Any) -> Values:
    import numpy as np
    import pandas as pd

    kind = column.dtype
    if isinstance(kind, np.dtype | pd.SparseDtype):
        return of_numpy(np.asarray(column))
    if isinstance(kind, pd.CategoricalDtype):
        codes = np.asarray(column.cat.codes if isinstance(column, pd.Series) else column.codes)
        return coded(codes, _of_pandas(kind.categories))
    if isinstance(kind, pd.DatetimeTZDtype):
        values = column.dt if isinstance(column, pd.Series) else column
        return of_numpy(values.tz_convert(None).to_numpy())
    if isinstance(kind, pd.IntervalDtype | pd.PeriodDtype):
        return of_objects([None if missing else str(one) for one, missing in zip(column, column.isna(), strict=True)])
    import pyarrow as pa

    try:
        return of_arrow(pa.array(column.array, from_pandas=True))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return of_objects(column.tolist())


def of_numpy(column: NDArray[Any]) -> Values:
    """Return a one-dimensional NumPy array in its plain form."""
    if column.dtype.kind == "O" and column.ndim == 1:
        return of_objects(column.tolist())
    return of_numbers(column)
