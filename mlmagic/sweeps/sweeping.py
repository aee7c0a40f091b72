"""A sweep from its plan to its results: points are drawn, trials run, and each is recorded below the sweep's run."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from mlmagic.config.flat import leaves
from mlmagic.errors import UsageProblem, did_you_mean
from mlmagic.runs.children import Child
from mlmagic.runs.direction import direction_of
from mlmagic.snapshot import randomness
from mlmagic.sweeps.body import Body
from mlmagic.sweeps.configs import ConfigSpace
from mlmagic.sweeps.engines import engine_for
from mlmagic.sweeps.loop import Loop
from mlmagic.sweeps.payload import pack, pack_function
from mlmagic.sweeps.results import Results, Trial
from mlmagic.sweeps.search import MOST_UNASKED, SEARCHES, Listed, Search, Tpe, points_of
from mlmagic.sweeps.space import count
from mlmagic.sweeps.trial import Job, Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from omegaconf import DictConfig

    from mlmagic.config.composing import Composition
    from mlmagic.runs.active import ActiveRun
    from mlmagic.runs.direction import Direction
    from mlmagic.sweeps.payload import Payload
    from mlmagic.sweeps.space import Axis, Point

_MODES: dict[str, Direction] = {"min": "min", "max": "max"}


@dataclass(frozen=True)
class Plan:
    """What a sweep is to do.

    *code* is a body or a function, *axes* are what it goes over: variables of the body, arguments of the function, or
    overrides of *config*. ``metric`` judges the trials, ``mode`` says in which direction. ``seeds`` is how often each
    point is run.
    """

    code: Body | Callable[..., Any]
    axes: Sequence[Axis]
    namespace: Mapping[str, Any] = field(default_factory=dict)
    config: Composition | None = None
    metric: str | None = None
    mode: str | None = None
    search: str = "grid"
    trials: int | None = None
    jobs: int | None = None
    on: str = "local"
    address: str | None = None
    timeout_s: float | None = None
    seeds: int = 1
    seed: int | None = None
    threads: int = 1
    figures: bool = True
    yes: bool = False


class Watcher(Protocol):
    """Shows a sweep while it runs."""

    def show(self, results: Results, *, total: int, running: int, is_over: bool) -> None:
        """Show how far it is."""


class Sweep:
    """One sweep: checked when it is made, run once."""

    def __init__(self, plan: Plan) -> None:
        """Prepare a sweep.

        Raises
        ------
        UsageProblem
            When the plan cannot be run.
        """
        self.plan = plan
        _require_valid(plan)
        self.goal = _goal(plan)
        self.seed = plan.seed if plan.seed is not None else _base_seed()
        self._space = ConfigSpace(plan.config, plan.axes) if plan.config is not None else None
        self._engine = engine_for(plan.jobs, plan.on, plan.address, plan.threads)
        try:
            self._search = self._searched()
            payload = _packed(plan, for_processes=self._engine.is_remote)
        except BaseException:
            self._engine.close()
            raise
        self.total = self._search.total * plan.seeds
        self.shared = tuple(payload.shared)
        source = plan.code.source if isinstance(plan.code, Body) else None
        self._job = Job(payload, source, plan.threads, figures=plan.figures)
        self._tasks: dict[int, tuple[int, Point, dict[str, Any]]] = {}
        self._trials: list[Trial] = []
        self._metric = plan.metric

    def run(self, parent: ActiveRun, watcher: Watcher | None = None) -> Results:
        """Run all trials below *parent*, and return what they came to.

        Raises
        ------
        UsageProblem
            When no trial has the metric.
        KeyboardInterrupt
            When it was interrupted; what was done is recorded.
        """
        self._describe(parent)
        end = time.monotonic() + self.plan.timeout_s if self.plan.timeout_s is not None else None

        def done(outcome: Outcome) -> None:
            self._record(parent, outcome)
            self._show(parent, watcher, running=1)

        loop = Loop(
            self._engine, self._job, done=done, idle=lambda running: self._show(parent, watcher, running=running)
        )
        try:
            loop.run(itertools.takewhile(lambda _: end is None or time.monotonic() < end, self._all_tasks()))
        finally:
            self._engine.close()
            self._show(parent, watcher, running=0, is_over=True)
        results = self._results(parent)
        self._conclude(parent, results)
        return results

    @property
    def config_at(self) -> Callable[[Point], DictConfig] | None:
        """What composes the config of a point, where a config is swept."""
        return self._space.check if self._space is not None else None

    def _searched(self) -> Search:
        plan = self.plan
        if plan.search == "tpe":
            if plan.trials is None:
                raise UsageProblem("--search tpe needs to know how many: --trials 50")
            assert self.goal is not None  # noqa: S101  # `_goal` has seen to it
            return Tpe(plan.axes, plan.trials, goal=self.goal, seed=self.seed, jobs=self._engine.jobs)
        points = points_of(plan.axes, plan.search, plan.trials, self.seed)
        if self._space is not None:
            self._check_configs(points)
        return Listed(points)

    def _check_configs(self, points: Sequence[Point]) -> None:
        """Have Hydra compose the first point, and try each value of each axis once: before anything runs."""
        assert self._space is not None  # noqa: S101  # called for configs only
        self._space.check(points[0])
        seen: set[tuple[str, str]] = set()
        for point in points:
            if new := {(name, repr(value)) for name, value in point.items()} - seen:
                seen |= new
                self._space.at(point)

    def _all_tasks(self) -> Iterator[Task]:
        for number in itertools.count():
            if number % self.plan.seeds == 0:
                asked = self._search.ask()
                if asked is None:
                    return
                point_number, point = asked
                config = self._space.at(point) if self._space is not None else {}
            self._tasks[number] = (point_number, point, config)
            seed = _trial_seed(self.seed, number)
            if self._space is not None:
                yield Task(number, {}, seed, (self._space.name, config))
            else:
                yield Task(number, point, seed)

    def _record(self, parent: ActiveRun, outcome: Outcome) -> None:
        point_number, point, config = self._tasks[outcome.number]
        task_seed = _trial_seed(self.seed, outcome.number)
        child = Child(
            parent,
            f"{parent.name} {outcome.number}",
            outcome.started,
            {"mlmagic.trial": str(outcome.number), "mlmagic.point": str(point_number)},
        )
        recorder = child.recorder
        name = self._space.name if self._space is not None else ""
        values = {f"{name}.{key}": value for key, value in leaves(config).items()} if name else point
        for key, value in {**values, **outcome.params, "seed": task_seed}.items():
            recorder.param(key, value)
        child.records(outcome.records)
        child.figures(outcome.figures)
        if name:
            recorder.yaml("mlmagic/config.yaml", config)
        for path, content in outcome.files.items():
            recorder.data(path, content)
        if outcome.output:
            recorder.text("mlmagic/output.txt", outcome.output)
        if outcome.error:
            recorder.tag("mlmagic.error", outcome.error)
        if outcome.traceback:
            recorder.text("mlmagic/traceback.txt", outcome.traceback)
        child.end(outcome.status, outcome.started + round(outcome.duration_s * 1000))
        for notice in outcome.notices:
            parent.notices.info(f"trial {outcome.number}: {notice}")
        self._trials.append(
            Trial(
                number=outcome.number,
                point_number=point_number,
                point=dict(point),
                seed=task_seed,
                status=outcome.status,
                metrics=outcome.metrics,
                duration_s=outcome.duration_s,
                uid=child.uid,
                error=outcome.error,
            )
        )
        self._judge(outcome)
        self._tell(parent, point_number)

    def _judge(self, outcome: Outcome) -> None:
        """Find the metric that matters, or see that it is there, as soon as one trial is through."""
        if outcome.status != "FINISHED":
            return
        if self.plan.metric is None:
            if self._metric is None:
                with_goal = [name for name in outcome.metrics if direction_of(name) is not None]
                self._metric = next(iter(with_goal), None)
                self.goal = direction_of(self._metric) if self._metric else None
        elif self.plan.metric not in outcome.metrics:
            known = list(outcome.metrics)
            listed = f" It has: {', '.join(known[:8])}." if known else " It has none: mlmagic.log(accuracy=…)"
            raise UsageProblem(
                f"Trial {outcome.number} ended without the metric {self.plan.metric!r}, a number."
                f"{did_you_mean(self.plan.metric, known)}{listed}"
            )

    def _tell(self, parent: ActiveRun, point_number: int) -> None:
        """Tell the search of a point when all its trials are through."""
        of_point = [trial for trial in self._trials if trial.point_number == point_number]
        if len(of_point) < self.plan.seeds:
            return
        results = self._results(parent)
        values = [value for trial in of_point if (value := results.value(trial)) is not None]
        self._search.tell(point_number, sum(values) / len(values) if values else None)

    def _results(self, parent: ActiveRun) -> Results:
        trials = sorted(self._trials, key=lambda trial: trial.number)
        return Results(parent.name, parent.run_id, trials, self._metric, self.goal)

    def _show(self, parent: ActiveRun, watcher: Watcher | None, *, running: int, is_over: bool = False) -> None:
        if watcher is not None:
            watcher.show(self._results(parent), total=self.total, running=running, is_over=is_over)

    def _describe(self, parent: ActiveRun) -> None:
        """Record what the sweep goes over."""
        recorder, plan = parent.recorder, self.plan
        if randomness.current() is None:
            recorder.param("seed", self.seed)
        about = {"search": plan.search, "trials": self.total, "seeds": plan.seeds, "jobs": self._engine.jobs}
        for key, value in about.items():
            recorder.param(f"sweep.{key}", value)
        for axis in plan.axes:
            recorder.param(f"sweep.{axis.name}", _told(axis))
        for name in self.shared:
            parent.notices.info(f"{name} cannot be copied: all trials share it, and what one changes the next one sees")

    def _conclude(self, parent: ActiveRun, results: Results) -> None:
        """Record the best point on the sweep's own run."""
        summaries = results.summaries() if results.goal else []
        if not summaries:
            return
        best = summaries[0]
        parent.recorder.metric(f"best.{results.metric}", best.mean)
        for name, value in best.point.items():
            parent.recorder.param(f"best.{name}", value)
        failed = sum(trial.status == "FAILED" for trial in results.trials)
        if failed:
            parent.notices.warn(f"{failed} of {len(results.trials)} trials failed: their runs hold the tracebacks")


