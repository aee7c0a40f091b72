"""The files of a journal: which of the user's are staged, and a walk over the staged ones that follows no links.

Staged files that are not regular are listed, but not read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mlmagic.journal.records import Copy, File, Model, Part
from mlmagic.journal.safe_folder import UntrustedError
from mlmagic.journal.schema import storable_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mlmagic.journal.records import Record
    from mlmagic.journal.safe_folder import SafeFolder

_LARGEST = 4 << 30
_MOST = 100_000
_DEEPEST = 64
_MOST_NAMED = 5


@dataclass(frozen=True)
class StagedFile:
    """A staged file: its path below the staging folder, its size, and the reason if it is left out."""

    path: str
    size: int
    problem: str | None = None


def path_of(record: Record) -> str | None:
    """Return where the files of *record* are below the staging folder, or None if it has none.

    >>> path_of(Copy("data")), path_of(File("a.txt", after="")), path_of(Model("1", "clf", "models/1"))
    ('artifacts/data', 'continued/a.txt', 'models/1')
    >>> path_of(Copy(""))  # a folder whose content goes to the top of the run
    'artifacts'
    """
    match record:
        case File(path, after=after):
            return f"{'artifacts' if after is None else 'continued'}/{path}"
        case Copy(path):
            return f"artifacts/{path}".rstrip("/")
        case Part(digest):
            return f"parts/{digest}.gz"
        case Model(folder=folder):
            return folder
    return None


def place_of(folder: str, source: Path) -> str:
    """Return where *source* goes in the run, under *folder*; the content of a folder goes into *folder* itself.

    It has the form in which staged files are listed: no ``.``, ``..`` or double slash, and text that can be stored.

    >>> place_of("./data//", Path("/home/ana/train.csv"))
    'data/train.csv'
    """
    name = "" if source.is_dir() else source.name
    return storable_text(posixpath.normpath(f"/{folder}/{name}").strip("/"))


class LeftOut:
    """What of the user's files is left out, by reason.

    >>> left_out = LeftOut()
    >>> left_out.add("a", "a link to nothing"), left_out.add("b", "a link to nothing")
    (None, None)
    >>> left_out.lines()
    ['a, b could not be kept: a link to nothing']
    """

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}

    def add(self, name: str, reason: str) -> None:
        """Note that *name* is left out."""
        self._names.setdefault(reason, []).append(name)

    def lines(self) -> list[str]:
        """Return a line for each reason, with the first names."""
        found = []
        for reason, names in self._names.items():
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            found.append(f"{', '.join(names[:_MOST_NAMED])}{more} could not be kept: {reason}")
        return found


def files_in(source: Path, left_out: LeftOut, *, place: str = "", without: Collection[Path] = ()) -> Iterator[Path]:
    """Yield *source*, or all regular files in the folder *source* in order, also those behind links.

    Folders of *without* are skipped: the journal may be in *source*. Everything else that is no file is added to
    *left_out*, under its name in the run, where *source* has the *place*.
    """
    if not source.is_dir():
        yield source
        return
    skipped = {os.path.realpath(folder) for folder in without}
    root = Path(os.path.realpath(source))
    followed: set[Path] = set()
    waiting = [source]
    while waiting:
        folder = waiting.pop()
        try:
            paths = sorted(folder.iterdir())
        except OSError as error:
            left_out.add(name_of(folder, source, place), error.strerror or "it cannot be listed")
            continue
        for path in paths:
            if path.is_file():
                yield path
            elif not path.is_dir():
                reason = "a link to nothing" if path.is_symlink() else "not a regular file"
                left_out.add(name_of(path, source, place), reason)
            elif os.path.realpath(path) not in skipped:
                if path.is_symlink() and _is_in_a_circle(Path(os.path.realpath(path)), root, followed):
                    reason = "a link to a folder that holds it, or is copied already"
                    left_out.add(name_of(path, source, place), reason)
                else:
                    waiting.append(path)


def _is_in_a_circle(real: Path, root: Path, followed: set[Path]) -> bool:
    if real in followed or real.is_relative_to(root) or root.is_relative_to(real):
        return True
    followed.add(real)
    return False


def name_of(path: Path, source: Path, place: str) -> str:
    """Return the name in the run of *path*, which is *source* or in it; *source* has the *place*."""
    return storable_text(posixpath.join(place, *path.relative_to(source).parts))


def within(folder: Path, path: str) -> Path:
    """Return *path* below *folder*.

    Raises
    ------
    OSError
        If it lies elsewhere: a journal that somebody else made may name another place.
    """
    found = folder / path
    if not os.path.normpath(found).startswith(f"{folder}{os.sep}"):
        raise UntrustedError(errno.EPERM, f"{path!r} is outside of the journal's own folder")
    return found


def walk(staging: SafeFolder, path: str) -> Iterator[StagedFile]:
    """Yield the file at *path* below *staging*, or all files of that folder; a problem is yielded, not raised."""
    try:
        with _parent(staging, path) as parent:
            yield from _below(parent, PurePosixPath(path), _DEEPEST)
    except OSError as error:
        yield StagedFile(path, 0, error.strerror or str(error))


def read(staging: SafeFolder, path: str) -> bytes:
    """Return the content of the file at *path* below *staging*.

    Raises
    ------
    OSError
        If it cannot be read, or is no regular file.
    """
    with _parent(staging, path) as parent:
        descriptor = parent.open_file(PurePosixPath(path).name, os.O_RDONLY)
        with os.fdopen(descriptor, "rb") as file:
            return file.read()


def copy(staging: SafeFolder, file: StagedFile, to: Path) -> None:
    """Copy *file* from *staging* into the staging folder *to*, where it must not exist yet.

    Raises
    ------
    OSError
        If it cannot be read or written, or is another file than the one that `walk` saw.
    """
    target = to / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with _parent(staging, file.path) as parent:
        descriptor = parent.open_file(PurePosixPath(file.path).name, os.O_RDONLY)
        with os.fdopen(descriptor, "rb") as source, target.open("xb") as copied:
            if os.fstat(descriptor).st_size != file.size:
                raise OSError(0, "it has changed meanwhile", file.path)
            shutil.copyfileobj(source, copied)


@contextlib.contextmanager
def _parent(staging: SafeFolder, path: str) -> Iterator[SafeFolder]:
    """Open the folder that holds *path*, one part at a time."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or not parts.parts:
        raise UntrustedError(0, "it is no name of a file", path)
    with contextlib.ExitStack() as stack:
        folder = staging
        for name in parts.parts[:-1]:
            folder = stack.enter_context(folder.open_folder(name))
        yield folder


def _below(parent: SafeFolder, path: PurePosixPath, depth: int) -> Iterator[StagedFile]:
    try:
        if not stat.S_ISDIR(parent.stat(path.name).st_mode):
            yield _file(parent, path)
            return
        with parent.open_folder(path.name) as folder:
            for count, name in enumerate(sorted(folder.names())):
                if not depth or count >= _MOST:
                    raise OSError(0, "it holds too many files, or too many folders within each other", str(path))  # noqa: TRY301
                yield from _below(folder, path / name, depth - 1)
    except OSError as error:
        yield StagedFile(str(path), 0, error.strerror or str(error))


def _file(parent: SafeFolder, path: PurePosixPath) -> StagedFile:
    descriptor = parent.open_file(path.name, os.O_RDONLY)
    size = os.fstat(descriptor).st_size
    os.close(descriptor)
    problem = f"it is larger than {_LARGEST >> 30} GB" if size > _LARGEST else None
    return StagedFile(str(path), size, problem)
