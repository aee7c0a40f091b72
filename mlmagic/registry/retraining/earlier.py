"""What an earlier retraining of the same code, for the same champion and data, left: a version, or only its run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlmagic.data.code_identity import content_of, key_of
from mlmagic.registry import registry_store
from mlmagic.registry.promotion import history
from mlmagic.registry.versions import find_model, version_or_none, versions_of
from mlmagic.store import experiments
from mlmagic.store.query import logged_models

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlmagic.registry.promotion.history import HistoryEvent
    from mlmagic.registry.retraining.request import RetrainRequest
    from mlmagic.registry.versions import RegisteredVersion

KEY = "mlmagic.retraining"
"""The tag of a run and of its version that tells for which code, champion and data it was trained."""
FROM = "mlmagic.retrained_from"
"""The tag of a version that names the one that it is to replace."""
REASON = "retrain_reason"


def key(request: RetrainRequest, code: str, champion: int | None) -> str:
    """Return what the same retraining has in common, in every process.

    Parameters
    ----------
    request
        The model, the recent data and the metric.
    code
        What identifies the training code and all that it reads.
    champion
        The number of the version to replace.
    """
    data = [content_of(one) for one in (request.data, request.targets)]
    return key_of(request.name, request.alias, request.metric[0], code, champion, data)


def is_result(request: RetrainRequest, code: str, version: RegisteredVersion) -> bool:
    """Return whether *version* was trained by this code for this data, when another version was to be replaced."""
    replaced = version.tags.get(FROM, "").rpartition("/")[2]
    return version.tags.get(KEY) == key(request, code, int(replaced) if replaced.isdecimal() else None)


def find_holder(request: RetrainRequest, wanted: str) -> RegisteredVersion | None:
    """Return the version that has the alias, if an earlier retraining with this key registered it; else None."""

    def search(client: MlflowClient) -> RegisteredVersion | None:
        model = find_model(client, request.name)
        number = model.aliases.get(request.alias)
        version = None if number is None else version_or_none(client, model, number)
        return version if version is not None and version.tags.get(KEY) == wanted else None

    return registry_store.ask(search)


def find_version(name: str, wanted: str) -> RegisteredVersion | None:
    """Return the newest version of *name* that an earlier retraining with this key registered, or None."""

    def search(client: MlflowClient) -> RegisteredVersion | None:
        versions = versions_of(client, find_model(client, name))
        return next((one for one in versions if one.tags.get(KEY) == wanted), None)

    return registry_store.ask(search)


def find_run(wanted: str) -> str | None:
    """Return the id of the newest run with this key that ended well and has a model, or None."""
    return registry_store.ask(partial(_run, wanted))


def _run(wanted: str, client: MlflowClient) -> str | None:
    within = [one.experiment_id for one in experiments.each(client)]
    condition = f"tags.`{KEY}` = '{wanted}' and attributes.status = 'FINISHED'"
    found = client.search_runs(within, condition, order_by=["attributes.start_time DESC"], max_results=20)
    return next((run.info.run_id for run in found if logged_models.models_of(client, run)), None)


def find_refusal(name: str, version: int, alias: str, gate: str) -> HistoryEvent | None:
    """Return the record that this gate refused the version, if the alias was not changed since; else None."""

    def search(client: MlflowClient) -> HistoryEvent | None:
        events = [event for event in history.events_of(find_model(client, name).tags) if event.alias == alias]
        last = events[-1] if events else None
        is_it = last is not None and (last.what, last.version, last.gate) == ("refused", version, gate)
        return last if is_it else None

    return registry_store.ask(search)
