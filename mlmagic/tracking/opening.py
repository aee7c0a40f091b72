"""Open a run: create its journal, make it active in MLflow, and start its captures."""

from __future__ import annotations

import copy
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic._version import __version__
from mlmagic.errors import StoreError
from mlmagic.journal import folder, fsync_thread, owner
from mlmagic.journal.records import Began, Ended, Tag
from mlmagic.recording import open_runs
from mlmagic.recording.notices import Notices
from mlmagic.recording.recorder import Recorder
from mlmagic.recording.tags import source_tags, user_tags
from mlmagic.remembered import Remembered
from mlmagic.session.header import OPENING_INTERRUPTED
from mlmagic.session.interrupts import deferred
from mlmagic.session.output.capture import Capture
from mlmagic.snapshot.environment.system_metrics import SystemSampler
from mlmagic.snapshot.git import state as git
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import connection
from mlmagic.store.delivery.delivery import Delivery
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.keys import LONGEST_TAG
from mlmagic.store.waiting import BackgroundTask, WaitBudget
from mlmagic.tracking import continuing, ending, mlflow_runs
from mlmagic.tracking.destination import find_target
from mlmagic.tracking.open_run import OpenRun
from mlmagic.user_objects import one_line
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.recording.options import Origin, TrackOptions
    from mlmagic.recording.target import EarlierRun, Target
    from mlmagic.snapshot.git.state import GitState

# Long enough for git on most trees; on larger ones, git's tags follow when the run is closed.
_WAIT_FOR_GIT_S = 0.05


def open_run(options: TrackOptions, origin: Origin) -> OpenRun:
    """Open a run, or continue one, and make it the active one.

    If the store cannot be reached, the run still opens, and is kept in its journal.

    Raises
    ------
    MLMagicError
        When the options name something that is not there, or the store refuses. Nothing is left open then.
    """
    redaction.redact(origin.source)  # secrets in the source are then redacted in all records of the run
    state = BackgroundTask(lambda: git.capture(origin.folder, limit_bytes=int(settings.patch_limit_mb * 1e6)))
    notices = Notices()
    patience = connection.wait_budget()
    others = frozenset(mlflow_runs.open_runs())
    target = find_target(options, origin, patience)
    began = _beginning(target, options, origin, state=state, notices=notices)
    ending.at_exit()
    delivery = opened = None
    try:
        with deferred():
            delivery = _new_delivery(target, began, notices)
        _wait_for_store(delivery, target, patience)
        with deferred():
            opened = _assemble(delivery, target, options, origin, notices=notices, patience=patience, git_state=state)
            opened.others = others
            _begin(opened)
    except BaseException as error:
        if opened is not None:
            abandon(opened, error)
        elif delivery is not None:
            _abandon(delivery, target.earlier, error)
        raise
    return opened


def _new_delivery(target: Target, began: Began, notices: Notices) -> Delivery:
    """Create the run's journal, and hand it to the delivery worker."""
    journal, where = folder.new()
    if where:
        notices.warn(where)
    began = replace(began, owner=owner.this_process(locks=journal.is_locked))
    # Twice, in case one is damaged: without this record nothing of the journal could be delivered.
    journal.append(began)
    journal.append(began)
    fsync_thread.watch(journal)
    delivery = Delivery(journal, target.uri, began)
    delivery_worker(target.uri).add(delivery)
    return delivery


def _begin(opened: OpenRun) -> None:
    """Make the run the active one, in MLflow too if the store has answered, and capture what its code shows."""
    if opened.delivery.run is not None:
        mlflow_runs.activate(opened.delivery.run)
        opened.in_mlflow = True
    opened.capture.start()
    if opened.sampler:
        opened.sampler.start()
    open_runs.enter(opened)


def _beginning(
    target: Target, options: TrackOptions, origin: Origin, *, state: BackgroundTask[GitState], notices: Notices
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
        name=redaction.redact((earlier.name if earlier else options.name) or mlflow_runs.new_name())[0],
        store=redaction.redact(target.uri)[0],
        experiment=redaction.redact(target.experiment)[0],
        experiment_id=target.experiment_id,
        parent=target.outer,
        started=time.time_ns() // 1_000_000,
        tags=tags,
        owner={},
    )


def _wait_for_store(delivery: Delivery, target: Target, patience: WaitBudget) -> None:
    """Wait until the store has the run, for as long as there is *patience*."""
    if target.away is None:
        delivery_worker(target.uri).wait(lambda: delivery.run is not None or delivery.held is not None, patience)
    if delivery.held is not None and delivery.is_refused:
        raise StoreError(delivery.held)


def _assemble(
    delivery: Delivery,
    target: Target,
    options: TrackOptions,
    origin: Origin,
    *,
    notices: Notices,
    patience: WaitBudget,
    git_state: BackgroundTask[GitState],
) -> OpenRun:
    recorder = Recorder(delivery.journal, notices)
    opened = OpenRun(
        delivery=delivery,
        target=target,
        patience=patience,
        options=options,
        origin=origin,
        recorder=recorder,
        notices=notices,
        capture=Capture(output_limit=int(settings.output_limit_mb * 1e6), figures=options.figures and settings.figures),
        git=git_state,
        before={name: _before(origin.namespace[name]) for name in options.metrics if name in origin.namespace},
    )
    if target.earlier is not None:
        continuing.take_over(opened, target.earlier)
    if options.system:
        opened.sampler = SystemSampler(
            lambda values, step: _log_all(recorder, values, step), settings.system_interval_s
        )
    return opened


def _before(value: object) -> tuple[Remembered, object]:
    """Remember *value*, with a copy of the numbers in it if it can grow in place, to detect a change by the cell."""
    return Remembered(value), copy.copy(value) if type(value) in {list, dict} and _holds_scalars(value) else None


def _holds_scalars(value: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value
    return all(isinstance(item, (int, float, str, type(None))) for item in items)


def _log_all(recorder: Recorder, values: Mapping[str, float], step: int) -> None:
    for name, value in values.items():
        recorder.metric(name, value, step)


def _tell_of_stray(notices: Notices) -> None:
    stray = mlflow_runs.active_run()
    if stray is not None and stray.info.run_id not in open_runs.open_ids() and open_runs.on_this_thread() is None:
        notices.warn(
            f"the run {stray.info.run_name!r} was left open by mlflow.start_run() in an earlier cell; it was not "
            "touched. End it with mlflow.end_run()"
        )


def abandon(opened: OpenRun, error: BaseException) -> None:
    """Undo the opening of a run whose code never ran because of *error*: the cell was rejected after it was opened."""
    with deferred():
        opened.capture.stop()
        if opened.sampler:
            opened.sampler.stop()
        open_runs.leave(opened)
        _abandon(opened.delivery, opened.target.earlier, error)


def _abandon(delivery: Delivery, earlier: EarlierRun | None, error: BaseException) -> None:
    """End the run in the background, as the store may be slow: as killed, or with its status from before this cell."""
    with deferred():
        if delivery.run is not None:
            mlflow_runs.deactivate(delivery.run.info.run_id)
        ended = Ended("KILLED", time.time_ns() // 1_000_000)
        if earlier is not None:
            ended = Ended(earlier.status, earlier.ended)
        else:
            words = OPENING_INTERRUPTED if isinstance(error, KeyboardInterrupt) else one_line(error)
            delivery.journal.append(Tag("mlmagic.error", redaction.redact(words)[0][:LONGEST_TAG]))
        delivery.journal.append(ended)
        delivery_worker(delivery.uri).hurry()
