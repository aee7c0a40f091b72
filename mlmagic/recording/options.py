"""The user's options for a run, and the run's origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.session.log import LoggedCell
    from mlmagic.session.log_storage import LogStorage
    from mlmagic.session.observation.cell_observer import CellObserver


@dataclass(frozen=True)
class TrackOptions:
    """The options of ``%%track``.

    ``exclude`` names what is not to be recorded automatically; ``auto``, ``models`` and ``data`` switch kinds of it
    off. ``resume`` is None for a new run, ``""`` to continue the last run of this notebook, else the id or name of the
    run to continue. ``config`` is a config and its name.
    """

    name: str | None = None
    experiment: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    params: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    exclude: frozenset[str] = frozenset()
    auto: bool = True
    models: bool = True
    data: bool = True
    description: str | None = None
    parent: str | None = None
    resume: str | None = None
    system: bool = False
    figures: bool = True
    quiet: bool = False
    config: tuple[str, Any] | None = None


@dataclass(frozen=True)
class Origin:
    """The code that a run records: a tracked cell, or the block of ``with mlmagic.track():``.

    ``namespace`` is the user's (live), ``binds`` the names that the code's text binds, ``notebook`` the file (None if
    it is unknown), ``key`` what stays the same when the same cell runs again, and ``watch`` the observations of a
    tracked cell while it runs.
    """

    source: str
    kind: Literal["NOTEBOOK", "LOCAL"] = "LOCAL"
    number: int | None = None
    namespace: Mapping[str, Any] = field(default_factory=dict)
    binds: frozenset[str] = frozenset()
    notebook: Path | None = None
    folder: Path = field(default_factory=Path.cwd)
    log: LogStorage | None = None
    log_entry: LoggedCell | None = None
    key: str = ""
    watch: CellObserver | None = None
