"""Remember which split an object is a part of, for as long as the object lives."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class SplitPart:
    """A part of a split: its name (``X_train``), its side (``train``), and the identity of the split."""

    name: str
    side: str
    rows: int
    identity: Mapping[str, Any]


_parts: dict[int, tuple[weakref.ref[Any], tuple[SplitPart, ...]]] = {}
"""By the id of an object. It follows the user's objects, which outlive a session."""


def splits_of(item: Any) -> tuple[SplitPart, ...]:
    """Return the split that *item* is a part of, then the split that its source is a part of, and so on.

    Lists, tuples and other objects without weak references have none, nor do objects made from a part
    (``train[columns]``).
    """
    held = _parts.get(id(item))
    return held[1] if held is not None and held[0]() is item else ()


def remember(item: Any, part: SplitPart, source: Any) -> None:
    """Register *item* as *part* of a split of *source*."""
    key = id(item)
    try:
        reference = weakref.ref(item, lambda gone: _forget(key, gone))
    except TypeError:
        return
    _parts[key] = (reference, (part, *splits_of(source)))


def _forget(key: int, gone: weakref.ref[Any]) -> None:
    """Drop the entry of a deleted object, unless another object has its id by now."""
    held = _parts.get(key)
    if held is not None and held[0] is gone:
        del _parts[key]
