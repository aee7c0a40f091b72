"""Which points of a space are tried: all of its grid, some drawn at random, or those that look best so far (TPE)."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Protocol

from mlmagic.adapters.optional import require
from mlmagic.errors import UsageProblem
from mlmagic.sweeps.points.space import Interval, count, grid, joined
from mlmagic.sweeps.trials.pruning import Pruning, new_place, remove, storage_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.store.query.direction import Direction
    from mlmagic.sweeps.points.space import Dimension, Point

SEARCHES = ("grid", "random", "tpe")
MOST_UNASKED = 1000
_DRAWING = 2**31
"""The key of the stream of random numbers that points are drawn from; trials have their numbers as keys."""


class Search(Protocol):
    """Proposes points, and hears how they did."""

    total: int

    def ask(self) -> tuple[int, Point] | None:
        """Return the next point and its number, None after the last."""

    def tell(self, number: int, value: float | None, *, pruned: bool = False) -> None:
        """Hear the metric of a point, None where it failed or was pruned."""

    def pruning(self, number: int) -> Pruning | None:
        """Return where the trial of a point reports to, None where none is pruned."""

    def close(self) -> None:
        """Give back what is not needed any more."""


class Listed:
    """Points that are known from the beginning: a grid, or drawn at random."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.total = len(points)
        self._points = iter(enumerate(points))

    def ask(self) -> tuple[int, Point] | None:
        """Return the next one."""
        return next(self._points, None)

    def tell(self, number: int, value: float | None, *, pruned: bool = False) -> None:
        """Do nothing: no point depends on another."""

    def pruning(self, number: int) -> Pruning | None:  # noqa: ARG002  # of the protocol
        """Return None: nothing is pruned."""
        return None

    def close(self) -> None:
        """Do nothing: nothing is held."""


class Studied:
    """Points that go through a study of Optuna's, in a journal file that workers can report to."""

    def __init__(self, total: int, goal: Direction, metric: str | None, sampler: Any = None) -> None:
        optuna = require("optuna", "--search tpe and --prune")
        self.total = total
        self._metric = metric
        self._optuna = optuna
        self._path = new_place()
        self._asked: dict[int, Any] = {}
        self._study = new_study(f"{goal}imize", sampler, storage_at(self._path))

    def tell(self, number: int, value: float | None, *, pruned: bool = False) -> None:
        """Have the study learn from a point."""
        trial, states = self._asked.pop(number), self._optuna.trial.TrialState
        if pruned:
            self._study.tell(trial, state=states.PRUNED)
        elif value is None or math.isnan(value):
            self._study.tell(trial, state=states.FAIL)
        else:
            self._study.tell(trial, value)

    def pruning(self, number: int) -> Pruning | None:
        """Return where the trial of a point reports to."""
        if self._metric is None:
            return None
        return Pruning(self._path, self._study.study_name, self._asked[number]._trial_id, self._metric)

    def close(self) -> None:
        """Remove the file."""
        remove(self._path)


class Pruned(Studied):
    """The points of a list, of which those that look hopeless are ended: Optuna's median rule.

    Golovin et al., Google Vizier: a service for black-box optimization, 2017, section 3.2.
    """

    def __init__(self, points: Sequence[Point], *, goal: Direction, metric: str) -> None:
        super().__init__(len(points), goal, metric)
        self._points = iter(enumerate(points))

    def ask(self) -> tuple[int, Point] | None:
        """Return the next one."""
        asked = next(self._points, None)
        if asked is not None:
            self._asked[asked[0]] = self._study.ask({})
        return asked


class Tpe(Studied):
    """Optuna's tree-structured Parzen estimator: it learns from what was tried, and goes where it expects the best.

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
        """Return the point that is expected to be the best, as far as is known now."""
        number = next(self._numbers)
        if number >= self.total:
            return None
        trial = self._asked[number] = self._study.ask(self._distributions)
        return number, joined(one.part(_value(one, trial.params[one.name])) for one in self._dimensions)


def new_study(direction: str, sampler: Any = None, storage: Any = None) -> Any:
    """Return a new study of Optuna's, which tells of it on no log."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(direction=direction, sampler=sampler, storage=storage)
    finally:
        optuna.logging.set_verbosity(before)


def points_of(dimensions: Sequence[Dimension], search: str, trials: int | None, seed: int) -> list[Point]:
    """Return the points of a grid, or *trials* drawn at random: of a grid each at most once.

    Raises
    ------
    UsageProblem
        When the grid is large and nobody said so, or there is an interval and no number of trials.
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
    drawn = generator.choice(int(size), size=min(trials, int(size)), replace=False)
    return [_nth(dimensions, int(number)) for number in drawn]


def _nth(dimensions: Sequence[Dimension], number: int) -> Point:
    parts: list[Point] = []
    for one in reversed(dimensions):
        assert not isinstance(one, Interval)  # noqa: S101  # of a grid that can be counted
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
        # By place: Optuna knows no lists and mappings.
        return optuna.distributions.CategoricalDistribution(range(len(one.values)))
    kind = optuna.distributions.IntDistribution if one.is_int else optuna.distributions.FloatDistribution
    return kind(one.low, one.high, log=one.is_log)


def _value(one: Dimension, given: Any) -> Any:
    return given if isinstance(one, Interval) else one.values[given]
