"""Copy the numbers out of what a metric function returns; the result itself is not kept."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import metrics
from mlmagic.scalars import as_number
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_PARTS = 1000
"""Limit of the classes, folds or entries of a dict that are read from one result."""
_DEEPEST = 8


def numbers_of(result: Any, *, folds: bool = False, classes: list[str] | None = None) -> dict[str, Any]:
    """Return the numbers of *result* by their names below the result's name; ``""`` for a number without parts.

    Parameters
    ----------
    result
        What was returned: a number, an array, or a dict, which may hold further dicts.
    folds
        Whether an array has a value for each fold of a cross-validation: then its mean and standard deviation count.
    classes
        What the values of an array are called that are for one class each; None for an array that is no such list.

    Examples
    --------
    >>> numbers_of(0.5), numbers_of([0.5, 1.0], folds=True), numbers_of({"a": {"b": 1}, "c": "text"})
    ({'': 0.5}, {'mean': 0.75, 'std': 0.25}, {'a.b': 1.0})
    """
    if (number := as_number(result)) is not None and (classes is None or not is_array(result)):
        return {"": number}
    if folds and (scores := metrics.folds(result)) is not None:
        return {
            f"{part}.{what}" if part else what: number
            for part, pair in scores.items()
            for what, number in zip(("mean", "std"), pair, strict=True)
        }
    if isinstance(result, Mapping):
        return dict(_leaves(result, "", _DEEPEST, _number))
    return _by_class(result, classes) if classes is not None else {}


def parts_of(values: Mapping[str, Any], classes: list[str] | None) -> dict[str, Any]:
    """Return the numbers of several results, each below its name.

    >>> parts_of({"precision": 0.5, "support": None}, None)
    {'precision': 0.5}
    """
    return {
        f"{name}.{part}" if part else name: number
        for name, value in values.items()
        for part, number in numbers_of(value, classes=classes).items()
    }


def scalars_in(values: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Return the leaves of a dict, which may hold further dicts, by their dotted keys; the values are not read yet."""
    return _leaves(values, "", _DEEPEST, _itself)


def is_array(value: Any) -> bool:
    """Return whether *value* has at least one axis."""
    return bool(getattr(value, "ndim", 0))


def _leaves(values: Mapping[Any, Any], prefix: str, depth: int, take: Callable[[Any], Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in islice(values.items(), MOST_PARTS):
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            found += _leaves(value, name, depth - 1, take) if depth else []
        elif (taken := take(value)) is not None:
            found.append((name, taken))
    return found


def _itself(value: Any) -> Any:
    return value


@guarded(default=None)
def _number(value: Any) -> float | None:
    return None if isinstance(value, bool) or is_array(value) else as_number(value)


def _by_class(result: Any, classes: list[str]) -> dict[str, float]:
    values = result.tolist() if getattr(result, "ndim", 0) == 1 and hasattr(result, "tolist") else result
    if not isinstance(values, list) or not 0 < len(values) <= MOST_PARTS:
        return {}
    names = classes if len(classes) == len(values) else [str(number) for number in range(len(values))]
    return {name: float(value) for name, value in zip(names, values, strict=True) if isinstance(value, (int, float))}


@guarded(default=())
def classes_in(*labels: Any) -> tuple[str, ...]:
    """Return the classes in arrays of labels as text, in scikit-learn's order.

    >>> classes_in([2, 0, 1], [0, 0])
    ('0', '1', '2')
    """
    import numpy as np

    found = np.unique(np.concatenate([np.ravel(each) for each in labels]))
    return tuple(str(each) for each in found.tolist()) if len(found) <= MOST_PARTS else ()
