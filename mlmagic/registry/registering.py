"""Register a logged model of a run as a new version of a model."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlmagic.errors import RunNotFoundError, StoreError
from mlmagic.recording import open_runs
from mlmagic.registry.facts import MODEL_NAME, OF_SEVERAL
from mlmagic.registry.people import now, user
from mlmagic.registry.versions import RegisteredVersion, model_or_none, require_capitals, version_or_none, versions_of
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import connection
from mlmagic.store.keys import valid_key
from mlmagic.store.query import logged_models, queries
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

    from mlmagic.registry.attempts import Attempt

REQUESTED_ALIAS = "mlmagic.requested_alias"
"""The tag of a version that was registered with an alias; it tells later whether the alias was set."""
REGISTRATION = "mlmagic.registration"
"""The tag of a version with the id of the request that created it; a repeated request finds its version by it."""
_LONGEST_TAG = 4000


@dataclass(frozen=True)
class RegistrationRequest:
    """What to register, and how. *run* is None for the last run, *model* for the only model of the run.

    ``id`` stays the same if the request is repeated; ``by`` and ``at`` say who asked, and when.
    """

    name: str
    run: str | None = None
    model: str | None = None
    alias: str | None = None
    tags: Mapping[str, str] | None = None
    description: str | None = None
    again: bool = False
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    by: str = field(default_factory=user)
    at: str = field(default_factory=now)


def register(client: MlflowClient, uri: str, wanted: RegistrationRequest, attempt: Attempt) -> RegisteredVersion:
    """Create the version in the registry at *uri*, or return the one that holds this logged model already.

    The alias is not set here. The version is created with all its tags in one request, so that nothing is half done if
    the store goes away. What the request means is noted in *attempt*.
    """
    run = _run(wanted.run)
    models = logged_models.models_of(client, run)
    chosen = logged_models.choose(models, wanted.model, run, how=f"%register {wanted.name} --model NAME")
    attempt.run, attempt.model = run, chosen
    attempt.made = make_version(client, uri, wanted, attempt, count=len(models))
    return attempt.made


def make_version(
    client: MlflowClient, uri: str, wanted: RegistrationRequest, attempt: Attempt, *, count: int
) -> RegisteredVersion:
    """Create the version of the attempt's model, one of *count* of its run, unless it exists already.

    It exists if an earlier attempt of the same request created it, or, unless another one is asked for, if the logged
    model is a version already; that one gets the tags and the description.
    """
    run, chosen = attempt.run, attempt.model
    assert run is not None  # noqa: S101  # the caller has found it
    assert chosen is not None  # noqa: S101  # as above
    source = f"models:/{chosen.model_id}"
    with connection.exclusive(uri, "registry"):  # two processes that register the same model make one version
        model = model_or_none(client, wanted.name)
        if model is not None and wanted.alias is not None:
            require_capitals(model, wanted.alias)
        versions = versions_of(client, model) if model is not None else []
        note = made_of(run, str(chosen.name))
        if own := created_by(versions, wanted.id):
            return replace(own[0], note=note)
        known = next((one for one in versions if one.source == source and not wanted.again), None)
        if known is not None:
            return _known(client, known, wanted)
        if model is None:
            attempt.require_wanted()
            _create_model(client, wanted.name)
        attempt.require_wanted()
        made = client.create_model_version(
            wanted.name,
            source,
            run.info.run_id,
            tags=_tags(wanted, run, chosen, count),
            description=redacted_or_none(wanted.description),
            model_id=chosen.model_id,
            await_creation_for=0,  # MLflow would wait for a server, and log that
        )
        answered()
    model = model_or_none(client, wanted.name)
    version = version_or_none(client, model, int(made.version)) if model else None
    if version is None:
        raise StoreError(f"version {made.version} of {wanted.name!r} was registered, and deleted by someone at once")
    return replace(version, note=note)


def made_of(run: Run, model: str) -> str:
    """Return in words from which model a version was made."""
    ended = "" if run.info.status == "FINISHED" else f", which is {run.info.status}"
    return f"registered from the model {model!r} of the run {run.info.run_name!r}{ended}"


def created_by(versions: list[RegisteredVersion], request: str) -> list[RegisteredVersion]:
    """Return those of *versions* that the request with this id has created, the one to keep first.

    There are several only if a server carried out a request of which it had not answered before. One with an alias is
    in use; else the first is kept.
    """
    own = [one for one in versions if one.tags.get(REGISTRATION) == request]
    return sorted(own, key=lambda one: (not one.aliases, one.number))


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


def _known(client: MlflowClient, known: RegisteredVersion, wanted: RegistrationRequest) -> RegisteredVersion:
    """Return the version that holds this logged model already, with the tags and the description that are new."""
    for key, value in own_tags(wanted.tags).items():
        client.set_model_version_tag(known.name, str(known.version), key, value)
    if wanted.description is not None:
        client.update_model_version(known.name, str(known.version), redacted_or_none(wanted.description))
    return replace(known, note="it is this version already; --again registers it once more")


def _create_model(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another process has just created it
            raise
    answered()


def _tags(wanted: RegistrationRequest, run: Run, chosen: LoggedModel, count: int) -> dict[str, str]:
    tags = {
        **own_tags(wanted.tags),
        REGISTRATION: wanted.id,
        "mlmagic.run": str(run.info.run_id),
        "mlmagic.run_name": str(run.info.run_name),
        MODEL_NAME: str(chosen.name),
        "mlmagic.registered_by": wanted.by,
        "mlmagic.registered_at": wanted.at,
    }
    if uid := run.data.tags.get("mlmagic.id"):
        tags["mlmagic.id"] = str(uid)
    if count > 1:
        tags[OF_SEVERAL] = str(count)
    if wanted.alias is not None:
        tags[REQUESTED_ALIAS] = wanted.alias
    return tags


def own_tags(given: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the tags that the user gave, redacted, under keys that MLflow takes."""
    redactor = redaction.Redactor()
    return {
        valid_key(redactor(str(key))): str(redactor.value(key, str(value)))[:_LONGEST_TAG]
        for key, value in (given or {}).items()
    }


def redacted_or_none(text: str | None) -> str | None:
    """Return *text* without secrets."""
    return None if text is None else redaction.redact(text)[0]
