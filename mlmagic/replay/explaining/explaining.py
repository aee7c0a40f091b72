"""Explain why two runs of one cell differ: replay what lies between them, and say what each difference is worth."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlmagic.confirming import confirmed
from mlmagic.errors import UsageProblem
from mlmagic.replay.asking import confirm
from mlmagic.replay.explaining.between import Between
from mlmagic.replay.explaining.explanation import ExplainedMetric, Explanation, Share
from mlmagic.replay.explaining.preparing import changed_environment, metrics_of, plan_of, plans_of
from mlmagic.replay.explaining.replays import Replays, read_differently
from mlmagic.replay.explaining.shares import combine, count_of_replays, noise_of_seeds
from mlmagic.replay.request import ReproduceRequest
from mlmagic.store.query import queries
from mlmagic.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from mlflow.entities import Run

    from mlmagic.replay.explaining.between import LoneCell
    from mlmagic.replay.explaining.explanation import Factor
    from mlmagic.replay.explaining.preparing import WhyRequest
    from mlmagic.replay.explaining.shares import Combinations
    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.replay.running.replaying import Replayed

_START_S = 4.0
"""About what a replay takes besides its cells: to start a kernel, and to import libraries."""
_OTHER_SEEDS = 100_003
_ROUNDING = 1e-9
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
    candidates = plans_of(runs)
    metrics = metrics_of(runs, request.metrics)
    factors = Between(*candidates[0]).factors
    work = _Work(runs, candidates[0], metrics, request, progress)
    if not metrics or not (factors or read_differently(candidates[0])):
        return work.explanation([], factors)
    work.ask(factors)
    for plans in candidates[1:]:
        with work.replays:
            if work.come_back():
                return work.explained()
        work = _Work(runs, plans, metrics, request, progress)
        work.confirm()  # the cells that were left out
    with work.replays:
        work.come_back()
        return work.explained()


class _Work:
    """The replays of one explanation."""

    def __init__(
        self,
        runs: Sequence[Run],
        plans: Sequence[ReplayPlan],
        metrics: Sequence[str],
        request: WhyRequest,
        progress: Callable[[str, int, int], None] | None,
    ) -> None:
        self._runs = runs
        self._plans = plans
        self._metrics = metrics
        self._request = request
        self._began = time.monotonic()
        self._notes: list[str] = []
        self._not_swapped = changed_environment(runs)
        self._files: list[Factor] = []
        self._draws = True
        self._ends: list[Replayed] = []
        self._tolerated: set[str] = set()
        self.replays = Replays(plans, timeout_s=request.timeout_s, progress=progress)

    def ask(self, factors: Sequence[Factor]) -> None:
        """Ask before others' code runs, and with an estimate of the time.

        Raises
        ------
        UsageProblem
            When the user declines, or nobody can be asked.
        """
        self.confirm()
        about = self.replays.about = count_of_replays(len(factors)) + 2 * self._request.seeds
        seconds = about * (_START_S + max(plan.original_seconds for plan in self._plans))
        if self._request.yes:
            return
        files = [f"the content of {path}" for path in read_differently(self._plans)]
        listed = "\n".join(f"- {visible(one)}" for one in [*map(str, factors), *files])
        count, names = len(factors) + len(files), ", ".join(map(visible, self._metrics))
        question = (
            f"{count} differences between the runs, for {names}:\n{listed}\nAbout {about} replays, {_minutes(seconds)}"
        )
        if not confirmed(f"{question}. Run them? [y/N] ", f"--yes (mlmagic.why(…, yes=True)) runs them:\n{question}"):
            raise UsageProblem("nothing was run")

    def confirm(self) -> None:
        """Ask before others' code runs, and before cells that reach outside of the kernel do.

        Raises
        ------
        UsageProblem
            When the user declines, or nobody can be asked.
        """
        for run, plan in zip(self._runs, self._plans, strict=True):
            whole = plan_of(run, full=True)
            confirm(run, plan, whole, ReproduceRequest(run.info.run_id, yes=self._request.yes))

    def come_back(self) -> bool:
        """Replay both runs, and return whether they have the recorded values of the metrics.

        A cell that fails in such a replay does not matter, and may fail in the others.
        """
        self._files, gone = self.replays.files_between()
        self._not_swapped += gone
        self._ends = [self.replays.run(plan, files_of_second=bool(at)) for at, plan in enumerate(self._plans)]
        for run, done in zip(self._runs, self._ends, strict=True):
            if done.run is None or not self._are_same(done.run.data.metrics, run.data.metrics):
                return False
            self._tolerated |= {failure.cell.source for failure in done.failures}
        return True

    def _are_same(self, values: Mapping[str, float] | None, others: Mapping[str, float]) -> bool:
        """Return whether the metrics that are asked for are equal; NaN equals NaN."""
        return values is not None and all(repr(values.get(name)) == repr(others.get(name)) for name in self._metrics)

    def explained(self) -> Explanation:
        """Replay what lies between the runs, and return what each difference is worth."""
        ends = self._ends
        values = [self._values(run, done) for run, done in zip(self._runs, ends, strict=True)]
        if past := set().union(*(done.past_copy for done in ends)):
            self._files = []
            self._not_swapped.append(f"{', '.join(sorted(past))}: a full path in the code leads to the file of today")
        self._draws = any(map(_draws, ends))
        between = self._between(self._harmless(self._between(), values))
        self.replays.about = count_of_replays(len(between.factors)) + 2 * self._request.seeds
        everything = frozenset(range(len(between.factors)))
        # What differs and is in no factor makes all of them together another run than the second: it is not explained.
        together = self._metrics_with(between, between.factors) if everything else None
        known = {everything: together or values[1], frozenset(): values[0]}

        def replayed(taken: frozenset[int]) -> Mapping[str, float] | None:
            if taken in known:
                return known[taken]
            return self._metrics_with(between, [between.factors[one] for one in taken])

        found = combine(len(everything), replayed)
        if len(found.blocks) < len(everything):
            self._notes.append("differences that are named together do not run without each other")
        is_random = self._draws or between.has_other_seeds()
        noise = self._values_with_other_seeds(between) if is_random else [values[:1] * 2, values[1:] * 2]
        explained = [self._metric(name, values, between.factors, found, noise) for name in self._metrics]
        return self.explanation([one for one in explained if one is not None], between.factors)

    def _between(self, harmless: Collection[LoneCell] = ()) -> Between:
        return Between(*self._plans, draws=self._draws, harmless=harmless, files=self._files)

    def _metrics_with(
        self, between: Between, taken: Collection[Factor], *, seeds_by: int = 0, hash_seed: str = "0"
    ) -> Mapping[str, float] | None:
        """Return the metrics of the first run with *taken* from the second, None if it cannot run."""
        plan = between.plan(taken, seeds_by=seeds_by)
        of_second = bool(self._files) and self._files[0] in taken
        return self._metrics_of(self.replays.run(plan, files_of_second=of_second, hash_seed=hash_seed))

    def _metrics_of(self, done: Replayed) -> Mapping[str, float] | None:
        """Return the metrics that a replay recorded, None if it did not run as the recorded cells did."""
        if done.run is None or done.stopped or any(one.cell.source not in self._tolerated for one in done.failures):
            return None
        metrics: Mapping[str, float] = done.run.data.metrics
        return metrics

    def _harmless(self, between: Between, values: Sequence[Mapping[str, float]]) -> set[LoneCell]:
        """Return the cells that only one run has, and that change none of its results, such as runs in between.

        Those that seem to be unused are left out together first. If that changes a result, they are left
        out one after the other, from the last on, since a cell may need one before it.
        """
        doubtful = between.lone_and_unused()
        if not doubtful or self._is_harmless(doubtful, values):
            return set(doubtful)
        left_out: list[LoneCell] = []
        for one in reversed(doubtful) if len(doubtful) > 1 else ():
            if self._is_harmless([*left_out, one], values):
                left_out.append(one)
        return set(left_out)

    def _is_harmless(self, cells: Sequence[LoneCell], values: Sequence[Mapping[str, float]]) -> bool:
        return all(
            self._are_same(self._values_without(cells, is_first=is_first), values[not is_first])
            for is_first in {one.is_first for one in cells}
        )

    def _values_without(self, left_out: Collection[LoneCell], *, is_first: bool) -> Mapping[str, float] | None:
        """Return the metrics of the first or second run without these cells of it."""
        between = self._between(left_out)
        return self._metrics_with(between, () if is_first else between.factors)

    def _values(self, run: Run, done: Replayed) -> Mapping[str, float]:
        """Return the metrics of a replay of *run* itself.

        Raises
        ------
        UsageProblem
            When it cannot be replayed.
        """
        found = self._metrics_of(done)
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
                by, hash_seed = _OTHER_SEEDS * (at + 1), str(at + 1)
                found = self._metrics_with(between, taken, seeds_by=by, hash_seed=hash_seed)
                group += [found] if found is not None else []
            groups.append(group)
        return groups

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
        unexplained = _rounded(recorded[1] - recorded[0] - found.change(name), recorded)
        in_order = sorted(shares, key=lambda one: -abs(one.value))
        return ExplainedMetric(
            name, recorded[0], recorded[1], in_order, _rounded(worth[1], recorded), unexplained, bound
        )

    def explanation(self, metrics: Sequence[ExplainedMetric], factors: Sequence[Factor]) -> Explanation:
        """Return the result."""
        first, second = self._runs
        return Explanation(
            first.info.run_id, second.info.run_id, (str(first.info.run_name), str(second.info.run_name)), metrics,
            factors, self._not_swapped, self._notes, self.replays.count, time.monotonic() - self._began,
        )  # fmt: skip


def _rounded(value: float, of: Sequence[float]) -> float:
    """Return *value*, or 0 if it is only the rounding of sums of numbers as large as *of*."""
    return 0.0 if abs(value) <= _ROUNDING * max(map(abs, of), default=0.0) else value


def _draws(done: Replayed) -> bool:
    """Return whether a cell changed the state of a random generator, or drew from the operating system."""
    facts = [one["record"] for one in done.records]
    return any(fact.get("random") or fact.get("entropy") for fact in facts)


def _minutes(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 2 * _MINUTE else f"about {seconds / _MINUTE:.0f} min"
