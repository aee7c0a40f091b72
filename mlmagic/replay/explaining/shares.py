"""What each difference is worth: Shapley values of up to four, one at a time of more; and the noise of seeds.

Source: L. S. Shapley, A value for n-person games, 1953.
"""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Taken = frozenset[int]
    """The differences that are taken from the second run, by their numbers."""

Result = TypeVar("Result")
MOST_TOGETHER = 4
"""Up to so many differences are taken in all combinations."""


def count_of_replays(differences: int) -> int:
    """Return how many combinations are replayed, without those that measure noise.

    >>> count_of_replays(2), count_of_replays(6)
    (4, 14)
    """
    return int(2**differences) if differences <= MOST_TOGETHER else 2 * differences + 2


@dataclass(frozen=True)
class Combinations:
    """What combinations of differences gave; a block is one difference, or some that only run together."""

    blocks: Sequence[Taken]
    values: Mapping[Taken, Mapping[str, float]]

    def change(self, metric: str) -> float:
        """Return by how much all differences together change *metric*."""
        return self.values[_union(self.blocks)][metric] - self.values[frozenset()][metric]

    def shares(self, metric: str) -> tuple[list[float], float] | None:
        """Return what each block is worth in *metric*, and what they do only together; None without all values."""
        found: dict[Taken, float] = {}
        for blocks in _needed(self.blocks):
            taken = frozenset().union(*blocks)
            value = self.values[taken].get(metric, math.nan)
            if not math.isfinite(value):
                return None
            found[frozenset(self.blocks.index(one) for one in blocks)] = value
        count = len(self.blocks)
        if count <= MOST_TOGETHER:
            return shapley(found, count), 0.0
        worth = one_at_a_time(found, count)
        return worth, found[frozenset(range(count))] - found[frozenset()] - math.fsum(worth)


def combine(count: int, replay: Callable[[Taken], Mapping[str, float] | None]) -> Combinations:
    """Replay combinations of *count* differences; those that cannot run without each other become one block.

    Parameters
    ----------
    replay
        Returns the metrics with these differences taken from the second run, None if it cannot run. With none and with
        all of them it can.
    """
    values: dict[Taken, Mapping[str, float] | None] = {}

    def value(taken: Taken) -> Mapping[str, float] | None:
        if taken not in values:
            values[taken] = replay(taken)
        return values[taken]

    blocks = [frozenset({one}) for one in range(count)]
    while True:
        failed = [taken for taken in map(_union, _needed(blocks)) if value(taken) is None]
        if not failed or len(blocks) <= 1:
            return Combinations(blocks, {taken: found for taken, found in values.items() if found is not None})
        blocks = min(_with_two_joined(blocks, failed), key=lambda one: _count_failing(one, value))


def _union(blocks: Sequence[Taken]) -> Taken:
    return frozenset().union(*blocks)


def _needed(blocks: Sequence[Taken]) -> Iterator[tuple[Taken, ...]]:
    """Yield the combinations of *blocks* that are replayed."""
    sizes = range(len(blocks) + 1) if len(blocks) <= MOST_TOGETHER else (0, 1, len(blocks) - 1, len(blocks))
    for size in sizes:
        yield from itertools.combinations(blocks, size)


def _with_two_joined(blocks: Sequence[Taken], failed: Sequence[Taken]) -> Iterator[list[Taken]]:
    """Yield *blocks* with two of them joined, of which one is in a combination that failed and the other is not."""
    for one, other in itertools.combinations(blocks, 2):
        if any((one <= taken) != (other <= taken) for taken in failed):
            yield [*(block for block in blocks if block not in (one, other)), one | other]


def _count_failing(blocks: Sequence[Taken], value: Callable[[Taken], object]) -> int:
    return sum(value(_union(taken)) is None for taken in _needed(blocks))


def shapley(values: Mapping[frozenset[int], float], count: int) -> list[float]:
    """Return the Shapley value of each of *count* differences, from the value of each of their combinations.

    They add up to the value of all of them less that of none.

    Examples
    --------
    >>> none, first, second, both = map(frozenset, ((), (0,), (1,), (0, 1)))
    >>> shapley({none: 1.0, first: 3.0, second: 2.0, both: 6.0}, 2)
    [3.0, 2.0]
    """
    found = []
    for one in range(count):
        others = [other for other in range(count) if other != one]
        terms = []
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            for chosen in itertools.combinations(others, size):
                before = frozenset(chosen)
                terms.append(weight * (values[before | {one}] - values[before]))
        found.append(math.fsum(terms))
    return found


def one_at_a_time(values: Mapping[frozenset[int], float], count: int) -> list[float]:
    """Return what each difference is worth alone: the mean of taking it first, and of taking it last.

    Examples
    --------
    >>> none, first, second, both = map(frozenset, ((), (0,), (1,), (0, 1)))
    >>> one_at_a_time({none: 1.0, first: 3.0, second: 2.0, both: 6.0}, 2)
    [3.0, 2.0]
    """
    whole = frozenset(range(count))
    return [
        ((values[frozenset({one})] - values[frozenset()]) + (values[whole] - values[whole - {one}])) / 2
        for one in range(count)
    ]


def noise_of_seeds(groups: Sequence[Sequence[float]]) -> float | None:
    """Return by how much two runs that differ by their seeds alone are apart at most, 19 of 20 times.

    Parameters
    ----------
    groups
        For each run its values with several seeds. None is returned without two finite values in a group.

    Examples
    --------
    >>> noise_of_seeds([[0.5, 0.5, 0.5], [0.7, 0.7, 0.7]])
    0.0
    >>> round(noise_of_seeds([[0.50, 0.52, 0.51], [0.70, 0.71, 0.69]]), 4)
    0.0393
    """
    finite = [[value for value in group if math.isfinite(value)] for group in groups]
    kept = [group for group in finite if len(group) > 1]
    degrees = sum(len(group) - 1 for group in kept)
    if not degrees:
        return None
    variance = sum(statistics.variance(group) * (len(group) - 1) for group in kept) / degrees
    if variance == 0:
        return 0.0
    from scipy.stats import t

    return float(t.ppf(0.975, degrees)) * math.sqrt(2 * variance)
