"""The files that the cells of a replay need from outside of the session, and whether they are as the run read them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from mlmagic.replay.plan import needed, unrestorable_modules
from mlmagic.session.record.files import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.session.log import LoggedCell


@dataclass(frozen=True)
class NeededFile:
    """A file that a cell read: its full path, SHA-256 (None of a large file) and size (None of a module)."""

    path: str
    sha256: str | None
    size: int | None

    def is_at(self, place: Path) -> bool:
        """Return whether the file at *place* has the content that the cell read; of a large file, the size."""
        try:
            if not place.is_file() or (self.size is not None and place.stat().st_size != self.size):
                return False
            return self.sha256 is None or digest_of(place) == self.sha256
        except OSError:
            return False


def files_needed(plan: ReplayPlan) -> list[NeededFile]:
    """Return the files that the needed cells of *plan* read and that no earlier cell of it wrote.

    A file that was read twice is listed as it was read last. Modules whose source is in the record are not among them.
    """
    included = needed(plan)
    found: dict[str, NeededFile] = {}
    written: set[str] = set()
    for index, cell in enumerate(plan.cells):
        if index in included:
            found |= {one.path: one for one in _read(cell) if one.path not in written}
        written.update(paths_written(cell))
    for fact in unrestorable_modules(plan):
        found.setdefault(fact["file"], NeededFile(fact["file"], fact["sha256"], None))
    return list(found.values())


def _read(cell: LoggedCell) -> Iterator[NeededFile]:
    files = cell.record.get("read")
    for path, fact in files.items() if isinstance(files, dict) else ():
        match fact:
            case [str() | None as sha256, int() as size] if is_full(path):
                yield NeededFile(path, sha256, size)


def paths_written(cell: LoggedCell) -> list[str]:
    """Return the full paths of the files that a cell wrote."""
    written = cell.record.get("written")
    return [path for path in written if is_full(path)] if isinstance(written, list) else []


def is_full(path: object) -> TypeGuard[str]:
    """Return whether *path*, of a record that anybody may have written, is a full path without ``..``.

    >>> is_full("/home/me/a.csv"), is_full("a.csv"), is_full("/home/me/../a.csv")
    (True, False, False)
    """
    return isinstance(path, str) and "\0" not in path and Path(path).is_absolute() and os.path.normpath(path) == path
