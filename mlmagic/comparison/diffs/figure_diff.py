"""Compares the figures of runs by name, and finds those with identical bytes. Of those with a step the last counts."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.comparison.diffs.figure_paths import media_type_of, stepped_figure
from mlmagic.comparison.diffs.run_files import read_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.comparison.diffs.run_files import RunFiles

_FOLDER = "figures/"


@dataclass(frozen=True)
class FigureRow:
    """A figure by name, with its path in each run.

    *paths* and *sizes* (bytes) are None for a run without the figure. Runs with the same number in *alike* have
    identical bytes; None if a run has no figure, or it was not read. *differs* is None if figures of one size were not
    read, so that it is not known.
    """

    name: str
    media_type: str
    paths: tuple[str | None, ...]
    sizes: tuple[int | None, ...]
    alike: tuple[int | None, ...]
    differs: bool | None


def figure_rows(runs: Sequence[RunFiles]) -> tuple[FigureRow, ...]:
    """Return a row for each figure; only figures of equal size are read."""
    paths = [_figures(files) for files in runs]
    names = dict.fromkeys(name for run in paths for name in run)
    alike_in_size = [
        (files, run[name])
        for name in names
        for files, run, size in zip(runs, paths, _sizes(name, paths, runs), strict=True)
        if size is not None and Counter(_sizes(name, paths, runs))[size] > 1
    ]
    read_all(alike_in_size)
    return tuple(_row(name, paths, runs) for name in names)


def _figures(files: RunFiles) -> dict[str, str]:
    """Return the paths by name of the figures in ``figures/`` and at the top level, and of the last at a step."""
    paths = [path for path in files.sizes if media_type_of(path)]
    return {
        path.removeprefix(_FOLDER): path
        for path in sorted(paths, key=lambda path: path.startswith(_FOLDER))  # take precedence
        if (path.startswith(_FOLDER) or "/" not in path) and not stepped_figure(path)
    } | _last_at_a_step(paths)


def _last_at_a_step(paths: Iterable[str]) -> dict[str, str]:
    """Return the path of the last figure for each key that was logged with steps."""
    stepped = [(figure, path) for path in paths if (figure := stepped_figure(path))]
    stepped.sort(key=lambda one: (one[0].step, one[0].rank))
    return {f"{figure.key} (last step)": path for figure, path in stepped}


def _sizes(name: str, paths: Sequence[dict[str, str]], runs: Sequence[RunFiles]) -> list[int | None]:
    return [files.sizes[run[name]] if name in run else None for run, files in zip(paths, runs, strict=True)]


def _row(name: str, paths: Sequence[dict[str, str]], runs: Sequence[RunFiles]) -> FigureRow:
    sizes = _sizes(name, paths, runs)
    contents = [_identity(files, run.get(name), sizes) for files, run in zip(runs, paths, strict=True)]
    alike = tuple(None if content is None else contents.index(content) for content in contents)
    first = next((run[name] for run in paths if name in run), "")
    is_different = len(set(sizes)) > 1 or len(set(alike) - {None}) > 1
    return FigureRow(
        name=name,
        media_type=media_type_of(first) or "",
        paths=tuple(run.get(name) for run in paths),
        sizes=tuple(sizes),
        alike=alike,
        differs=True if is_different else None if None in contents else False,
    )


def _identity(files: RunFiles, path: str | None, sizes: Sequence[int | None]) -> str | None:
    """Return a hash of a figure's bytes, or its size if that is unique among *sizes*."""
    if path is None:
        return None
    size = files.sizes[path]
    if sizes.count(size) == 1:
        return f"{size} bytes"
    content = files.content(path)
    return None if content is None else hashlib.sha256(content).hexdigest()
