"""What the user asked of a run, and where the run comes from."""

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

    ``exclude`` names what is not to be recorded by itself; ``auto``, ``models`` and ``data`` switch kinds of it off.
    ``resume`` is None for a new run, ``""`` to go on with the last run of this notebook, else that run's id or name.
    ``config`` is a config and what it is called.
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

    ``namespace`` is the user's (live), ``binds`` the names that the code's text binds, ``notebook`` the file (None
    where nothing tells it), ``key`` what stays the same when the same cell is run again, and ``watch`` what is seen of
    a tracked cell while it runs.
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
