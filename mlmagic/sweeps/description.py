"""Describes a sweep on its run: its axes and settings at the beginning, and what happened to its trials at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlmagic.session.notebook_session import seeding
from mlmagic.snapshot.randomness import seeding as randomness
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.sweeps.inputs import record_data, values_read
from mlmagic.sweeps.points.space import Choices

if TYPE_CHECKING:
    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.sweeps.plan import SweepPlan
    from mlmagic.sweeps.points.space import Axis
    from mlmagic.sweeps.results import Results


def describe(parent: ActiveRun, plan: SweepPlan, *, seed: int, total: int, jobs: int) -> None:
    """Record a new sweep's axes and settings, and the data that its code reads."""
    recorder = parent.recorder
    if plan.data:
        record_data(parent, values_read(plan.code, plan.namespace))
    if plan.resume:
        parent.notices.warn(
            "--resume found no sweep of this code, with what it reads, in the experiment: this one begins anew"
        )
    if randomness.current() is None:
        recorder.param("seed", seed)
        parent.notices.info(f"no seed was set, so one was drawn; the same trials again: {seeding(seed)}")
    about = {"search": plan.search, "trials": total, "seeds": plan.seeds, "jobs": jobs}
    for key, value in about.items():
        recorder.param(f"sweep.{key}", value)
    if plan.zips:
        recorder.param("sweep.zip", [list(group) for group in plan.zips])
    for axis in plan.axes:
        recorder.param(f"sweep.{axis.name}", _values_of(axis))
        if isinstance(axis, Choices) and len(axis.values) == 1 and isinstance(axis.values[0], list):
            beginning_of = beginning(",".join(map(str, axis.values[0])), 40)
            parent.notices.info(f"{axis.name} has one value, a list; to sweep its items: {axis.name}={beginning_of}")


def note_end(parent: ActiveRun, *, plan: SweepPlan, results: Results, total: int, reused: int) -> None:
    """Add notices about the trials that were reused, that did not start, and that failed."""
    if reused:
        of = len(results.trials)
        parent.notices.info(f"--resume reused {reused} of {of} trials, which had finished before")
    left = total - len(results.trials)
    if plan.timeout_s is not None and left:
        parent.notices.info(f"--timeout {plan.timeout_s:g}: {_count(left)} did not begin; --resume goes on")
    failed = sum(trial.status == "FAILED" for trial in results.trials)
    if 0 < failed < len(results.trials):  # if all failed, the error says so
        hold = "its run holds the traceback" if failed == 1 else "their runs hold the tracebacks"
        parent.notices.warn(f"{failed} of {_count(len(results.trials))} failed: {hold}")


def _count(count: int) -> str:
    return "1 trial" if count == 1 else f"{count} trials"


def _values_of(axis: Axis) -> str:
    values = getattr(axis, "values", None)
    if values is not None:
        return json.dumps(list(values), ensure_ascii=False, default=str)
    low, high = getattr(axis, "low", 0), getattr(axis, "high", 0)
    return f"{low:g} to {high:g}{', by logarithm' if getattr(axis, 'is_log', False) else ''}"
