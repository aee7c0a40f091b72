"""Reproduce a run: plan it, replay it, compare it, and say what came of it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.errors import MLMagicError
from mlmagic.replay import plan as planning
from mlmagic.replay.asking import confirm, why_not_whole
from mlmagic.replay.causes import (
    HASH_SEED,
    UNSEEDED,
    causes_of,
    changed_since,
    first_different,
    missing_files,
    varies,
)
from mlmagic.replay.comparing import compare
from mlmagic.replay.evidence.environment_changes import environment_changes, in_spite_of
from mlmagic.replay.matching import follow, path_below
from mlmagic.replay.predictions.asking_models import ask_models, models_that_differ, place_for
from mlmagic.replay.reasons import how_to_run_again, unrunnable, why_no_run, without_secret
from mlmagic.replay.recorded_session import read_session
from mlmagic.replay.reproduction import REPRODUCES, Reproduction, Verdict
from mlmagic.replay.results import read_results
from mlmagic.replay.running.installing import EnvironmentBuildError
from mlmagic.replay.running.recorded_environment import build, requirements_of
from mlmagic.replay.running.replaying import replay
from mlmagic.replay.running.scratch import scratch
from mlmagic.replay.tree.recorded_tree import RecordedTree, may_have_folder
from mlmagic.store import connection
from mlmagic.store.query import queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlflow.entities import Run

    from mlmagic.replay.comparing import ComparedResult
    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.replay.request import ReproduceRequest
    from mlmagic.replay.results import RunResults
    from mlmagic.replay.running.kernel import ReplayKernel
    from mlmagic.replay.running.replaying import Replayed
    from mlmagic.replay.running.scratch import Scratch
    from mlmagic.session.log import LoggedCell

_SEEDS = ("0", "1")


def reproduce(request: ReproduceRequest, progress: Callable[[str, int, int], None] | None = None) -> Reproduction:
    """Run a recorded run again from its record, and compare the results.

    Parameters
    ----------
    progress
        Called with what is being done, how many cells have run, and how many there are.

    Raises
    ------
    RunNotFoundError
        When there is no such run.
    UsageProblem
        When something must be confirmed and nobody can be asked, or the user declines.
    """
    run = queries.find_run(request.run, experiment=request.experiment)
    if original := run.data.tags.get(REPRODUCES):
        run = queries.get_run(original)
    try:
        session = read_session(run)
    except MLMagicError as error:
        return _cannot(run, str(error).rstrip("."), notes=how_to_run_again(run.data.tags))
    plan = planning.plan_of(session, full=request.full)
    reason = planning.why_impossible(plan) or (None if may_have_folder(plan) else planning.why_no_folder(plan))
    if reason:
        return _cannot(run, reason, plan)
    whole = planning.plan_of(session, full=True)
    confirm(run, plan, whole, request)
    work = _Work(run, request, progress)
    try:
        with work.replays():
            return work.verdict(plan, whole)
    except EnvironmentBuildError as error:
        return _cannot(run, str(error), plan)


def _cannot(run: Run, reason: str, plan: ReplayPlan | None = None, **more: Any) -> Reproduction:
    of_cells = 0 if plan is None else len(plan.session.cells)
    return Reproduction(
        run.info.run_id, str(run.info.run_name), Verdict.CANNOT_RUN, reason=reason, of_cells=of_cells, **more
    )


class _Work:
    """The replays of one reproduction."""

    def __init__(self, run: Run, request: ReproduceRequest, progress: Callable[[str, int, int], None] | None) -> None:
        self.run = run
        self.client: Any = connection.connect()
        self._request = request
        self._progress = progress
        self._scratches = contextlib.ExitStack()
        self._python: str | None = None
        self._environment: Scratch | None = None
        self._notes: list[str] = []
        self._kept: ReplayKernel | None = None
        self._tree: RecordedTree | None = None
        self._models: Scratch | None = None

    @contextlib.contextmanager
    def replays(self) -> Iterator[None]:
        """Keep the scratch folders of replays until the comparison is over."""
        with self._scratches:
            yield

    def verdict(self, plan: ReplayPlan, whole: ReplayPlan) -> Reproduction:
        """Replay *plan*, and *whole* if the slice has not the same results; compare, and say what came of it."""
        original = connection.ask(lambda: read_results(self.client, self.run))
        steps = connection.ask(lambda: path_below(self.client, self.run, plan.session.run))
        if self._request.env:
            self._install(plan)
        tree = RecordedTree(plan, lambda what: self._show(what, 0, len(plan.at)))
        self._tree = self._scratches.enter_context(tree)
        if reason := planning.why_no_folder(tree.placed(plan)):
            return _cannot(self.run, reason, plan)
        first = self._replay(plan, steps, "replaying", is_first=True)
        if plan.is_slice and not self._is_as_good(first, original):
            if reason := why_not_whole(plan, whole, self._request):
                results = self._compared(original, first) if first.results is not None else ()
                causes = causes_of(self.run, first)
                return _cannot(self.run, reason, whole, results=results, causes=causes, notes=_notes(first))
            first = self._replay(whole, steps, "some cells are not enough: replaying all", is_first=True)
        if first.results is None:
            return self._without_results(first)
        compared = self._compared(original, first)
        again = None
        if not _all_identical(compared):
            again = self._replay(first.plan, steps, "replaying again, to measure the noise")
            compared = self._compared(original, first, again)
        return self._report(first, again, compared, original, steps)

    def _is_as_good(self, done: Replayed, original: RunResults) -> bool:
        """Return whether a slice has given what the whole session would: the same results from the same inputs."""
        if done.results is None or done.failures or done.differing_inputs():
            return False
        return _all_identical(self._compared(original, done))

    def _compared(self, original: RunResults, done: Replayed, again: Replayed | None = None) -> list[ComparedResult]:
        """Compare the results, and models whose files differ by their predictions."""
        assert done.results is not None  # noqa: S101  # checked by the callers
        self._ask_models(original, done, again)
        return compare(original, done.results, again.results if again is not None else None)

    def _ask_models(self, original: RunResults, *replays: Replayed | None) -> None:
        done = [one for one in replays if one is not None and one.results is not None]
        results = [one.results for one in done if one.results is not None]
        if not models_that_differ(original, results):
            return
        self._show("comparing the models by their predictions", len(done[0].plan.at), len(done[0].plan.at))
        if self._models is None:
            self._models = self._scratches.enter_context(scratch())
        ask_models(original, results, place_for(done[0], self._models, self._python))

    def _install(self, plan: ReplayPlan) -> None:
        """Install the recorded versions of all packages into an environment for the replays."""
        requirements = requirements_of(plan.session.run)
        self._environment = self._scratches.enter_context(scratch())

        self._python = build(requirements, self._environment.folder, lambda what: self._show(what, 0, len(plan.at)))
        self._notes.append(f"run with the recorded versions of {len(requirements.pinned)} packages")
        if requirements.left_out:
            names = ", ".join(requirements.left_out)
            self._notes.append(f"not installed, as they came from a folder or URL that only the record names: {names}")

    def _replay(
        self,
        plan: ReplayPlan,
        steps: Sequence[str],
        what: str,
        *,
        hash_seed: str = _SEEDS[0],
        is_first: bool = False,
    ) -> Replayed:
        place: Scratch = self._scratches.enter_context(scratch())
        plan = self._tree.placed(plan) if self._tree is not None else plan

        def told(index: int, _: LoggedCell) -> None:
            self._show(what, index, len(plan.at))

        done = replay(
            plan, place, timeout_s=self._request.timeout_s, hash_seed=hash_seed, python=self._python,
            names=self._request.names if is_first else (), keep=self._request.keep and is_first, progress=told,
        )  # fmt: skip
        if done.kernel is not None:
            place.is_kept = True
            if self._environment is not None:
                self._environment.is_kept = True
            self._keep_only(done.kernel)
        if self._tree is not None:
            self._tree.ended(done)
        if not done.stopped:
            self._find_run(done, place, steps)
        self._show(what, len(plan.at), len(plan.at))
        return done

    def _show(self, what: str, index: int, count: int) -> None:
        if self._progress is not None:
            self._progress(what, index, count)

    def _find_run(self, done: Replayed, place: Scratch, steps: Sequence[str]) -> None:
        """Find the run in the replay's store that corresponds to the original, and read its results."""
        record = done.record_of(len(done.plan.at) - 1)
        runs = record["runs"] if record is not None else []
        if done.plan.session.position >= len(runs):
            return
        client = connection.connect(place.store)
        top = client.get_run(runs[done.plan.session.position])
        done.run = follow(client, top, steps)
        if done.run is not None:
            done.results = _as_recorded(read_results(client, done.run), done.plan)

    def _keep_only(self, kernel: ReplayKernel) -> None:
        """Keep this kernel, and stop one that was kept before."""
        if self._kept is not None:
            self._kept.stop()
        self._kept = kernel

    def _how_to_reach(self) -> list[str]:
        if self._kept is None:
            return []
        return [f"its kernel is kept: jupyter console --existing {self._kept.connection_file}"]

    def _without_results(self, done: Replayed) -> Reproduction:
        reason = done.stopped or why_no_run(done)
        causes = missing_files(done)
        return _cannot(
            self.run, reason, done.plan, causes=causes, cells=len(done.plan.at), seconds=done.seconds,
            original_seconds=done.plan.original_seconds, notes=[note] if (note := changed_since(done.plan)) else [],
        )  # fmt: skip

    def _report(
        self,
        done: Replayed,
        again: Replayed | None,
        compared: Sequence[ComparedResult],
        original: RunResults,
        steps: Sequence[str],
    ) -> Reproduction:
        states = {one.state for one in compared}
        verdict = Verdict.IDENTICAL
        if states & {"different", "missing"}:
            verdict = Verdict.DIFFERENT
        elif "equivalent" in states:
            verdict = Verdict.EQUIVALENT
        found = Reproduction(
            self.run.info.run_id, str(self.run.info.run_name), verdict, compared,
            cells=len(done.plan.at), of_cells=len(done.plan.session.cells), seconds=done.seconds,
            original_seconds=done.plan.original_seconds, notes=[*self._notes, *_notes(done), *self._how_to_reach()],
            objects=done.objects,
        )  # fmt: skip
        if verdict is not Verdict.DIFFERENT:
            note = "" if done.run is None else in_spite_of(environment_changes(self.run, done.run))
            return replace(found, notes=[note, *found.notes] if note else found.notes)
        if (reason := unrunnable(done)) and any(one.kind == "error" for one in compared):
            return replace(found, verdict=Verdict.CANNOT_RUN, reason=reason, causes=missing_files(done))
        cells = [done.plan.cells[index] for index in sorted(planning.needed(done.plan))]
        if redacted := planning.has_redactions(cells):
            return replace(found, verdict=Verdict.CANNOT_RUN, reason=without_secret(redacted[0]))
        number, names = first_different(done, again)
        assert done.results is not None  # noqa: S101  # checked by the caller
        figures = {
            one.name: (original.figures[one.name], done.results.figures[one.name])
            for one in compared
            if one.kind == "figure" and one.state == "different" and one.name in done.results.figures
        }
        notes = [*found.notes, *([f"cell [{number}] left other values: {', '.join(names[:5])}"] if names else [])]
        causes = [*causes_of(self.run, done), *([UNSEEDED] if again is not None and varies(done, again) else [])]
        if not causes and done.plan.session.start.get("hash_seed") == "random":
            other = self._replay(done.plan, steps, "replaying with another hash seed", hash_seed=_SEEDS[1])
            self._ask_models(original, done, other)
            causes += [HASH_SEED] if varies(done, other) else []
        return replace(found, causes=causes, first_different=number, notes=notes, figures=figures)


def _as_recorded(results: RunResults, plan: ReplayPlan) -> RunResults:
    """Return *results* with the paths of the original tree in place of those of its copy."""
    if plan.tree is None:
        return results
    params = {name: plan.tree.as_recorded(text) for name, text in results.params.items()}
    return replace(results, params=params, error=plan.tree.as_recorded(results.error))


def _all_identical(compared: Sequence[ComparedResult]) -> bool:
    return all(one.state in {"identical", "not compared"} for one in compared)


def _notes(done: Replayed) -> list[str]:
    notes = [note] if (note := changed_since(done.plan)) else []
    notes += [f"{name} was not brought here: {reason}" for name, reason in done.not_brought.items()]
    notes += [f"redirected to the replay's own store: {uri}" for uri in done.redirected]
    notes += [f"cell [{cell.number}] has a redacted secret" for cell in planning.has_redactions(done.plan.cells)]
    if restored := done.plan.edited_modules():
        notes.append(f"edited since, run as they were recorded: {', '.join(restored)}")
    return notes
