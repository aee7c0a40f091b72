"""Find an experiment by name or id, or the default one; only ``require`` creates one."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.store import connection, refusals, tracking_uri
from mlmagic.suggestions import did_you_mean
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient
    from mlflow.entities import Experiment

_SHOWN_NAMES = 8
_DEFAULT_NAME = "Default"
_DEFAULT_ID = "0"
_known: dict[tuple[MlflowClient, str], Experiment] = {}
_names: dict[tuple[MlflowClient, str], str] = {}
_locations: dict[tuple[MlflowClient, str], str] = {}
"""By client and name or id: as long as clients live."""


def find(client: MlflowClient, reference: str | None) -> Experiment | None:
    """Return the experiment with this name or id, or the default one; None if the default does not exist yet.

    The default is the setting ``experiment``, else what ``mlflow.set_experiment`` chose (MLflow keeps it in
    ``MLFLOW_EXPERIMENT_ID``, for its subprocesses too), else ``MLFLOW_EXPERIMENT_NAME``, else "Default".

    Raises
    ------
    UsageProblem
        When the experiment was deleted, or *reference* is not one.
    """
    if reference:
        return existing(client, reference)
    if settings.experiment:
        found = client.get_experiment_by_name(settings.experiment)
    elif chosen := os.environ.get("MLFLOW_EXPERIMENT_ID"):
        found = _by_id(client, chosen)
    elif name := os.environ.get("MLFLOW_EXPERIMENT_NAME"):
        found = client.get_experiment_by_name(name)
    else:
        found = _by_id(client, _DEFAULT_ID)
    return _not_deleted(found) if found else None


def existing(client: MlflowClient, reference: str) -> Experiment:
    """Return the experiment whose name or id is *reference*.

    Raises
    ------
    UsageProblem
        When there is none (the nearest one is named), or it was deleted.
    """
    found = client.get_experiment_by_name(reference) or _by_id(client, reference)
    if found is None:
        raise _unknown(client, reference)
    return _not_deleted(found)


def require(client: MlflowClient, name: str | None) -> Experiment:
    """Return the experiment *name*, or the default one, creating it if needed; the store is queried once for each.

    Raises
    ------
    MLMagicError
        When the experiment was deleted, the default one is an id that the store does not have, or the store refuses.
    """
    uri = tracking_uri.current_uri()
    key = (client, name or default_name())
    if key in _known:
        return _known[key]
    with refusals.refused_by(uri):
        found = client.get_experiment_by_name(name) if name else find(client, None)
        if found is None:
            from mlmagic.snapshot.secrets.redaction import redact

            if not name:
                require_known_id()
            with connection.creating(uri):
                wanted = redact(name or default_name())[0]
                found = client.get_experiment_by_name(wanted) or client.get_experiment(client.create_experiment(wanted))
    _known[key] = _not_deleted(found)
    return found


def require_known_id() -> None:
    """Raise if the default experiment, which the store does not have, is an id; no experiment can be created with it.

    ``mlflow.set_experiment`` stores the id in the environment, where it stays when the user changes the store.

    Raises
    ------
    UsageProblem
        Which says how to choose another experiment.
    """
    chosen = os.environ.get("MLFLOW_EXPERIMENT_ID")
    if chosen and not settings.experiment:
        raise UsageProblem(
            f"This store has no experiment with the id {chosen!r}, which MLFLOW_EXPERIMENT_ID names: another store may "
            "have had it. Choose one here: mlflow.set_experiment('NAME')"
        )


def forget() -> None:
    """Clear the cache: an experiment may have been deleted or renamed."""
    _known.clear()
    _names.clear()
    _locations.clear()


def name_of(client: MlflowClient, experiment_id: str) -> str:
    """Return an experiment's name, or ``of id <id>`` if the store no longer has it; each is queried once."""
    key = (client, experiment_id)
    if key not in _names:
        found = _by_id(client, experiment_id)
        _names[key] = str(found.name) if found else f"of id {experiment_id}"
    return _names[key]


def location_of(client: MlflowClient, experiment_id: str) -> str:
    """Return the location of an experiment's artifacts; the store is queried once for each."""
    key = (client, experiment_id)
    if key not in _locations:
        _locations[key] = str(client.get_experiment(experiment_id).artifact_location)
    return _locations[key]


def named(name: str | None) -> tuple[str, str]:
    """Return the name and id of the experiment *name*, or of the default one, as far as known without the store.

    One of the two may be empty.
    """
    chosen = os.environ.get("MLFLOW_EXPERIMENT_ID")
    if name or settings.experiment or not chosen:
        return name or default_name(), ""
    return "", chosen


def default_name() -> str:
    """Return the name of the default experiment, whether it exists or not."""
    chosen = os.environ.get("MLFLOW_EXPERIMENT_ID")
    return settings.experiment or chosen or os.environ.get("MLFLOW_EXPERIMENT_NAME") or _DEFAULT_NAME


def shown_name() -> str:
    """Return the default experiment's name, or its id if finding the name would import MLflow or use the network.

    ``mlflow.set_experiment`` stores only the id.
    """
    chosen = os.environ.get("MLFLOW_EXPERIMENT_ID")
    if settings.experiment or not chosen:
        return default_name()
    if "mlflow" in sys.modules and tracking_uri.is_local_file():
        with contextlib.suppress(Exception):  # this status line must not fail with the store
            return connection.ask(lambda: name_of(connection.connect(), chosen))
    return f"of id {chosen}"


def each(client: MlflowClient) -> Iterator[Experiment]:
    """Yield all experiments that are not deleted."""
    token = None
    while True:
        page = client.search_experiments(page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _by_id(client: MlflowClient, experiment_id: str) -> Experiment | None:
    from mlflow.exceptions import MlflowException

    if not experiment_id.isdigit():  # a name: older versions of MLflow fail to parse it as a number
        return None
    try:
        return client.get_experiment(experiment_id)
    except MlflowException as error:
        # If a name is queried as an id, some stores reject it as malformed and others as missing.
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "BAD_REQUEST"}:
            return None
        raise


def _not_deleted(experiment: Experiment) -> Experiment:
    if experiment.lifecycle_stage == "active":
        return experiment
    raise UsageProblem(
        f"The experiment {experiment.name!r} was deleted. Restore it with "
        f"!mlflow experiments restore --experiment-id {experiment.experiment_id}, or name another with -e."
    )


def _unknown(client: MlflowClient, reference: str) -> UsageProblem:
    names = [experiment.name for experiment in each(client)]
    near = did_you_mean(reference, names)
    more = ", …" if len(names) > _SHOWN_NAMES else ""
    listed = "" if near else f" There are: {', '.join(map(repr, names[:_SHOWN_NAMES]))}{more}."
    return UsageProblem(f"There is no experiment {reference!r}.{near}{listed}")
