"""Register a model now, or, while the store is away or the model is on its way, record that it is to be registered."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError, ModelNotFoundError, RunNotFoundError, StoreAwayError
from mlmagic.journal.records import Began, Ended
from mlmagic.registry import registering, registry_store
from mlmagic.registry.attempts import Attempt
from mlmagic.registry.names import Reference
from mlmagic.registry.offline import waiting
from mlmagic.registry.offline.known_runs import KnownRun, known_run
from mlmagic.registry.promotion import promoting
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import connection, tracking_uri
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.registry.registering import RegistrationRequest
    from mlmagic.registry.versions import RegisteredVersion


def register(wanted: RegistrationRequest) -> RegisteredVersion:
    """Register the model and set its alias, or record both in the journal of the run; nothing is left half done.

    Raises
    ------
    RunNotFoundError, ModelNotFoundError, UsageProblem
        If the run or its model does not exist, or is not known while the store is away.
    PromotionRefusedError
        If another process changed the alias at the same moment. The version is registered.
    StoreError
        If the store refuses.
    """
    run = _known(wanted, on_disk=settings.offline)
    if run is not None and settings.offline and (run.waits or run.models):
        return waiting.record(wanted, run, "MLMagic.offline is True")
    if run is not None and run.waiting_models and (reason := _why_it_waits(run, wanted)):
        return waiting.record(wanted, run, reason)
    try:
        return _now(wanted)
    except (RunNotFoundError, ModelNotFoundError):
        run = _known(wanted, on_disk=True)  # a process that has ended may have left it
        if run is None or not run.waits:
            raise
        reason = _why_it_waits(run, wanted)
    return waiting.record(wanted, run, reason) if reason else _now(wanted)


def _now(wanted: RegistrationRequest) -> RegisteredVersion:
    """Register the model; if the store goes away meanwhile, record what is left to do."""
    attempt = Attempt(wanted.id)
    try:
        _require_file()
        return registry_store.ask(partial(_carry_out, wanted, attempt))
    except StoreAwayError as away:
        attempt.give_up()
        if away.only_this:  # the store answers, and has an obstacle to this request alone
            raise
        return _recorded(wanted, attempt, away)
    except BaseException:
        attempt.give_up()
        raise


def _carry_out(wanted: RegistrationRequest, attempt: Attempt, client: MlflowClient) -> RegisteredVersion:
    return attempt.carry_out(lambda: _with_alias(client, wanted, attempt))


def _with_alias(client: MlflowClient, wanted: RegistrationRequest, attempt: Attempt) -> RegisteredVersion:
    made = registering.register(client, registry_store.uri(), wanted, attempt)
    if wanted.alias is None or wanted.alias in made.aliases:
        return made
    attempt.require_wanted()
    done = promoting.promote(promoting.Wanted(Reference(made.name, made.number), wanted.alias, id=wanted.id))
    told = "; ".join([made.note, str(done), *done.notes])
    return replace(made, aliases=tuple(sorted({*made.aliases, wanted.alias})), note=told)


def _require_file() -> None:
    """Raise if the file of a SQLite store was moved: in the new store that MLflow would create, there is no run."""
    if connection.is_missing(tracking_uri.current_uri()):
        raise StoreAwayError(f"the MLflow store {tracking_uri.shown_uri()} is not there any more")


def _known(wanted: RegistrationRequest, *, on_disk: bool) -> KnownRun | None:
    """Return the run that is meant if this process knows it."""
    try:
        return known_run(wanted.run, on_disk=on_disk)
    except MLMagicError:
        return None


def _why_it_waits(run: KnownRun, wanted: RegistrationRequest) -> str:
    """Let the model be delivered for as long as a cell may wait; return why it still waits, or an empty text.

    Raises
    ------
    ModelNotFoundError, UsageProblem
        If the run has no such model, or several, and *wanted* names none.
    """
    model = run.model(wanted.model, wanted.name)
    delivery = run.delivery_with(model.uid)
    if delivery is None or delivery.has_stored(model):
        return ""
    worker = delivery_worker(delivery.uri)
    if worker.wait(lambda: delivery.has_stored(model) or delivery.held is not None, connection.wait_budget()):
        return "" if delivery.has_stored(model) else str(delivery.held)
    return worker.away or connection.obstacle(delivery.uri)


def _recorded(wanted: RegistrationRequest, attempt: Attempt, away: StoreAwayError) -> RegisteredVersion:
    """Record *wanted*, of which the store has answered as much as *attempt* says."""
    if attempt.run is not None and attempt.model is not None:
        return waiting.record(wanted, _as_known(attempt.run), str(away), model=attempt.model, made=attempt.made)
    try:
        run = known_run(wanted.run, on_disk=True)
    except RunNotFoundError as unknown:
        raise StoreAwayError(f"{away}. It cannot be recorded for later: {unknown}") from unknown
    return waiting.record(wanted, run, str(away))


def _as_known(run: Run) -> KnownRun:
    """Return a run of the store as if this process had delivered it."""
    began = Began(
        uid=run.data.tags.get("mlmagic.id") or run.info.run_id,
        resumed=False,
        run_id=run.info.run_id,
        name=redaction.redact(str(run.info.run_name))[0],
        store=redaction.redact(tracking_uri.current_uri())[0],
        experiment="",
        experiment_id=run.info.experiment_id,
        parent="",
        started=run.info.start_time or 0,
        tags={},
        owner={},
    )
    return KnownRun(began, run.info.run_id, Ended(run.info.status, run.info.end_time or began.started))
