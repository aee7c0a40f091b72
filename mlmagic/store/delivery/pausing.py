"""Exponential backoff between retries."""

from __future__ import annotations

import time

_FIRST_S, _LONGEST_S = 0.5, 30.0


class Pause:
    """The pause after a failure: exponential backoff, at most half a minute.

    With a *share*, attempts that take long (such as a large file that a server refuses after receiving it) take up at
    most that share of the time.

    >>> pause = Pause()
    >>> pause.begin()
    >>> pause.is_over
    False
    """

    def __init__(self, share: float = 1.0) -> None:
        self._share = share
        self._next_s = _FIRST_S
        self._until = 0.0
        self._attempted = time.monotonic()

    def attempt(self) -> None:
        """Note that an attempt begins."""
        self._attempted = time.monotonic()

    def begin(self, least_s: float = 0.0) -> None:
        """Pause after a failed attempt, for at least *least_s* seconds, but the backoff never exceeds half a minute."""
        now = time.monotonic()
        pause_s = min(max(self._next_s, least_s), _LONGEST_S)
        self._until = now + max(pause_s, (now - self._attempted) * (1 / self._share - 1))
        self._next_s = min(2 * self._next_s, _LONGEST_S)

    def end(self) -> None:
        """Reset the backoff, because a request got through."""
        self._next_s, self._until = _FIRST_S, 0.0

    @property
    def is_over(self) -> bool:
        """Whether it is time to try again."""
        return time.monotonic() >= self._until
