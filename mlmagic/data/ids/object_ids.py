"""Columns of Python objects of several types, each kind in its own plain form."""

from __future__ import annotations

import datetime as dt
import decimal
import numbers
import sys
import uuid
from typing import TYPE_CHECKING, Any

from mlmagic.data.columns.missing import is_missing
from mlmagic.data.ids.plain_values import UnhashableError, Values, of_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


def of_mixed(objects: Sequence[Any]) -> Values:
    """Return the values grouped by kind, each kind in the plain form of a column of that kind alone."""
    import numpy as np

    kinds: dict[str, tuple[list[int], list[Any]]] = {}
    null = np.zeros(len(objects), bool)
    for at, value in enumerate(objects):
        if is_missing(value):
            null[at] = True
            continue
        kind, same = _kind(value)
        positions, values = kinds.setdefault(kind, ([], []))
        positions.append(at)
        values.append(same)
    if len(kinds) == 1 and not null.any():
        ((kind, (_, values)),) = kinds.items()
        return _of_kind(kind, values)
    parts = [(np.array(positions), _of_kind(kind, values)) for kind, (positions, values) in kinds.items()]
    return Values("mixed", parts, len(objects), null if null.any() else None)


def _of_kind(kind: str, values: list[Any]) -> Values:
    import numpy as np
    import pyarrow as pa

    match kind:
        case "text":
            return Values("text", pa.array(values, pa.large_binary()), len(values))
        case "time":
            return of_numbers(np.array(values))
        case "int64" | "uint64" | "float64":
            return of_numbers(np.array(values, kind))
    raise AssertionError(kind)


def _kind(value: Any) -> tuple[str, Any]:
    """Return the kind of one Python object, and its normalised value."""
    import pandas as pd

    match value:
        case str() | bytes() | uuid.UUID() | pd.Interval() | pd.Period():
            return "text", value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        case dt.date():  # a datetime is one too
            return "time", _moment(value)
        case _ if isinstance(value, sys.modules["numpy"].datetime64):
            return "time", value
        case numbers.Integral():
            return _kind_of_integer(int(value))
        case decimal.Decimal() if value.is_finite() and value % 1 == 0:
            return _kind_of_integer(int(value))
        case numbers.Real() | decimal.Decimal():
            return "float64", float(value)
    raise UnhashableError(f"a value of type {type(value).__name__} cannot be the id of a row.")


def _moment(value: dt.date) -> np.datetime64:
    """Return a date or datetime as a datetime64, in UTC if it is aware."""
    import pandas as pd

    moment = pd.Timestamp(value)
    return (moment if moment.tzinfo is None else moment.tz_convert(None)).to_datetime64()


def _kind_of_integer(value: int) -> tuple[str, Any]:
    if -(2**63) <= value < 2**63:
        return "int64", value
    if 0 < value < 2**64:
        return "uint64", value
    return "text", f"an integer {value}".encode()
