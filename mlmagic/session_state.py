"""What belongs to a session: it is emptied when mlmagic is unloaded, and between tests.

Any other module-level variable that changes belongs to the process and says why (`tests/test_house.py`).
"""

from __future__ import annotations

from typing import Protocol, TypeVar


class _Container(Protocol):
    def clear(self) -> None: ...


C = TypeVar("C", bound=_Container)
_containers: list[_Container] = []
"""Grows when modules are imported only."""


def of_session(container: C) -> C:
    """Empty *container* when the session ends; return it.

    >>> seen = of_session({"a": 1})
    >>> reset()
    >>> seen
    {}
    """
    _containers.append(container)
    return container


def reset() -> None:
    """Empty all that belongs to the session."""
    for container in _containers:
        container.clear()
