"""What is usual in a stream of numbers: a center and a scale, and the scores of values by them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_SAME = 2.0**-49
"""Two numbers that differ by no more than this part of the larger one count as equal: eight times what rounding one
of them may have changed."""


@dataclass(frozen=True)
class Rule:
    """When a value is an anomaly, and whether anomalies count as usual too."""

    threshold: float
    least_scale: float
    include_anomalies: bool


class Baseline(Protocol):
    """The center and the scale of the values that were added, all of them finite."""

    @property
    def count(self) -> int:
        """How many values have been added."""

    def usual(self) -> tuple[float, float]:
        """Return the center and the scale."""

    def add(self, value: float) -> None:
        """Add one value."""

    def add_all(self, values: Numbers) -> None:
        """Add values in their order."""

    def take(self, values: Numbers, rule: Rule) -> Flags:
        """Return the flags of values in their order, and add those that count as usual."""

    def state(self) -> dict[str, Any]:
        """Return the state as values that JSON takes."""

    def load(self, state: dict[str, Any]) -> None:
        """Take over a state."""


def score(value: float, center: float, scale: float, least_scale: float) -> float:
    """Return how many scales *value* is from *center*; infinity if the scale is 0 and they differ.

    >>> score(5.0, 3.0, 1.0, 0.0), score(5.0, 3.0, 0.0, 0.0), score(0.1 + 0.2, 0.3, 0.0, 0.0)
    (2.0, inf, 0.0)
    """
    away = value - center
    if abs(away) <= _SAME * max(abs(value), abs(center)):
        return 0.0
    scale = max(scale if scale > _SAME * abs(center) else 0.0, least_scale)
    return away / scale if scale else math.copysign(math.inf, away)


def scores(values: Numbers, centers: Numbers, scales: Numbers, least_scale: float) -> Numbers:
    """Return `score` of each value."""
    import numpy as np

    away = values - centers
    kept = np.maximum(np.where(scales > _SAME * np.abs(centers), scales, 0.0), least_scale)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found: Numbers = away / kept
    found[np.abs(away) <= _SAME * np.maximum(np.abs(values), np.abs(centers))] = 0.0
    return found
