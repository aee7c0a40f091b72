"""Runs a sweep from its plan to its results: draws points, runs trials, and records each as a child run."""

from __future__ import annotations

import bisect
import itertools
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mlmagic.data.code_identity import identity_of_cell, identity_of_function, key_of
from mlmagic.errors import UsageProblem
from mlmagic.journal.records import Param
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.keys import valid_key
from mlmagic.store.query.direction import direction_of
from mlmagic.suggestions import did_you_mean
from mlmagic.sweeps.body import Body
from mlmagic.sweeps.description import describe, note_end
from mlmagic.sweeps.engines import engine_for
from mlmagic.sweeps.kept_models import KeptModels
from mlmagic.sweeps.loop import TrialLoop
from mlmagic.sweeps.plan import SweepPlan, goal_of, require_valid
from mlmagic.sweeps.points.configs import ConfigSpace
from mlmagic.sweeps.recording import record_trial
from mlmagic.sweeps.results import Results, Trial
from mlmagic.sweeps.resuming import CODE, find_earlier
from mlmagic.sweeps.searching import search_for
from mlmagic.sweeps.seeds import base_seed, trial_seed
from mlmagic.sweeps.trials.payload import pack, pack_function
from mlmagic.sweeps.trials.process_state import state_to_send
from mlmagic.sweeps.trials.task import Job, Task
from mlmagic.sweeps.trials.trial_models import Threshold
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from omegaconf import DictConfig

    from mlmagic.config.flat import Resolved
    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.store.query.histories.extremes import Extremes
    from mlmagic.sweeps.points.space import Point
    from mlmagic.sweeps.trials.payload import Payload
    from mlmagic.sweeps.trials.trial import Outcome, Status
    from mlmagic.sweeps.trials.trial_models import SentModel


@dataclass(frozen=True)
class _Asked:
    """A trial proposed by the search: its point, its config if one is swept, its seed, and its key."""

    number: int
    point_number: int
    point: Point
    config: Resolved | None
    seed: int
    key: str

    def ended(
        self,
        status: Status,
        metrics: Mapping[str, float],
        duration_s: float,
        uid: str,
        *,
        error: str | None = None,
        pruned: bool = False,
        extremes: Mapping[str, Extremes],
    ) -> Trial:
        """Return the trial with its result."""
        place = (self.number, self.point_number, dict(self.point), self.seed)
        return Trial(*place, status, metrics, duration_s, uid, error, pruned, extremes)


class Watcher(Protocol):
    """Shows a sweep while it runs."""

    def show(self, results: Results, *, total: int, running: int) -> None:
        """Show the progress, with the number of *running* trials."""


