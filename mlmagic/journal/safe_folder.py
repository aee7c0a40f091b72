"""A folder that is opened once: its content is reached through its descriptor, and no link is followed.

A path that is resolved twice may mean two things: between a check and a use, anyone who can write to a folder on the
path can put a link there. Windows has no such descriptors; there, paths are checked before they are used.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from functools import cache
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX, STAGED = ".journal", ".files"
"""The ends of the names of a journal, and of the folder of its staged files."""
FULL = {errno.ENOSPC, errno.EDQUOT}
"""The errors of a disk, or of a user's share of one, that has no room: elsewhere there may be some."""
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = _NO_LINK | getattr(os, "O_DIRECTORY", 0)
# Opening a FIFO without a writer would block.
_FILE = _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_WRITABLE_BY_OTHERS = 0o022
_OF_OTHERS = 0o077


class UntrustedError(OSError):
    """A file or folder that may be someone else's: a link, another user's, or writable by other users."""


class SafeFolder:
    """A folder of this user, which no other user can write to, opened once.

    Use it in a ``with`` statement, or close it. In a folder that no other user can enter, and below it, the write
    permissions of files do not matter.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as path, SafeFolder.open(Path(path)) as folder:
    ...     os.close(folder.open_file("a.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    ...     list(folder.names())
    ['a.txt']
    """

    def __init__(self, path: Path, descriptor: int | None, *, is_shut: bool = False, is_shared: bool = False) -> None:
        self.path = path
        self._descriptor = descriptor
        self._is_shut = is_shut
        self._is_shared = is_shared

    @classmethod
    def open(cls, path: Path, *, below: Path | None = None, create: bool = False) -> SafeFolder:
        """Open the folder *path*.

        Parameters
        ----------
        path
            Its last part must not be a link.
        below
            A folder that the user chose, which may be a link; no part of *path* below it may be one.
        create
            Create what does not exist below *below*, with mode 0700, and take from other users the right to write to
            what does.

        Raises
        ------
        UntrustedError
            If one of these folders is a link, belongs to another user, or can be written by other users.
        OSError
            If it does not exist, or cannot be opened or created.
        """
        if below is None or not path.is_relative_to(below):
            below = path.parent
            if create:
                below.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = cls._open_start(below)
        for name in path.relative_to(below).parts:
            with folder:
                folder = folder.open_folder(name, create=create)
        return folder

    @classmethod
    def _open_start(cls, path: Path) -> SafeFolder:
        if not _BY_DESCRIPTOR:
            return cls(path, None)
        descriptor = os.open(path, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
        return cls(path, descriptor, is_shared=_is_shared(os.fstat(descriptor)))

    def open_folder(self, name: str, *, create: bool = False) -> SafeFolder:
        """Open the folder *name* in this one; *create* and errors as for `open`."""
        _require_name(name)
        if self._is_shared and (create or self.stat(name)):
            # Anyone who can write to this folder can replace the inner one, now or later.
            raise UntrustedError(0, "other users can write to it: chmod go-w", str(self.path))
        if create:
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._at(name), 0o700, **self._from())  # noqa: PTH102  # a path has no `dir_fd`
        self._require_folder(name, self.stat(name), may_be_writable=True)
        if self._descriptor is None:
            return SafeFolder(self.path / name, None)
        descriptor = os.open(name, _FOLDER, **self._from())
        try:
            found = os.fstat(descriptor)
            if create and found.st_uid == os.geteuid() and found.st_mode & _WRITABLE_BY_OTHERS:
                os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & ~_WRITABLE_BY_OTHERS)
                found = os.fstat(descriptor)
            self._require_folder(name, found, may_be_writable=self._is_shut)
        except BaseException:
            os.close(descriptor)
            raise
        is_shut = self._is_shut or not found.st_mode & _OF_OTHERS
        return SafeFolder(self.path / name, descriptor, is_shut=is_shut)

    def open_file(self, name: str, flags: int) -> int:
        """Return a descriptor of the file *name* in this folder; a new one has mode 0600.

        Raises
        ------
        UntrustedError
            If it is a link, has a second name (a hard link), is no regular file, or is another user's.
        OSError
            If it cannot be opened.
        """
        _require_name(name)
        if self._descriptor is None and not flags & os.O_EXCL and (self.path / name).is_symlink():
            raise UntrustedError(0, "it is a link", str(self.path / name))
        try:
            descriptor = os.open(self._at(name), flags | _FILE, 0o600, **self._from())
        except FileExistsError:
            raise
        except OSError as error:
            # For a link the error is "too many levels of symbolic links", for a socket or a device it varies.
            with contextlib.suppress(FileNotFoundError):
                self._require_file(name, self.stat(name))
            raise error from None
        try:
            self._require_file(name, os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def names(self) -> Iterator[str]:
        """Yield the names of all entries of this folder, in no order."""
        with os.scandir(self.path if self._descriptor is None else self._descriptor) as entries:
            yield from (entry.name for entry in entries)

    def stat(self, name: str) -> os.stat_result:
        """Return the status of *name*; for a link, that of the link itself."""
        _require_name(name)
        return os.lstat(self._at(name), **self._from())

    def is_own_file(self, name: str) -> bool:
        """Return whether *name* is a regular file with one hard link, of this user, and writable by nobody else."""
        try:
            self._require_file(name, self.stat(name))
        except OSError:
            return False
        return True

    def unlink(self, name: str) -> None:
        """Remove the file *name*; if it is a link, remove the link itself."""
        _require_name(name)
        os.unlink(self._at(name), **self._from())

    def move(self, name: str, to: SafeFolder) -> None:
        """Move *name* into the folder *to*."""
        _require_name(name)
        if self._descriptor is None or to._descriptor is None:
            (self.path / name).rename(to.path / name)
        else:
            os.rename(name, name, src_dir_fd=self._descriptor, dst_dir_fd=to._descriptor)

    def close(self) -> None:
        """Close the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _at(self, name: str) -> str | Path:
        return self.path / name if self._descriptor is None else name

    def _from(self) -> dict[str, Any]:
        return {} if self._descriptor is None else {"dir_fd": self._descriptor}

    def _require_folder(self, name: str, found: os.stat_result, *, may_be_writable: bool) -> None:
        path = str(self.path / name)
        if stat.S_ISLNK(found.st_mode):
            raise UntrustedError(0, "it is a link", path)
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(0, "it is no folder", path)
        _require_own(found, path, may_be_writable=may_be_writable)

    def _require_file(self, name: str, found: os.stat_result) -> None:
        path = str(self.path / name)
        if not stat.S_ISREG(found.st_mode):
            what = "it is a link" if stat.S_ISLNK(found.st_mode) else "it is no regular file"
            raise UntrustedError(0, what, path)
        if found.st_nlink > 1:
            raise UntrustedError(0, "it has a second name (a hard link)", path)
        _require_own(found, path, may_be_writable=self._is_shut)


def _is_shared(found: os.stat_result) -> bool:
    """Return whether other users can rename a folder's entries. In a folder like ``/tmp`` they cannot (sticky bit)."""
    if os.name == "nt" or found.st_mode & stat.S_ISVTX:
        return False
    by_group = bool(found.st_mode & stat.S_IWGRP) and not _is_own_group(found.st_gid)
    return bool(found.st_mode & stat.S_IWOTH) or by_group


@cache
def _is_own_group(number: int) -> bool:
    """Return whether a group has only this user as a member: many systems create one for each user."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(number)
    except KeyError:
        return False
    return user.pw_gid == number and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def open_file(path: Path, folder: SafeFolder | None, flags: int) -> int:
    """Open the file *path* as `SafeFolder.open_file` does; *folder* is the folder that holds it, if it is open."""
    if folder is not None:
        return folder.open_file(path.name, flags)
    with SafeFolder.open(path.parent) as parent:
        return parent.open_file(path.name, flags)


def _require_name(name: str) -> None:
    if not name or name in {".", ".."} or "/" in name or "\0" in name or os.sep in name:
        raise UntrustedError(0, "it is no name of a file", repr(name))


def _require_own(found: os.stat_result, path: str, *, may_be_writable: bool) -> None:
    if os.name == "nt":
        return
    if found.st_uid != os.geteuid():
        raise UntrustedError(0, "it belongs to another user", path)
    if found.st_mode & _WRITABLE_BY_OTHERS and not may_be_writable:
        raise UntrustedError(0, "other users can write to it: chmod go-w", path)
