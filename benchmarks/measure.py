"""What a measurement is: the same work done in two ways, by turns, as medians, ratio and spread."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Sample:
    """The seconds that one way of doing the work took, each time."""

    what: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one, in seconds."""
        return statistics.median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Between these, in seconds, lies the middle half."""
        if len(self.seconds) < 2:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high


@dataclass(frozen=True)
class Goal:
    """The most that the ratio, our median or the difference (both in seconds) should be."""

    of: Literal["ratio", "median", "difference"]
    at_most: float


@dataclass(frozen=True)
class Comparison:
    """mlmagic's way beside another; without goals it is a fact worth knowing."""

    name: str
    ours: Sample
    other: Sample
    goals: tuple[Goal, ...] = ()

    @property
    def ratio(self) -> float:
        """Our median as a multiple of the other."""
        return self.ours.median / self.other.median

    @property
    def difference(self) -> float:
        """How much longer ours takes, in seconds."""
        return self.ours.median - self.other.median

    def meets(self, goal: Goal) -> bool:
        """Tell whether *goal* is reached."""
        reached = {"ratio": self.ratio, "median": self.ours.median, "difference": self.difference}
        return reached[goal.of] <= goal.at_most


def interleaved(ways: Mapping[str, Callable[[], float]], *, rounds: int, warm_up: int = 1) -> list[Sample]:
    """Take turns between *ways*, each of which returns the seconds it took.

    Another way goes first in each round, so that a machine that slows down, or a store that grows, favours none.
    """
    seconds: dict[str, list[float]] = {what: [] for what in ways}
    order = list(ways)
    for number in range(warm_up + rounds):
        for what in order:
            took = ways[what]()
            if number >= warm_up:
                seconds[what].append(took)
        order = [*order[1:], order[0]]
    return [Sample(what, tuple(took)) for what, took in seconds.items()]
