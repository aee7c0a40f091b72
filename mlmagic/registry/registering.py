"""Register a logged model of a run as a new version of a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.errors import RunNotFoundError, StoreError
from mlmagic.recording import open_runs
from mlmagic.registry import registry_store
from mlmagic.registry.facts import MODEL_NAME, OF_SEVERAL
from mlmagic.registry.people import now, user
from mlmagic.registry.versions import RegisteredVersion, model_or_none, require_capitals, version_or_none, versions_of
from mlmagic.snapshot.secrets import redaction
from mlmagic.store.keys import valid_key
from mlmagic.store.query import logged_models, queries
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

REQUESTED_ALIAS = "mlmagic.requested_alias"
"""The tag of a version that was registered with an alias; it tells later whether the alias was set."""
_LONGEST_TAG = 4000


@dataclass(frozen=True)
class Registration:
    """What to register, and how. *run* is None for the last run, *model* for the only model of the run."""

    name: str
    run: str | None = None
    model: str | None = None
    alias: str | None = None
    tags: Mapping[str, str] | None = None
    description: str | None = None
    again: bool = False


def register(wanted: Registration) -> RegisteredVersion:
    """Create the version, or return the one that holds this logged model already; the alias is not set here.

    The version is created with all its tags in one request, so that nothing is half done if the store goes away.
    """
    return registry_store.ask(partial(_register, wanted))


def _register(wanted: Registration, client: MlflowClient) -> RegisteredVersion:
    run = _run(wanted.run)
    models = logged_models.models_of(client, run)
    chosen = logged_models.choose(models, wanted.model, run, how=f"%register {wanted.name} --model NAME")
    source = f"models:/{chosen.model_id}"
    model = model_or_none(client, wanted.name)
    if model is not None and wanted.alias is not None:
        require_capitals(model, wanted.alias)
    if model is not None and not wanted.again:
        known = next((one for one in versions_of(client, model) if one.source == source), None)
        if known is not None:
            return _known(client, known, wanted)
    if model is None:
        _create_model(client, wanted.name)
    made = client.create_model_version(
        wanted.name,
        source,
        run.info.run_id,
        tags=_tags(wanted, run, chosen, len(models)),
        description=_redacted(wanted.description),
        model_id=chosen.model_id,
        await_creation_for=0,  # MLflow would wait for a server, and log that
    )
    answered()
    model = model_or_none(client, wanted.name)
    found = version_or_none(client, model, int(made.version)) if model else None
    if found is None:
        raise StoreError(f"version {made.version} of {wanted.name!r} was registered, and deleted by someone at once")
    ended = "" if run.info.status == "FINISHED" else f", which is {run.info.status}"
    return replace(found, note=f"registered from the model {chosen.name!r} of the run {run.info.run_name!r}{ended}")


def _run(reference: str | None) -> Run:
    """Return the run that *reference* names, by default the last one of this session."""
    if reference is not None:
        return queries.find_run(reference)
    last = open_runs.last_id()
    if last is not None:
        return queries.get_run(last)
    raise RunNotFoundError(
        "no run has ended in this session, so name the one whose model is meant: --run RUN. The last runs: %runs"
    )


def _known(client: MlflowClient, known: RegisteredVersion, wanted: Registration) -> RegisteredVersion:
    """Return the version that holds this logged model already, with the tags and the description that are new."""
    for key, value in _own_tags(wanted).items():
        client.set_model_version_tag(known.name, str(known.version), key, value)
    if wanted.description is not None:
        client.update_model_version(known.name, str(known.version), _redacted(wanted.description))
    return replace(known, note="it is this version already; --again registers it once more")


def _create_model(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another process has just created it
            raise
    answered()


def _tags(wanted: Registration, run: Run, chosen: LoggedModel, count: int) -> dict[str, str]:
    tags = {
        **_own_tags(wanted),
        "mlmagic.run": str(run.info.run_id),
        "mlmagic.run_name": str(run.info.run_name),
        MODEL_NAME: str(chosen.name),
        "mlmagic.registered_by": user(),
        "mlmagic.registered_at": now(),
    }
    if uid := run.data.tags.get("mlmagic.id"):
        tags["mlmagic.id"] = str(uid)
    if count > 1:
        tags[OF_SEVERAL] = str(count)
    if wanted.alias is not None:
        tags[REQUESTED_ALIAS] = wanted.alias
    return tags


def _own_tags(wanted: Registration) -> dict[str, str]:
    """Return the tags that the user gave, redacted, under keys that MLflow takes."""
    redactor = redaction.Redactor()
    given: dict[str, Any] = dict(wanted.tags or {})
    return {
        valid_key(redactor(str(key))): str(redactor.value(key, str(value)))[:_LONGEST_TAG]
        for key, value in given.items()
    }


def _redacted(text: str | None) -> str | None:
    return None if text is None else redaction.redact(text)[0]
