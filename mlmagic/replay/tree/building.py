"""Complete a copy of a commit to a tree in which cells run as in the original: what Git does not have is linked."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.replay.tree.tree_copy import below
from mlmagic.snapshot.git.process import ask

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mlmagic.replay.tree.needed_files import NeededFile
    from mlmagic.snapshot.git.commit_copy import CommitCopy
    from mlmagic.snapshot.git.files import Repository

_NOT_LINKED = frozenset({".git", "__pycache__"})
_MOST_LINKS = 5_000
_TIME_S = 60.0


@dataclass(frozen=True)
class TreeSource:
    """Where the files of a run come from.

    Attributes
    ----------
    needed, changed
        Files that must have their recorded content; those of the tree that have not today.
    working
        Folders that cells work in: they are no links, so that relative paths from there stay in the copy.
    used
        Full paths that cells use, outside of the tree perhaps by ``..``.
    written
        Full paths that cells write.
    """

    repository: Repository
    commit: str
    patch: bytes
    needed: tuple[NeededFile, ...]
    changed: tuple[NeededFile, ...]
    working: tuple[str, ...]
    used: tuple[str, ...]
    written: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The folder of the tree."""
        return self.repository.root


def complete(copy: CommitCopy, source: TreeSource, base: Path) -> None:
    """Write all files of *copy* below *base*, and link to the original tree what it does not have.

    A needed file that the commit does not have as it was read is linked to that of today.
    """
    root = source.root
    copy.write_all()
    for link in copy.links():
        _point_into(copy.folder / link, root / link, root, base)
    _Linking(source, copy.folder).link()
    for file in source.needed:
        path = Path(file.path)
        if path.is_relative_to(root):
            _bring(file, copy, path.relative_to(root).as_posix(), base)
    for outside in source.used:
        if not Path(outside).is_relative_to(root):
            _link_beside(Path(outside), root, base)


def _point_into(link: Path, original: Path, root: Path, base: Path) -> None:
    """Let a copied *link* lead to where the *original* led: into the copy, or outside of the tree."""
    try:
        target = os.fspath(link.readlink())
    except OSError:  # not written
        return
    full = Path(os.path.normpath(original.parent / target))
    if full.is_relative_to(root / ".git"):  # git-annex keeps files there
        link.unlink()
        link.symlink_to(full)
        return
    if full.is_relative_to(root) and not Path(target).is_absolute():
        return
    link.unlink()
    link.symlink_to(below(base, full) if full.is_relative_to(root) else full)


class _Linking:
    """Links what the copy of a tree lacks, one link for each folder or file that nothing of the copy is in."""

    def __init__(self, source: TreeSource, folder: Path) -> None:
        self._root, self._folder = source.root, folder
        answer = ask("ls-files", "-z", folder=self._root, deadline=time.monotonic() + _TIME_S)
        self._tracked = {path for path in os.fsdecode(answer.output).split("\0") if path}
        self._tracked_folders = _folders_above(self._tracked)
        working = self._inside(source.working)
        self._working = working | _folders_above(working)
        # A cell may delete and make the folder that it writes to, which it could not do with a link.
        written = self._inside(path if Path(path).is_dir() else os.path.dirname(path) for path in source.written)  # noqa: PTH120
        self._written = written | _folders_above(written)

    def _inside(self, paths: Iterable[str]) -> set[str]:
        inside = (Path(path).relative_to(self._root) for path in paths if Path(path).is_relative_to(self._root))
        return {path.as_posix() for path in inside}

    def link(self) -> None:
        """Link all that is missing, except what is tracked today and was not in the commit."""
        self._link("")

    def _link(self, at: str) -> bool:
        """Link what is missing in the folder *at*; return whether something was."""
        try:
            with os.scandir(self._root / at) as found:
                entries = [one for one in found if one.name not in _NOT_LINKED]
        except OSError:  # it may not be read
            return False
        linked = [self._link_one(entry, f"{at}/{entry.name}" if at else entry.name) for entry in entries]
        return any(linked)

    def _link_one(self, entry: os.DirEntry[str], path: str) -> bool:
        place = self._folder / path
        is_folder = entry.is_dir(follow_symlinks=False)
        if os.path.lexists(place):
            if is_folder and place.is_dir() and not place.is_symlink():
                self._link(path)
            return True
        is_written = path in self._written and is_folder and _is_small(entry.path)
        if is_folder and (path in self._tracked_folders or path in self._working or is_written):
            place.mkdir()
            is_used = self._link(path) or path in self._working or is_written
            if not is_used:
                place.rmdir()
            return is_used
        if path in self._tracked:
            return False
        place.symlink_to(entry.path)
        return True


def _is_small(folder: str) -> bool:
    """Return whether what is in a folder can be linked one by one."""
    try:
        with os.scandir(folder) as found:
            return sum(1 for _ in itertools.islice(found, _MOST_LINKS + 1)) <= _MOST_LINKS
    except OSError:
        return False


def _folders_above(paths: Collection[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        while (path := path.rpartition("/")[0]) and path not in found:
            found.add(path)
    return found


def _bring(file: NeededFile, copy: CommitCopy, path: str, base: Path) -> None:
    """Let the copy have *file* as it was read; if the commit does not have it so, as it is today."""
    place = copy.folder / path
    if file.is_at(place) or (file.sha256 is not None and copy.write_as(path, file.sha256)):
        return
    if not Path(os.path.realpath(place.parent)).is_relative_to(base) or place.is_dir():
        return
    with contextlib.suppress(NotADirectoryError):  # a folder of then is a file now
        place.unlink(missing_ok=True)
        if os.path.lexists(file.path):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file.path)


def _link_beside(path: Path, root: Path, base: Path) -> None:
    """Link the file or folder beside the tree, or beside a folder above it, that *path* is or lies in."""
    parts, of_root = path.parts, root.parts
    first = next((at for at, (one, other) in enumerate(zip(parts, of_root, strict=False)) if one != other), None)
    if first is None:  # a folder above the tree
        return
    original = Path(*parts[: first + 1])
    place = below(base, original)
    if os.path.lexists(original) and not os.path.lexists(place):
        place.symlink_to(original)
