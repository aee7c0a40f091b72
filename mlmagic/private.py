"""A folder of this user alone, for what must not be read or planted by others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_MODE = 0o700


def state_folder() -> Path:
    """Return the folder in which mlmagic keeps what is this user's own: mode 0700, owned by the user, no link.

    Raises
    ------
    OSError
        When it cannot be made, is a link, or belongs to another user.
    """
    import platformdirs

    try:
        folder = Path(platformdirs.user_state_path("mlmagic", appauthor=False))
    except RuntimeError as error:  # neither HOME nor an entry of the user
        raise FileNotFoundError("there is no home folder") from error
    if not folder.is_absolute():  # it would lie in the project, and might have come with it
        raise FileNotFoundError("there is no home folder")
    make_private(folder)
    return folder


def make_private(folder: Path) -> None:
    """Make *folder*, and those above it that are missing, for this user alone; one that is there gets that mode.

    Raises
    ------
    OSError
        When that is not possible, or *folder* is a link or another user's.
    """
    for missing in reversed([one for one in (folder, *folder.parents) if not os.path.lexists(one)]):
        missing.mkdir(mode=_MODE, exist_ok=True)  # another process may be making it
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{folder} is no folder, or a link")
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(_MODE)
