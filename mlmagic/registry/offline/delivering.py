"""Carry out a registration that waited in a journal, exactly once: what an earlier attempt has done is found again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.errors import ModelNotFoundError, StoreAwayError
from mlmagic.registry import attempts, registry_store
from mlmagic.registry.attempts import Attempt
from mlmagic.registry.promotion import asked_earlier
from mlmagic.registry.promotion.asked_earlier import AskedEarlier
from mlmagic.registry.registering import RegistrationRequest, created_by, made_of, make_version
from mlmagic.registry.versions import model_or_none, version_or_none, versions_of
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import connection, tracking_uri
from mlmagic.store.delivery.registrations import Outcome
from mlmagic.store.query import logged_models
from mlmagic.store.refusals import refused_by
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

    from mlmagic.journal.records import Registration
    from mlmagic.registry.versions import RegisteredVersion


def deliver(asked: Registration, run: Run, uri: str, *, version: int | None, created: Callable[[int], None]) -> Outcome:
    """Register the model of *run* in the store at *uri*, and set its alias, as `registrations.Registrar` says."""
    if attempts.is_running(asked.id):
        raise StoreAwayError("an earlier attempt has not ended yet")
    registry = _registry_of(asked, uri)
    mlflow = tracking_uri.whole_mlflow()
    connection.connect(uri)  # MLflow's requests are limited from then on
    client: MlflowClient = mlflow.MlflowClient(uri, registry)
    with refused_by(uri):
        run = client.get_run(run.info.run_id)  # it has ended since it was found
    with refused_by(registry):
        made = _version(client, registry, asked, run, version)
        if made.number != version:
            created(made.number)
        _delete_twins(client, asked, made)
        done = [made.note] if made.note else []
        if asked.alias:
            promotion = AskedEarlier(asked.id, asked.name, made.number, asked.alias, asked.by, asked.at)
            done += asked_earlier.promote(client, promotion, registry)
    return Outcome(made.number, redaction.redact(f"{asked.name!r} version {made.number}: {'; '.join(done)}")[0])


def _registry_of(asked: Registration, uri: str) -> str:
    """Return the address of the registry; its password, which the journal does not hold, is that of the current one."""
    if not asked.registry:
        return uri
    current = registry_store.uri()
    if redaction.redact(current)[0] == asked.registry:
        return current
    if tracking_uri.is_local(asked.registry):
        return asked.registry
    raise StoreAwayError(f"it belongs to the registry {asked.registry}: set MLFLOW_REGISTRY_URI to it")


def _version(
    client: MlflowClient, registry: str, asked: Registration, run: Run, version: int | None
) -> RegisteredVersion:
    """Return the version that an earlier attempt made, or make it.

    Raises
    ------
    ModelNotFoundError
        If its model is not in the store, or it was deleted.
    """
    if version is not None:
        model = model_or_none(client, asked.name)
        found = version_or_none(client, model, version) if model is not None else None
        if found is None:
            raise ModelNotFoundError(f"version {version}, which was made of it, was deleted")
        return replace(found, note=made_of(run, asked.model) if asked.model else "")
    request = RegistrationRequest(
        asked.name,
        alias=asked.alias or None,
        tags=asked.tags,
        description=asked.description,
        again=asked.again,
        id=asked.id,
        by=asked.by,
        at=asked.at,
    )
    attempt = Attempt(asked.id)
    attempt.run, attempt.model = run, _logged_model(client, asked, run)
    return make_version(client, registry, request, attempt, count=len(logged_models.models_of(client, run)))


def _logged_model(client: MlflowClient, asked: Registration, run: Run) -> LoggedModel:
    for model in logged_models.every_model_of(client, run):
        if asked.model_uid and dict(model.tags or {}).get("mlmagic.id") == asked.model_uid:
            return model
        if asked.model_id and model.model_id == asked.model_id:
            return model
    name = f"the model {asked.model!r}" if asked.model else "such a model"
    raise ModelNotFoundError(f"the run {run.info.run_name!r} does not have {name} in the store")


def _delete_twins(client: MlflowClient, asked: Registration, made: RegisteredVersion) -> None:
    """Delete versions that a stalled server made of earlier attempts, after these had given up."""
    model = model_or_none(client, asked.name)
    for twin in created_by(versions_of(client, model), asked.id) if model is not None else ():
        if twin.number != made.number and not twin.aliases:
            client.delete_model_version(twin.name, str(twin.number))
            answered()
