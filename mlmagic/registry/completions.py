"""What may be typed in a line about the registry: models, versions, aliases, and the names that versions carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.registry import registry_store
from mlmagic.registry.facts import keys_among, read_facts
from mlmagic.registry.versions import all_models, model_or_none, versions_of
from mlmagic.store.query import logged_models, queries

if TYPE_CHECKING:
    from typing import TypeVar

    from mlflow import MlflowClient

    from mlmagic.store.query.filters.names import Keys

    T = TypeVar("T")

_USUAL_ALIASES = ("champion", "challenger")
_MOST_VERSIONS = 50


def model_names(*, timeout_s: float) -> list[str]:
    """Return the names of the registered models."""
    return registry_store.ask(lambda client: [model.name for model in all_models(client)], timeout_s=timeout_s)


def aliases(name: str | None, *, timeout_s: float) -> list[str]:
    """Return the aliases of a model, and the usual ones."""

    def read(client: MlflowClient) -> list[str]:
        model = model_or_none(client, name) if name else None
        return [*sorted(model.aliases if model else ()), *_USUAL_ALIASES]

    return list(dict.fromkeys(registry_store.ask(read, timeout_s=timeout_s)))


def versions(name: str, *, timeout_s: float) -> list[str]:
    """Return the numbers of a model's versions, the newest first, and its aliases with ``@``."""

    def read(client: MlflowClient) -> list[str]:
        model = model_or_none(client, name)
        if model is None:
            return []
        numbers = [str(one.version) for one in versions_of(client, model)]
        return [*numbers, *(f"@{alias}" for alias in sorted(model.aliases))]

    return registry_store.ask(read, timeout_s=timeout_s)


def keys(name: str | None, *, timeout_s: float) -> Keys:
    """Return the names that the newest versions of a model, or of all, carry."""

    def read(client: MlflowClient) -> Keys:
        models = [model_or_none(client, name)] if name else list(all_models(client))
        found = [one for model in models if model for one in versions_of(client, model)]
        newest = sorted(found, key=lambda one: -one.created_ms)[:_MOST_VERSIONS]
        return keys_among(read_facts(client, newest), "")

    return registry_store.ask(read, timeout_s=timeout_s)


def models_of_run(reference: str, *, timeout_s: float) -> list[str]:
    """Return the names of a run's logged models."""

    def read(client: MlflowClient) -> list[str]:
        return [model.name for model in logged_models.models_of(client, queries.find_run(reference))]

    return registry_store.ask(read, timeout_s=timeout_s)