def _packed(plan: Plan, *, for_processes: bool) -> Payload:
    if isinstance(plan.code, Body):
        return pack(plan.code.names, plan.namespace, for_processes=for_processes)
    return pack_function(plan.code, for_processes=for_processes)


def _require_valid(plan: Plan) -> None:
    if not plan.axes:
        raise UsageProblem("There is nothing to go over: lr=0.1,0.01 depth=range(1,10)")
    if plan.search not in SEARCHES:
        near = did_you_mean(plan.search, SEARCHES)
        raise UsageProblem(f"There is no search {plan.search!r}.{near} There are {', '.join(SEARCHES)}.")
    for what, number in (("--trials", plan.trials), ("--seeds", plan.seeds), ("--threads", plan.threads)):
        if number is not None and number < 1:
            raise UsageProblem(f"{what} {number}: it is 1 or more.")
    size = count(plan.axes)
    if plan.search == "grid" and plan.trials is None and size * plan.seeds > MOST_UNASKED and not plan.yes:
        if size == float("inf"):
            points_of(plan.axes, "grid", 1, 0)  # which says that an interval has no grid
        raise UsageProblem(
            f"That is {int(size) * plan.seeds:,} trials: --yes runs them all, --search random --trials 100 a hundred, "
            "--trials 100 the first hundred"
        )


