"""The search that a sweep's plan asks for; configs are checked before any trial runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.points.search import Listed, Pruned, Search, Tpe, points_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.store.query.direction import Direction
    from mlmagic.sweeps.plan import SweepPlan
    from mlmagic.sweeps.points.configs import ConfigSpace
    from mlmagic.sweeps.points.space import Point


def search_for(
    plan: SweepPlan, space: ConfigSpace | None, *, goal: Direction | None, metric: str | None, seed: int, jobs: int
) -> Search:
    """Return the search of *plan*; *space* are the configs of its points, if a config is swept.

    Raises
    ------
    UsageProblem
        If the points cannot be drawn, or Hydra cannot compose the config of a point.
    """
    if plan.search == "tpe":
        if plan.trials is None:
            raise UsageProblem("--search tpe needs to know how many: --trials 50")
        assert goal is not None  # noqa: S101  # `goal_of` has seen to it
        pruned_by = metric if plan.prune else None
        return Tpe(plan.dimensions, plan.trials, goal=goal, seed=seed, jobs=jobs, pruned_by=pruned_by)
    points = points_of(plan.dimensions, plan.search, plan.trials, seed)
    if space is not None:
        _check_configs(space, points)
    if plan.prune and goal is not None and metric is not None:
        return Pruned(points, goal=goal, metric=metric)
    return Listed(points)


def _check_configs(space: ConfigSpace, points: Sequence[Point]) -> None:
    """Let Hydra compose the first point, and try each value of each axis once."""
    space.check(points[0])
    seen: set[tuple[str, str]] = set()
    for point in points:
        if new := {(name, repr(value)) for name, value in point.items()} - seen:
            seen |= new
            space.at(point)
