"""Detect the missing-value markers of all libraries."""

from __future__ import annotations

import decimal
import sys
from typing import Any


def is_missing(value: Any) -> bool:
    """Return whether *value* is a missing-value marker: None, NaN of any type, NaT, or pandas' NA.

    >>> is_missing(None), is_missing(float("nan")), is_missing(""), is_missing([])
    (True, True, False, False)
    """
    if value is None:
        return True
    if isinstance(value, float):  # NumPy's float64 is one
        return value != value  # noqa: PLR0124  # NaN is the one float that differs from itself
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    kind = type(value)
    if kind.__name__ in {"NAType", "NaTType"}:
        return kind.__module__.partition(".")[0] == "pandas"
    return kind.__module__ == "numpy" and _is_missing_in_numpy(value)


def _is_missing_in_numpy(value: Any) -> bool:
    numpy = sys.modules["numpy"]
    if isinstance(value, numpy.datetime64 | numpy.timedelta64):
        return bool(numpy.isnat(value))
    return isinstance(value, numpy.floating) and bool(numpy.isnan(value))
