"""Distances of two distributions over the same bins or levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLOOR = 1e-4
"""The share that an empty bin counts as, so that the index stays finite."""


def total_variation(reference: NDArray[Any], current: NDArray[Any]) -> float:
    """Return the total variation distance: the share of rows that would have to change.

    >>> import numpy as np
    >>> round(total_variation(np.array([0.5, 0.5]), np.array([0.4, 0.6])), 6)
    0.1
    """
    import numpy as np

    return float(np.abs(reference - current).sum() / 2)


def stability_index(reference: NDArray[Any], current: NDArray[Any]) -> float:
    """Return the population stability index; an empty bin counts as one in 10,000 rows, or fewer of many bins.

    >>> import numpy as np
    >>> round(stability_index(np.array([0.5, 0.5]), np.array([0.4, 0.6])), 4)
    0.0405
    """
    import numpy as np

    least = min(_FLOOR, 1 / (10 * max(len(reference), 1)))
    first, second = np.maximum(reference, least), np.maximum(current, least)
    return float(((second - first) * np.log(second / first)).sum())


def jensen_shannon(reference: NDArray[Any], current: NDArray[Any]) -> float:
    """Return the Jensen-Shannon distance with base 2: 0 for equal distributions, 1 for disjoint ones.

    >>> import numpy as np
    >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    1.0
    """
    import numpy as np

    middle = (reference + current) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(one > 0, one * np.log2(one / middle), 0.0).sum() for one in (reference, current)]
    return float(np.sqrt(max(sum(parts) / 2, 0.0)))
