"""Collects the values of a metric in a bounded number of points."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlmagic.views.curve_picture import PictureSeries

MOST_POINTS = 200


@dataclass(slots=True)
class _Point:
    """Consecutive values from step ``first`` to step ``final``; some of them may not be finite."""

    first: int
    final: int
    values: int = 0
    finite: int = 0
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan

    def add(self, other: _Point) -> None:
        self.values += other.values
        self.final = other.final
        if not other.finite:
            return
        if not self.finite:
            self.finite, self.mean, self.low, self.high = other.finite, other.mean, other.low, other.high
            return
        self.finite += other.finite
        share = other.finite / self.finite
        self.mean = self.mean * (1 - share) + other.mean * share
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)


class GrowingSeries:
    """A series of any number of values in at most 200 points: neighbours are merged, and their extremes preserved.

    >>> series = GrowingSeries("loss")
    >>> for step in range(1000):
    ...     series.add(step, 1 / (step + 1))
    >>> drawn = series.drawn()
    >>> len(drawn.steps) <= MOST_POINTS, max(drawn.highs), drawn.last, drawn.count
    (True, 1.0, 0.001, 1000)
    """

    def __init__(self, name: str, *, inner: bool = False) -> None:
        self.name = name
        self.inner = inner
        self.last = math.nan
        self.count = 0
        self._least = self._greatest = 0
        self._each = 1
        self._points: list[_Point] = []

    def add(self, step: int, value: float) -> None:
        """Add the next value; a value that is not finite leaves a gap."""
        self._least = min(step, self._least) if self.count else step
        self._greatest = max(step, self._greatest) if self.count else step
        self.last, self.count = value, self.count + 1
        point = _Point(step, step, 1, 1, value, value, value) if math.isfinite(value) else _Point(step, step, 1)
        if self._points and self._points[-1].values < self._each:
            self._points[-1].add(point)
            return
        if len(self._points) == MOST_POINTS:
            self._halve()
        self._points.append(point)

    def _halve(self) -> None:
        self._each *= 2
        for left, right in zip(self._points[::2], self._points[1::2], strict=True):
            left.add(right)
        del self._points[1::2]

    def drawn(self) -> PictureSeries:
        """Return the series to draw."""
        points = list(self._points)
        return PictureSeries(
            self.name,
            [point.first / 2 + point.final / 2 for point in points],
            [point.mean for point in points],
            [point.low for point in points],
            [point.high for point in points],
            span=(self._least, self._greatest),
            last=self.last,
            count=self.count,
            inner=self.inner,
        )
