"""The files of a journal: which of the user's are staged, and a walk over the staged ones that follows no links.

Staged files that are not regular are listed, but not read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mlmagic.journal.records import Copy, File, Model, Part
from mlmagic.journal.safe_folder import UntrustedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mlmagic.journal.records import Record
    from mlmagic.journal.safe_folder import SafeFolder

_LARGEST = 4 << 30
_MOST = 100_000
_DEEPEST = 64


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

    >>> place_of("data/", Path("/home/ana/train.csv"))
    'data/train.csv'
    """
    return folder.strip("/") if source.is_dir() else f"{folder.strip('/')}/{source.name}".lstrip("/")


def files_in(source: Path, without: Collection[Path] = ()) -> Iterator[Path]:
    """Yield *source*, or all regular files in the folder *source* in order, also those behind links.

    Folders of *without* are left out: the journal may be in *source*. So is a link to a folder that it is in.
    """
    if not source.is_dir():
        yield source
        return
    left_out = {os.path.realpath(folder) for folder in without}
    waiting = [(source, frozenset({os.path.realpath(source)}))]
    while waiting:
        folder, around = waiting.pop()
        for path in sorted(folder.iterdir()):
            real = os.path.realpath(path)
            if path.is_file():
                yield path
            elif path.is_dir() and real not in left_out and real not in around:
                waiting.append((path, around | {real}))


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
