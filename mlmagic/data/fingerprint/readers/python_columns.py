"""Columns of Python values, of the type that all values share, if there is one."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
from typing import TYPE_CHECKING, Any

from mlmagic.data.columns.missing import is_missing
from mlmagic.data.fingerprint.readers import chunks
from mlmagic.data.fingerprint.readers.columns import OBJECTS_AT_ONCE, DataColumn
from mlmagic.data.fingerprint.readers.objects import Encoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlmagic.data.fingerprint.readers.chunks import Chunk
    from mlmagic.data.fingerprint.readers.plan import ReadPlan


def of_values(
    read: Callable[[int, int], list[Any]], length: int, plan: ReadPlan, known: str | None = None, width: int = 1
) -> DataColumn:
    """Return the column of Python values, of the *known* type, the type that all of them share, or ``object``."""
    logical = known or inferred(
        itertools.chain.from_iterable(
            read(start, stop) for start, stop in plan.pieces(length, at_once=OBJECTS_AT_ONCE, row_bytes=8 * width)
        )
    )
    encode = Encoder()

    def chunk(start: int, stop: int) -> Chunk:
        made = _of_list(logical, read(start, stop), start * width, encode)
        return made if width == 1 else chunks.grouped(made, width)

    return DataColumn(logical, chunk, read, encode.unhashed)


def inferred(values: Iterable[Any]) -> str:
    """Return the type that all Python values that are not missing share, or ``object`` if they have several types.

    If all values are missing, the type is ``string``, the one that they have in pandas 3 and polars.

    >>> inferred(["a", None]), inferred([True, float("nan")]), inferred(["a", 1]), inferred([None])
    ('string', 'bool', 'object', 'string')
    """
    names: set[str] = set()
    iterator = iter(values)
    while block := list(itertools.islice(iterator, OBJECTS_AT_ONCE)):
        kinds = set(map(type, block))
        names |= {_NAMES.get(kind, "object") for kind in kinds & _ALWAYS_PRESENT}
        if unsure := kinds - _ALWAYS_PRESENT:
            names |= {_name(value) for value in block if type(value) in unsure and not is_missing(value)}
    if not names:
        return "string"
    return names.pop() if len(names) == 1 else "object"


_ALWAYS_PRESENT: frozenset[type] = frozenset({str, bytes, bool, int, dt.date, list, dict, tuple})
_NAMES: dict[type, str] = {
    str: "string", bytes: "bytes", bool: "bool", dt.date: "date", decimal.Decimal: "decimal",
}  # fmt: skip
_NUMPY_NAMES = {"str_": "string", "bytes_": "bytes", "bool_": "bool", "bool": "bool"}


def _name(value: Any) -> str:
    kind = type(value)
    if kind.__module__ == "numpy":
        return _NUMPY_NAMES.get(kind.__name__, "object")
    if kind is dt.time and value.tzinfo is None:
        return "time"
    return _NAMES.get(kind, "object")


def _of_list(logical: str, values: list[Any], first: int, encode: Encoder) -> Chunk:
    import numpy as np

    if logical not in {"string", "bytes", "bool", "date", "time"}:
        return chunks.of_objects(values, encode)
    missing = np.fromiter(map(is_missing, values), bool, len(values)) if _any_missing(values) else None
    if missing is not None:
        values = [None if gone else value for value, gone in zip(values, missing.tolist(), strict=True)]
    if logical in {"string", "bytes"}:
        return chunks.of_text(_text(values, logical))
    if logical == "bool":
        return chunks.of_numbers(np.array([bool(value) for value in values], bool), missing, first)
    if logical == "date":
        return chunks.of_instants(np.array(values, "datetime64[D]"), missing, first)
    return chunks.of_numbers(np.array([_clock(value) for value in values], np.int64), missing, first)


def _any_missing(values: list[Any]) -> bool:
    return not set(map(type, values)) <= _ALWAYS_PRESENT


def _clock(value: dt.time | None) -> int:
    if value is None:
        return 0
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 10**9 + value.microsecond * 1000


def _text(values: list[Any], logical: str) -> Any:
    import pyarrow as pa

    if logical == "bytes":
        return pa.array(values, pa.large_binary())
    try:
        return pa.array(values, pa.large_string())
    except (UnicodeError, pa.ArrowException):  # a lone surrogate
        encoded = [None if value is None else value.encode("utf-8", "surrogatepass") for value in values]
        return pa.array(encoded, pa.large_binary())
