"""Find the programs that a repository's own configuration makes Git run: it is untrusted, as it came with the folder.

Hooks, monitors, external diffs and transports are disabled in every `git` command (`process.py`). Filters have
arbitrary names, so they have to be looked up. Those that the user set for all repositories run, as in Git; those of the
repository do not, and its files are compared unfiltered.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.snapshot.git.files import LONGEST_READ, read_small
from mlmagic.snapshot.git.process import ask

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from mlmagic.snapshot.git.files import Repository

_MOST_FILTERS = 100
_TELLING = re.compile(r"filter|include|lfs", re.IGNORECASE)
_FILTER = re.compile(r"filter\.(.*)\.\w+", re.DOTALL)
_TRUSTED = {"system", "global", "command"}


@dataclass(frozen=True)
class OwnConfig:
    """The settings of a repository's own configuration.

    *filters* are the names of its filters, None if they cannot be determined; *other_tree* is the work tree that it
    names in place of the folder.
    """

    filters: frozenset[str] | None = frozenset()
    other_tree: str | None = None


def own_config(repository: Repository, deadline: float) -> OwnConfig:
    """Return the relevant settings of a repository's own configuration; a usual one is read without a process."""
    texts = [read_small(repository.common / "config"), read_small(repository.folder / "config.worktree")]
    filters: frozenset[str] | None = frozenset()
    if any(_is_large(text) or _TELLING.search(text) for text in texts):
        filters = _filters(repository.root, deadline)
    other_tree = None
    if any(_is_large(text) or "worktree" in text.lower() for text in texts):
        other_tree = _other_tree(repository.root, deadline)
    return OwnConfig(filters, other_tree)


def under_filters(root: Path, paths: list[str], filters: frozenset[str], deadline: float) -> list[str]:
    """Return those of *paths* to which the repository's attributes assign one of *filters*."""
    if not paths or not filters:
        return []
    given = b"\0".join(os.fsencode(path) for path in paths)
    answer = ask("check-attr", "-z", "--stdin", "filter", folder=root, deadline=deadline, given=given)
    fields = os.fsdecode(answer.output).split("\0")
    return [path for path, value in zip(fields[::3], fields[2::3], strict=False) if value in filters]


def every_filter(root: Path, deadline: float) -> frozenset[str]:
    """Return the names of all configured filters, including those of the user; empty if there are too many."""
    return _filters(root, deadline, trusted=()) or frozenset()


def _is_large(text: str) -> bool:
    return len(text) >= LONGEST_READ // 4  # at 4 bytes per character, the read may have been truncated


def _filters(root: Path, deadline: float, trusted: Collection[str] = _TRUSTED) -> frozenset[str] | None:
    answer = ask("config", "--list", "-z", "--show-scope", folder=root, deadline=deadline)
    if answer.failed:
        return None
    fields = os.fsdecode(answer.output).split("\0")
    found = set()
    for scope, entry in zip(fields[::2], fields[1::2], strict=False):
        key = entry.partition("\n")[0]
        if scope in trusted:
            continue
        if key.startswith("lfs.extension."):  # programs that the filter of Git LFS runs
            found.add("lfs")
        elif name := _FILTER.fullmatch(key):
            found.add(name[1])
    return frozenset(found) if len(found) <= _MOST_FILTERS else None


def _other_tree(root: Path, deadline: float) -> str | None:
    answer = ask("rev-parse", "--show-toplevel", folder=root, deadline=deadline)
    tree = os.fsdecode(answer.output).removesuffix("\n")
    return tree if not answer.failed and os.path.realpath(tree) != os.path.realpath(root) else None
