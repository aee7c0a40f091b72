"""Convert a column of any library to a plain form, in which equal values have equal representations."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.data.columns.arrow import joined
from mlmagic.data.columns.column import ArrayColumn, CodedColumn, TextColumn
from mlmagic.data.columns.reader import read_column
from mlmagic.data.ids.object_ids import of_mixed
from mlmagic.data.ids.plain_values import UnhashableError, Values, coded, of_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlmagic.data.columns.column import Column


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

    if isinstance(column, np.ndarray):
        return _of_numpy(column)
    if hasattr(column, "detach"):
        return _of_numpy(column.detach().cpu().numpy())
    pandas = sys.modules.get("pandas")
    is_pandas = pandas is not None and isinstance(column, pandas.Series | pandas.Index)
    if is_pandas or hasattr(column, "to_arrow") or type(column).__module__.partition(".")[0] == "pyarrow":
        return _of_column(read_column(column))
    return _of_objects(list(column))


def _of_column(column: Column) -> Values:
    if isinstance(column, ArrayColumn):
        if column.meaning == "time":
            raise UnhashableError("times of a day cannot be ids of rows.")
        missing = None if column.missing is None else column.missing(0, column.length)
        return _of_numpy(column.read(0, column.length), missing)
    if isinstance(column, TextColumn):
        array = column.read(0, column.length)
        null = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
        return Values("text", array, column.length, null)
    if isinstance(column, CodedColumn):
        return coded(column.codes, _of_column(column.categories))
    if column.array is not None:
        return _of_arrow_objects(joined(column.array))
    return _of_objects(column.read(0, column.length))


def _of_numpy(array: NDArray[Any], missing: NDArray[Any] | None = None) -> Values:
    if array.dtype.kind == "O" and array.ndim == 1:
        return _of_objects(array.tolist())
    return of_numbers(array, missing)


def _of_objects(objects: Sequence[Any]) -> Values:
    """Return Python objects in the plain form of their common type, or grouped by kind (`of_mixed`)."""
    import pyarrow as pa

    try:
        array = pa.array(objects, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeError, OverflowError, TypeError):
        return of_mixed(objects)
    if pa.types.is_temporal(array.type):  # Arrow truncates nanoseconds, and the time of a datetime after a date
        return of_mixed(objects)
    return _of_column(read_column(array))


def _of_arrow_objects(array: Any) -> Values:
    """Return an Arrow array of decimals, UUIDs or values of an extension type in its plain form."""
    import pyarrow as pa

    if isinstance(array, pa.ExtensionArray):
        is_uuid = getattr(array.type, "extension_name", "") == "arrow.uuid"
        return of_mixed(array.to_pylist()) if is_uuid else _of_column(read_column(array.storage))
    if not pa.types.is_decimal(array.type):
        raise UnhashableError(f"values of type {array.type} cannot be ids of rows.")
    try:
        array = array.cast(pa.int64())
    except pa.ArrowInvalid:
        array = array.cast(pa.float64())
    return _of_column(read_column(array))
