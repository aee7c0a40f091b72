"""Check that a run's files may go where its store says: a store may have come with someone else's repository.

MLflow copies a run's files to whatever address the store names, follows the links that it finds there, and sends its
credentials to whatever server that address names.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlmagic.store import addresses
from mlmagic.store.artifact_reading import foreign_server

if TYPE_CHECKING:
    from collections.abc import Iterable


def problem_of(artifact_uri: str, name: str, experiment_location: str, tracking_uri: str) -> str | None:
    """Return why files of the run or logged model *name* must not go to *artifact_uri*, or None if they may.

    A local address must be the folder that MLflow makes for *name* below its experiment's location. A server must be
    the tracking server, or one that the setting ``artifact_servers`` names.

    >>> problem_of("/p/mlruns/0/abc/artifacts", "abc", "/p/mlruns/0", "sqlite:////p/mlflow.db")
    >>> problem_of("/home/ana/.ipython/startup", "abc", "/p/mlruns/0", "sqlite:////p/mlflow.db")
    "the store puts them into '/home/ana/.ipython/startup', which is not the run's place '/p/mlruns/0/abc/artifacts'"
    """
    place = local_path(artifact_uri)
    if place is not None:
        root = local_path(experiment_location)
        own = None if root is None else root / name / "artifacts"
        if place == own and ".." not in place.parts:
            return _link_on_the_way(root, tracking_uri)
        right = str(own or experiment_location)
        return f"the store puts them into {artifact_uri!r}, which is not the run's place {right!r}"
    server = foreign_server(artifact_uri, tracking_uri)
    return f"the store puts them onto the server {server}" if server else None


def _link_on_the_way(root: Path | None, tracking_uri: str) -> str | None:
    """Return the problem if a folder between a SQLite store and its experiments' files is a link, else None.

    Such a link may have come with the store.
    """
    store_folder = Path(addresses.sqlite_file(tracking_uri)[1]).parent
    if root is None or not store_folder.is_absolute() or not root.is_relative_to(store_folder):
        return None
    for count in range(1, len(root.relative_to(store_folder).parts) + 1):
        part = store_folder.joinpath(*root.relative_to(store_folder).parts[:count])
        if part.is_symlink():
            return f"{str(part)!r} is a link, and may have come with the store: put a folder in its place"
    return None


def local_path(uri: str) -> Path | None:
    """Return the local folder that *uri* names, or None if it names none.

    >>> local_path("file:///p/a%20b").as_posix(), local_path("/p/a b").as_posix(), local_path("s3://bucket/a")
    ('/p/a b', '/p/a b', None)
    """
    if urlsplit(uri).scheme not in {"", "file"} and not Path(uri).drive:
        return None
    from mlflow.utils.file_utils import local_file_uri_to_path

    return Path(local_file_uri_to_path(uri))


def linked(place: Path, paths: Iterable[str]) -> set[str]:
    """Return those of *paths* below the folder *place* of a run that would be written through a link.

    The folder itself and its parent are checked as well. The location of the experiment is the user's choice.
    """
    if place.is_symlink() or place.parent.is_symlink():
        return set(paths)
    seen: dict[PurePosixPath, bool] = {}

    def is_linked(path: PurePosixPath) -> bool:
        if path not in seen:
            above = path.parent != path and is_linked(path.parent)
            seen[path] = above or (path.parts != () and (place / path).is_symlink())
        return seen[path]

    return {path for path in paths if is_linked(PurePosixPath(path))}
