"""What ``%why`` is asked for, and what the records of the two runs say before anything is replayed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.replay import plan as planning
from mlmagic.replay.evidence.clock import measures_clock
from mlmagic.replay.evidence.environment_changes import environment_changes, most_telling
from mlmagic.replay.explaining.unused_cells import unused_cells
from mlmagic.replay.recorded_session import read_session
from mlmagic.replay.slicing import slice_of
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.entities import Run

    from mlmagic.replay.plan import ReplayPlan


@dataclass(frozen=True)
class WhyRequest:
    """What ``%why`` is asked for: two runs, metrics (all that differ if empty), and seeds to measure noise with."""

    first: str
    second: str
    metrics: tuple[str, ...] = ()
    seeds: int = 3
    yes: bool = False
    timeout_s: float | None = None
    experiment: str | None = None


def plans_of(runs: Sequence[Run]) -> list[list[ReplayPlan]]:
    """Return pairs of plans for replays of two *runs*, to be tried one after the other.

    The first have only the cells that they seem to need, the next all that may change what they use, and the last all.

    Raises
    ------
    UsageProblem
        When one cannot be replayed, or is no run of a whole cell.
    """
    whole = [plan_of(run, full=True) for run in runs]
    plans = [plan_of(run, full=False) for run in runs]
    if any(plan.session.other_kernels or slice_of(plan.session.cells) is None for plan in plans):
        return [whole]
    sliced = [replace(plan, is_slice=True) for plan in plans]  # also one of all cells has its random states set
    fewer = [_without_unused(plan) for plan in sliced]
    return [*([fewer] if fewer != sliced else []), sliced, whole]


def _without_unused(plan: ReplayPlan) -> ReplayPlan:
    unused = set(unused_cells(plan.cells))
    return replace(plan, at=tuple(at for index, at in enumerate(plan.at) if index not in unused))


def plan_of(run: Run, *, full: bool) -> ReplayPlan:
    """Return the plan of a replay of *run*.

    Raises
    ------
    UsageProblem
        When it cannot be replayed, or is no run of a whole cell.
    """
    session = read_session(run)
    name = str(run.info.run_name)
    if session.run.info.run_id != run.info.run_id:
        raise UsageProblem(
            f"{name!r} is a part of {session.run.info.run_name!r}: %why takes runs of whole cells; %compare shows what "
            "a parameter is worth over the trials of a sweep"
        )
    plan = planning.plan_of(session, full=full)
    if reason := planning.why_impossible(plan):
        raise UsageProblem(f"{name!r} cannot be replayed: {reason}")
    if redacted := planning.has_redactions(plan.cells):
        raise UsageProblem(f"{name!r} cannot be replayed: cell [{redacted[0].number}] has a redacted secret")
    return plan


def metrics_of(runs: Sequence[Run], asked: Sequence[str]) -> list[str]:
    """Return the metrics to explain: those of *asked*, or all of both runs that differ and do not measure time.

    Raises
    ------
    UsageProblem
        When one of *asked* is not in both runs.
    """
    first, second = (run.data.metrics for run in runs)
    common = [name for name in first if name in second and not name.startswith("system/")]
    for name in asked:
        if name not in common:
            raise UsageProblem(
                f"--metric {name}: it is not in both runs.{did_you_mean(name, common)} Both have "
                f"{', '.join(sorted(common)) or 'no metric'}"
            )
    return list(asked) or [name for name in common if first[name] != second[name] and not measures_clock(name)]


def changed_environment(runs: Sequence[Run]) -> list[str]:
    """Return what differs between the environments of the two runs: a replay has today's."""
    changes, left_out = most_telling(environment_changes(runs[0], runs[1]))
    more = [f"{left_out} more packages"] if left_out else []
    return [*(f"{one.what}: {one.then} in the first, {one.now} in the second" for one in changes), *more]
