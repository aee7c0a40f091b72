"""Mean and standard deviation in which older values count less and less."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.anomalies.by_blocks import take_by_blocks

if TYPE_CHECKING:
    from mlmagic.monitoring.anomalies.baseline import Flags, Numbers, Rule


class ExponentialMean:
    """Exponentially weighted mean and standard deviation, with the span *window*.

    The newest value weighs ``2 / (window + 1)``. The first values weigh the same, until each new one would weigh less
    than that (Finch 2009, "Incremental calculation of weighted mean and variance").

    >>> usual = ExponentialMean(3)
    >>> for value in (1.0, 3.0, 2.0):
    ...     usual.add(value)
    >>> usual.usual()
    (2.0, 0.7071067811865476)
    """

    def __init__(self, window: int) -> None:
        self._weight = 2 / (window + 1)
        self._count = 0
        self._mean = self._variance = 0.0

    @property
    def count(self) -> int:
        """How many values were added."""
        return self._count

    def usual(self) -> tuple[float, float]:
        """Return the mean and the standard deviation."""
        return self._mean, math.sqrt(self._variance)

    def add(self, value: float) -> None:
        """Add one value."""
        self._count += 1
        weight = max(self._weight, 1 / self._count)
        away = value - self._mean
        self._mean += weight * away
        self._variance = (1 - weight) * (self._variance + weight * away * away)

    def add_all(self, values: Numbers) -> None:
        """Add values in their order."""
        import numpy as np

        first = self._equally_weighted(values)
        for value in values[:first].tolist():
            self.add(value)
        rest = values[first:]
        if len(rest):
            means, variances = self._moved(rest)
            self._count += len(rest)
            self._mean, self._variance = float(means[-1]), float(np.maximum(variances[-1], 0.0))

    def take(self, values: Numbers, rule: Rule) -> Flags:
        """Return the flags of values in their order, and add those that count as usual."""
        return take_by_blocks(self, values, rule)

    def usual_before_each(self, values: Numbers) -> tuple[Numbers, Numbers]:
        """Return mean and standard deviation before each of *values*, if all that stand before it were added."""
        import numpy as np

        other = ExponentialMean(1)
        other.__dict__.update(self.__dict__)
        first = self._equally_weighted(values)
        found = []
        for value in values[:first].tolist():
            found.append(other.usual())
            other.add(value)
        early = np.array(found, np.float64).reshape(-1, 2)
        means, variances = other._moved(values[first:])
        means = np.concatenate([early[:, 0], [other._mean][: len(means)], means[:-1]])
        scales = np.sqrt(np.maximum(np.concatenate([[other._variance][: len(variances)], variances[:-1]]), 0.0))
        return means, np.concatenate([early[:, 1], scales])

    def _equally_weighted(self, values: Numbers) -> int:
        """Return how many of *values* weigh as much as those before them."""
        return min(len(values), max(0, math.ceil(1 / self._weight) - self._count))

    def _moved(self, values: Numbers) -> tuple[Numbers, Numbers]:
        """Return mean and variance after each of *values*."""
        import numpy as np
        from scipy.signal import lfilter

        if not len(values):
            return values, values
        kept = 1 - self._weight
        # Around the mean, so that no precision is lost on large values with a small spread.
        moved, _ = lfilter([self._weight], [1, -kept], values - self._mean, zi=[0.0])
        means = self._mean + moved
        away = values - np.concatenate([[self._mean], means[:-1]])
        variances, _ = lfilter([kept * self._weight], [1, -kept], away * away, zi=[kept * self._variance])
        return means, variances

    def state(self) -> dict[str, Any]:
        """Return the sums."""
        return {"count": self._count, "mean": self._mean, "variance": self._variance}

    def load(self, state: dict[str, Any]) -> None:
        """Take over the sums."""
        self._count, self._mean = int(state["count"]), float(state["mean"])
        self._variance = float(state["variance"])
