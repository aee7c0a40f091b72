"""Converts Python and NumPy scalars, and tensors of one element, to floats."""

from __future__ import annotations

import math
import numbers
import sys
from typing import TYPE_CHECKING, Any

from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence


@guarded(default=None)
def as_number(value: Any) -> float | None:
    """Return *value* as a float, or None if it is not a single real number.

    Accepts Python and NumPy scalars, booleans, and arrays or tensors of exactly one element. Numbers larger than any
    float become infinite. A masked value of NumPy is none.

    >>> as_number(True), as_number("0.5"), as_number(1 + 2j), as_number([1.0])
    (1.0, None, None, None)
    """
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        return None
    if isinstance(value, numbers.Number):  # Decimal is a Number, but not a Real
        return _as_float(value)
    if isinstance(value, (str, bytes)):
        return None
    if _is_masked(value):
        return None
    item = value.item() if hasattr(value, "item") else None  # raises for more than one element
    return _as_float(item) if isinstance(item, numbers.Real) else None


def as_float(value: Any) -> float | None:
    """Return a floating-point number, NumPy scalar, or 0-dimensional array or tensor as a float, else None.

    Integers are not converted, because they are usually counts, sizes and seeds, not measurements.

    >>> as_float(0.5), as_float(3), as_float(True), as_float("0.5")
    (0.5, None, None, None)
    """
    if issubclass(type(value), float):
        return float(value)
    return as_number(value) if is_float_scalar(value) else None


def mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean of *values* and their standard deviation, as NumPy's ``mean`` and ``std`` have them.

    The deviation from a mean that is not finite is NaN.

    >>> mean_and_std([0.5, 1.0]), mean_and_std([math.inf, 1.0])
    ((0.75, 0.25), (inf, nan))
    >>> math.isfinite(mean_and_std([1e200, 3e200])[1])  # though its square is not
    True
    """
    mean = sum(values) / len(values)
    if not math.isfinite(mean):
        return mean, math.nan
    return mean, math.hypot(*(value - mean for value in values)) / math.sqrt(len(values))


def is_float_scalar(value: Any) -> bool:
    """Return whether *value* is a NumPy scalar, or a 0-dimensional array or tensor, of a floating-point type.

    >>> import numpy as np
    >>> is_float_scalar(np.float32(1)), is_float_scalar(np.array(1.0)), is_float_scalar(np.ones(1))
    (True, True, False)
    """
    kind = type(value)  # checked first, because an object's `__getattr__` may return anything
    return hasattr(kind, "ndim") and hasattr(kind, "dtype") and value.ndim == 0 and "float" in str(value.dtype)


def _is_masked(value: Any) -> bool:
    """Return whether *value* is a masked array of NumPy with a missing value: `item` would return what is below it."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ma.MaskedArray) and bool(numpy.ma.is_masked(value))


def _as_float(number: Any) -> float | None:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
    except (TypeError, ValueError):  # a NumPy duration, a signalling NaN
        return None
