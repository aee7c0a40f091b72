"""Columns of Arrow arrays, to which polars series and most extension arrays of pandas convert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.readers import chunks
from mlmagic.data.fingerprint.readers.columns import DataColumn, of_codes
from mlmagic.data.fingerprint.readers.instants import zone_name
from mlmagic.data.fingerprint.readers.python_columns import of_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.data.fingerprint.readers.chunks import Chunk, Mask
    from mlmagic.data.fingerprint.readers.columns import Read
    from mlmagic.data.fingerprint.readers.plan import ReadPlan


def of_arrow(array: Any, plan: ReadPlan, *, ordered: bool | None = None) -> DataColumn:
    """Return the column of a pyarrow array, chunked or not; *ordered* overrides the flag of a dictionary type."""
    import pyarrow as pa

    kind, length = array.type, len(array)
    types = pa.types

    def one(start: int, stop: int) -> Any:
        part = array.slice(start, stop - start)
        if isinstance(part, pa.ChunkedArray):
            part = part.chunk(0) if part.num_chunks == 1 else pa.concat_arrays([*part.chunks, pa.nulls(0, kind)])
        return part

    def listed(start: int, stop: int) -> list[Any]:
        values: list[Any] = array.slice(start, stop - start).to_pylist()
        return values

    text = _text_type(kind)
    if text is not None:
        return DataColumn(text, lambda start, stop: chunks.of_text(_wide(one(start, stop), text)), listed, {})
    if types.is_dictionary(kind):
        whole = array.unify_dictionaries().combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        if isinstance(whole, pa.ChunkedArray):
            whole = whole.chunk(0) if whole.num_chunks else pa.array([], kind)
        codes = whole.indices.cast(pa.int64())
        if codes.null_count:
            codes = codes.fill_null(-1)
        values = of_arrow(whole.dictionary, plan)
        return of_codes(
            codes.to_numpy(zero_copy_only=False),
            values,
            len(whole.dictionary),
            plan,
            ordered=kind.ordered if ordered is None else ordered,
        )
    is_number = types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind)
    if isinstance(kind, pa.BaseExtensionType) or not (is_number or types.is_temporal(kind)) or types.is_interval(kind):
        return of_values(listed, length, plan)
    return _of_fixed_width(kind, one, listed)


def _text_type(kind: Any) -> str | None:
    import pyarrow as pa

    types = pa.types
    if types.is_string(kind) or types.is_large_string(kind) or str(kind) == "string_view" or types.is_null(kind):
        return "string"
    is_bytes = types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    return "bytes" if is_bytes or str(kind) == "binary_view" else None


def _wide(array: Any, text: str) -> Any:
    import pyarrow as pa

    return array.cast(pa.large_string() if text == "string" else pa.large_binary())


def _of_fixed_width(kind: Any, one: Read, listed: Read) -> DataColumn:
    """Return the column of an Arrow array of numbers or times."""
    import numpy as np
    import pyarrow as pa

    types = pa.types
    make: Callable[[NDArray[Any], Mask | None, int], Chunk] = chunks.of_instants
    if types.is_timestamp(kind):
        logical = "datetime" if kind.tz is None else f"datetime<{zone_name(kind.tz)}>"
    elif types.is_date(kind):
        logical = "date"
    elif types.is_duration(kind):
        logical = "duration"
    elif types.is_time(kind):
        logical, make = "time", chunks.of_numbers
    else:
        logical, make = np.dtype(kind.to_pandas_dtype()).name, chunks.of_numbers

    def chunk(start: int, stop: int) -> Chunk:
        array = one(start, stop)
        missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
        if types.is_time(kind):
            array = array.cast(pa.time64("ns")).cast(pa.int64())
        if missing is not None and make is chunks.of_numbers and not types.is_floating(kind):
            array = array.fill_null(False if types.is_boolean(kind) else 0)
        return make(array.to_numpy(zero_copy_only=False), missing, start)

    return DataColumn(logical, chunk, listed, {})
