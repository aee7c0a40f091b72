"""Explain why two runs of one cell differ: replay what lies between them, and say what each difference is worth."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlmagic.confirming import confirmed
from mlmagic.errors import UsageProblem
from mlmagic.replay.asking import confirm
from mlmagic.replay.explaining.between import Between
from mlmagic.replay.explaining.explanation import ExplainedMetric, Explanation, Share
from mlmagic.replay.explaining.preparing import changed_environment, changed_files, metrics_of, plan_of, plans_of
from mlmagic.replay.explaining.shares import combine, count_of_replays, noise_of_seeds
from mlmagic.replay.request import ReproduceRequest
from mlmagic.replay.running.replaying import replay
from mlmagic.replay.running.scratch import scratch
from mlmagic.store import connection
from mlmagic.store.query import queries
from mlmagic.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow.entities import Run

    from mlmagic.replay.explaining.explanation import Factor
    from mlmagic.replay.explaining.preparing import WhyRequest
    from mlmagic.replay.explaining.shares import Combinations
    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.replay.running.replaying import Replayed

_START_S = 4.0
"""About what a replay takes besides its cells: to start a kernel, and to import libraries."""
_OTHER_SEEDS = 100_003
_ROUNDING = 1e-9
_HASH_SEED = "0"
_MINUTE = 60


def explain(request: WhyRequest, progress: Callable[[str, int, int], None] | None = None) -> Explanation:
    """Return what each difference between two runs of one cell is worth in their metrics.

    Parameters
    ----------
    progress
        Called with what is being done, how many cells have run, and how many there are.

    Raises
    ------
    RunNotFoundError
        When there is no such run.
    UsageProblem
        When the runs cannot be replayed, have no such metric, or something must be confirmed and is not.
    StoreError
        When the store cannot be read.
    """
    runs = [queries.find_run(one, experiment=request.experiment) for one in (request.first, request.second)]
    if runs[0].info.run_id == runs[1].info.run_id:
        raise UsageProblem(f"{request.first!r} and {request.second!r} are the same run: name another one")
    plans = plans_of(runs)
    metrics = metrics_of(runs, request.metrics)
    between = Between(plans[0], plans[1])
    work = _Work(runs, plans, request, progress)
    not_swapped = [*changed_files(plans), *changed_environment(runs)]
    if not metrics or not between.factors:
        return work.explanation([], between.factors, not_swapped)
    work.ask(between.factors, metrics)
    return work.explained(metrics, not_swapped)


class _Work:
    """The replays of one explanation."""

    def __init__(
        self,
        runs: Sequence[Run],
        plans: Sequence[ReplayPlan],
        request: WhyRequest,
        progress: Callable[[str, int, int], None] | None,
    ) -> None:
        self._runs = runs
        self._plans = plans
        self._request = request
        self._progress = progress
        self._began = time.monotonic()
        self._count = 0
        self._about = 0
        self._notes: list[str] = []

    def ask(self, factors: Sequence[Factor], metrics: Sequence[str]) -> None:
        """Ask before others' code runs, and with an estimate of the time.

        Raises
        ------
        UsageProblem
            When the user declines, or nobody can be asked.
        """
        for run, plan in zip(self._runs, self._plans, strict=True):
            whole = plan_of(run, full=True)
            confirm(run, plan, whole, ReproduceRequest(run.info.run_id, yes=self._request.yes))
        self._about = count_of_replays(len(factors)) + 2 * self._request.seeds
        seconds = self._about * (_START_S + max(plan.original_seconds for plan in self._plans))
        if self._request.yes:
            return
        listed = "\n".join(f"- {visible(str(one))}" for one in factors)
        question = (
            f"{len(factors)} differences between the runs, for {', '.join(map(visible, metrics))}:\n{listed}\n"
            f"About {self._about} replays, {_minutes(seconds)}"
        )
        if not confirmed(f"{question}. Run them? [y/N] ", f"--yes (mlmagic.why(…, yes=True)) runs them:\n{question}"):
            raise UsageProblem("nothing was run")

    def explained(self, metrics: Sequence[str], not_swapped: Sequence[str]) -> Explanation:
        """Replay what lies between the runs, and return what each difference is worth."""
        ends = [self._replay(plan) for plan in self._plans]
        values = [self._values(run, done) for run, done in zip(self._runs, ends, strict=True)]
        draws = any(map(_draws, ends))
        harmless = self._harmless(Between(*self._plans, draws=draws), values, draws=draws)
        between = Between(*self._plans, draws=draws, harmless=harmless)
        self._about = count_of_replays(len(between.factors)) + 2 * self._request.seeds
        everything = frozenset(range(len(between.factors)))
        known = {frozenset(): values[0], everything: values[1]}

        def replayed(taken: frozenset[int]) -> Mapping[str, float] | None:
            if taken in known:
                return known[taken]
            return _metrics_of(self._replay(between.plan([between.factors[one] for one in taken])))

        found = combine(len(everything), replayed)
        if len(found.blocks) < len(everything):
            self._notes.append("differences that are named together do not run without each other")
        is_random = draws or between.has_other_seeds()
        noise = self._values_with_other_seeds(between) if is_random else [values[:1] * 2, values[1:] * 2]
        explained = [self._metric(name, values, between.factors, found, noise) for name in metrics]
        return self.explanation([one for one in explained if one is not None], between.factors, not_swapped)

    def _harmless(self, between: Between, values: Sequence[Mapping[str, float]], *, draws: bool) -> set[Factor]:
        """Return the cells that only one run has, and that change none of its results, such as runs in between."""
        found: set[Factor] = set()
        tracked = between.lone(only_tracked=True)
        single = [one for one in between.lone(only_tracked=False) if one not in tracked]
        for cells in [tracked, *([one] for one in single)]:
            left_out = {one for one, _ in cells}
            is_same = all(
                self._values_without(left_out, is_first=is_first, draws=draws) == values[not is_first]
                for is_first in {is_first for _, is_first in cells}
            )
            found |= left_out if is_same else set()
        return found

    def _values_without(self, left_out: set[Factor], *, is_first: bool, draws: bool) -> Mapping[str, float] | None:
        """Return the metrics of the first or second run without these cells of it."""
        between = Between(*self._plans, draws=draws, harmless=left_out)
        return _metrics_of(self._replay(between.plan(() if is_first else between.factors)))

    def _values(self, run: Run, done: Replayed) -> Mapping[str, float]:
        """Return the metrics of a replay of *run* itself.

        Raises
        ------
        UsageProblem
            When it cannot be replayed.
        """
        found = _metrics_of(done)
        if found is None:
            why = done.stopped or "; ".join(
                f"cell [{one.cell.number}]: {one.reply.error}: {one.reply.message}" for one in done.failures[:1]
            )
            raise UsageProblem(
                f"{run.info.run_name!r} cannot be replayed{f' ({why})' if why else ''}: %reproduce "
                f"{run.info.run_id[:8]} says what is missing"
            )
        return found

    def _values_with_other_seeds(self, between: Between) -> list[Sequence[Mapping[str, float]]]:
        """Return for each of both runs the metrics with other seeds."""
        groups: list[Sequence[Mapping[str, float]]] = []
        for taken in ([], between.factors):
            group = []
            for at in range(self._request.seeds):
                plan = between.plan(taken, seeds_by=_OTHER_SEEDS * (at + 1))
                found = _metrics_of(self._replay(plan, hash_seed=str(at + 1)))
                group += [found] if found is not None else []
            groups.append(group)
        return groups

    def _replay(self, plan: ReplayPlan, *, hash_seed: str = _HASH_SEED) -> Replayed:
        self._count += 1
        what = f"replay {self._count} of about {max(self._about, self._count)}"

        def told(index: int, _: object) -> None:
            if self._progress is not None:
                self._progress(what, index, len(plan.at))

        with scratch() as place:
            done = replay(plan, place, timeout_s=self._request.timeout_s, hash_seed=hash_seed, progress=told)
            record = None if done.stopped else done.record_of(len(plan.at) - 1)
            runs = record["runs"] if record is not None else []
            if plan.session.position < len(runs):
                done.run = connection.connect(place.store).get_run(runs[plan.session.position])
        if self._progress is not None:
            self._progress(what, len(plan.at), len(plan.at))
        return done

    def _metric(
        self,
        name: str,
        values: Sequence[Mapping[str, float]],
        factors: Sequence[Factor],
        found: Combinations,
        noise: Sequence[Sequence[Mapping[str, float]]],
    ) -> ExplainedMetric | None:
        recorded = [float(run.data.metrics[name]) for run in self._runs]
        worth = found.shares(name)
        if worth is None:
            self._notes.append(f"{name} is not in every replay, so its difference cannot be divided")
            return None
        groups = [
            [one[name] for one in [own, *others] if name in one] for own, others in zip(values, noise, strict=True)
        ]
        bound = noise_of_seeds(groups) if self._request.seeds else None
        shares = [
            Share(
                [factors[one] for one in sorted(block)],
                _rounded(value, recorded),
                bound is not None and abs(value) <= bound and bound > 0,
            )
            for block, value in zip(found.blocks, worth[0], strict=True)
        ]
        replayed = values[1][name] - values[0][name]
        unexplained = _rounded(recorded[1] - recorded[0] - replayed, recorded)
        in_order = sorted(shares, key=lambda one: -abs(one.value))
        return ExplainedMetric(
            name, recorded[0], recorded[1], in_order, _rounded(worth[1], recorded), unexplained, bound
        )

    def explanation(
        self, metrics: Sequence[ExplainedMetric], factors: Sequence[Factor], not_swapped: Sequence[str]
    ) -> Explanation:
        """Return the result."""
        first, second = self._runs
        return Explanation(
            first.info.run_id, second.info.run_id, (str(first.info.run_name), str(second.info.run_name)), metrics,
            factors, not_swapped, self._notes, self._count, time.monotonic() - self._began,
        )  # fmt: skip


def _rounded(value: float, of: Sequence[float]) -> float:
    """Return *value*, or 0 if it is only the rounding of sums of numbers as large as *of*."""
    return 0.0 if abs(value) <= _ROUNDING * max(map(abs, of), default=0.0) else value


def _metrics_of(done: Replayed) -> Mapping[str, float] | None:
    """Return the metrics that a replay recorded, None if it did not run as the recorded cells did."""
    if done.run is None or done.stopped or done.failures:
        return None
    metrics: Mapping[str, float] = done.run.data.metrics
    return metrics


def _draws(done: Replayed) -> bool:
    """Return whether a cell changed the state of a random generator, or drew from the operating system."""
    facts = [one["record"] for one in done.records]
    return any(fact.get("random") or fact.get("entropy") for fact in facts)


def _minutes(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 2 * _MINUTE else f"about {seconds / _MINUTE:.0f} min"
