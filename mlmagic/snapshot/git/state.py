"""The code of a run: the commit, the branch, and a patch of uncommitted changes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.snapshot.git.config import every_filter, own_config, under_filters
from mlmagic.snapshot.git.files import (
    Repository,
    UntrackedFile,
    find_repository,
    is_git_folder,
    look_at_untracked,
    megabytes,
    shown,
)
from mlmagic.snapshot.git.large_patches import named
from mlmagic.snapshot.git.notebooks import is_notebook
from mlmagic.snapshot.git.patch import make_patch
from mlmagic.snapshot.git.process import Answer, ask
from mlmagic.snapshot.git.remote import find_remote
from mlmagic.snapshot.git.status import parse_status
from mlmagic.snapshot.git.submodules import changed_submodules

if TYPE_CHECKING:
    from pathlib import Path

_LARGE_DATA_BYTES = 100_000_000
_TIME_FOR_STATUS = 0.6
_STATUS = (
    *("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames", "--no-ahead-behind"),
    "--ignore-submodules=dirty",
)
_TOO_SLOW = "Git took too long to look for uncommitted changes: they are not recorded."
_UNKNOWN_FILTERS = (
    "The repository's own configuration cannot be read, or has too many filters: uncommitted changes are not recorded."
)
_OTHER_TREE = "The repository's configuration names another work tree, {}: no commit is recorded."


@dataclass(frozen=True)
class GitState:
    """The state of the repository that a folder is in.

    ``root`` is None if there is no repository. ``commit`` is None if there is none yet or Git did not answer,
    ``branch`` also if HEAD is detached. ``dirty`` states whether there are tracked changes or untracked source files;
    None if unknown. ``patch`` restores both with `git apply`, but of notebooks only the source; it is empty if only
    their outputs differ. Each of ``notices`` is a sentence for the user.
    """

    root: Path | None = None
    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    remote: str | None = None
    patch: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def in_repository(self) -> bool:
        """Return whether the folder is in the work tree of a repository."""
        return self.root is not None


def capture(folder: Path, *, limit_bytes: int, timeout_s: float = 10.0) -> GitState:
    """Return the state of the repository that *folder* is in; its notices state what could not be determined.

    Files that make the patch larger than *limit_bytes* are left out of it; with 0 no patch is made. This takes one
    `git` process in a clean tree, at most three in a usual dirty one and three more if notebooks changed, and at most
    *timeout_s* seconds. The repository and its index are not written to. Never raises.
    """
    deadline = time.monotonic() + timeout_s
    try:
        folder = folder.resolve()
        repository = find_repository(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        return GitState(notices=(f"The Git repository of the folder cannot be looked for: {_reason(error)}.",))
    if repository is None:
        inside = any(is_git_folder(place) for place in (folder, *folder.parents))
        place = "inside a bare Git repository or a .git folder" if inside else "not in a Git repository"
        return GitState(notices=(f"The folder is {place}: no commit is recorded.",))
    try:
        return _capture(repository, limit_bytes, deadline, timeout_s)
    except FileNotFoundError:
        return GitState(repository.root, notices=("Git is not installed or not on PATH: no commit is recorded.",))
    except OSError as error:
        return GitState(repository.root, notices=(f"Git cannot be run: {_reason(error)}.",))


def _capture(repository: Repository, limit_bytes: int, deadline: float, timeout_s: float) -> GitState:
    root = repository.root
    config = own_config(repository, deadline)
    if config.other_tree is not None:
        return GitState(root, notices=(_OTHER_TREE.format(shown(config.other_tree)),))
    if config.filters is None:
        return _without_status(repository, deadline, _UNKNOWN_FILTERS)
    repository = replace(repository, filters=config.filters)
    ask_status = partial(ask, *_STATUS, folder=root, deadline=deadline - (1 - _TIME_FOR_STATUS) * timeout_s)
    answer = ask_status(filters=repository.filters)
    broken, reason = frozenset[str](), answer.reason
    if answer.failed and not answer.too_slow:
        # A user's filter that cannot run makes `git status` fail: try again without the user's filters.
        broken = every_filter(root, deadline) - repository.filters
        repository = replace(repository, filters=repository.filters | broken)
        answer = ask_status(filters=repository.filters) if broken else answer
    if answer.too_slow:
        return _without_status(repository, deadline, _TOO_SLOW)
    if answer.failed:
        return GitState(root, notices=(_refusal(answer, root),))
    status = parse_status(answer.output)
    inside = changed_submodules(root, deadline)
    untracked = look_at_untracked(root, status.untracked)
    sources = [file for file in untracked if file.is_source]
    state = GitState(
        root=root,
        commit=status.commit,
        branch=status.branch,
        dirty=bool(status.changed or inside or sources),
        remote=find_remote(repository, status.upstream),
        notices=() if status.commit else ("The Git repository has no commit yet.",),
    )
    if not limit_bytes:
        return state
    notices = [*state.notices, *_left_out(untracked, limit_bytes)]
    notices += [f"The submodule {shown(path)} has changes that the patch leaves out." for path in inside]
    changed = [*status.changed, *(file.path for file in sources)]
    others = [path for path in changed if not is_notebook(path)]
    filtered = under_filters(root, others, broken, deadline)
    notices += [f"Not recorded, since their filter cannot be run ({reason}): {named(filtered)}."] if filtered else []
    notices += _unfiltered(repository, [path for path in others if path not in filtered], deadline)
    patch = None
    if state.dirty:
        added = [file.path for file in sources if file.size <= limit_bytes or is_notebook(file.path)]
        patch, told = make_patch(
            repository, status, added, limit_bytes=limit_bytes, deadline=deadline, left_out=filtered
        )
        notices += told
    return replace(state, patch=patch, notices=tuple(notices))


def _without_status(repository: Repository, deadline: float, why: str) -> GitState:
    """Return only the commit and the branch, since the changes cannot be determined."""
    answer = ask("rev-parse", "HEAD", "--abbrev-ref", "HEAD", folder=repository.root, deadline=deadline)
    if answer.failed:
        return GitState(repository.root, notices=("Git did not answer in time: no commit is recorded.",))
    commit, branch = answer.output.decode("utf-8", "replace").split("\n")[:2]
    return GitState(
        root=repository.root,
        commit=commit,
        branch=None if branch == "HEAD" else branch,
        remote=find_remote(repository, None),
        notices=(why,),
    )


def _unfiltered(repository: Repository, paths: list[str], deadline: float) -> list[str]:
    """Return a notice of the changed files to which a filter of the repository applies, which was not run."""
    found = under_filters(repository.root, paths, repository.filters, deadline)
    if not found:
        return []
    told = (
        "Compared without their Git filter, because mlmagic runs no program that a repository's configuration names ("
        f"{named(sorted(repository.filters))}): {named(found)}. Set the filter for all your repositories "
        "(git config --global) to have it run."
    )
    return [told]


def _left_out(untracked: list[UntrackedFile], limit_bytes: int) -> list[str]:
    large = [
        file
        for file in untracked
        if not is_notebook(file.path)
        and file.size > (limit_bytes if file.is_source else max(limit_bytes, _LARGE_DATA_BYTES))
    ]
    if not large:
        return []
    largest = max(large, key=lambda file: file.size)
    named = f"{shown(largest.path)} ({megabytes(largest.size)})"
    if len(large) == 1:
        return [f"The untracked file {named} is too large for the patch."]
    return [f"{len(large)} untracked files are too large for the patch, the largest is {named}."]


def _refusal(answer: Answer, root: Path) -> str:
    if "dubious ownership" in answer.errors:
        return (
            "Git does not trust this repository, which another user owns: no commit is recorded. "
            f"To trust it: git config --global --add safe.directory {shown(os.fspath(root))}"
        )
    return f"Git cannot read this repository: {answer.reason}."


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
