"""Reduce a patch that is too large as a whole: choose the files to keep, and name the others."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.snapshot.git.files import megabytes, shown
from mlmagic.snapshot.git.process import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from mlmagic.snapshot.git.process import Answer

_MOST_BY_THEMSELVES = 20
_MOST_NAMED = 5
_HUGE = 20


@dataclass
class Parts:
    """The recorded part of a patch, the files that are left out, and those that failed."""

    patch: bytes
    left_out: dict[str, int]
    failed: dict[str, str]

    def notices(self) -> list[str]:
        """Return a sentence for the files that are too large, the largest first, and one for those that failed."""
        told = []
        if self.left_out:
            ordered = sorted(self.left_out, key=lambda path: -self.left_out[path])
            sizes = {path: f" ({megabytes(size)})" for path, size in self.left_out.items()}
            told.append(
                f"Too large for the patch, and not recorded: the changes of {named(ordered, sizes)}. "
                "The setting patch_limit_mb raises the limit."
            )
        if self.failed:
            reason = next(iter(self.failed.values()))
            told.append(f"Not recorded, since Git cannot compare them ({reason}): {named(list(self.failed))}.")
        return told


def named(paths: Sequence[str], about: Mapping[str, str] | None = None) -> str:
    """Return the first of *paths* in one line, each with its note in *about*, and the number of further paths."""
    first = ", ".join(f"{shown(path)}{(about or {}).get(path, '')}" for path in paths[:_MOST_NAMED])
    more = len(paths) - _MOST_NAMED
    return f"{first} and {more} more files" if more > 0 else first


def by_parts(
    diff: Callable[[list[str], int], Answer],
    sizes: Mapping[str, int],
    limit_bytes: int,
    *,
    alone: Collection[str] = (),
) -> Parts:
    """Return as much of a patch as fits into *limit_bytes*, the changes of small files first.

    *diff* makes the patch of some pathspecs, up to a size; *sizes* maps each changed file to its size. A large file
    whose change is small is kept too. The files in *alone* are compared one by one, since some may fail.
    """
    ordered = sorted(sizes, key=lambda path: (path in alone, sizes[path], path))
    small: list[str] = []
    total = 0
    for path in ordered:
        total += sizes[path]
        if total > limit_bytes or path in alone:
            break
        small.append(path)
    patch = b""
    # Base85 and both sides of a change can make a patch larger than its files: then try fewer files.
    while small:
        kept = {*small}
        answer = diff([f":(top,exclude,literal){path}" for path in ordered if path not in kept], limit_bytes)
        if not answer.failed:
            patch = answer.output
            break
        small = small[: len(small) // 2]
    large = ordered[len(small) :]
    left_out: dict[str, int] = {}
    failed: dict[str, str] = {}
    for number, path in enumerate(large):
        room = limit_bytes - len(patch)
        one = diff([f":(top,literal){path}"], room) if number < _MOST_BY_THEMSELVES and room > 0 else None
        if one is None and failed and path in alone:
            failed[path] = next(iter(failed.values()))
        elif one is None or one.too_large or one.too_slow:
            left_out[path] = sizes[path]
        elif one.failed:
            failed[path] = one.reason
        else:
            patch += one.output
    return Parts(patch, left_out, failed)


def has_huge(root: Path, paths: list[str], limit_bytes: int) -> bool:
    """Return whether one of *paths* is so large that Git would take long to compare it."""
    return any(_size(root / path) > _HUGE * limit_bytes for path in paths)


def sizes_of(root: Path, commit: str | None, paths: list[str], deadline: float) -> dict[str, int]:
    """Return the size of each of *paths* in the work tree or in *commit*, whichever is larger."""
    sizes = dict.fromkeys(paths, 0)
    if commit:
        answer = ask("ls-tree", "-r", "-l", "-z", commit, folder=root, deadline=deadline)
        for entry in os.fsdecode(answer.output).split("\0"):
            about, _, path = entry.partition("\t")
            size = about.split(" ")[-1]
            if path in sizes and size.isdigit():
                sizes[path] = int(size)
    return {path: max(size, _size(root / path)) for path, size in sizes.items()}


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:  # it was deleted
        return 0
