"""Continue a run: find the run that ``--resume`` means, and what it contains already."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError, RunNotFoundError, UsageProblem
from mlmagic.recording import open_runs
from mlmagic.recording.tags import source_tags, user_tags
from mlmagic.recording.target import EarlierRun
from mlmagic.session.log_storage import LogStorage
from mlmagic.snapshot.git import state as git
from mlmagic.store import experiments
from mlmagic.store.artifact_reading import place_of
from mlmagic.store.foreign_json import read_json
from mlmagic.store.query import durations, queries, session_log
from mlmagic.store.query.filters.division import DividedFilter

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.journal.records import Ended
    from mlmagic.recording.options import Origin, TrackOptions
    from mlmagic.tracking.open_run import OpenRun


_LAST_STEP = 2**62
"""A store has 64-bit steps: a run cannot continue from a step near their end."""
_SHORTEST_ID = 4
_last_in_notebook: dict[str, EarlierRun] = {}
"""By notebook, or process: `--resume` finds the last run also after `%reload_ext`."""


def remember(run: OpenRun, ended: Ended, seconds: float) -> None:
    """Note what the last run of a notebook contains after *seconds* in its cells, for a cell that continues it."""
    cells = run.previous_cells if run.origin.number is None else (*run.previous_cells, run.origin.number)
    _last_in_notebook[_notebook_key(run.origin)] = EarlierRun(
        uid=run.uid,
        run_id=run.delivery.run_id or "",
        name=run.name,
        experiment=run.experiment,
        experiment_id=run.experiment_id,
        tags=run.tags,
        params=dict(run.recorder.params),
        metrics={name: line.value for name, line in run.recorder.metrics.items()},
        last_steps=run.recorder.last_steps(),
        figures=frozenset(run.figure_names),
        cells=cells,
        status=ended.status,
        began=run.began,
        ended=ended.at,
        seconds=seconds,
        other_kernels=run.other_kernels,
    )


def _notebook_key(origin: Origin) -> str:
    return str(origin.notebook or os.getpid())


def remembered(options: TrackOptions, origin: Origin, reason: str) -> EarlierRun:
    """Return the last run of the notebook as this process knows it, because the store cannot be queried.

    Raises
    ------
    UsageProblem
        When another run is meant, or this process has none.
    """
    last = _last_in_notebook.get(_notebook_key(origin))
    if last is None or (options.resume and not _means(options.resume, last)):
        raise UsageProblem(f"--resume: the store cannot be asked for the run now ({reason}).")
    _check(options, last.name, last.run_id or last.uid)
    return last


def _means(reference: str, last: EarlierRun) -> bool:
    begins = any(one.startswith(reference) for one in (last.run_id, last.uid))
    return reference == last.name or (begins and len(reference) >= _SHORTEST_ID)


def find(client: MlflowClient, options: TrackOptions, origin: Origin) -> EarlierRun:
    """Find the run that is meant, and what it contains.

    Raises
    ------
    MLMagicError
        When there is none, or when the options contradict it.
    """
    last = _last_in_notebook.get(_notebook_key(origin))
    reference = options.resume or (last and (last.run_id or last.uid)) or _last_stored(client, origin)
    if reference is None:
        if origin.notebook is None:
            raise UsageProblem(
                "--resume has nothing to go on with: this kernel has no run yet, and the notebook's file name, by "
                "which earlier runs are found, is not known here. Name the run, %runs lists them; or set the file "
                "name: %env MLMAGIC_NOTEBOOK=name.ipynb"
            )
        raise UsageProblem(
            "--resume has nothing to go on with: this notebook has no run yet. "
            "Leave --resume out to begin one, or name a run: %runs lists them."
        )
    try:
        found = queries.find_run(reference)
    except RunNotFoundError:
        if options.resume:
            raise
        raise UsageProblem(
            "--resume has nothing to go on with: the last run of this notebook is gone. Name another: %runs lists them."
        ) from None
    _check(options, str(found.info.run_name), found.info.run_id)
    held = _held(client, found)
    if last is not None and last.run_id == held.run_id:
        held.other_kernels = last.other_kernels
    else:
        _read_other_kernels(held, found, origin)
    return held


def _check(options: TrackOptions, name: str, run_id: str) -> None:
    if run_id in open_runs.open_ids():
        raise UsageProblem(f"--resume: the run {name!r} is open now, around this cell.")
    if options.name:
        raise UsageProblem(
            f"a continued run keeps its name, {name!r}: leave {options.name!r} out, "
            f"or write --resume {options.name!r} to go on with the run of that name."
        )
    if options.parent or options.experiment:
        raise UsageProblem("a continued run keeps its parent and its experiment: leave --parent and -e out.")


def _last_stored(client: MlflowClient, origin: Origin) -> str | None:
    """Return the id of the last run that an earlier kernel recorded of this notebook, or None."""
    if origin.notebook is None:
        return None
    state = git.capture(origin.folder, limit_bytes=0)
    name = source_tags(origin, state)["mlflow.source.name"]
    experiment = experiments.find(client, None)
    if experiment is None:
        return None
    named = "" if "'" in name else f"tags.`mlflow.source.name` = '{name}' and "  # MLflow's filters escape no quote
    of_notebook = DividedFilter(
        f"{named}tags.`mlmagic.version` LIKE '%'",
        lambda run: run.data.tags.get("mlflow.source.name") == name and "mlmagic.version" in run.data.tags,
    )
    found = next(queries.search(client, [experiment.experiment_id], of_notebook, size=1), None)
    return str(found.info.run_id) if found else None


def _held(client: MlflowClient, run: Run) -> EarlierRun:
    steps = {}
    for name in run.data.metrics:
        history = client.get_metric_history(run.info.run_id, name)
        taken = (point.step for point in history)
        steps[name] = max((step for step in taken if isinstance(step, int) and abs(step) < _LAST_STEP), default=0)
    figures = place_of(run.info.run_id, run.info.artifact_uri).files("figures")
    return EarlierRun(
        uid=run.data.tags.get("mlmagic.id", ""),
        run_id=run.info.run_id,
        name=str(run.info.run_name),
        experiment=experiments.name_of(client, run.info.experiment_id),
        experiment_id=run.info.experiment_id,
        tags=dict(run.data.tags),
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
        last_steps=steps,
        figures=frozenset(file.path.rpartition("/")[2].rpartition(".")[0] for file in figures),
        cells=_cells(run.data.tags.get("mlmagic.cell", "")),
        # The process of a run with the status RUNNING is dead.
        status=run.info.status if run.info.status in ("FINISHED", "FAILED") else "KILLED",
        began=run.info.start_time or 0,
        ended=run.info.end_time or run.info.start_time or 0,
        seconds=durations.duration_s(run) or 0.0,
    )


def _read_other_kernels(held: EarlierRun, run: Run, origin: Origin) -> None:
    """Read the log of the earlier kernels in which the run ran; if that fails, the run continues without it."""
    if origin.log is None:  # a script: the run's log stays unchanged
        return
    try:
        log = session_log.read_other_kernels(run, origin.log.id)
    except MLMagicError as error:
        held.problem = f"what ran in earlier kernels is not in this run any more: {error}"
        return
    held.other_kernels = LogStorage(log, recorded=len(log.cells)) if log.cells else None


def _cells(text: str) -> tuple[int, ...]:
    """Return the numbers of a run's cells from its tag, which has one number or a list."""
    found = read_json(text, list) or [read_json(text, int)]
    return tuple(number for number in found if type(number) is int)


def take_over(run: OpenRun, earlier: EarlierRun) -> None:
    """Pass to the recorder what a continued run contains already."""
    # If the kernel dies now, the time of the earlier cells is recorded already.
    run.recorder.tag(durations.TAG, durations.tag(earlier.seconds).value)
    run.recorder.knows(earlier.params, earlier.last_steps)
    run.figure_names |= earlier.figures
    for key, value in user_tags(run.options, run.notices).items():
        run.recorder.tag(key, value)
    run.previous_cells = earlier.cells
    if earlier.problem:
        run.notices.warn(earlier.problem)