def _goal(plan: Plan) -> Direction | None:
    if plan.mode is not None:
        if plan.mode not in _MODES:
            raise UsageProblem(f"--mode {plan.mode}: it is min or max.")
        if plan.metric is None:
            raise UsageProblem(f"--mode {plan.mode} says which is better of a metric: --metric accuracy --mode max")
        return _MODES[plan.mode]
    goal = direction_of(plan.metric) if plan.metric else None
    if plan.metric and goal is None:
        raise UsageProblem(f"The name {plan.metric!r} does not tell which is better: --mode max, or --mode min")
    if plan.search == "tpe" and goal is None:
        raise UsageProblem("--search tpe goes where a metric is best: --metric accuracy --mode max")
    return goal


def _base_seed() -> int:
    state = randomness.current()
    if state is not None:
        return state.value
    import numpy as np

    return int(np.random.SeedSequence().generate_state(1)[0])


def _trial_seed(base: int, number: int) -> int:
    """Return the seed of a trial: from the sweep's and its number alone, whatever ran before it."""
    import numpy as np

    return int(np.random.SeedSequence(base, spawn_key=(number,)).generate_state(1)[0])


def _told(axis: Axis) -> str:
    values = getattr(axis, "values", None)
    if values is not None:
        return json.dumps(list(values), ensure_ascii=False, default=str)
    low, high = getattr(axis, "low", 0), getattr(axis, "high", 0)
    return f"{low:g} to {high:g}{', by logarithm' if getattr(axis, 'is_log', False) else ''}"
