"""Which runs the aliases of registered models name: read for all runs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.errors import StoreError
from mlmagic.registry import registry_store
from mlmagic.registry.versions import all_models, every_version

if TYPE_CHECKING:
    from mlflow import MlflowClient


def aliases_by_run(*, timeout_s: float | None = None) -> dict[str, list[str]]:
    """Return the aliases of each run that has one, as ``churn@champion``; nothing if there is no registry."""
    try:
        return registry_store.ask(_read, timeout_s=timeout_s)
    except StoreError:
        return {}


def _read(client: MlflowClient) -> dict[str, list[str]]:
    models = [model for model in all_models(client) if model.aliases]
    found: dict[str, list[str]] = {}
    for version in every_version(client, models) if models else ():
        if version.run_id and version.aliases:
            found.setdefault(version.run_id, []).extend(f"{version.name}@{alias}" for alias in version.aliases)
    return {run_id: sorted(names) for run_id, names in found.items()}
