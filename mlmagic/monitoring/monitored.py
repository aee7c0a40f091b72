"""Which version of which registered model is monitored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import require_text
from mlmagic.errors import ModelNotFoundError, UsageProblem
from mlmagic.monitoring.records.reading import monitored_models, runs_of
from mlmagic.monitoring.serving.batches import VERSION, Monitored
from mlmagic.registry import loading, registry_store
from mlmagic.registry.names import reference_in
from mlmagic.registry.versions import find_model, find_version
from mlmagic.store import connection, tracking_uri
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.monitoring.serving.batches import Batches

_MOST_NAMED = 8
_EXAMPLE = "mlmagic.ModelMonitor('churn@champion', reference=X_val)"


def find(model: str, loaded: object) -> Monitored:
    """Return the version that is to be monitored; the store is not asked if *loaded* is it and it has a number.

    Raises
    ------
    UsageProblem
        If *model* is no reference to a version.
    ModelNotFoundError
        If there is no such version.
    """
    require_text("ModelMonitor", _EXAMPLE, model=model)
    reference = reference_in(model, _EXAMPLE)
    number = reference.version
    if number is None or loaded is None:
        _, version = registry_store.ask(lambda client: find_version(client, reference))
        number = version.number
    return Monitored(reference.name, str(number), tracking_uri.current_uri(), f"{reference.name} monitoring")


def known(model: str, *, own: Iterable[Batches] = ()) -> tuple[str, str | None]:
    """Return the name of a model that is monitored, and its version if *model* names one.

    Raises
    ------
    UsageProblem
        If nothing of it is recorded; the nearest is named.
    ModelNotFoundError
        If there is no such version or alias.
    """
    require_text("monitoring_report", "mlmagic.monitoring_report('churn')", model=model)
    reference = reference_in(model, "%monitor churn")
    own = tuple(own)
    found = set(connection.ask(lambda: monitored_models(connection.connect()))) | {one.monitored.name for one in own}
    if reference.name not in found:
        names = (
            f" There are {', '.join(sorted(found)[:8])}." if found else " None is: mlmagic.ModelMonitor records them."
        )
        raise UsageProblem(
            f"no predictions of {reference.name!r} are recorded.{did_you_mean(reference.name, found)}{names}"
        )
    if reference.alias is None and reference.version is None:
        return reference.name, None
    number = reference.version
    if reference.alias is not None:
        _, version = registry_store.ask(lambda client: find_version(client, reference))
        number = version.number
    _require_version(reference.name, str(number), model, own)
    return reference.name, str(number)


def _require_version(name: str, number: str, model: str, own: Iterable[Batches]) -> None:
    runs = connection.ask(lambda: runs_of(connection.connect(), name))
    recorded = {run.data.tags[VERSION] for run in runs}
    recorded |= {one.monitored.version for one in own if one.monitored.name == name}
    if number in recorded:
        return
    texts = sorted(recorded, key=lambda one: (len(one), one))
    nearest = min(texts, key=lambda one: abs(int(one) - int(number)) if one.isdecimal() else math.inf)
    which = f"{name}/{number}" if model == f"{name}/{number}" else f"{name}/{number} ({model})"
    raise UsageProblem(
        f"no predictions of {which} are recorded. Recorded are those of version{'s' * (len(texts) > 1)} "
        f"{', '.join(texts[-_MOST_NAMED:])}: %monitor {name}/{nearest}"
    )


def load(version: Monitored, *, trust: bool) -> Any:
    """Return the model of a version, as `mlmagic.load_model` does."""
    return loading.load(f"{version.name}/{version.version}", trust=trust)


def moved_alias(name: str, version: str, reference: str) -> list[str]:
    """Return a note if the alias that a monitor was given names another version now."""
    wanted = reference_in(reference, _EXAMPLE)
    if wanted.alias is None:
        return []
    try:
        model = registry_store.ask(lambda client: find_model(client, name))
    except ModelNotFoundError:
        return [f"the registered model {name!r} was deleted"]
    current = model.aliases.get(wanted.alias)
    if current is None or str(current) == version:
        return []
    return [f"{reference} is version {current} now; this monitor serves version {version}"]
