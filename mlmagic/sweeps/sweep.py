"""The function ``mlmagic.sweep``, and `run_plan`, which it and ``%%sweep`` call: run a sweep and show its progress."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.errors import SweepFailedError, SweepInterrupted
from mlmagic.recording.options import TrackOptions
from mlmagic.session.interrupts import whole_imports
from mlmagic.tracking.block import TrackedBlock
from mlmagic.user_objects import one_line, reraise_interrupt
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType

    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.sweeps.orchestrator import Sweep
    from mlmagic.sweeps.plan import SweepPlan
    from mlmagic.sweeps.results import Results
    from mlmagic.sweeps.views.sweep_frame import SweepFrame


def sweep(
    function: Callable[..., Any],
    space: Mapping[str, Any],
    *,
    zip: Sequence[str] | Sequence[Sequence[str]] | str = (),  # noqa: A002  # as Python calls it
    name: str | None = None,
    experiment: str | None = None,
    metric: str | None = None,
    mode: Literal["min", "max"] | None = None,
    search: Literal["grid", "random", "tpe"] = "grid",
    trials: int | None = None,
    jobs: int | None = None,
    on: Literal["local", "dask"] = "local",
    address: str | None = None,
    seeds: int = 1,
    timeout: float | None = None,
    threads: int = 1,
    prune: bool = False,
    resume: bool = False,
    models: Literal["best", "all", "none"] = "best",
    data: bool = True,
    yes: bool = False,
    quiet: bool = False,
) -> SweepFrame:
    """Call a function at many points, as ``%%sweep`` does; each call is a trial with its own run.

    Parameters
    ----------
    function
        A function that takes the swept names as keywords. The numbers in a returned mapping are recorded as metrics, as
        are those logged with ``mlmagic.log``. A single returned number is recorded as *metric*, or as ``result``.
    space
        The values to sweep, by name: a list, or a string in Hydra's grammar (``"0.1,0.01"``, ``"range(1,10)"``,
        ``"interval(1e-4,1e-1)"``, ``"tag(log,interval(1e-4,1e-1))"``).
    zip
        Names whose values are zipped instead of crossed, ``("lr", "depth")``; or several such groups.
    name, experiment
        The name and the experiment of the sweep's run, the parent of the trials' runs.
    metric, mode
        The metric by which trials are compared, and ``"min"`` or ``"max"`` if its name does not imply a direction.
    search
        ``"grid"``, ``"random"`` or ``"tpe"`` (Optuna's sampler, which learns from earlier trials).
    trials
        The number of points for ``random`` and ``tpe``; for a grid, only its first points are run.
    jobs
        The number of trials to run at the same time, each in its own process; 0 means one per core. By default, trials
        run one after the other in this process.
    on, address
        ``"local"``, or ``"dask"`` with the address of a scheduler; without one, a cluster is started on this machine.
    seeds
        The number of trials per point, each with its own seed. Points are compared by the mean of their trials.
    timeout
        The number of seconds after which no new trial starts.
    threads
        The number of threads that libraries may use in a trial. It does not depend on the number of processes, so that
        results do not either.
    prune
        End unpromising trials early, by the values of the metric that they log with ``mlmagic.log`` (Optuna's median
        rule). Their status is ``KILLED``.
    resume
        Resume the last sweep of the same code; its finished trials are not run again.
    models
        Whose fitted models are recorded. ``"best"`` records those of the best trial at the best point, on the sweep's
        run; ``"all"`` also records those of each trial, on its run; ``"none"`` records none. A function's models are
        those that it returns.
    data
        Whether to record the data that the function reads, on the sweep's run.
    yes
        Allow more than 1,000 trials of a grid.
    quiet
        Show nothing while the sweep runs.

    Returns
    -------
    SweepFrame
        A DataFrame with one row per trial: trial, status, duration (s), seed, the swept values, the metrics. Its
        ``best`` is the best point, its ``points`` a frame with one row per point, best first. A metric with steps
        counts with its best value in each trial, as in ``%runs``; its column is the last value.

    Raises
    ------
    UsageProblem
        If the sweep cannot be run as requested, or a trial finishes without the metric.
    SweepFailedError
        If every trial failed.
    SweepInterrupted
        A ``KeyboardInterrupt`` with the ``results`` so far.
    MissingPackageError
        If a required package is not installed.

    Examples
    --------
    >>> import mlmagic
    >>> results = mlmagic.sweep(lambda x: {"loss": (x - 3) ** 2}, {"x": range(6)}, quiet=True)  # doctest: +SKIP
    >>> results.best  # doctest: +SKIP
    {'x': 3}
    """
    from mlmagic.arguments import require_text_or_none
    from mlmagic.sweeps.plan import SweepPlan
    from mlmagic.sweeps.points.space import axes_from
    from mlmagic.sweeps.points.zipped import zips_of
    from mlmagic.sweeps.trials.payload import require_takes

    require_text_or_none("mlmagic.sweep", "mlmagic.sweep(train, {'lr': [0.1, 0.01]}, name='tuned')", name=name)
    axes = axes_from(space)
    require_takes(function, [axis.name for axis in axes])
    named = getattr(function, "__name__", "")
    plan = SweepPlan(
        function,
        axes,
        zips=zips_of(zip),
        metric=metric,
        mode=mode,
        search=search,
        trials=trials,
        jobs=jobs,
        on=on,
        address=address,
        seeds=seeds,
        timeout_s=timeout,
        threads=threads,
        yes=yes,
        resume=resume,
        prune=prune,
        models=models,
        data=data,
        experiment=experiment,
    )
    name = name or (named if named.isidentifier() else "sweep")
    return run_plan(plan, name=name, quiet=quiet, caller=sys._getframe(1))


def run_plan(plan: SweepPlan, *, name: str, quiet: bool, caller: FrameType) -> SweepFrame:
    """Run a sweep in a new run, and show its progress.

    In a script, the run records the file of *caller* as its source.

    Raises
    ------
    SweepFailedError
        If every trial failed.
    SweepInterrupted
        If the sweep is interrupted. Trials that had ended are recorded, and are in its ``results``.
    UsageProblem
        If the sweep cannot be run as requested, or a trial finishes without the metric.
    """
    from mlmagic.sweeps.orchestrator import Sweep
    from mlmagic.tracking import recovery

    with whole_imports():
        if plan.resume and not settings.offline:
            recovery.sync()  # a dead kernel may have left trials in its journals
        sweep = Sweep(plan)
    options = TrackOptions(name=name, experiment=plan.experiment, quiet=True)
    if sweep.resumed is not None:
        options = TrackOptions(resume=sweep.resumed, quiet=True)
    with contextlib.closing(sweep) as prepared:
        return _run(prepared, TrackedBlock(options, caller), name=name, quiet=quiet)


def _run(prepared: Sweep, block: TrackedBlock, *, name: str, quiet: bool) -> SweepFrame:
    from mlmagic.sweeps.results import Results
    from mlmagic.sweeps.views.sweep_frame import SweepFrame
    from mlmagic.sweeps.views.sweep_view import SweepView

    view = None if quiet else SweepView()
    run: ActiveRun | None = None
    picture: bytes | None = None
    try:
        with block:
            run = opened = block.run
            if view:
                block.show = lambda summary: view.show_end(prepared.results(opened), summary, total=prepared.total)
            try:
                results = prepared.run(run, view)
            finally:
                if view:
                    view.show_storing(prepared.results(run), total=prepared.total)
            picture = _picture(results, run)
            if picture is not None:
                run.recorder.data("figures/sweep.png", picture)
            if results.trials and all(trial.status == "FAILED" for trial in results.trials):
                raise SweepFailedError(_all_failed(results), SweepFrame.of(results, None, prepared.config_at))
    except KeyboardInterrupt as interrupt:
        if run is None:
            nothing = Results(name, "", (), prepared.plan.metric, prepared.goal)
            told = "before the first trial"
            raise SweepInterrupted(told, SweepFrame.of(nothing, None, prepared.config_at)) from interrupt
        results = prepared.results(run)
        told = f"{len(results.trials)} of {prepared.total} trials of {run.name!r} are recorded; --resume goes on"
        raise SweepInterrupted(told, SweepFrame.of(results, picture, prepared.config_at)) from interrupt
    return SweepFrame.of(results, picture, prepared.config_at)


def _picture(results: Results, run: ActiveRun) -> bytes | None:
    from mlmagic.sweeps.views.sweep_picture import picture_of

    try:
        return picture_of(results)
    except BaseException as error:  # noqa: BLE001  # matplotlib cannot draw every value; the results are worth more
        reraise_interrupt(error)
        run.notices.warn(f"the picture of the sweep could not be drawn: {one_line(error)[:200]}")
        return None


def _all_failed(results: Results) -> str:
    first = results.trials[0]
    if len(results.trials) == 1:
        return f"The one trial failed: {first.error}. Its run holds the traceback"
    told = f"All {len(results.trials)} trials failed; trial {first.number}: {first.error}"
    return f"{told}. The run of each holds its traceback"
