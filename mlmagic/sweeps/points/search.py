"""Searches choose the points to try: the whole grid, random points, or the most promising ones (TPE)."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Protocol

from mlmagic.adapters.optional import require
from mlmagic.errors import UsageProblem
from mlmagic.sweeps.points.space import Interval, count, grid, joined
from mlmagic.sweeps.trials.pruning import Pruning, new_place, remove, storage_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.store.query.direction import Direction
    from mlmagic.sweeps.points.space import Dimension, Point

SEARCHES = ("grid", "random", "tpe")
MOST_UNASKED = 1000
_MOST_NUMBERED = 2**63 - 1
_DRAWING = 2**31
"""The spawn key of the random numbers from which points are drawn; it differs from the keys of trials' seeds."""


class Search(Protocol):
    """Proposes points, and receives their results."""

    total: int

    def ask(self) -> tuple[int, Point] | None:
        """Return the number and the values of the next point, or None after the last."""

    def tell(self, number: int, value: float | None, *, pruned: bool = False) -> None:
        """Receive the metric of a point, or None if the point failed or was pruned."""

    def pruning(self, number: int) -> Pruning | None:
        """Return where the trial of a point reports to, or None without pruning."""

    def close(self) -> None:
        """Release the search's resources."""


class Listed:
    """Proposes a fixed list of points: a grid, or points drawn at random."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.total = len(points)
        self._points = iter(enumerate(points))

    def ask(self) -> tuple[int, Point] | None:
        """Return the next point."""
        return next(self._points, None)

    def tell(self, number: int, value: float | None, *, pruned: bool = False) -> None:
        """Do nothing: no point depends on results."""

    def pruning(self, number: int) -> Pruning | None:  # noqa: ARG002  # of the protocol
        """Return None: nothing is pruned."""
        return None

    def close(self) -> None:
        """Do nothing: there are no resources."""


class Studied:
    """Proposes points by an Optuna study, stored in a journal file to which workers report."""

    def __init__(self, total: int, goal: Direction, metric: str | None, sampler: Any = None) -> None:
        optuna = require("optuna", "--search tpe and --prune")
        self.total = total
        self._metric = metric
        self._optuna = optuna
        self._path = new_place()
        self._asked: dict[int, Any] = {}
        self._study = new_study(f"{goal}imize", sampler, storage_at(self._path))

    def tell(self, number: int, value: float | None, *, pruned: bool = False) -> None:
        """Report the result of a point to the study."""
        trial, states = self._asked.pop(number), self._optuna.trial.TrialState
        if pruned:
            self._study.tell(trial, state=states.PRUNED)
        elif value is None or math.isnan(value):
            self._study.tell(trial, state=states.FAIL)
        else:
            self._study.tell(trial, value)

    def pruning(self, number: int) -> Pruning | None:
        """Return where the trial of a point reports to, or None without pruning."""
        if self._metric is None:
            return None
        return Pruning(self._path, self._study.study_name, self._asked[number]._trial_id, self._metric)

    def close(self) -> None:
        """Remove the study's file."""
        remove(self._path)


class Pruned(Studied):
    """Proposes a list of points; unpromising trials are pruned by Optuna's median rule.

    Golovin et al., Google Vizier: a service for black-box optimization, 2017, section 3.2.
    """

    def __init__(self, points: Sequence[Point], *, goal: Direction, metric: str) -> None:
        super().__init__(len(points), goal, metric)
        self._points = iter(enumerate(points))

    def ask(self) -> tuple[int, Point] | None:
        """Return the next point."""
        asked = next(self._points, None)
        if asked is not None:
            self._asked[asked[0]] = self._study.ask({})
        return asked


