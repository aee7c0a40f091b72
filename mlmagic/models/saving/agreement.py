"""Compares the predictions of a model with those of its saved copy."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

# Threads add up in a different order each time: a forest's predictions differ in the last digits (1.3e-15 measured).
EXACT = 1e-6
# Each device computes with its own kernels.
ACROSS_DEVICES = 1e-3


def difference(first: Any, second: Any, *, tolerance: float = EXACT) -> str | None:
    """Describe in a few words how two predictions differ, or return None if they agree.

    Predictions are arrays, sparse matrices, tensors, DataFrames, or lists, tuples and dicts of these.
    *tolerance* is relative to the largest number.

    >>> difference([0.5, 1.0], [0.5, 1.0 + 1e-12]) is None
    True
    >>> difference([0.5, 1.0], [0.5, 1.25])
    'by up to 0.25'
    >>> difference(["a", "b"], ["a", "c"])
    'in 1 of 2 values'
    """
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        if list(first) != list(second):
            return "in their keys"
        return _first_difference([(first[key], second[key]) for key in first], tolerance)
    # A list of numbers or strings is compared as one array; a list of tensors or arrays item by item.
    if _is_sequence_of_arrays(first) and _is_sequence_of_arrays(second):
        if len(first) != len(second):
            return "in their number"
        return _first_difference(list(zip(first, second, strict=True)), tolerance)
    return _array_difference(as_array(first), as_array(second), tolerance)


def _first_difference(pairs: list[tuple[Any, Any]], tolerance: float) -> str | None:
    found = (difference(one, other, tolerance=tolerance) for one, other in pairs)
    return next((each for each in found if each is not None), None)


def _is_sequence_of_arrays(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(
        hasattr(item, "shape") or isinstance(item, list | tuple | Mapping) for item in value
    )


def as_array(value: Any) -> Any:
    """Convert *value* to a NumPy array: a tensor on any device, a sparse matrix, or another array-like."""
    import numpy as np

    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.dtype is torch.bfloat16 else value).numpy()
    elif hasattr(value, "toarray"):
        value = value.toarray()
    elif type(value).__module__.partition(".")[0] == "polars":
        value = value.to_numpy()
    return np.asarray(value)


def _array_difference(first: Any, second: Any, tolerance: float) -> str | None:
    import numpy as np

    if first.shape != second.shape:
        return f"in shape: {first.shape} and {second.shape}"
    if first.dtype.kind in "fiucb" and second.dtype.kind in "fiucb":
        one, other = (each.astype(complex if each.dtype.kind == "c" else float) for each in (first, second))
        largest = np.max(np.abs(one[np.isfinite(one)]), initial=0.0)
        if np.allclose(one, other, rtol=0, atol=tolerance * max(largest, 1e-9), equal_nan=True):
            return None
        if (np.isnan(one) != np.isnan(other)).any():
            return "in which values are missing"
        with np.errstate(invalid="ignore"):
            return f"by up to {np.nanmax(np.abs(one - other)):.3g}"
    unequal = sum(not _equal(one, other) for one, other in zip(first.ravel(), second.ravel(), strict=True))
    return f"in {unequal} of {first.size} values" if unequal else None


def _equal(one: Any, other: Any) -> bool:
    same = one == other
    if isinstance(same, bool) or getattr(same, "shape", None) == ():
        return bool(same) or (_is_missing(one) and _is_missing(other))
    return repr(one) == repr(other)


def _is_missing(value: Any) -> bool:
    """Return whether a value is NaN or NaT, which differ from themselves."""
    return bool(value != value)  # noqa: PLR0124  # as just said
