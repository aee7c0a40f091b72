"""Preserve the user's random number generators while mlmagic and MLflow do their own work."""

from __future__ import annotations

import contextlib
import random
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """Restore the states of Python's and NumPy's global generators on exit.

    MLflow draws the names that it generates from ``random``: without this, a tracked cell would see other numbers than
    an untracked one. On entry ``random`` is reseeded, so that two runs after one ``%seed`` get different names.

    >>> random.seed(1); expected = random.random(); random.seed(1)
    >>> with untouched():
    ...     _ = random.random()
    >>> random.random() == expected
    True
    """
    numpy = sys.modules.get("numpy.random")
    python_state = random.getstate()
    numpy_state = numpy.get_state() if numpy is not None else None
    random.seed()
    try:
        yield
    finally:
        random.setstate(python_state)
        if numpy is not None and numpy_state is not None:
            numpy.set_state(numpy_state)
