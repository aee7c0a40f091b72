"""How close two series of numbers are: equal bit for bit, within rounding, or within the noise of two replays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Closest = Literal["identical", "equivalent", "different"]
_ROUNDING = 1e-9
"""Relative differences up to this are those of sums in another order, on other threads or another processor."""
_NOISE_FACTOR = 4.0
"""How many times the difference of two replays the original may be away from one of them."""
_MOST_NOISE = 1e-4
"""The largest relative noise, so many times as above, that can come from sums in another order."""


@dataclass(frozen=True)
class Closeness:
    """How close two series are, with the largest difference of two values and what it comes from."""

    state: Closest
    largest: float = 0.0
    note: str = ""


def closeness(original: Any, replayed: Any, again: Any = None) -> Closeness:
    """Return how close *replayed* is to *original*; both are float arrays of one shape.

    Parameters
    ----------
    again
        The numbers of a second replay, whose difference from *replayed* is the noise that no replay can be below.

    >>> closeness([0.1 + 0.2], [0.3]).state, closeness([0.9], [0.91]).state
    ('equivalent', 'different')
    """
    import numpy as np

    one, other = _floats(original), _floats(replayed)
    if not unequal(one, other).any():
        return Closeness("identical")
    largest = _largest(one, other)
    if not beyond_rounding(one, other).any():
        return Closeness("equivalent", largest, "rounding of sums in another order")
    if again is not None and np.shape(again) == np.shape(replayed):
        noise = _largest(other, _floats(again))
        if largest <= _NOISE_FACTOR * noise <= _MOST_NOISE * _scale(one):
            return Closeness("equivalent", largest, f"two replays differ by {noise:.2g} too")
    return Closeness("different", largest)


def unequal(original: Any, replayed: Any) -> NDArray[Any]:
    """Return where two float arrays are not equal bit for bit; NaN equals NaN."""
    import numpy as np

    one, other = _floats(original), _floats(replayed)
    both = np.isnan(one) & np.isnan(other)
    differs: NDArray[Any] = (one.view(np.uint64) != other.view(np.uint64)) & ~both
    return differs


def beyond_rounding(original: Any, replayed: Any) -> NDArray[Any]:
    """Return where two float arrays differ by more than rounding, relative to the largest number of *original*."""
    import numpy as np

    one, other = _floats(original), _floats(replayed)
    both = np.isnan(one) & np.isnan(other)
    with np.errstate(invalid="ignore"):
        near: NDArray[Any] = (one == other) | both | (np.abs(one - other) <= _ROUNDING * _scale(one))
    return ~near


def _floats(values: Any) -> NDArray[Any]:
    import numpy as np

    found: NDArray[Any] = np.ascontiguousarray(values, dtype=np.float64)
    return found


def _scale(values: NDArray[Any]) -> float:
    import numpy as np

    return float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0))


def _largest(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the largest difference of two values; infinite if one of them alone is NaN or infinite."""
    import numpy as np

    differs = (one != other) & ~(np.isnan(one) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        apart = np.abs(one[differs] - other[differs])
    return math.inf if not np.isfinite(apart).all() else float(np.max(apart, initial=0.0))
