"""What ``%reproduce`` and ``mlmagic.reproduce`` are asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReproduceRequest:
    """What ``%reproduce`` is asked for.

    ``env`` builds an environment of the recorded versions first. ``yes`` runs what would be asked about, ``timeout_s``
    is for each cell. ``names`` are objects to bring back, ``keep`` leaves the replay's kernel running.
    """

    run: str
    full: bool = False
    env: bool = False
    yes: bool = False
    timeout_s: float | None = None
    names: tuple[str, ...] = ()
    keep: bool = False
    experiment: str | None = None
