"""Arrow arrays and lists of Python objects in plain form; see `mlmagic.data.ids.columns`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.ids.object_ids import of_mixed
from mlmagic.data.ids.plain_values import UnhashableError, Values, coded, of_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence


def of_objects(objects: Sequence[Any]) -> Values:
    """Return Python objects in the plain form of their common type, or grouped by kind (`of_mixed`)."""
    import pyarrow as pa

    try:
        array = pa.array(objects, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeError, OverflowError, TypeError):
        return of_mixed(objects)
    if pa.types.is_temporal(array.type):  # Arrow truncates nanoseconds, and the time of a datetime after a date
        return of_mixed(objects)
    return of_arrow(array)


def of_arrow(column: Any) -> Values:
    """Return an Arrow array, chunked or not, in its plain form."""
    import pyarrow as pa

    array = _simple(_one(column))
    kind = array.type
    null = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if isinstance(array, pa.ExtensionArray):
        return of_mixed(array.to_pylist())
    if pa.types.is_dictionary(kind):
        codes = array.indices.cast(pa.int64()).fill_null(-1)  # the indices may be unsigned
        return coded(codes.to_numpy(zero_copy_only=False), of_arrow(array.dictionary))
    if pa.types.is_integer(kind):
        held = array.fill_null(0) if null is not None else array
        return Values("whole", held.to_numpy(zero_copy_only=False), len(array), null)
    if pa.types.is_floating(kind) or pa.types.is_timestamp(kind):
        return of_numbers(array.to_numpy(zero_copy_only=False))  # a null becomes NaN or NaT
    if kind in {pa.string(), pa.large_string(), pa.binary(), pa.large_binary()}:
        return Values("text", array, len(array), null)
    raise UnhashableError(f"values of type {kind} cannot be ids of rows.")


def _one(column: Any) -> Any:
    """Return a chunked array as one array."""
    import pyarrow as pa

    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_string(column.type):  # the combined chunks may overflow 32-bit offsets
        column = column.cast(pa.large_string())
    elif pa.types.is_binary(column.type):
        column = column.cast(pa.large_binary())
    joined = column.unify_dictionaries().combine_chunks()
    return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined


def _simple(array: Any) -> Any:
    """Cast *array* to one of the few types in which equal values have equal representations."""
    import pyarrow as pa

    kind = array.type
    if isinstance(array, pa.ExtensionArray) and getattr(kind, "extension_name", "") != "arrow.uuid":
        return _simple(array.storage)
    if pa.types.is_decimal(kind):
        try:
            return array.cast(pa.int64())
        except pa.ArrowInvalid:
            return array.cast(pa.float64())
    target = None
    if pa.types.is_null(kind) or pa.types.is_boolean(kind):
        target = pa.int8()
    elif pa.types.is_date(kind):
        target = pa.timestamp("s" if pa.types.is_date32(kind) else "ms")
    elif pa.types.is_timestamp(kind) and kind.tz is not None:
        target = pa.timestamp(kind.unit)
    elif pa.types.is_fixed_size_binary(kind) or str(kind) == "binary_view":
        target = pa.large_binary()
    elif str(kind) == "string_view":
        target = pa.large_string()
    return array if target is None else array.cast(target)
