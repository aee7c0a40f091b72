"""Objects as they were at one moment, without keeping them alive: what a cell deletes is freed while it runs."""

from __future__ import annotations

import weakref
from typing import Any, Final

_KEPT: Final = (type(None), bool, int, float, complex, str, bytes)
"""Types whose objects hold nothing else and may be kept."""
_LARGEST_KEPT = 10_000
GONE: Final = object()
"""Stands for an object that is no longer alive, or that cannot be reached without keeping it alive."""


class Remembered:
    """One object, by a weak reference.

    Lists, dicts, tuples and other objects without weak references are known by their address and type alone: another
    object may have the address by now, if the first is gone.

    >>> small, large = Remembered(0.1), Remembered([1, 2])
    >>> small.value(), large.value() is GONE
    (0.1, True)
    """

    __slots__ = ("_address", "_kept", "_reference")

    def __init__(self, value: Any) -> None:
        self._address = id(value), id(type(value))
        self._reference: weakref.ref[Any] | None = None
        self._kept: Any = GONE
        # By identity: a class of the user's own may raise when it is compared.
        if any(type(value) is kind for kind in _KEPT) and not _is_large(value):
            self._kept = value
            return
        try:
            self._reference = weakref.ref(value)
        except TypeError:
            self._reference = None

    def is_(self, value: Any) -> bool:
        """Return whether *value* is the object."""
        if self._kept is not GONE:
            return self._kept is value
        if self._reference is not None:
            return self._reference() is value
        return (id(value), id(type(value))) == self._address

    def value(self) -> Any:
        """Return the object, or GONE."""
        alive = None if self._reference is None else self._reference()
        return self._kept if alive is None else alive


def _is_large(value: Any) -> bool:
    return isinstance(value, str | bytes) and len(value) > _LARGEST_KEPT
