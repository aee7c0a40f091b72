"""Opening a run: its journal, its place in MLflow, and what listens while it is open."""

from __future__ import annotations

import copy
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic._version import __version__
from mlmagic.errors import StoreError
from mlmagic.journal import folder, lasting, owner
from mlmagic.journal.records import Began, Ended
from mlmagic.runs import active, ending, mlflow_runs, resuming, store
from mlmagic.runs.active import ActiveRun
from mlmagic.runs.delivery import Delivery
from mlmagic.runs.notices import Notices
from mlmagic.runs.recorder import Recorder
from mlmagic.runs.shipping import shipper
from mlmagic.runs.tags import source_tags, user_tags
from mlmagic.runs.targets import find_target
from mlmagic.runs.waiting import Patience, Pending
from mlmagic.session.capture import Capture
from mlmagic.settings import settings
from mlmagic.snapshot import git, secrets
from mlmagic.snapshot.system import SystemSampler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.runs.options import Origin, TrackOptions
    from mlmagic.runs.targets import Target
    from mlmagic.snapshot.git import GitState

# Long enough for git on most trees; on a larger one its tags follow when the run is closed.
_WAIT_FOR_GIT_S = 0.05


def open_run(options: TrackOptions, origin: Origin) -> ActiveRun:
    """Open a run, or go on with one, and make it active.

    A store that cannot be reached refuses nothing: the run is kept in its journal.

    Raises
    ------
    MLMagicError
        When the options name something that is not there, or the store refuses. Nothing is left open then.
    """
    state = Pending(lambda: git.capture(origin.folder, limit_bytes=int(settings.patch_limit_mb * 1e6)))
    notices = Notices()
    patience = store.patience()
    others = frozenset(mlflow_runs.open_runs())
    target = find_target(options, origin, patience)
    began = _beginning(target, options, origin, state=state, notices=notices)
    ending.at_exit()
    journal, where = folder.new()
    if where:
        notices.warn(where)
    began = replace(began, owner=owner.this_process(locks=journal.is_locked))
    # Twice: without it nothing else of the journal could be delivered, should a byte of it be damaged.
    journal.append(began)
    journal.append(began)
    lasting.watch(journal)
    delivery = Delivery(journal, target.uri, began)
    try:
        in_mlflow = _deliver(delivery, target, patience)
        opened = _assemble(delivery, target, options, origin, notices=notices, patience=patience, git_state=state)
        opened.in_mlflow, opened.others = in_mlflow, others
        opened.capture.start()
        if opened.sampler:
            opened.sampler.start()
    except BaseException:
        _abandon(delivery)
        raise
    active.enter(opened)
    return opened


def _beginning(
    target: Target, options: TrackOptions, origin: Origin, *, state: Pending[GitState], notices: Notices
) -> Began:
    earlier = target.earlier
    uid = (earlier.uid if earlier else "") or uuid.uuid4().hex
    tags: dict[str, str] = {}
    if earlier is None:
        tags = {"mlmagic.version": __version__, "mlmagic.id": uid, **user_tags(options, notices)}
        if origin.number is not None:
            tags["mlmagic.cell"] = str(origin.number)
        tags |= source_tags(origin, state.peek(_WAIT_FOR_GIT_S))
        if target.parent:
            tags["mlflow.parentRunId"] = target.parent
        tags = mlflow_runs.with_context(tags)
        _tell_of_stray(notices)
    return Began(
        uid=uid,
        resumed=earlier is not None,
        run_id=earlier.run_id if earlier else "",
        name=secrets.redact((earlier.name if earlier else options.name) or mlflow_runs.new_name())[0],
        store=secrets.redact(target.uri)[0],
        experiment=secrets.redact(target.experiment)[0],
        experiment_id=target.experiment_id,
        parent=target.outer,
        started=time.time_ns() // 1_000_000,
        tags=tags,
        owner={},
    )


def _deliver(delivery: Delivery, target: Target, patience: Patience) -> bool:
    """Begin to deliver; where the store answers in time, the run is MLflow's active one. Tell whether it is."""
    ships = shipper(target.uri)
    ships.add(delivery)
    if target.away is None:
        ships.wait(lambda: delivery.run is not None or delivery.held is not None, patience)
    if delivery.held is not None and delivery.is_refused:
        raise StoreError(delivery.held)
    if delivery.run is None:
        return False
    mlflow_runs.activate(delivery.run)
    return True


def _assemble(
    delivery: Delivery,
    target: Target,
    options: TrackOptions,
    origin: Origin,
    *,
    notices: Notices,
    patience: Patience,
    git_state: Pending[GitState],
) -> ActiveRun:
    recorder = Recorder(delivery.journal, notices)
    opened = ActiveRun(
        delivery=delivery,
        target=target,
        patience=patience,
        options=options,
        origin=origin,
        recorder=recorder,
        notices=notices,
        capture=Capture(output_limit=int(settings.output_limit_mb * 1e6), figures=options.figures and settings.figures),
        git=git_state,
        held_before={name: _held(origin.namespace[name]) for name in options.metrics if name in origin.namespace},
    )
    if target.earlier is not None:
        resuming.take_over(opened, target.earlier)
    if options.system:
        opened.sampler = SystemSampler(
            lambda values, step: _log_all(recorder, values, step), settings.system_interval_s
        )
    return opened


def _held(value: object) -> tuple[object, object]:
    """Return *value*, and a copy of it when it can grow in place, to tell afterwards whether the cell changed it."""
    return value, copy.copy(value) if type(value) in {list, dict} else None


def _log_all(recorder: Recorder, values: Mapping[str, float], step: int) -> None:
    for name, value in values.items():
        recorder.metric(name, value, step)


def _tell_of_stray(notices: Notices) -> None:
    stray = mlflow_runs.active_run()
    if stray is not None and stray.info.run_id not in active.open_ids() and active.on_this_thread() is None:
        notices.warn(
            f"the run {stray.info.run_name!r} was left open by mlflow.start_run() in an earlier cell; it was not "
            "touched. End it with mlflow.end_run()"
        )


def _abandon(delivery: Delivery) -> None:
    """Close the run whose opening was interrupted, in the background: the store may be slow."""
    if delivery.run is not None:
        mlflow_runs.deactivate(delivery.run.info.run_id)
    delivery.journal.append(Ended("KILLED", time.time_ns() // 1_000_000))
