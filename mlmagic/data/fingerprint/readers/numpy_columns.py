"""Columns of NumPy arrays of any dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.readers import chunks
from mlmagic.data.fingerprint.readers.columns import DataColumn
from mlmagic.data.fingerprint.readers.instants import is_calendar
from mlmagic.data.fingerprint.readers.python_columns import of_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.data.columns.column import Read
    from mlmagic.data.fingerprint.readers.chunks import Chunk, Mask
    from mlmagic.data.fingerprint.readers.plan import ReadPlan

_DOUBLE = 8
"""Bytes of a double; the size of wider NumPy floats depends on the platform."""


def of_array(
    dtype: Any, read: Read, length: int, plan: ReadPlan, *, mask: Read | None = None, width: int = 1
) -> DataColumn:
    """Return the column of a NumPy array of *length* rows of *width* values; *read* and *mask* return flat arrays."""
    import numpy as np

    def hidden(start: int, stop: int) -> Mask | None:
        return None if mask is None else np.asarray(mask(start, stop)).reshape(-1)

    def listed(start: int, stop: int) -> list[Any]:
        values = read(start, stop).reshape(-1)
        # `tolist` converts times to datetimes or integers, depending on their unit.
        return list(values) if dtype.kind in "mM" else _listed(values, hidden(start, stop))

    name = dtype.name
    if dtype.kind in "OUST" or name.startswith("void") or (dtype.kind == "c" and dtype.itemsize > 2 * _DOUBLE):
        known = {"U": "string", "T": "string", "S": "bytes"}.get(dtype.kind)
        return of_values(
            lambda start, stop: _listed(read(start, stop), hidden(start, stop)), length, plan, known, width
        )
    make: Callable[[NDArray[Any], Mask | None, int], Chunk] = chunks.of_numbers
    logical, convert = name, None
    if dtype.kind in "mM":
        make = chunks.of_instants
        logical = "datetime" if dtype.kind == "M" else "months" if is_calendar(dtype) else "duration"
    elif name.startswith(("bfloat", "float8_", "float6_", "float4_")):
        convert = np.dtype(np.float32)  # small floats of ml_dtypes, which float32 represents exactly
    elif dtype.kind == "f" and dtype.itemsize > _DOUBLE:
        logical = "longdouble"

    def chunk(start: int, stop: int) -> Chunk:
        values = read(start, stop).reshape(-1)
        made = make(values if convert is None else values.astype(convert), hidden(start, stop), start * width)
        return made if width == 1 else chunks.grouped(made, width)

    return DataColumn(logical, chunk, listed, {})


def _listed(values: Any, missing: Any) -> list[Any]:
    listed: list[Any] = values.reshape(-1).tolist()
    if missing is None:
        return listed
    return [None if gone else value for value, gone in zip(listed, missing.tolist(), strict=True)]
