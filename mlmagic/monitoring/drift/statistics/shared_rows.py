"""Whether rows of one side are rows of the other one too, as after a mistake in how both were cut."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmagic.data.hashing.splitmix64 import mix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_FEWEST, _LEAST_SHARE = 5, 0.01
_SIGNIFICANT, _IMPROBABLE = 4.0, math.log(1e-6)


def share_of_shared(columns: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> float:
    """Return the share of current rows that equal a reference row, 0 if that may be chance.

    Rows of few columns, or of few values, are often equal. How often is known from the reference: it is the share of
    its rows that equal another one. If both sides are the same rows in the same order, the share is 1.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.arange(300.0)
    >>> share_of_shared([(values[:200], values[100:])]), share_of_shared([(values % 2, values % 3 % 2)])
    (0.5, 0.0)
    """
    import numpy as np

    if not columns:
        return 0.0
    reference, current = (_hashes([pair[side] for pair in columns]) for side in (0, 1))
    known, counts = np.unique(reference, return_counts=True)
    same_by_chance = len(reference) * math.log(float(((counts / len(reference)) ** 2).sum()))  # its logarithm
    if np.array_equal(reference, current) and same_by_chance < _IMPROBABLE:
        return 1.0
    found = int(np.isin(current, known).sum())
    share, by_chance = found / len(current), float(counts[counts > 1].sum()) / len(reference)
    error = math.sqrt(by_chance * (1 - by_chance) * (1 / len(reference) + 1 / len(current)))
    is_more = found >= _FEWEST and share - by_chance >= max(_LEAST_SHARE, _SIGNIFICANT * error)
    return share if is_more else 0.0


def _hashes(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return a number for each row; all missing values are equal."""
    import numpy as np

    found = np.zeros(len(columns[0]), dtype=np.uint64)
    scratch = np.empty_like(found)
    for values in columns:
        plain = np.where(np.isnan(values), np.nan, values + 0.0)  # of both zeros, one
        found ^= plain.view(np.uint64)
        mix(found, scratch)
    return found
