"""A private folder for data that other users must not read or write."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_MODE = 0o700


def state_folder() -> Path:
    """Return mlmagic's private state folder: mode 0700, owned by the user, not a symbolic link.

    Raises
    ------
    OSError
        If the folder cannot be created, is a link, or belongs to another user.
    """
    import platformdirs

    try:
        folder = Path(platformdirs.user_state_path("mlmagic", appauthor=False))
    except RuntimeError as error:  # HOME is not set, and the user database has no entry
        raise FileNotFoundError("there is no home folder") from error
    if not folder.is_absolute():  # it would be in the project, and might have come with it
        raise FileNotFoundError("there is no home folder")
    make_private(folder)
    return folder


def make_private(folder: Path) -> None:
    """Create *folder* and its missing parents with mode 0700; an existing folder gets that mode.

    Raises
    ------
    OSError
        If that is not possible, or *folder* is a link or belongs to another user.
    """
    for missing in reversed([one for one in (folder, *folder.parents) if not os.path.lexists(one)]):
        missing.mkdir(mode=_MODE, exist_ok=True)  # another process may be creating it
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{folder} is no folder, or a link")
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(_MODE)
