"""The numbers and curves in a dict of results that a cell bound or filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.scalars import as_float
from mlmagic.session.observation.observed_values import MOST_VALUES
from mlmagic.session.observation.result_numbers import numbers_of
from mlmagic.store.query.direction import direction_of
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEEPEST = 8


def curves_in(name: str, value: dict[Any, Any]) -> list[tuple[str, list[float]]]:
    """Return the lists of floats in a dict whose keys name metrics, under dotted keys."""
    found = []
    for keys, leaf in _leaves(value, _DEEPEST):
        if keys and direction_of(keys[-1]) is not None and type(leaf) is list and leaf:
            curve = [as_float(item) for item in leaf[:MOST_VALUES]]
            if None not in curve:
                found.append((".".join((name, *keys)), [item for item in curve if item is not None]))
    return found


def results_in(name: str, value: Any, *, before: Mapping[str, Any] | None = None) -> list[tuple[str, float]]:
    """Return the numbers in a dict of results under dotted keys, without those that are equal in *before*.

    A dict of results has only numbers, some of them floats, or a key that names a metric. Any other dict may hold
    settings or data.
    """
    if not isinstance(value, dict) or not value:
        return []
    numbers = numbers_of(value)
    leaves = list(_leaves(value, _DEEPEST))
    names_metric = any(direction_of(key) is not None for keys, _ in leaves for key in keys)
    floats = [leaf for _, leaf in leaves if guarded(default=None)(as_float)(leaf) is not None]
    if names_metric or (floats and len(numbers) == len(leaves)):
        known = before or {}
        return [(f"{name}.{key}", number) for key, number in numbers.items() if repr(known.get(key)) != repr(number)]
    return []


def _leaves(
    values: Mapping[Any, Any], depth: int, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        keys = (*above, key) if isinstance(key, str) else above
        if isinstance(value, dict) and depth:
            yield from _leaves(value, depth - 1, keys)
        else:
            yield keys, value
