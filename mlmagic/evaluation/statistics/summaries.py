"""What a metric needs to know of the weighted rows; metrics share it, so that it is computed once for each resample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

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


class Ranked(NamedTuple):
    """The weights at the distinct scores of positives, from the highest down: a row for each, a column for a resample.

    ``tied`` are the negatives with the same score, ``negatives`` those with the same or a higher one; ``positives``
    and ``negatives`` are cumulated, ``total`` is the weight of all negatives.
    """

    positive: NDArray[Any]
    positives: NDArray[Any]
    tied: NDArray[Any]
    negatives: NDArray[Any]
    total: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Where the negatives stand between the positives, by a score."""

    is_positive: NDArray[Any]
    scores: NDArray[Any]
    most_blocks: int = _MOST_BLOCKS

    @cached_property
    def _levels(self) -> int:
        """The number of distinct scores of positives."""
        import numpy as np

        return len(np.unique(self.scores[self.is_positive > 0]))

    @cached_property
    def _sums(self) -> Any:
        """The sparse matrix that sums the weights at each level: positives, negatives tied, negatives above it.

        The last row sums the negatives below all positives.
        """
        import numpy as np
        from scipy.sparse import csr_array

        positive = self.is_positive > 0
        levels = np.unique(self.scores[positive])[::-1]
        count = len(levels)
        level = np.searchsorted(-levels, -self.scores)  # how many levels are higher than the score
        is_tied = (level < count) & (levels[np.minimum(level, count - 1)] == self.scores)
        place = np.where(positive, level, np.where(is_tied, count + level, 2 * count + level))
        rows = len(self.scores)
        return csr_array((np.ones(rows), (place, np.arange(rows))), shape=(3 * count + 1, rows))

    def of(self, weights: NDArray[Any]) -> Ranked:
        """Return the weights at each level."""
        import numpy as np

        sums, count = self._sums @ weights, self._levels
        positive, tied = sums[:count], sums[count : 2 * count]
        above = sums[2 * count :]
        negatives = np.cumsum(above[:-1] + tied, axis=0)
        return Ranked(positive, np.cumsum(positive, axis=0), tied, negatives, negatives[-1] + above[-1])


@dataclass(frozen=True, eq=False)
class Each:
    """The value of a function of each of several summaries; no more than one summary is held at a time."""

    parts: tuple[Summary, ...]
    function: Callable[[Any], NDArray[Any]]

    @property
    def most_blocks(self) -> int:
        """The least that one of the parts allows."""
        return min(part.most_blocks or _MOST_BLOCKS for part in self.parts)

    def of(self, weights: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the value for each part."""
        return [self.function(part.of(weights)) for part in self.parts]


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
