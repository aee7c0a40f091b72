"""Which functions of a notebook measure something, and the names of their results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.adapters import metrics
from mlmagic.session.observation.reads import functions_of
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Mapping


def measure_of(thing: object, namespace: Mapping[str, Any]) -> str | None:
    """Return the name for the results of *thing* if it measures, also if it is a function of the notebook, else None.

    Such a helper is named after the metric function that it uses; if it uses several, after itself.
    """
    direct = metrics.measure_name(thing)
    if direct is not None or isinstance(thing, type):
        return direct
    used = _measures_used(thing, namespace, set())
    if not used:
        return None
    return next(iter(used)) if len(used) == 1 else str(getattr(thing, "__name__", "score"))


def _measures_used(thing: object, namespace: Mapping[str, Any], seen: set[str]) -> dict[str, None]:
    used: dict[str, None] = {}
    for function in functions_of(thing, namespace):
        for name in set(function.__code__.co_names) - seen:
            seen.add(name)
            measured = "score" if name == "score" else _measure_name(namespace.get(name))
            if measured is not None:
                used[measured] = None
            elif name in namespace:
                used |= _measures_used(namespace[name], namespace, seen)
    return used


_measure_name = guarded(default=None)(metrics.measure_name)


def is_module_of_metrics(value: object) -> bool:
    """Return whether *value* is a module of metrics."""
    name = str(getattr(value, "__name__", "")) if type(value).__name__ == "module" else ""
    return metrics.is_metric_module(name)
