"""The last values of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.monitoring.anomalies.baseline import Numbers


class Recent:
    """The last values in one piece of memory, moved to its beginning when it is full."""

    def __init__(self, most: int) -> None:
        import numpy as np

        self._most = most
        self._memory = np.empty(4 * most, np.float64)
        self._start = self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def oldest(self) -> float:
        """The value that leaves next."""
        return float(self._memory[self._start])

    def append(self, value: float) -> None:
        """Append one value; the oldest leaves if there are too many."""
        if self._end == len(self._memory):
            self._move()
        self._memory[self._end] = value
        self._end += 1
        self._start = max(self._start, self._end - self._most)

    def extend(self, values: Numbers) -> None:
        """Append at most as many values as are kept."""
        if self._end + len(values) > len(self._memory):
            self._move()
        self._memory[self._end : self._end + len(values)] = values
        self._end += len(values)
        self._start = max(self._start, self._end - self._most)

    def array(self) -> Numbers:
        """Return the values, the oldest first, as a view."""
        found: Numbers = self._memory[self._start : self._end]
        return found

    def _move(self) -> None:
        kept = self.array().copy()
        self._memory[: len(kept)] = kept
        self._start, self._end = 0, len(kept)
