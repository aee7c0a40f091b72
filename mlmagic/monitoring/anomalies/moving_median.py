"""Median and median absolute deviation of the last values."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.anomalies.baseline import score
from mlmagic.monitoring.anomalies.recent import Recent

if TYPE_CHECKING:
    from mlmagic.monitoring.anomalies.baseline import Flags, Numbers, Rule

_TO_STANDARD_DEVIATION = 1.482602218505602
"""Of a normal distribution: its standard deviation, divided by its median absolute deviation."""
_SHORT_WINDOW = 200
_AT_ONCE = 192
_LEAST_DEVIATION, _SHIFT = 0.8, 0.1
"""Within a block, the deviation rarely falls below this part of it, and the median rarely moves by more than this."""


class MovingMedian:
    """Median of the last *window* values, and their median absolute deviation, scaled to the standard deviation.

    For values that come one by one, the window is kept in order, too: both medians are found in logarithmic time.

    >>> import numpy as np
    >>> usual = MovingMedian(5)
    >>> usual.add_all(np.array([9.0, 1.0, 2.0, 3.0, 4.0, 50.0]))
    >>> usual.usual()
    (3.0, 1.482602218505602)
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._values = Recent(window)
        self._ordered: list[float] | None = []
        """None if it has to be put in order first."""

    @property
    def count(self) -> int:
        """How many values the window has."""
        return len(self._values)

    def usual(self) -> tuple[float, float]:
        """Return the median and the scaled median absolute deviation."""
        ordered = self._in_order()
        count = len(ordered)
        if not count:
            return 0.0, 0.0
        upper = ordered[count // 2]
        center = upper if count % 2 else (ordered[count // 2 - 1] + upper) / 2
        deviation = _distance(ordered, center, count // 2)
        if count % 2 == 0:
            deviation = (deviation + _distance(ordered, center, count // 2 - 1)) / 2
        return center, deviation * _TO_STANDARD_DEVIATION

    def _in_order(self) -> list[float]:
        if self._ordered is None:
            self._ordered = sorted(self._values.array().tolist())
        return self._ordered

    def add(self, value: float) -> None:
        """Add one value; the oldest leaves a full window."""
        ordered = self._in_order()
        if len(self._values) == self._window:
            del ordered[bisect_left(ordered, self._values.oldest)]
        self._values.append(value)
        insort(ordered, value)

    def add_all(self, values: Numbers) -> None:
        """Add values in their order."""
        self._values.extend(values[-self._window :])
        self._ordered = None

    def take(self, values: Numbers, rule: Rule) -> Flags:
        """Return the flags of values in their order, and add those that count as usual."""
        import numpy as np

        flags = np.zeros(len(values), bool)
        at = 0
        while at < len(values):
            block = values[at : at + _AT_ONCE]
            judge = self._one_by_one if self._window < _SHORT_WINDOW else self._in_block
            at += judge(block, flags[at : at + len(block)], rule)
        return flags

    def _one_by_one(self, block: Numbers, flags: Flags, rule: Rule) -> int:
        for at, value in enumerate(block.tolist()):
            flags[at] = abs(score(value, *self.usual(), rule.least_scale)) > rule.threshold
            if rule.include_anomalies or not flags[at]:
                self.add(value)
        return len(block)

    def _in_block(self, block: Numbers, flags: Flags, rule: Rule) -> int:
        """Write the flags of the first values of a block, and return of how many."""
        import numpy as np

        known = self._values.array()
        values, count = np.concatenate([known, block]), len(known)
        near = _surely_near(values, count, self._window, rule)
        for at in np.flatnonzero(~near).tolist():
            usual = _of_window(values[max(0, count + at - self._window) : count + at])
            if abs(score(float(block[at]), *usual, rule.least_scale)) <= rule.threshold:
                continue
            flags[at] = True
            if not rule.include_anomalies:
                # Anomalies change nothing, so those that follow it are judged by the same center and scale.
                self.add_all(block[:at])
                until = at + 1
                while until < len(block) and abs(score(float(block[until]), *usual, rule.least_scale)) > rule.threshold:
                    flags[until] = True
                    until += 1
                return until
        self.add_all(block)
        return len(block)

    def state(self) -> dict[str, Any]:
        """Return the values of the window."""
        return {"values": self._values.array().tolist()}

    def load(self, state: dict[str, Any]) -> None:
        """Take over the values of a window."""
        import numpy as np

        self._values = Recent(self._window)
        self.add_all(np.array(state["values"], np.float64))


def _distance(ordered: list[float], center: float, rank: int) -> float:
    """Return the distance from *center* that *rank* values are nearer than.

    Among the ordered values the ``rank + 1`` nearest stand side by side: the search is for where they begin.
    """
    low, high = 0, len(ordered) - rank - 1
    while low < high:
        middle = (low + high) // 2
        if center - ordered[middle] > ordered[middle + rank + 1] - center:
            low = middle + 1
        else:
            high = middle
    return max(center - ordered[low], ordered[low + rank] - center)


def _of_window(values: Numbers) -> tuple[float, float]:
    """Return the median and the scaled median absolute deviation."""
    import numpy as np

    center = _median(values)
    return center, _median(np.abs(values - center)) * _TO_STANDARD_DEVIATION


def _median(values: Numbers) -> float:
    """Return the median; of a thousand values NumPy's sort has it several times sooner than its median."""
    import numpy as np

    ordered, half = np.sort(values), len(values) // 2
    if len(values) % 2:
        return float(ordered[half])
    return (float(ordered[half - 1]) + float(ordered[half])) / 2


def _surely_near(values: Numbers, count: int, window: int, rule: Rule) -> Flags:
    """Return which of the values after the first *count* are no anomalies, if all of them count as usual.

    Before each of them, the median has moved by at most a *shift* if less than half of its window lies beyond that, to
    either side; and the deviation is at least *least* if less than half of the window lies within that, and a shift, of
    the first median. Where both hold, it is enough to compare a value with these. Counts are cheap to carry on.
    """
    import numpy as np

    center, deviation = _of_window(values[:count])
    deviation /= _TO_STANDARD_DEVIATION
    shift, least = _SHIFT * deviation, _LEAST_DEVIATION * deviation
    away = values - center
    ends = np.arange(count, len(values))
    starts = np.maximum(ends - window, 0)

    def is_less_than_half(mask: Flags) -> Flags:
        until = np.concatenate([[0], np.cumsum(mask)])
        is_less: Flags = 2 * (until[ends] - until[starts]) < ends - starts
        return is_less

    distance = np.abs(away)
    holds = is_less_than_half(away > shift) & is_less_than_half(away < -shift)
    holds &= is_less_than_half(distance < least + shift)
    limit = rule.threshold * max(_TO_STANDARD_DEVIATION * least, rule.least_scale)
    found: Flags = holds & ((distance[count:] + shift) * (1 + 1e-9) <= limit)
    return found
