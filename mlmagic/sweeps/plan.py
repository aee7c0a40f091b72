"""The plan of a sweep, which is checked before any trial runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.arguments import described, require_text_or_none
from mlmagic.errors import UsageProblem
from mlmagic.store.query.direction import direction_of
from mlmagic.suggestions import did_you_mean
from mlmagic.sweeps.body import Body
from mlmagic.sweeps.engines import require_whole
from mlmagic.sweeps.points.search import MOST_UNASKED, SEARCHES, points_of
from mlmagic.sweeps.points.space import count
from mlmagic.sweeps.points.zipped import dimensions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlmagic.config.composing import Composition
    from mlmagic.store.query.direction import Direction
    from mlmagic.sweeps.points.space import Axis, Dimension
    from mlmagic.sweeps.trials.trial_models import Which

SearchName = Literal["grid", "random", "tpe"]
EngineName = Literal["local", "dask"]

MODELS = ("best", "all", "none")
_MODES: dict[str, Direction] = {"min": "min", "max": "max"}


@dataclass(frozen=True)
class SweepPlan:
    """The plan of a sweep.

    *code* is a body or a function. *axes* are the swept variables of the body, arguments of the function, or overrides
    of *config*; ``zips`` are groups of axis names that vary together. ``metric`` compares the trials, and ``mode`` is
    its direction. ``seeds`` is the number of trials per point. ``resume`` reuses the trials that finished in the last
    sweep of the same code in ``experiment``. ``prune`` ends unpromising trials early. ``models`` says whose models are
    recorded, ``data`` whether the data that the code reads are recorded.
    """

    code: Body | Callable[..., Any]
    axes: Sequence[Axis]
    namespace: Mapping[str, Any] = field(default_factory=dict)
    config: Composition | None = None
    zips: Sequence[Sequence[str]] = ()
    metric: str | None = None
    mode: Direction | None = None
    search: SearchName = "grid"
    trials: int | None = None
    jobs: int | None = None
    on: EngineName = "local"
    address: str | None = None
    timeout_s: float | None = None
    seeds: int = 1
    seed: int | None = None
    threads: int = 1
    figures: bool = True
    models: Which = "best"
    data: bool = True
    yes: bool = False
    resume: bool = False
    prune: bool = False
    experiment: str | None = None

    @property
    def dimensions(self) -> list[Dimension]:
        """The dimensions of the grid: the axes, with zipped axes as one dimension."""
        return dimensions_of(self.axes, self.zips)


def require_valid(plan: SweepPlan) -> None:
    """Check that the plan can be run.

    Raises
    ------
    UsageProblem
        If it has no axes, an option has an invalid value, or a grid has over 1,000 trials without ``yes`` or
        ``trials``.
    """
    if not plan.axes:
        raise UsageProblem("There is nothing to go over: lr=0.1,0.01 depth=range(1,10)")
    _require_words(plan)
    _require_numbers(plan)
    if plan.prune and plan.metric is None:
        raise UsageProblem("--prune judges trials by a metric that they log as they go: --metric val_loss")
    if plan.prune and plan.seeds > 1:
        raise UsageProblem("--prune ends trials one by one, and --seeds judges them together: leave one of them out")
    size = count(plan.dimensions)
    if plan.search != "tpe" and plan.trials is None and size * plan.seeds > MOST_UNASKED and not plan.yes:
        if size == float("inf"):
            points_of(plan.dimensions, plan.search, None, 0)  # raises: an interval has no grid, and no number of points
        told = f"That is {int(size) * plan.seeds:,} trials: --yes runs them all, "
        if plan.search == "random":
            raise UsageProblem(f"{told}--trials 100 a hundred of them")
        raise UsageProblem(f"{told}--search random --trials 100 a hundred, --trials 100 the first hundred")


def _require_words(plan: SweepPlan) -> None:
    example = "mlmagic.sweep(train, {'lr': [0.1, 0.01]}, metric='val_loss')"
    texts = {"metric": plan.metric, "address": plan.address, "experiment": plan.experiment}
    require_text_or_none("mlmagic.sweep", example, **texts)
    if plan.metric == "":
        raise UsageProblem("--metric names no metric: --metric accuracy")
    if plan.search not in SEARCHES:
        near = did_you_mean(str(plan.search), SEARCHES)
        raise UsageProblem(f"There is no search {plan.search!r}.{near} There are {', '.join(SEARCHES)}.")
    if plan.models not in MODELS:
        near = did_you_mean(str(plan.models), MODELS)
        raise UsageProblem(f"models={plan.models!r}: it is {', '.join(MODELS)}.{near}")


def _require_numbers(plan: SweepPlan) -> None:
    timeout = plan.timeout_s
    if timeout is not None and (not isinstance(timeout, Real) or isinstance(timeout, bool)):
        raise UsageProblem(f"--timeout {described(timeout)}: it is a number of seconds, 0 or more.")
    if timeout is not None and not timeout >= 0:  # rejects NaN too
        raise UsageProblem(f"--timeout {timeout:g}: it is a number of seconds, 0 or more.")
    counts = {"--trials": 1 if plan.trials is None else plan.trials, "--seeds": plan.seeds, "--threads": plan.threads}
    for what, number in counts.items():
        require_whole(what, number)
        if number < 1:
            raise UsageProblem(f"{what} {number}: it is 1 or more.")


def goal_of(plan: SweepPlan) -> Direction | None:
    """Return the direction in which the plan's metric is better, or None if the plan names no metric.

    Raises
    ------
    UsageProblem
        If the direction is invalid or unknown, or a direction or TPE lacks a metric.
    """
    if plan.mode is not None:
        if plan.mode not in tuple(_MODES):
            raise UsageProblem(f"--mode {plan.mode}: it is min or max.")
        if plan.metric is None:
            raise UsageProblem(f"--mode {plan.mode} says which is better of a metric: --metric accuracy --mode max")
        return _MODES[plan.mode]
    goal = direction_of(plan.metric) if plan.metric else None
    if plan.metric and goal is None:
        binds = plan.code.binds if isinstance(plan.code, Body) else ()
        near = did_you_mean(plan.metric, [name for name in binds if direction_of(name) is not None])
        raise UsageProblem(f"The name {plan.metric!r} does not tell which is better: --mode max, or --mode min.{near}")
    if plan.search == "tpe" and goal is None:
        raise UsageProblem("--search tpe needs a metric to optimize: --metric accuracy --mode max")
    return goal
