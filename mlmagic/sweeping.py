"""Sweeps as ``import mlmagic`` offers them: one call that checks, runs, shows and returns."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from mlmagic import api
from mlmagic.errors import SweepFailedError, SweepInterrupted, UsageProblem
from mlmagic.recording.active import require_run
from mlmagic.session.interrupts import whole_imports
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.sweeps.orchestrator import Sweep
    from mlmagic.sweeps.plan import Plan
    from mlmagic.sweeps.results import Results
    from mlmagic.sweeps.trials.trial_models import Which
    from mlmagic.views.sweeps.sweep_frame import SweepFrame


def sweep(
    function: Callable[..., Any],
    space: Mapping[str, Any],
    *,
    zip: Sequence[str] | Sequence[Sequence[str]] | str = (),  # noqa: A002  # as Python calls it
    name: str | None = None,
    experiment: str | None = None,
    metric: str | None = None,
    mode: str | None = None,
    search: str = "grid",
    trials: int | None = None,
    jobs: int | None = None,
    on: str = "local",
    address: str | None = None,
    seeds: int = 1,
    timeout: float | None = None,
    threads: int = 1,
    prune: bool = False,
    resume: bool = False,
    models: Which = "best",
    data: bool = True,
    yes: bool = False,
    quiet: bool = False,
) -> SweepFrame:
    """Call a function at many points, each call a trial with a run of its own; what ``%%sweep`` does.

    Parameters
    ----------
    function
        Takes the swept names as keywords. The numbers in the mapping that it returns are metrics, and so is what it
        logs with ``mlmagic.log``; a single number that it returns is *metric*, ``result`` where none is named.
    space
        What to go over, by name: values in a list, or a text in Hydra's grammar (``"0.1,0.01"``, ``"range(1,10)"``,
        ``"interval(1e-4,1e-1)"``, ``"tag(log,interval(1e-4,1e-1))"``).
    zip
        Names of values that go together instead of being crossed, ``("lr", "depth")``; or several such groups.
    name, experiment
        Of the run that the trials are nested under.
    metric, mode
        The metric that judges the trials, and ``"min"`` or ``"max"`` where its name does not tell which is better.
    search
        ``"grid"``, ``"random"`` or ``"tpe"`` (Optuna's, which learns from the trials before).
    trials
        How many points, for ``random`` and ``tpe``; of a grid the first so many.
    jobs
        How many trials at the same time, each in a process; 0: one a core. By default one after the other, in this
        process.
    on, address
        ``"local"``, or ``"dask"`` with the address of a scheduler; without one a cluster is started on this machine.
    seeds
        How many trials a point, each with a seed of its own; they are judged by their mean.
    timeout
        Seconds after which no other trial begins.
    threads
        How many threads the libraries may use in a trial: the same in one process and in many, so that numbers are.
    prune
        End trials that look hopeless, by what they log of the metric with ``mlmagic.log`` as they go: Optuna's median
        rule. They are ``KILLED``.
    resume
        Go on with the last sweep of the same code: its trials that ended well are not run again.
    models
        Whose fitted models are recorded: ``"best"``, on the sweep's run those of the trial that did best at the best
        point; ``"all"``, on each trial's run its own as well; ``"none"``. Of a function they are what it returns.
    data
        Whether the data that the function reads are recorded, on the sweep's run.
    yes
        Run more than 1,000 trials of a grid.
    quiet
        Show nothing while it runs.

    Returns
    -------
    pandas.DataFrame
        A row a trial: trial, status, duration (s), seed, what was swept, the metrics. Its ``best`` is the best point,
        its ``points`` a frame with a row a point, the best first.

    Raises
    ------
    UsageProblem
        When it cannot be run as asked, or no trial has the metric.
    SweepFailedError
        When every trial failed.
    SweepInterrupted
        A ``KeyboardInterrupt`` with the ``results`` that it had.
    MissingPackageError
        When a package that it needs is not installed.

    Examples
    --------
    >>> import mlmagic
    >>> results = mlmagic.sweep(lambda x: {"loss": (x - 3) ** 2}, {"x": range(6)}, quiet=True)  # doctest: +SKIP
    >>> results.best  # doctest: +SKIP
    {'x': 3}
    """
    from mlmagic.sweeps.plan import Plan
    from mlmagic.sweeps.points.space import axes_from
    from mlmagic.sweeps.points.zipped import zips_of
    from mlmagic.sweeps.trials.payload import require_takes

    axes = axes_from(space)
    require_takes(function, [axis.name for axis in axes])
    named = getattr(function, "__name__", "")
    plan = Plan(
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
    return run_plan(plan, name=name or (named if named.isidentifier() else "sweep"), quiet=quiet)


def log_search(search: Any, name: str = "search") -> int:
    """Record each candidate of a fitted ``GridSearchCV`` or its like as a run below the active one.

    A tracked cell does so by itself with a search that it fits; this is for ``with mlmagic.track():``.

    Returns
    -------
    How many candidates were recorded: none of a search that has been.

    Raises
    ------
    NoActiveRunError
        Outside a run.
    UsageProblem
        When *search* is no search that was fitted.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.log_search([1, 2])
    Traceback (most recent call last):
    mlmagic.errors.NoActiveRunError: mlmagic.log_search was called where no run is active, ...
    """
    from mlmagic.models.searches import is_search, record_search

    run = require_run("mlmagic.log_search")
    if not is_search(search):
        raise UsageProblem(
            "mlmagic.log_search takes a fitted GridSearchCV or its like, which has cv_results_, "
            f"not a {type(search).__name__}"
        )
    return record_search(run, name, search)


def optuna_callback(name: str = "study") -> Callable[[Any, Any], None]:
    """Return a callback for ``study.optimize(…, callbacks=[…])`` that records each trial as a run below the active one.

    A tracked cell records the trials of its studies by itself when it ends; with the callback they are there while it
    runs, and in ``with mlmagic.track():``.

    Raises
    ------
    NoActiveRunError
        Outside a run.

    Examples
    --------
    >>> import mlmagic
    >>> with mlmagic.track("tuning"):  # doctest: +SKIP
    ...     study.optimize(objective, n_trials=50, callbacks=[mlmagic.optuna_callback()])
    """
    from mlmagic.sweeps.studies import record_study_trial

    run = require_run("mlmagic.optuna_callback")

    def record(study: Any, trial: Any) -> None:
        record_study_trial(run, name, study, trial)

    return record


def run_plan(plan: Plan, *, name: str | None, quiet: bool) -> SweepFrame:
    """Run a sweep below a run of its own, and show it while it runs.

    Raises
    ------
    SweepFailedError
        When every trial failed.
    SweepInterrupted
        When it was interrupted: what had ended is recorded, and in its ``results``.
    UsageProblem
        When it cannot be run as asked, or no trial has the metric.
    """
    from mlmagic.sweeps.orchestrator import Sweep

    if plan.resume and not settings.offline:
        api.sync()  # a kernel that died may have left trials in its journals
    with whole_imports():
        sweep = Sweep(plan)
    with contextlib.closing(sweep) as prepared:
        return _run(prepared, name=name, quiet=quiet)


def _run(prepared: Sweep, *, name: str | None, quiet: bool) -> SweepFrame:
    from mlmagic.sweeps.results import Results
    from mlmagic.views.sweeps.sweep_frame import SweepFrame
    from mlmagic.views.sweeps.sweep_picture import picture_of
    from mlmagic.views.sweeps.sweep_view import SweepView

    resumed, experiment = prepared.resumed, prepared.plan.experiment
    where = {"name": name, "experiment": experiment} if resumed is None else {"resume": resumed}
    view = None if quiet else SweepView()
    run: ActiveRun | None = None
    picture: bytes | None = None
    try:
        with (block := api.track(**where, quiet=True)):
            run = opened = block.run
            if view:
                block.show = lambda summary: view.show_end(prepared.results(opened), summary, total=prepared.total)
            try:
                results = prepared.run(run, view)
            finally:
                if view:
                    view.show_storing(prepared.results(run), total=prepared.total)
            picture = picture_of(results)
            if picture is not None:
                run.recorder.data("figures/sweep.png", picture)
            if results.trials and all(trial.status == "FAILED" for trial in results.trials):
                raise SweepFailedError(_all_failed(results), SweepFrame.of(results, None, prepared.config_at))
    except KeyboardInterrupt as interrupt:
        if run is None:
            nothing = Results(name or "sweep", "", (), prepared.plan.metric, prepared.goal)
            told = "before the first trial"
            raise SweepInterrupted(told, SweepFrame.of(nothing, None, prepared.config_at)) from interrupt
        results = prepared.results(run)
        told = f"{len(results.trials)} of {prepared.total} trials of {run.name!r} are recorded; --resume goes on"
        raise SweepInterrupted(told, SweepFrame.of(results, picture, prepared.config_at)) from interrupt
    return SweepFrame.of(results, picture, prepared.config_at)


def _all_failed(results: Results) -> str:
    first = results.trials[0]
    if len(results.trials) == 1:
        return f"The one trial failed: {first.error}. Its run holds the traceback"
    told = f"All {len(results.trials)} trials failed; trial {first.number}: {first.error}"
    return f"{told}. The run of each holds its traceback"
