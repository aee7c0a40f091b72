"""The user's own folder, which no other user can read or change: for keys, and for what must not lie in a project."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PRIVATE = 0o700


def state_folder() -> Path:
    """Return the folder of mlmagic below the user's state folder, created on the first call.

    It is ``~/.local/state/mlmagic`` on Linux; ``XDG_STATE_HOME`` moves it. Its mode is 0700, as is that of every
    parent that had to be created, whatever the umask is.

    Raises
    ------
    OSError
        If it cannot be created, is a link, or belongs to another user.
    """
    import platformdirs

    path = platformdirs.user_state_path("mlmagic", appauthor=False)
    _create(path)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{path} is not a folder, or a link to one")
    if os.name != "nt":
        if found.st_uid != os.geteuid():
            raise PermissionError(f"{path} belongs to another user")
        if stat.S_IMODE(found.st_mode) != _PRIVATE:
            path.chmod(_PRIVATE)
    return path


def _create(path: Path) -> None:
    # `mkdir(parents=True)` gives the mode to the last folder only.
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir(mode=_PRIVATE, exist_ok=True)
