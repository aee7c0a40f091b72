"""Convert what users log to what MLflow stores: numbers for metrics, text for parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlmagic.scalars import as_number
from mlmagic.user_objects import guarded, reraise_interrupt


@guarded(default=None)
def as_curve(value: Any) -> list[float] | None:
    """Return a list, tuple or one-dimensional array of numbers as floats, or None if it is anything else or empty.

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
    try:
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, range, memoryview)):
            try:
                return json.dumps(list(value), ensure_ascii=False, default=_plain)
            except (TypeError, ValueError):
                return str(value)
        return str(value)
    except BaseException as error:  # noqa: BLE001  # the object's __str__ may raise anything
        reraise_interrupt(error)
        return f"<{type(value).__name__}: {type(error).__name__} when shown>"


def _plain(item: Any) -> Any:
    if hasattr(item, "tolist"):  # a NumPy scalar, an array, a tensor
        return item.tolist()
    raise TypeError(type(item).__name__)


def flat(values: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) for each leaf of nested mappings.

    >>> list(flat({"model": {"depth": 5, "layers": [1, 2]}, "lr": 0.1}))
    [('model.depth', 5), ('model.layers', [1, 2]), ('lr', 0.1)]
    """
    yield from _flat(values, prefix, ())


def _flat(values: Mapping[Any, Any], prefix: str, around: tuple[int, ...]) -> Iterator[tuple[str, Any]]:
    around = (*around, id(values))
    for key, value in values.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if not isinstance(value, Mapping) or not value:
            yield name, value
        elif id(value) in around:  # a mapping that contains itself
            yield name, "{...}"
        else:
            yield from _flat(value, name, around)
