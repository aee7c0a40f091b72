"""What a metric needs to know of the weighted rows; metrics share it, so that it is computed once for each resample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_MOST_BLOCKS = 500
_MOST_BLOCKS_OF_FUNCTIONS = 200


class Summary(Protocol):
    """Weighted rows in a form from which metrics are computed."""

    @property
    def most_blocks(self) -> int:
        """How many blocks of rows the jackknife leaves out at most; 0 if it leaves out single rows at no cost."""

    def of(self, weights: NDArray[Any]) -> Any:
        """Summarise weights, a column for each resample."""


@dataclass(frozen=True, eq=False)
class Sums:
    """The weighted sums of *features*, which has a row for each row of the data: a column for each resample."""

    features: NDArray[Any]
    most_blocks: int = 0

    def of(self, weights: NDArray[Any]) -> NDArray[Any]:
        """Return a row for each feature, and a column for each resample."""
        sums: NDArray[Any] = self.features.T @ weights
        return sums


@dataclass(frozen=True, eq=False)
class Ranking:
    """The positives and negatives at or above each distinct score, from the highest score down."""

    is_positive: NDArray[Any]
    scores: NDArray[Any]
    most_blocks: int = _MOST_BLOCKS

    @cached_property
    def _sums(self) -> Any:
        """The sparse matrix that sums the weights of the positives, and below of the negatives, at each score."""
        import numpy as np
        from scipy.sparse import csr_array

        distinct, from_below = np.unique(self.scores, return_inverse=True)
        place = len(distinct) - 1 - from_below.reshape(-1)
        place = np.where(self.is_positive > 0, place, place + len(distinct))
        rows = len(self.scores)
        return csr_array((np.ones(rows), (place, np.arange(rows))), shape=(2 * len(distinct), rows))

    def of(self, weights: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the positives at each score, and the cumulated positives and negatives."""
        import numpy as np

        positive, negative = np.split(self._sums @ weights, 2)
        return positive, np.cumsum(positive, axis=0), np.cumsum(negative, axis=0)


@dataclass(frozen=True, eq=False)
class Sorted:
    """The weights, cumulated in the order of *values*."""

    values: NDArray[Any]
    most_blocks: int = _MOST_BLOCKS

    @cached_property
    def order(self) -> NDArray[Any]:
        """The positions of the values in ascending order."""
        import numpy as np

        return np.argsort(self.values, kind="stable")

    def of(self, weights: NDArray[Any]) -> NDArray[Any]:
        """Return the cumulated weights."""
        import numpy as np

        return np.cumsum(weights[self.order], axis=0)


@dataclass(frozen=True, eq=False)
class ByRows:
    """The values of a function that takes the positions of the drawn rows; it is called for each resample."""

    function: Callable[[NDArray[Any]], float]
    most_blocks: int = _MOST_BLOCKS_OF_FUNCTIONS

    def of(self, weights: NDArray[Any]) -> NDArray[Any]:
        """Return the function's value for each resample."""
        import numpy as np

        rows = np.arange(len(weights))
        times = weights.astype(int)
        return np.array([self.function(np.repeat(rows, column)) for column in times.T])


@dataclass(frozen=True, eq=False)
class Several:
    """Several summaries, such as a ranking for each class."""

    parts: tuple[Summary, ...]

    @property
    def most_blocks(self) -> int:
        """The least that one of the parts allows."""
        return min(part.most_blocks or _MOST_BLOCKS for part in self.parts)

    def of(self, weights: NDArray[Any]) -> list[Any]:
        """Return what each part returns."""
        return [part.of(weights) for part in self.parts]
