"""Median and median absolute deviation of the last values."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlmagic.monitoring.anomalies.baseline import Numbers

_TO_STANDARD_DEVIATION = 1.482602218505602
"""Of a normal distribution: its standard deviation, divided by its median absolute deviation."""


class MovingMedian:
    """Median of the last *window* values, and their median absolute deviation, scaled to the standard deviation.

    The values are kept in order. Both medians are found in logarithmic time.

    >>> usual = MovingMedian(5)
    >>> usual.add_all([9.0, 1.0, 2.0, 3.0, 4.0, 50.0])
    >>> usual.usual()
    (3.0, 1.482602218505602)
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._values: deque[float] = deque()
        self._ordered: list[float] = []

    @property
    def count(self) -> int:
        """How many values the window has."""
        return len(self._values)

    def usual(self) -> tuple[float, float]:
        """Return the median and the scaled median absolute deviation."""
        count = len(self._ordered)
        if not count:
            return 0.0, 0.0
        upper = self._ordered[count // 2]
        center = upper if count % 2 else (self._ordered[count // 2 - 1] + upper) / 2
        deviation = self._distance(center, count // 2)
        if count % 2 == 0:
            deviation = (deviation + self._distance(center, count // 2 - 1)) / 2
        return center, deviation * _TO_STANDARD_DEVIATION

    def _distance(self, center: float, rank: int) -> float:
        """Return the distance from *center* that *rank* values are nearer than.

        Among the ordered values the ``rank + 1`` nearest stand side by side: the search is for where they begin.
        """
        ordered, low, high = self._ordered, 0, len(self._ordered) - rank - 1
        while low < high:
            middle = (low + high) // 2
            if center - ordered[middle] > ordered[middle + rank + 1] - center:
                low = middle + 1
            else:
                high = middle
        return max(center - ordered[low], ordered[low + rank] - center)

    def add(self, value: float) -> None:
        """Add one value; the oldest leaves a full window."""
        if len(self._values) == self._window:
            del self._ordered[bisect_left(self._ordered, self._values.popleft())]
        self._values.append(value)
        insort(self._ordered, value)

    def add_all(self, values: Numbers | list[float]) -> None:
        """Add values in their order."""
        for value in values[-self._window :]:
            self.add(float(value))

    def usual_before_each(self, values: Numbers) -> tuple[Numbers, Numbers]:
        """Return center and scale before each of *values*, if all that stand before it were added."""
        import numpy as np

        other = MovingMedian(self._window)
        other._values, other._ordered = deque(self._values), list(self._ordered)
        found = []
        for value in values.tolist():
            found.append(other.usual())
            other.add(value)
        pairs = np.array(found, np.float64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def state(self) -> dict[str, Any]:
        """Return the values of the window."""
        return {"values": list(self._values)}

    def load(self, state: dict[str, Any]) -> None:
        """Take over the values of a window."""
        self._values = deque(map(float, state["values"]))
        self._ordered = sorted(self._values)
