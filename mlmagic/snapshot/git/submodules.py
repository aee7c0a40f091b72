"""Find the submodules with uncommitted changes.

Git itself would run `git status` in each, with the filters of the submodule's configuration.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from mlmagic.snapshot.git.config import own_config
from mlmagic.snapshot.git.files import find_repository, read_small
from mlmagic.snapshot.git.process import ask

_MOST = 50
_PATH = re.compile(r"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)


def changed_submodules(root: Path, deadline: float) -> list[str]:
    """Return the paths of the submodules in ``.gitmodules`` whose tracked files changed, among the first 50."""
    named = dict.fromkeys(path.strip('"') for path in _PATH.findall(read_small(root / ".gitmodules")))
    return [path for path in list(named)[:_MOST] if _has_changed(root, path, deadline)]


def _has_changed(root: Path, path: str, deadline: float) -> bool:
    folder = root / path
    inside = not path.startswith("/") and ".." not in PurePosixPath(path).parts and "\0" not in path
    if not inside or folder.resolve() != folder or not (folder / ".git").exists():
        return False
    repository = find_repository(folder)
    if repository is None or repository.root != folder:
        return False
    config = own_config(repository, deadline)
    if config.filters is None or config.other_tree is not None:
        return False
    answer = ask(
        *("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=dirty"),
        folder=folder,
        deadline=deadline,
        filters=config.filters,
    )
    return not answer.failed and bool(answer.output)
