"""The files of a run in all its folders, up to limits, so that a run with a million files has a page too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.comparison.diffs.run_files import list_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.comparison.diffs.run_files import RunFiles

_MOST_FILES = 2000
_MOST_FOLDERS = 100


@dataclass(frozen=True)
class ListedFiles:
    """The *sizes* of files by path; *left_out* says in words what was not listed, or is empty."""

    sizes: dict[str, int]
    left_out: str = ""


def list_whole(files: RunFiles) -> ListedFiles:
    """List the files of a run, folder by folder."""
    waiting: list[str] = [""]
    listed = 0
    while waiting and listed < _MOST_FOLDERS and len(files.sizes) < _MOST_FILES:
        some, waiting = waiting[: _MOST_FOLDERS - listed], waiting[_MOST_FOLDERS - listed :]
        before = len(files.folders)
        list_all([files], some)
        listed += len(some)
        waiting += files.folders[before:]
    # What mlmagic records by itself is found first, whatever else a run has.
    paths = sorted(files.sizes, key=lambda path: (not path.startswith(("figures/", "mlmagic/")), path))
    return ListedFiles({path: files.sizes[path] for path in paths[:_MOST_FILES]}, _left_out(paths, waiting))


def _left_out(paths: Sequence[str], folders: Sequence[str]) -> str:
    told = []
    if len(paths) > _MOST_FILES:
        told.append(f"{len(paths) - _MOST_FILES:,} more files")
    if folders:
        told.append(f"the files of {len(folders):,} more folders")
    return " and ".join(told)
