"""Remembers objects without keeping them alive, so that objects that a cell deletes are freed while it runs."""

from __future__ import annotations

import sys
import weakref
from typing import Any, Final

_KEPT: Final = (type(None), bool, int, float, complex, str, bytes)
"""Types whose objects refer to no others and may be kept alive."""
_LARGEST_KEPT = 10_000
GONE: Final = object()
"""The value of an object that is no longer alive, or does not support weak references."""


class Remembered:
    """A weak reference to one object, or a small immutable value itself.

    Lists, dicts, tuples and other objects without weak references are identified by address and type only. If such an
    object has been freed, another object may have its address.

    >>> small, large = Remembered(0.1), Remembered([1, 2])
    >>> small.value(), large.value() is GONE
    (0.1, True)
    """

    __slots__ = ("_address", "_kept", "_reference")

    def __init__(self, value: Any) -> None:
        self._address = id(value), id(type(value))
        self._reference: weakref.ref[Any] | None = None
        self._kept: Any = GONE
        # By identity, because comparing a user's class may raise.
        if (any(type(value) is kind for kind in _KEPT) and not _is_large(value)) or _is_of_numpy(value):
            self._kept = value
            return
        try:
            self._reference = weakref.ref(value)
        except TypeError:
            self._reference = None

    def is_(self, value: Any) -> bool:
        """Return whether *value* is the remembered object."""
        if self._kept is not GONE:
            return self._kept is value
        if self._reference is not None:
            return self._reference() is value
        return (id(value), id(type(value))) == self._address

    def value(self) -> Any:
        """Return the object, or GONE."""
        alive = None if self._reference is None else self._reference()
        return self._kept if alive is None else alive


def _is_of_numpy(value: Any) -> bool:
    """Return whether *value* is a scalar of NumPy: it has no weak references, and its address is used again at once."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(type(value), numpy.number)


def _is_large(value: Any) -> bool:
    return isinstance(value, str | bytes) and len(value) > _LARGEST_KEPT
