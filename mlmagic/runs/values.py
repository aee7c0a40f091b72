"""What users log, as MLflow keeps it: numbers for metrics, text for parameters."""

from __future__ import annotations

import json
import numbers
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def as_number(value: Any) -> float | None:
    """Return *value* as a float, or None when it is not one real number.

    Takes Python and NumPy scalars, booleans, and arrays or tensors of exactly one element.

    >>> as_number(True), as_number("0.5"), as_number(1 + 2j), as_number([1.0])
    (1.0, None, None, None)
    """
    if isinstance(value, (bool, numbers.Real)):
        return float(value)
    if isinstance(value, (str, bytes, numbers.Complex)) or not hasattr(value, "item"):
        return None
    try:
        item = value.item()
    except (RuntimeError, TypeError, ValueError):  # more than one element, or not a number
        return None
    return float(item) if isinstance(item, (bool, numbers.Real)) else None


def as_curve(value: Any) -> list[float] | None:
    """Return a list, tuple or one-dimensional array of numbers as floats, or None when it is not one.

    >>> as_curve([1, 0.5]), as_curve([]), as_curve("ab"), as_curve([1, "x"])
    ([1.0, 0.5], None, None, None)
    """
    if getattr(value, "ndim", None) == 1 and hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, (list, tuple)) or not value:
        return None
    curve = [as_number(item) for item in value]
    return None if any(item is None for item in curve) else [item for item in curve if item is not None]


def as_text(value: Any) -> str:
    """Return *value* as a parameter's text: scalars as they print, lists and tuples as JSON.

    >>> as_text(0.1), as_text([64, 32]), as_text(None), as_text("adam")
    ('0.1', '[64, 32]', 'None', 'adam')
    """
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        try:
            return json.dumps(list(value), ensure_ascii=False)
        except (TypeError, ValueError):
            return str(value)
    return str(value)


def flat(values: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) for each leaf of nested mappings.

    >>> list(flat({"model": {"depth": 5, "layers": [1, 2]}, "lr": 0.1}))
    [('model.depth', 5), ('model.layers', [1, 2]), ('lr', 0.1)]
    """
    for key, value in values.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping) and value:
            yield from flat(value, name)
        else:
            yield name, value
