"""Opening a run: everything that can refuse does so here, before the user's code runs."""

from __future__ import annotations

import contextlib
import copy
import uuid
from typing import TYPE_CHECKING

from mlmagic._version import __version__
from mlmagic.errors import StoreError
from mlmagic.runs import active, experiments, mlflow_runs, queries, resuming, store
from mlmagic.runs.active import ActiveRun, Pending
from mlmagic.runs.mlflow_sink import MlflowSink
from mlmagic.runs.notices import Notices
from mlmagic.runs.recorder import Recorder
from mlmagic.runs.tags import source_tags, user_tags
from mlmagic.session.capture import Capture
from mlmagic.settings import settings
from mlmagic.snapshot import git, secrets
from mlmagic.snapshot.system import SystemSampler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.runs.options import Origin, TrackOptions
    from mlmagic.snapshot.git import GitState

# Long enough for git on most trees; on a larger one its tags follow when the run is closed.
_WAIT_FOR_GIT_S = 0.05


def open_run(options: TrackOptions, origin: Origin) -> ActiveRun:
    """Open a run, or go on with one, and make it active.

    Raises
    ------
    MLMagicError
        When the options name something that is not there, or the store refuses. Nothing is left open then.
    """
    state = Pending(lambda: git.capture(origin.folder, limit_bytes=int(settings.patch_limit_mb * 1e6)))
    notices = Notices()
    client = store.connect()
    others = frozenset(mlflow_runs.open_runs())
    if options.resume is None:
        run = _create(client, options, origin, state=state, notices=notices)
    else:
        run = resuming.resume(client, options, origin)
    try:
        opened = _assemble(client, run, options, origin, state=state, notices=notices, others=others)
        opened.capture.start()
        if opened.sampler:
            opened.sampler.start()
    except BaseException:
        mlflow_runs.end(client, run.info.run_id, "FAILED")
        raise
    active.enter(opened)
    resuming.remember(origin, opened.run_id)
    return opened


def _assemble(
    client: MlflowClient,
    run: Run,
    options: TrackOptions,
    origin: Origin,
    *,
    state: Pending[GitState],
    notices: Notices,
    others: frozenset[str],
) -> ActiveRun:
    sink = MlflowSink(client, run.info.run_id, run.info.artifact_uri)
    recorder = Recorder(sink, notices)
    opened = ActiveRun(
        run_id=run.info.run_id,
        name=str(run.info.run_name),
        experiment_id=run.info.experiment_id,
        experiment=experiments.name_of(client, run.info.experiment_id),
        options=options,
        origin=origin,
        client=client,
        sink=sink,
        recorder=recorder,
        notices=notices,
        capture=Capture(output_limit=int(settings.output_limit_mb * 1e6), figures=options.figures and settings.figures),
        git=state,
        tags=dict(run.data.tags),
        metrics_before=dict(run.data.metrics),
        others=others,
        held_before={name: _held(origin.namespace[name]) for name in options.metrics if name in origin.namespace},
    )
    if options.resume is not None:
        resuming.take_over(opened, run)
    if options.system:
        opened.sampler = SystemSampler(
            lambda values, step: _log_all(recorder, values, step), settings.system_interval_s
        )
    return opened


def _held(value: object) -> tuple[object, object]:
    """Return *value*, and a copy of it when it can grow in place, to tell afterwards whether the cell changed it."""
    return value, copy.copy(value) if isinstance(value, (list, dict)) else None


def _log_all(recorder: Recorder, values: Mapping[str, float], step: int) -> None:
    for name, value in values.items():
        recorder.metric(name, value, step)


def _create(
    client: MlflowClient,
    options: TrackOptions,
    origin: Origin,
    *,
    state: Pending[GitState],
    notices: Notices,
) -> Run:
    uid = uuid.uuid4().hex
    experiment = experiments.require(client, options.experiment)
    tags = {"mlmagic.version": __version__, "mlmagic.id": uid, **user_tags(options, notices)}
    if origin.number is not None:
        tags["mlmagic.cell"] = str(origin.number)
    if options.parent:
        tags["mlflow.parentRunId"] = queries.find_run(options.parent).info.run_id
    tags |= source_tags(origin, state.peek(_WAIT_FOR_GIT_S))
    outer = active.on_this_thread()
    _tell_of_stray(outer, notices)
    try:
        return mlflow_runs.start(
            client,
            experiment.experiment_id,
            name=options.name and secrets.redact(options.name)[0],
            tags=tags,
            child_of_active=outer is not None and not options.parent,
        )
    except BaseException as error:
        _abandon(client, experiment.experiment_id, uid)
        if isinstance(error, StoreError):
            experiments.forget()
            experiments.require(client, options.experiment)  # says in its own words that it was deleted meanwhile
        raise


def _tell_of_stray(outer: ActiveRun | None, notices: Notices) -> None:
    import mlflow

    stray = mlflow.active_run()
    if stray is not None and stray.info.run_id not in active.open_ids() and outer is None:
        notices.warn(
            f"the run {stray.info.run_name!r} was left open by mlflow.start_run() in an earlier cell; it was not "
            "touched. End it with mlflow.end_run()"
        )


def _abandon(client: MlflowClient, experiment_id: str, uid: str) -> None:
    """Close the run that an interrupted creation may have left behind."""
    left = [run_id for run_id, (*_, run) in mlflow_runs.open_runs().items() if run.data.tags.get("mlmagic.id") == uid]
    # A store that is away can be asked for nothing more; what it holds is closed when it is back.
    with contextlib.suppress(Exception):
        run_id = left[0] if left else mlflow_runs.find_by_id_tag(client, experiment_id, uid)
        if run_id:
            mlflow_runs.end(client, run_id, "KILLED")
