"""Preserve the user's random number generators while mlmagic and MLflow do their own work."""

from __future__ import annotations

import contextlib
import random
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
    restore = saved_states(torch=False)  # mlmagic and MLflow draw nothing from torch, and a GPU would have to be asked
    random.seed()
    try:
        yield
    finally:
        restore()


def saved_states(*, torch: bool = True) -> Callable[[], None]:
    """Save the states of the global generators of Python, NumPy and torch; return a function that restores them.

    Only libraries that are imported count, and of torch's GPUs only those of a process that uses CUDA.

    >>> restore = saved_states()
    >>> first = random.random()
    >>> restore()
    >>> random.random() == first
    True
    """
    states: list[tuple[Callable[[Any], None], Any]] = [(random.setstate, random.getstate())]
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        states.append((numpy.set_state, numpy.get_state(legacy=False)))
    torch_module = sys.modules.get("torch") if torch else None
    if torch_module is not None:
        states.append((torch_module.set_rng_state, torch_module.get_rng_state()))
        if torch_module.cuda.is_initialized():
            states.append((torch_module.cuda.set_rng_state_all, torch_module.cuda.get_rng_state_all()))

    def restore() -> None:
        for put, state in states:
            put(state)

    return restore
