"""Opening a run: everything that can refuse does so here, before the user's code runs."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic._version import __version__
from mlmagic.errors import RunNotFoundError, UsageProblem
from mlmagic.runs import active, queries, store
from mlmagic.runs.active import ActiveRun, Pending
from mlmagic.runs.mlflow_sink import MlflowSink
from mlmagic.runs.notices import Notices
from mlmagic.runs.recorder import Recorder
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
_last_in_notebook: dict[str, str] = {}


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
    others = frozenset(store.open_runs())
    if options.resume is None:
        run = _create(client, options, origin, state=state, notices=notices)
    else:
        run = _resume(client, options, origin)
    try:
        opened = _assemble(client, run, options, origin, state=state, notices=notices, others=others)
        opened.capture.start()
        if opened.sampler:
            opened.sampler.start()
    except BaseException:
        store.end(client, run.info.run_id, "FAILED")
        raise
    active.enter(opened)
    _last_in_notebook[_notebook_key(origin)] = opened.run_id
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
    sink = MlflowSink(client, run.info.run_id)
    recorder = Recorder(sink, notices)
    experiment = client.get_experiment(run.info.experiment_id)
    opened = ActiveRun(
        run_id=run.info.run_id,
        name=str(run.info.run_name),
        experiment_id=run.info.experiment_id,
        experiment=experiment.name,
        options=options,
        origin=origin,
        client=client,
        sink=sink,
        recorder=recorder,
        notices=notices,
        capture=Capture(output_limit=int(settings.output_limit_mb * 1e6), figures=options.figures and settings.figures),
        git=state,
        others=others,
        held_before={name: origin.namespace[name] for name in options.metrics if name in origin.namespace},
    )
    if options.resume is not None:
        _take_over(opened, run)
    if options.system:
        opened.sampler = SystemSampler(
            lambda values, step: _log_all(recorder, values, step), settings.system_interval_s
        )
    return opened


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
    experiment = store.experiment(client, options.experiment)
    tags = {"mlmagic.version": __version__, "mlmagic.id": uid, **_user_tags(options, notices)}
    if origin.number is not None:
        tags["mlmagic.cell"] = str(origin.number)
    if options.parent:
        tags["mlflow.parentRunId"] = queries.find_run(options.parent).info.run_id
    tags |= source_tags(origin, state.result(_WAIT_FOR_GIT_S))
    outer = active.on_this_thread()
    _tell_of_stray(outer, notices)
    try:
        return store.start(
            client,
            experiment.experiment_id,
            name=options.name and secrets.redact(options.name)[0],
            tags=tags,
            child_of_active=outer is not None and not options.parent,
        )
    except BaseException:
        _abandon(client, experiment.experiment_id, uid)
        raise


def _user_tags(options: TrackOptions, notices: Notices) -> dict[str, str]:
    from mlmagic.runs.keys import valid_key

    tags = {}
    for key, value in options.tags.items():
        name = valid_key(key)
        if name != key:
            notices.warn(f"MLflow does not take the tag key {key!r}: it is kept as {name!r}")
        tags[name] = secrets.redact_value(key, value)[0]
    if options.description:
        tags["mlflow.note.content"] = secrets.redact(options.description)[0]
    return tags


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
    left = [run_id for run_id, (*_, run) in store.open_runs().items() if run.data.tags.get("mlmagic.id") == uid]
    # A store that is away can be asked for nothing more; what it holds is closed when it is back.
    with contextlib.suppress(Exception):
        run_id = left[0] if left else store.find_by_id_tag(client, experiment_id, uid)
        if run_id:
            store.end(client, run_id, "KILLED")


def source_tags(origin: Origin, state: GitState | None) -> dict[str, str]:
    """Return the tags that say where the code is: the notebook or script, and its commit."""
    file = origin.notebook or Path("unsaved notebook" if origin.kind == "NOTEBOOK" else "interactive")
    root = state.root if state else None
    base = root if root and file.is_relative_to(root) else origin.folder
    name = file.relative_to(base) if file.is_relative_to(base) else file
    tags = {"mlflow.source.type": origin.kind, "mlflow.source.name": name.as_posix()}
    if state and state.root:
        tags["mlmagic.git.dirty"] = str(state.dirty).lower()
        if state.commit:
            tags["mlflow.source.git.commit"] = state.commit
        if state.branch:
            tags["mlflow.source.git.branch"] = state.branch
        if state.remote:
            tags["mlflow.source.git.repoURL"] = secrets.redact(state.remote)[0]
    return tags


def _notebook_key(origin: Origin) -> str:
    return str(origin.notebook or os.getpid())


def _resume(client: MlflowClient, options: TrackOptions, origin: Origin) -> Run:
    reference = options.resume or _last_in_notebook.get(_notebook_key(origin)) or _last_stored(client, options, origin)
    if reference is None:
        raise UsageProblem(
            "--continue has nothing to go on with: this notebook has no run yet. "
            "Leave --continue out to begin one, or name a run: %runs lists them."
        )
    try:
        found = queries.find_run(reference)
    except RunNotFoundError:
        if options.resume:
            raise
        raise UsageProblem(
            "--continue has nothing to go on with: the last run of this notebook is gone. "
            "Name another: %runs lists them."
        ) from None
    if found.info.run_id in active.open_ids():
        raise UsageProblem(f"--continue: the run {found.info.run_name!r} is open now, around this cell.")
    if options.name:
        raise UsageProblem(
            f"a continued run keeps its name, {found.info.run_name!r}: leave {options.name!r} out, "
            f"or write --continue {options.name!r} to go on with the run of that name."
        )
    if options.parent or options.experiment:
        raise UsageProblem("a continued run keeps its parent and its experiment: leave --parent and -e out.")
    return store.resume(found.info.run_id)


def _last_stored(client: MlflowClient, options: TrackOptions, origin: Origin) -> str | None:
    """Return the last run that an earlier kernel recorded of this notebook."""
    if origin.notebook is None:
        return None
    state = git.capture(origin.folder, limit_bytes=0)
    name = source_tags(origin, state)["mlflow.source.name"].replace("'", "")
    experiment = store.experiment(client, options.experiment)
    found = client.search_runs(
        [experiment.experiment_id],
        f"tags.`mlflow.source.name` = '{name}' and tags.`mlmagic.version` LIKE '%'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    return str(found[0].info.run_id) if found else None


def _take_over(opened: ActiveRun, run: Run) -> None:
    """Tell the recorder what a continued run holds already."""
    steps = {}
    for name in run.data.metrics:
        history = opened.client.get_metric_history(opened.run_id, name)
        steps[name] = max((point.step for point in history), default=0)
    opened.recorder.knows(run.data.params, steps)
    for key, value in _user_tags(opened.options, opened.notices).items():
        opened.recorder.tag(key, value)
    cells = json.loads(run.data.tags.get("mlmagic.cell", "[]"))
    opened.previous_cells = tuple(cells) if isinstance(cells, list) else (cells,)
