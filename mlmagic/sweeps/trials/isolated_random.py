"""Gives a trial its own generator for Python's ``random``; existing threads keep drawing from the global one.

A Dask worker draws from ``random`` on its own threads, and a notebook's process may do so too. Without isolation, a
trial's random numbers would depend on timing.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import random
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FUNCTIONS = [name for name in random.__all__ if not isinstance(getattr(random, name), type)]


@contextlib.contextmanager
def own_random() -> Iterator[None]:
    """Give the functions of ``random`` a generator for this thread and the threads that it starts."""
    own = random.Random()  # noqa: S311  # not for cryptography
    foreign = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
    before = {name: getattr(random, name) for name in _FUNCTIONS}
    for name, function in before.items():
        setattr(random, name, _divided(getattr(own, name), function, foreign))
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(random, name, function)


def _divided(own: Callable[..., Any], theirs: Callable[..., Any], foreign: set[int | None]) -> Callable[..., Any]:
    def function(*args: Any, **kwargs: Any) -> Any:
        return (theirs if threading.get_ident() in foreign else own)(*args, **kwargs)

    return function


def import_first(tree: ast.Module) -> None:
    """Import a body's modules before seeding, because libraries may draw random numbers during their import.

    Failed imports are ignored, because the body may handle them.
    """
    for node in ast.walk(tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
