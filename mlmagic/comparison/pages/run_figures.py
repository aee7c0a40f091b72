"""The figures of several runs by name, and the bytes of one of them."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.comparison.diffs.figure_paths import media_type_of
from mlmagic.comparison.diffs.run_files import LONGEST_BYTES, RunFiles, list_all
from mlmagic.comparison.pages.figure_series import series_of
from mlmagic.errors import StoreError, UsageProblem
from mlmagic.store import connection
from mlmagic.store.artifact_reading import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.entities import Run

    from mlmagic.store.artifact_reading import ArtifactPlace

_FOLDERS = ("", "figures", "images")
_MOST_FRAMES = 5000
_TOLD_PROBLEMS = 5


def read_figures(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the figures of *runs* by name, each with its frames in each run, and what could not be read.

    Listed are the top of a run's files, ``figures/`` and ``images/``.
    """
    files = [RunFiles(run.info.run_id, run.info.artifact_uri) for run in runs]
    list_all(files, _FOLDERS)
    series = series_of([sorted(one.sizes) for one in files])
    problems = [
        f"{run.info.run_name or run.info.run_id[:8]}: {path or 'its files'}: {why}"
        for run, one in zip(runs, files, strict=True)
        for path, why in one.problems.items()
    ]
    kept = [one for one in series if sum(map(len, one.runs)) <= _MOST_FRAMES]
    problems += [
        f"{one.name} has more than {_MOST_FRAMES:,} figures, and is left out" for one in series if one not in kept
    ]
    more = len(problems) - _TOLD_PROBLEMS
    told = [*problems[:_TOLD_PROBLEMS], f"and {more} more files that cannot be read"] if more > 0 else problems
    return {"figures": [asdict(one) for one in kept], "problems": told}


def read_picture(run: Run, path: str) -> bytes:
    """Return the bytes of a figure of a run.

    Raises
    ------
    UsageProblem
        If *path* is no figure by its name.
    StoreError
        If it was deleted, is a link, has more than 4 MB, or cannot be read.
    """
    if media_type_of(path) is None:
        raise UsageProblem(f"{path!r} is no figure by its name.")
    place = place_of(run.info.run_id, run.info.artifact_uri)
    with connection.environment_variable("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false"):
        return connection.ask(partial(_read, place, path))


def _read(place: ArtifactPlace, path: str) -> bytes:
    gone = StoreError(f"{path!r} is not in the store any more.")
    try:
        return place.read(path, LONGEST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise gone from None
    except StoreError as error:
        if _is_missing(place, path):  # which a server says in many ways
            raise gone from None
        raise error from None


def _is_missing(place: ArtifactPlace, path: str) -> bool:
    """Return whether a listing that succeeds does not have the file."""
    try:
        return path not in {file.path for file in place.files(path.rpartition("/")[0])}
    except StoreError:
        return False