class Tpe(Studied):
    """Optuna's tree-structured Parzen estimator, which proposes the points that look best after earlier results.

    Bergstra et al., Algorithms for hyper-parameter optimization, 2011.
    """

    def __init__(
        self,
        dimensions: Sequence[Dimension],
        trials: int,
        *,
        goal: Direction,
        seed: int,
        jobs: int,
        pruned_by: str | None = None,
    ) -> None:
        optuna = require("optuna", "--search tpe")
        sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=jobs > 1)
        super().__init__(trials, goal, pruned_by, sampler)
        self._dimensions = dimensions
        self._numbers = itertools.count()
        self._distributions = {one.name: _distribution(optuna, one) for one in dimensions}

    def ask(self) -> tuple[int, Point] | None:
        """Return the most promising point according to the results so far."""
        number = next(self._numbers)
        if number >= self.total:
            return None
        trial = self._asked[number] = self._study.ask(self._distributions)
        return number, joined(one.part(_value(one, trial.params[one.name])) for one in self._dimensions)


def new_study(direction: str, sampler: Any = None, storage: Any = None) -> Any:
    """Create an Optuna study without a log message."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(direction=direction, sampler=sampler, storage=storage)
    finally:
        optuna.logging.set_verbosity(before)


def points_of(dimensions: Sequence[Dimension], search: str, trials: int | None, seed: int) -> list[Point]:
    """Return the points of a grid, or *trials* random points; each point of a grid is drawn at most once.

    Raises
    ------
    UsageProblem
        If a grid has an interval, or a random search has an interval and no number of trials.
    """
    if search == "grid":
        return list(itertools.islice(grid(dimensions), trials))
    size = count(dimensions)
    if trials is None:
        if math.isinf(size):
            raise UsageProblem("--search random needs to know how many: --trials 20")
        trials = int(size)
    import numpy as np

    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_DRAWING,)))
    if math.isinf(size):
        return [joined(one.part(_drawn(one, generator)) for one in dimensions) for _ in range(trials)]
    if size > _MOST_NUMBERED:
        return [_nth(dimensions, number) for number in _drawn_numbers(dimensions, trials, generator)]
    drawn = generator.choice(int(size), size=min(trials, int(size)), replace=False)
    return [_nth(dimensions, int(number)) for number in drawn]


def _drawn_numbers(dimensions: Sequence[Dimension], trials: int, generator: Any) -> Iterable[int]:
    """Return distinct numbers of points of a grid that has more of them than NumPy can number."""
    numbers: dict[int, None] = {}
    while len(numbers) < trials:
        number = 0
        for one in dimensions:
            assert not isinstance(one, Interval)  # noqa: S101  # a finite grid has none
            number = number * len(one.values) + int(generator.integers(len(one.values)))
        numbers[number] = None
    return numbers


def _nth(dimensions: Sequence[Dimension], number: int) -> Point:
    parts: list[Point] = []
    for one in reversed(dimensions):
        assert not isinstance(one, Interval)  # noqa: S101  # a finite grid has none
        number, place = divmod(number, len(one.values))
        parts.append(one.part(one.values[place]))
    return joined(reversed(parts))


def _drawn(one: Dimension, generator: Any) -> Any:
    if not isinstance(one, Interval):
        return one.values[int(generator.integers(len(one.values)))]
    if one.is_log:
        value = math.exp(generator.uniform(math.log(one.low), math.log(one.high)))
        return min(max(round(value), int(one.low)), int(one.high)) if one.is_int else value
    if one.is_int:
        return int(generator.integers(int(one.low), int(one.high) + 1))
    return float(generator.uniform(one.low, one.high))


def _distribution(optuna: Any, one: Dimension) -> Any:
    if not isinstance(one, Interval):
        # By index, because Optuna does not accept lists and mappings as choices.
        return optuna.distributions.CategoricalDistribution(range(len(one.values)))
    kind = optuna.distributions.IntDistribution if one.is_int else optuna.distributions.FloatDistribution
    return kind(one.low, one.high, log=one.is_log)


def _value(one: Dimension, given: Any) -> Any:
    return given if isinstance(one, Interval) else one.values[given]
