"""Locks on open files, which end with the process that has them, whatever its pid and its container."""

from __future__ import annotations

import errno
import os
import weakref
from typing import Protocol

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_AT_ONCE = 0 if fcntl is None else fcntl.LOCK_NB
_NONE_HERE = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}


class HasFile(Protocol):
    """An object with an open file that may be locked."""

    def close_file(self) -> None:
        """Close the file if it is open."""


_have_files: weakref.WeakSet[HasFile] = weakref.WeakSet()
"""A process that is forked closes the files of all of these, whatever session made them."""


def give_up_after_fork(holder: HasFile) -> None:
    """Close the file of *holder* in forked processes: they share the lock, which would outlive its owner."""
    _have_files.add(holder)


def _after_fork() -> None:
    for holder in list(_have_files):
        holder.close_file()
    _have_files.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def lock(descriptor: int) -> bool:
    """Lock an open file exclusively, waiting for other processes; return whether the file system has locks."""
    return _flock(descriptor, 0)


def try_lock(descriptor: int) -> bool:
    """Lock an open file exclusively, without waiting; return whether the file system has locks.

    Raises
    ------
    BlockingIOError
        If another process has it.
    """
    return _flock(descriptor, _AT_ONCE)


def is_locked(descriptor: int) -> bool:
    """Return whether another process, or another place in this one, has locked this file."""
    try:
        if try_lock(descriptor):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    return False


def _flock(descriptor: int, how: int) -> bool:
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno in _NONE_HERE:
            return False
        raise
    return True
