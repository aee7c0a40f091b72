"""Columns that hold numbers beside texts: Arrow has no such type, so each value is JSON, and the field says so."""

from __future__ import annotations

import decimal
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

_KEY, _JSON = b"mlmagic.mixed", b"json"


def is_mixed(field: pa.Field) -> bool:
    """Return whether the values of a field are numbers and texts, as JSON."""
    return bool(field.metadata) and field.metadata.get(_KEY) == _JSON


def mixed_field(name: str) -> pa.Field:
    """Return the field of a column whose values are numbers and texts."""
    import pyarrow as pa

    return pa.field(name, pa.string(), metadata={_KEY: _JSON})


def column_of_objects(name: str, values: Iterable[Any]) -> tuple[pa.Field, pa.Array]:
    """Return Python objects as a column: numbers, or texts, or both; what is neither becomes text.

    >>> field, array = column_of_objects("age", [41, None, "41"])
    >>> is_mixed(field), array.to_pylist()
    (True, ['41', None, '"41"'])
    >>> column_of_objects("age", [41, True])[1].to_pylist()
    [41.0, 1.0]
    """
    import pyarrow as pa

    plain = [_plain(one) for one in values]
    kinds = {isinstance(one, str) for one in plain if one is not None}
    if kinds == {True, False}:
        return mixed_field(name), with_json(plain)
    kind = pa.float64() if kinds == {False} else pa.string()
    array = pa.array([float(one) if isinstance(one, bool | int) else one for one in plain], kind)
    return pa.field(name, kind), array


def with_json(values: Iterable[Any]) -> pa.Array:
    """Return numbers and texts as the array of a mixed field; what is neither becomes text."""
    import pyarrow as pa

    plain = [_plain(one) for one in values]
    return pa.array([None if one is None else json.dumps(one) for one in plain], pa.string())


def objects_in(field: pa.Field, column: pa.ChunkedArray) -> list[Any]:
    """Return the values of a column as Python objects: of a mixed one its numbers and texts."""
    values = column.to_pylist()
    return [None if one is None else json.loads(one) for one in values] if is_mixed(field) else values


def _plain(value: Any) -> Any:
    """Return a number or a text as Python has it, None if it is missing, and anything else as text."""
    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124  # NaN
        return None
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value if isinstance(value, bool | int | float | str) else str(value)
