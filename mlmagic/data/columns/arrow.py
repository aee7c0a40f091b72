"""Read Arrow arrays, to which polars series and most extension arrays of pandas convert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mlmagic.data.columns.column import ArrayColumn, CodedColumn, ObjectColumn, TextColumn

if TYPE_CHECKING:
    from mlmagic.data.columns.column import Column, Read


def of_arrow(array: Any, *, ordered: bool | None = None) -> Column:
    """Return a pyarrow array, chunked or not, as a column; *ordered* overrides the flag of a dictionary type."""
    import pyarrow as pa

    kind, length, types = array.type, len(array), pa.types

    def listed(start: int, stop: int) -> list[Any]:
        values: list[Any] = array.slice(start, stop - start).to_pylist()
        return values

    if (text := _text_kind(kind)) is not None:
        wide = pa.large_string() if text == "string" else pa.large_binary()
        # Cast before the chunks are joined: 32-bit offsets may overflow.
        return TextColumn(text, length, lambda start, stop: joined(array.slice(start, stop - start).cast(wide)), listed)
    if types.is_dictionary(kind):
        whole = joined(array.unify_dictionaries() if isinstance(array, pa.ChunkedArray) else array)
        codes = whole.indices.cast(pa.int64()).fill_null(-1)  # the indices may be unsigned
        is_ordered = kind.ordered if ordered is None else ordered
        return CodedColumn(codes.to_numpy(zero_copy_only=False), of_arrow(whole.dictionary), is_ordered)
    is_number = types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind)
    if isinstance(kind, pa.BaseExtensionType) or not (is_number or types.is_temporal(kind)) or types.is_interval(kind):
        return ObjectColumn(length, listed, array)
    return _of_fixed_width(array, listed)


def _text_kind(kind: Any) -> Literal["string", "bytes"] | None:
    import pyarrow as pa

    types = pa.types
    if types.is_string(kind) or types.is_large_string(kind) or str(kind) == "string_view" or types.is_null(kind):
        return "string"
    is_bytes = types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    return "bytes" if is_bytes or str(kind) == "binary_view" else None


def joined(array: Any) -> Any:
    """Return a chunked array as one array."""
    import pyarrow as pa

    if not isinstance(array, pa.ChunkedArray):
        return array
    if array.num_chunks == 1:  # `concat_arrays` would copy it
        return array.chunk(0)
    return pa.concat_arrays(array.chunks) if array.num_chunks else pa.nulls(0, array.type)


def _of_fixed_width(array: Any, listed: Read) -> ArrayColumn:
    """Return an Arrow array of numbers or times as a column; a missing float or instant is NaN or NaT."""
    import pyarrow as pa

    kind, types = array.type, pa.types
    is_clock = types.is_time(kind)
    filler: bool | int = False if types.is_boolean(kind) else 0
    says_missing = types.is_floating(kind) or (types.is_temporal(kind) and not is_clock)

    def read(start: int, stop: int) -> Any:
        part = joined(array.slice(start, stop - start))
        if is_clock:
            part = part.cast(pa.time64("ns")).cast(pa.int64())
        if part.null_count and not says_missing:
            part = part.fill_null(filler)
        return part.to_numpy(zero_copy_only=False)

    def missing(start: int, stop: int) -> Any:
        return joined(array.slice(start, stop - start).is_null()).to_numpy(zero_copy_only=False)

    return ArrayColumn(
        read(0, 0).dtype,
        len(array),
        read,
        missing if array.null_count and not says_missing else None,
        kind.tz if types.is_timestamp(kind) else None,
        "date" if types.is_date(kind) else "time" if is_clock else None,
        listed,
    )
