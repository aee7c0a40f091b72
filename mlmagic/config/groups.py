"""Lists the config groups of a folder, and the configs in each."""

from __future__ import annotations

import os
from pathlib import Path

_MOST_FILES = 5000


def groups_in(folder: Path) -> dict[str, list[str]]:
    """Return the options of each config group in *folder*, by names such as ``db/engine``; ``""`` is the folder itself.

    Only the first 5,000 files are examined, because the folder may not be a folder of configs.
    """
    found: dict[str, list[str]] = {}
    left = _MOST_FILES
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        options = sorted({Path(name).stem for name in files[:left] if name.endswith(".yaml")})
        if options:
            group = Path(place).relative_to(folder).as_posix()
            found["" if group == "." else group] = options
        left -= len(files)
        if left <= 0:
            break
    return found
