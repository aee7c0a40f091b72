"""Mean and standard deviation of the last values, in constant time for each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.anomalies.by_blocks import take_by_blocks
from mlmagic.monitoring.anomalies.recent import Recent

if TYPE_CHECKING:
    from mlmagic.monitoring.anomalies.baseline import Flags, Numbers, Rule

_EPSILON = 2.0**-52
_TRUSTED = 1e-12
"""Sums are computed anew where rounding may have changed the variance by more than this part of it."""
_TRUSTED_AT_ONCE = 1e-9
"""The same for sums that serve one block of values only."""


class MovingMean:
    """Mean and standard deviation of the last *window* values.

    The sums are of the distances from an offset within the window. They are computed anew once in *window* values, and
    whenever a value that was much larger than the others leaves it, so that errors do not grow with the stream.

    >>> usual = MovingMean(3)
    >>> for value in (100.0, 1.0, 2.0, 3.0):
    ...     usual.add(value)
    >>> [round(one, 9) for one in usual.usual()]
    [2.0, 0.816496581]
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._values = Recent(window)
        self._offset = self._first = self._second = self._largest = 0.0
        self._since = 0

    @property
    def count(self) -> int:
        """How many values the window has."""
        return len(self._values)

    def usual(self) -> tuple[float, float]:
        """Return the mean and the standard deviation (of the population, as ``numpy.std``)."""
        count = len(self._values)
        if not count:
            return 0.0, 0.0
        if self._largest * _EPSILON * count > _TRUSTED * self._second:
            self._anew()
        mean = self._first / count
        return self._offset + mean, math.sqrt(max(self._second / count - mean * mean, 0.0))

    def add(self, value: float) -> None:
        """Add one value; the oldest leaves a full window."""
        if not self._values:
            self._offset = value
        away = value - self._offset
        if len(self._values) == self._window:
            left = self._values.oldest - self._offset
            self._first -= left
            self._second -= left * left
        self._values.append(value)
        self._first += away
        self._second += away * away
        self._largest = max(self._largest, away * away)
        self._since += 1
        if self._since >= self._window:
            self._anew()

    def add_all(self, values: Numbers) -> None:
        """Add values in their order."""
        self._values.extend(values[-self._window :])
        self._anew()

    def take(self, values: Numbers, rule: Rule) -> Flags:
        """Return the flags of values in their order, and add those that count as usual."""
        return take_by_blocks(self, values, rule)

    def usual_before_each(self, values: Numbers) -> tuple[Numbers, Numbers]:
        """Return mean and standard deviation before each of *values*, if all that stand before it were added."""
        import numpy as np

        known = self._values.array()
        offset = float(known.mean()) if len(known) else 0.0
        away = np.concatenate([known, values]) - offset
        first, second = np.concatenate([[0.0], np.cumsum(away)]), np.concatenate([[0.0], np.cumsum(away * away)])
        ends = np.arange(len(known), len(known) + len(values))
        starts = np.maximum(ends - self._window, 0)
        counts = np.maximum(ends - starts, 1)
        sums, squares = first[ends] - first[starts], second[ends] - second[starts]
        means = sums / counts
        variances = np.maximum(squares / counts - means * means, 0.0)
        # Where a much larger value stood before, the difference of two large sums says nothing.
        for at in np.flatnonzero(second[ends] * _EPSILON * len(away) > _TRUSTED_AT_ONCE * squares):
            part = away[starts[at] : ends[at]]
            if len(part):
                means[at], variances[at] = part.mean(), part.var()
        return offset + means, np.sqrt(variances)

    def _anew(self) -> None:
        """Compute the sums from the window."""
        import numpy as np

        values = self._values.array()
        self._offset = float(values.mean())
        away = values - self._offset
        self._first, self._second = float(away.sum()), float(np.dot(away, away))
        self._largest = float((away * away).max())
        self._since = 0

    def state(self) -> dict[str, Any]:
        """Return the values of the window."""
        return {"values": self._values.array().tolist()}

    def load(self, state: dict[str, Any]) -> None:
        """Take over the values of a window."""
        import numpy as np

        self._values = Recent(self._window)
        self._values.extend(np.array(state["values"], np.float64)[-self._window :])
        if self._values:
            self._anew()