class Sweep:
    """One sweep: checked on creation, run once."""

    def __init__(self, plan: SweepPlan) -> None:
        """Prepare a sweep.

        Raises
        ------
        UsageProblem
            If the plan cannot be run.
        """
        self.plan = plan
        require_valid(plan)
        self.goal = goal_of(plan)
        self._metric = valid_key(plan.metric) if plan.metric else None
        self.code = _identity_of(plan)
        self._earlier = find_earlier(self.code, plan.experiment, self._metric) if plan.resume else None
        self.seed = plan.seed if plan.seed is not None else base_seed(self._earlier)
        self._space = ConfigSpace(plan.config, plan.axes) if plan.config is not None else None
        self._engine = engine_for(plan.jobs, plan.on, plan.address, plan.threads)
        try:
            self._search = search_for(
                plan, self._space, goal=self.goal, metric=self._metric, seed=self.seed, jobs=self._engine.jobs
            )
            payload = _packed(plan, for_processes=self._engine.is_remote)
        except BaseException:
            self._engine.close()
            raise
        self.total = self._search.total * plan.seeds
        self.shared = tuple(payload.shared)
        source = plan.code.source if isinstance(plan.code, Body) else None
        state, self._problems = state_to_send()
        self._job = Job(
            payload,
            source,
            plan.threads,
            figures=plan.figures,
            metric=plan.metric,
            state=state,
            models=plan.models,
            model_limit_mb=settings.model_limit_mb,
        )
        self._tasks: dict[int, _Asked] = {}
        self._trials: list[Trial] = []  # in the order of their numbers
        self._of_point: defaultdict[int, list[Trial]] = defaultdict(list)
        self._taken = 0
        self._asked_before: Counter[str] = Counter()
        self._best: tuple[float, int] | None = None
        self._models = KeptModels()

    def run(self, parent: ActiveRun, watcher: Watcher | None = None) -> Results:
        """Run all trials as child runs of *parent*, and return the results.

        Raises
        ------
        UsageProblem
            If a trial finishes without the metric.
        KeyboardInterrupt
            If the sweep is interrupted; finished trials are recorded.
        """
        self._describe(parent)
        end = time.monotonic() + self.plan.timeout_s if self.plan.timeout_s is not None else None

        loop = TrialLoop(
            self._engine,
            self._job,
            done=lambda outcome: self._record(parent, outcome),
            idle=lambda running: self._show(parent, watcher, running=running),
        )
        try:
            loop.run(itertools.takewhile(lambda _: end is None or time.monotonic() < end, self._all_tasks(parent)))
        finally:
            self.close()
            self._record_best(parent, self.results(parent))
        results = self.results(parent)
        note_end(parent, plan=self.plan, results=results, total=self.total, reused=self._taken)
        return results

    def close(self) -> None:
        """Remove all workers and temporary files, whether the sweep was run or not."""
        self._engine.close()
        self._search.close()

    def results(self, parent: ActiveRun) -> Results:
        """Return the results of *parent*'s trials that have ended, in order."""
        return self._results_of(parent, self._trials)

    def _results_of(self, parent: ActiveRun, trials: Sequence[Trial]) -> Results:
        return Results(parent.name, parent.run_id, tuple(trials), self._metric, self.goal)

    @property
    def resumed(self) -> str | None:
        """The run id of the sweep that this sweep resumes, or None."""
        return self._earlier.run_id if self._earlier is not None else None

    @property
    def config_at(self) -> Callable[[Point], DictConfig] | None:
        """A function that composes the config of a point, or None if no config is swept."""
        return self._space.check if self._space is not None else None

    def _all_tasks(self, parent: ActiveRun) -> Iterator[Task]:
        """Yield the trials to run; take over the results of trials that an earlier sweep has finished."""
        numbers = itertools.count()
        while (asked := self._search.ask()) is not None:
            point_number, point = asked
            config = self._space.at(point) if self._space is not None else None
            place = key_of(point)
            for _ in range(self.plan.seeds):
                number = next(numbers)
                # If a search proposes a point again, its trials get new seeds.
                seed = trial_seed(self.seed, place, self._asked_before[place])
                self._asked_before[place] += 1
                key = key_of(self.code, point if config is None else config.values, seed)
                self._tasks[number] = _Asked(number, point_number, point, config, seed, key)
                if self._earlier is not None and (done := self._earlier.trials.get(key)) is not None:
                    self._taken += 1
                    ended = self._tasks[number].ended
                    took, curves = done.duration_s, done.extremes
                    self._take(parent, ended("FINISHED", done.metrics, took, done.uid, extremes=curves))
                    continue
                pruning, bar = self._search.pruning(point_number), self._bar(point_number)
                if config is None or self._space is None:
                    yield Task(number, point, seed, pruning=pruning, bar=bar)
                else:
                    yield Task(number, {}, seed, (self._space.name, config.values), pruning, bar)

    def _bar(self, point_number: int) -> Threshold | None:
        """Return the value of the best point so far, which a trial of this point has to reach."""
        if self._best is None or self._metric is None or self.goal is None:
            return None
        value, best = self._best
        return Threshold(self._metric, self.goal, value, came_before=point_number < best)

    def _record(self, parent: ActiveRun, outcome: Outcome) -> None:
        asked = self._tasks[outcome.number]
        swept: Mapping[str, Any] = asked.point
        if asked.config is not None and self._space is not None:
            swept = {f"{self._space.name}.{key}": value for key, value in asked.config.leaves().items()}
        params = {**swept, **outcome.params}
        taken = {*params, *(record.key for record in outcome.records if isinstance(record, Param))}
        params["seed" if "seed" not in taken else "trial.seed"] = asked.seed
        config = asked.config.values if asked.config is not None else None
        uid = record_trial(parent, outcome, params, config, asked.key, models=self.plan.models == "all")
        took, pruned = outcome.duration_s, bool(outcome.pruned)
        metrics, curves = outcome.metrics, outcome.extremes
        ended = asked.ended(outcome.status, metrics, took, uid, error=outcome.error, pruned=pruned, extremes=curves)
        self._take(parent, ended, outcome.models)
        if self._engine.is_remote:
            delivery_worker(parent.delivery.uri).hurry()

    def _take(self, parent: ActiveRun, trial: Trial, models: Sequence[SentModel] = ()) -> None:
        """Take a trial's result, and the models that it sent."""
        bisect.insort(self._trials, trial, key=lambda one: one.number)
        self._of_point[trial.point_number].append(trial)
        self._judge(trial)
        if models and self.goal is not None:
            value = self._results_of(parent, [trial]).value(trial)
            self._models.take(parent, trial, value, self.goal, models)
        self._tell(parent, trial.point_number)

    def _judge(self, trial: Trial) -> None:
        """Infer the sweep's metric from the first finished trial, or check that a finished trial has the given one."""
        if trial.status != "FINISHED":
            return
        if self.plan.metric is None:
            if self._metric is None:
                with_goal = [name for name in trial.metrics if direction_of(name) is not None]
                self._metric = next(iter(with_goal), None)
                self.goal = direction_of(self._metric) if self._metric else None
        elif self._metric not in trial.metrics:
            known = list(trial.metrics)
            listed = f"It has: {', '.join(known[:8])}." if known else "It has none: mlmagic.log(accuracy=0.9) logs one"
            bound = isinstance(self.plan.code, Body) and self.plan.metric in self.plan.code.binds
            why = " The body binds it, but not to a number." if bound else did_you_mean(self.plan.metric, known)
            raise UsageProblem(f"Trial {trial.number} ended without the metric {self.plan.metric!r}.{why} {listed}")

    def _tell(self, parent: ActiveRun, point_number: int) -> None:
        """Report a point to the search after all its trials have ended."""
        of_point = self._of_point[point_number]
        if len(of_point) < self.plan.seeds:
            return
        summaries = self._results_of(parent, of_point).summaries()
        pruned = any(trial.pruned for trial in of_point)
        self._search.tell(point_number, summaries[0].mean if summaries else None, pruned=pruned)
        if not summaries or not self._is_best(summaries[0].mean, point_number):
            self._models.drop(parent, point_number)
            return
        if self._best is not None:
            self._models.drop(parent, self._best[1])
        self._best = summaries[0].mean, point_number

    def _is_best(self, mean: float, point_number: int) -> bool:
        """Return whether a point is better than the best one so far, or equal to it and earlier."""
        if self._best is None:
            return True
        best, number = self._best
        return point_number < number if mean == best else (mean < best) == (self.goal == "min")

    def _show(self, parent: ActiveRun, watcher: Watcher | None, *, running: int) -> None:
        if watcher is not None:
            watcher.show(self.results(parent), total=self.total, running=running)

    def _describe(self, parent: ActiveRun) -> None:
        """Record what the sweep is, unless its run has its description from before it was resumed."""
        parent.recorder.tag(CODE, self.code)
        for problem in self._problems if self._engine.is_remote else ():
            parent.notices.warn(problem)
        for name in self.shared:
            parent.notices.info(f"{name} cannot be copied: all trials share it, and what one changes the next one sees")
        if self.resumed is None:
            describe(parent, self.plan, seed=self.seed, total=self.total, jobs=self._engine.jobs)

    def _record_best(self, parent: ActiveRun, results: Results) -> None:
        """Record the best point so far on the sweep's run, with its models, even if the sweep ended early."""
        summaries = results.summaries() if results.goal else []
        best = summaries[0] if summaries else None
        self._models.record(parent, best.point_number if best else None)
        if best is None:
            return
        parent.recorder.metric(f"best.{results.metric}", best.mean)
        for name, value in best.point.items():
            parent.recorder.tag(f"best.{name}", value)  # not a parameter, because it may change if the sweep is resumed


def _packed(plan: SweepPlan, *, for_processes: bool) -> Payload:
    if isinstance(plan.code, Body):
        return pack(plan.code.names, plan.namespace, for_processes=for_processes)
    return pack_function(plan.code, for_processes=for_processes)


def _identity_of(plan: SweepPlan) -> str:
    if isinstance(plan.code, Body):
        return identity_of_cell(plan.code.source, plan.code.names, plan.namespace)
    return identity_of_function(plan.code)
