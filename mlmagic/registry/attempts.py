"""An attempt to register a model that its caller may give up while it is still running on another thread.

A store that does not answer is waited for on one of mlmagic's threads. When the caller's time is over, the request may
still be on its way. Whoever repeats it later waits for the end of that attempt first, so that nothing is done twice.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from mlmagic.errors import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.entities import LoggedModel, Run

    from mlmagic.registry.versions import RegisteredVersion

T = TypeVar("T")

_running: dict[str, Attempt] = {}
"""By the id of the request: attempts that are running, also those that were given up. They outlive a session."""
_lock = threading.Lock()


class Attempt:
    """An attempt to carry out the request with this *id*.

    ``run`` and ``model`` are what the request means, and ``made`` is the version, each None until it was found.
    """

    def __init__(self, id: str) -> None:  # noqa: A002  # the field's name
        self.id = id
        self.run: Run | None = None
        self.model: LoggedModel | None = None
        self.made: RegisteredVersion | None = None
        self._is_given_up = False

    def carry_out(self, work: Callable[[], T]) -> T:
        """Return the result of *work*, and let `is_running` know of it meanwhile.

        Raises
        ------
        StoreAwayError
            If the attempt was given up before it began.
        """
        with _lock:
            self._go_on()
            _running[self.id] = self
        try:
            return work()
        finally:
            with _lock:
                del _running[self.id]

    def require_wanted(self) -> None:
        """Raise if the attempt was given up: called before each change of the store."""
        with _lock:
            self._go_on()

    def _go_on(self) -> None:
        if self._is_given_up:
            raise StoreAwayError("it was given up, as the store did not answer")

    def give_up(self) -> None:
        """Let the attempt change nothing from now on, except what it is about to change at this moment."""
        with _lock:
            self._is_given_up = True


def is_running(request: str) -> bool:
    """Return whether an attempt to carry out the request with this id is running in this process."""
    with _lock:
        return request in _running
