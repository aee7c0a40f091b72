"""The result of delivering journals: plain data, for `mlmagic.sync` and its view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.journal.survey import Foreign


@dataclass(frozen=True)
class SyncedRun:
    """A delivered run: its name, its status, how many records the store got, and its id there.

    ``own_id`` is the id in the run's summary, if the store did not know the run until now.
    """

    name: str
    status: str
    records: int
    run_id: str = ""
    own_id: str = ""


@dataclass
class SyncReport:
    """What was delivered, and what was not.

    ``waiting`` counts the runs that were not delivered; ``away`` says why their store cannot be reached. ``problems``
    has a line for each refusal by the store and for what could not be read; ``foreign`` are the foreign journals.
    ``registrations`` has a line for each model that was registered, ``unregistered`` the names under which others wait.
    """

    runs: list[SyncedRun] = field(default_factory=list)
    waiting: int = 0
    away: str | None = None
    problems: list[str] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    registrations: list[str] = field(default_factory=list)
    unregistered: list[str] = field(default_factory=list)
