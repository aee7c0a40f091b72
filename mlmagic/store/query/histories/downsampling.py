"""Downsample a curve without losing its peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_KEPT_OF_EACH = 4


def kept_rows(places: Array, values: Array, points: int) -> Array:
    """Return which rows of a curve to keep: at most about *points*, in order, without a visible difference.

    The range of *places*, which ascend, is divided into buckets of equal width. Of each bucket the first and last row
    are kept, and the rows of its lowest and highest value. The first value that is not finite is kept too, so a gap
    stays a gap.

    Parameters
    ----------
    places, values
        Where each value stands on the axis, and the value: float64 of one length.
    points
        4 or more.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.zeros(1000)
    >>> values[517] = 9.0
    >>> rows = kept_rows(np.arange(1000.0), values, 40)
    >>> len(rows) <= 50, 517 in rows, int(rows[0]), int(rows[-1])
    (True, True, 0, 999)
    """
    import numpy as np

    count = len(values)
    if count <= points:
        return np.arange(count)
    buckets = max(points // _KEPT_OF_EACH, 1)
    starts = _starts(places, buckets)
    ends = np.append(starts[1:], count) - 1
    finite = np.isfinite(values)
    order = np.arange(count)
    bucket = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, count)))
    kept = [starts, ends]
    for sign in (1.0, -1.0):
        # Sorted by bucket and then by value, the first of each bucket is its extreme.
        ranked = np.lexsort((np.where(finite, sign * values, np.inf), bucket))
        kept.append(ranked[starts])
    gaps = order[~finite]
    if len(gaps):
        kept.append(gaps[np.unique(bucket[gaps], return_index=True)[1]])
    return np.unique(np.concatenate(kept))


def _starts(places: Array, buckets: int) -> Array:
    """Return the first row of each non-empty bucket."""
    import numpy as np

    low, high = places[0], places[-1]
    if not low < high:
        # All at one place: divide by row number.
        return np.unique(np.linspace(0, len(places), buckets, endpoint=False).astype(np.int64))
    edges = low + (high - low) * np.arange(buckets) / buckets
    starts = np.searchsorted(places, edges)
    return np.unique(starts[starts < len(places)])
