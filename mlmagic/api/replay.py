"""Run recorded runs again, and compare the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.arguments import require_text_or_none
from mlmagic.errors import UsageProblem
from mlmagic.session.interrupts import whole_imports

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlmagic.replay.explaining.explanation import Explanation
    from mlmagic.replay.explaining.preparing import WhyRequest
    from mlmagic.replay.reproduction import Reproduction
    from mlmagic.replay.request import ReproduceRequest
    from mlmagic.store.query.run import Run


@whole_imports()
def reproduce(
    run: str | Run | None = None,
    *,
    full: bool = False,
    env: bool = False,
    yes: bool = False,
    timeout_s: float | None = None,
    into: Sequence[str] = (),
    keep: bool = False,
    experiment: str | None = None,
) -> Reproduction:
    """Run a recorded run again in a fresh kernel, from its record alone, and compare the results, as ``%reproduce``.

    The cells that the run's cell needs are executed as they were, in the same folder, with the recorded random states
    and sources of the user's modules. Their runs go to a store of the replay's own, which is deleted. The verdict and
    the replay's metrics are recorded as a run with the tag ``mlmagic.reproduces``.

    Parameters
    ----------
    run
        Name, id or beginning of an id; the last run of this session by default.
    full
        Run all cells of the session, instead of those that the run's cell needs. They are run in any case if the fewer
        cells do not give the same results.
    env
        Run with the recorded versions of all packages, which are installed into an environment of the replay's own.
    yes
        Run without asking what starts programs, uses the network, writes files, or was recorded by somebody else.
    timeout_s
        Seconds that each cell may take; by default ten times as long as originally, and at least a minute.
    into
        Names of objects of the replay, such as a model, to bring back in ``objects`` of the result.
    keep
        Leave the replay's kernel running until this process ends; a note says how to reach it.
    experiment
        The experiment to look in.

    Returns
    -------
    Reproduction
        ``verdict``, ``results``, ``causes`` and ``exit_code``: 0 if the results are identical or equivalent, 1 if they
        are different, 2 if the run cannot be replayed.

    Raises
    ------
    RunNotFoundError
        When there is no such run.
    UsageProblem
        When something must be confirmed, and nobody can be asked or the user declines.
    StoreError
        When the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> found = mlmagic.reproduce("forest", yes=True)  # doctest: +SKIP
    >>> found.verdict, found.exit_code  # plain MLflow recorded the run of this example  # doctest: +SKIP
    (<Verdict.CANNOT_RUN: 'CANNOT RUN'>, 2)
    """
    from mlmagic.replay.request import ReproduceRequest

    if timeout_s is not None and not timeout_s > 0:
        raise UsageProblem(f"mlmagic.reproduce: timeout_s is {timeout_s}: give seconds above 0, such as timeout_s=600")
    request = ReproduceRequest(
        reference_of(run),
        full=full,
        env=env,
        yes=yes,
        timeout_s=timeout_s,
        names=tuple(into),
        keep=keep,
        experiment=experiment,
    )
    return reproduction_of(request)


@whole_imports()
def why(
    first: str | Run,
    second: str | Run,
    *,
    metrics: Sequence[str] = (),
    seeds: int = 3,
    yes: bool = False,
    timeout_s: float | None = None,
    experiment: str | None = None,
) -> Explanation:
    """Say why two runs of one cell differ: what each difference is worth in the metrics, as ``%why``.

    The runs are replayed from their records, in fresh kernels, with some of the differences taken from *first* into
    *second*: parameters, lines of code, cells, modules of the user, seeds, threads. Up to four differences are taken in
    all combinations; their shares are Shapley values, which add up to the whole change. More are taken one at a time,
    first and last.

    Parameters
    ----------
    first, second
        Name, id or beginning of an id of a run of a tracked cell.
    metrics
        The metrics to explain; by default all that differ and do not measure time.
    seeds
        How often each run is replayed with other seeds, to measure the noise; 0 measures none.
    yes
        Do not ask before the replays, nor before what `mlmagic.reproduce` asks about.
    timeout_s
        Seconds that each cell may take; by default ten times as long as originally, and at least a minute.
    experiment
        The experiment to look in.

    Returns
    -------
    Explanation
        ``metrics`` with the shares of each, and ``not_swapped``: what differs and cannot be taken from one run into the
        other, such as packages.

    Raises
    ------
    RunNotFoundError
        When there is no such run.
    UsageProblem
        When a run cannot be replayed, has no such metric, or nobody can be asked or the user declines.
    StoreError
        When the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.why("forest", "boosting", yes=True)  # plain MLflow recorded the runs of this example  # doctest: +SKIP
    Traceback (most recent call last):
    mlmagic.errors.UsageProblem: the run 'forest' has no execution log: it was not recorded in a notebook.

    Of runs of tracked cells, ``found["accuracy"].shares`` are such as ``depth 3 → 5`` with the value 0.015.
    """
    from mlmagic.replay.explaining.preparing import WhyRequest

    request = WhyRequest(
        reference_of(first),
        reference_of(second),
        metrics=tuple(metrics),
        seeds=seeds,
        yes=yes,
        timeout_s=timeout_s,
        experiment=experiment,
    )
    return explanation_of(request)


def explanation_of(request: WhyRequest, progress: Callable[[str, int, int], None] | None = None) -> Explanation:
    """Explain what *request* asks for."""
    from mlmagic.replay.explaining.explaining import explain

    if request.seeds < 0:
        raise UsageProblem(f"seeds is {request.seeds}: give 0 or more, such as seeds=3")
    if request.timeout_s is not None and not request.timeout_s > 0:
        raise UsageProblem(f"timeout_s is {request.timeout_s}: give seconds above 0, such as timeout_s=600")
    return explain(request, progress)


def reference_of(run: str | Run | None) -> str:
    """Return the reference of *run*, or of the session's last run."""
    if run is None:
        from mlmagic.api.reading import last_run

        return last_run().id
    if isinstance(run, str):
        return run
    from mlmagic.store.query.run import Run

    if isinstance(run, Run):
        return run.id
    require_text_or_none("mlmagic.reproduce", "mlmagic.reproduce('forest')", run=run)  # raises
    return str(run)


def reproduction_of(request: ReproduceRequest, progress: Callable[[str, int, int], None] | None = None) -> Reproduction:
    """Reproduce what *request* asks for, and record that it was reproduced."""
    from mlmagic.replay.recording import record
    from mlmagic.replay.reproducing import reproduce as reproduce_run

    return record(reproduce_run(request, progress))
