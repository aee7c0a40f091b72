"""What a delivery of journals has done: plain data, for `mlmagic.sync` and its view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.journal.survey import Foreign


@dataclass(frozen=True)
class SyncedRun:
    """A run that was delivered: its name, its status, how many records the store got, and its id there.

    ``own_id`` is the id under which its summary showed it, where the store has come to know it only now.
    """

    name: str
    status: str
    records: int
    run_id: str = ""
    own_id: str = ""


@dataclass
class SyncReport:
    """What was delivered, and what was not.

    ``waiting`` counts the runs that are not, ``away`` says why their store cannot be reached. ``problems`` are what
    the store refused and what could not be read, a line each; ``foreign`` are the journals of others.
    """

    runs: list[SyncedRun] = field(default_factory=list)
    waiting: int = 0
    away: str | None = None
    problems: list[str] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
