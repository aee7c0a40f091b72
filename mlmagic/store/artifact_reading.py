"""Read a run's files from the run's own artifact location, without following links, up to a size limit.

The store says where a run's files are, and anyone may have written the store. It may name one of the user's folders,
or a server to which MLflow would send the user's credentials.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from mlmagic.errors import StoreError
from mlmagic.snapshot.git.files import megabytes
from mlmagic.store import addresses, refusals, tracking_uri
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST_LISTED = 100_000
_ROOT = "artifacts"
SHARED = ("mlmagic", "parts")
"""The folder of an experiment that holds the parts shared by its runs (`mlmagic.store.shared_parts`)."""
_PORTS = {"http": 80, "https": 443}
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# Without O_NONBLOCK, opening a FIFO that has no writer would block.
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class ArtifactFile:
    """A file or folder of a run; *odd* says why it is not read, for example because it is a link or a device."""

    path: str
    size: int = 0
    is_dir: bool = False
    odd: str = ""


class ArtifactPlace(Protocol):
    """The location of a run's files."""

    def files(self, folder: str = "") -> list[ArtifactFile]:
        """List *folder*; an empty string means the top."""

    def read(self, path: str, most: int) -> bytes:
        """Return the content of a listed file.

        Raises
        ------
        StoreError
            When it has more than *most*, is a link, or lies elsewhere.
        """


def place_of(run_id: str, artifact_uri: str) -> ArtifactPlace:
    """Return read access to the files of a run in the current store.

    Raises
    ------
    StoreError
        When *artifact_uri* is not a place of this run's own.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.utils.file_utils import local_file_uri_to_path
    from mlflow.utils.uri import is_local_uri

    if not artifact_uri:
        raise StoreError("the store does not say where the run's files lie")
    store_uri = tracking_uri.current_uri()
    if is_local_uri(artifact_uri, is_tracking_or_registry_uri=False):
        path = Path(local_file_uri_to_path(artifact_uri))
        if ".." in path.parts or path.parts[-2:] != (run_id, _ROOT):
            raise StoreError(
                f"the store says that the run's files lie in {str(path)!r}, which is no folder of this run: nothing is "
                f"read there. A run's own folder ends with {run_id}/{_ROOT}"
            )
        return LocalPlace(path)
    if urlsplit(artifact_uri).scheme in {"runs", "models"}:
        raise StoreError(f"the store says that the run's files are those of {artifact_uri!r}: nothing is read there")
    if problem := foreign_server(artifact_uri, store_uri):
        raise StoreError(f"the run's files lie on {problem}")
    return RemotePlace(get_artifact_repository(artifact_uri, tracking_uri=store_uri))


def shared_place(run_id: str, artifact_uri: str) -> ArtifactPlace:
    """Return read access to the files that an experiment's runs share, given the artifact URI of one of them.

    Raises
    ------
    StoreError
        As `place_of`, or when the run's files lie in no folder of an experiment.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    own = place_of(run_id, artifact_uri)
    if isinstance(own, LocalPlace):
        return LocalPlace(own.root.parent.parent.joinpath(*SHARED))
    root, found, rest = artifact_uri.rpartition(f"/{run_id}/{_ROOT}")
    if not found or rest:
        raise StoreError("the run's files lie in no folder of an experiment")
    shared = f"{root}/{'/'.join(SHARED)}"
    return RemotePlace(get_artifact_repository(shared, tracking_uri=tracking_uri.current_uri()))


def foreign_server(artifact_uri: str, tracking_uri: str) -> str | None:
    """Return why the server of *artifact_uri* must not be contacted, and what to do, or None if it may be.

    MLflow would send the tracking server's credentials to another server, and a store in a file may have come from
    anyone. The setting ``artifact_servers`` names the servers that the user trusts.
    """
    parts = urlsplit(artifact_uri)
    address = parts.netloc.rpartition("@")[2]
    if parts.scheme not in {"http", "https", "mlflow-artifacts"} or not address or address in settings.artifact_servers:
        return None
    is_trusted = urlsplit(tracking_uri).scheme in _PORTS and not addresses.credentials()
    if is_trusted or not _is_another(artifact_uri, tracking_uri):
        return None
    return (
        f"{parts.hostname!r}, which is not the tracking server: nothing is read or written there, as MLflow would send "
        f"it your credentials. If it is yours: %config MLMagic.artifact_servers = [{address!r}]"
    )


def _is_another(artifact_uri: str, tracking_uri: str) -> bool:
    parts, own = urlsplit(artifact_uri), urlsplit(tracking_uri)
    scheme = own.scheme if parts.scheme == "mlflow-artifacts" else parts.scheme  # MLflow takes the tracking server's
    try:
        return (scheme, parts.hostname, parts.port or _PORTS.get(scheme)) != (
            own.scheme,
            own.hostname,
            own.port or _PORTS.get(own.scheme),
        )
    except ValueError:  # the port is not a number
        return True


class LocalPlace:
    """A folder on this machine. Links are not followed, neither inside it nor the folder itself."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self, folder: str = "") -> list[ArtifactFile]:
        """List *folder*; return an empty list if it does not exist."""
        try:
            with self._folder(_parts(folder) if folder else ()) as opened, os.scandir(opened) as entries:
                return [_listed(folder, entry) for entry in itertools.islice(entries, _MOST_LISTED)]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, path: str, most: int) -> bytes:
        """Return the content of a file."""
        *folders, name = _parts(path)
        with self._folder(folders) as folder, _closing(_open(name, _FILE, folder)) as file:
            about = os.fstat(file)
            if not stat.S_ISREG(about.st_mode):
                raise StoreError(f"{path!r} is no regular file")
            if about.st_size > most:
                raise StoreError(f"it has {megabytes(about.st_size)}")
            with os.fdopen(os.dup(file), "rb") as content:
                return content.read(most)

    @contextlib.contextmanager
    def _folder(self, below: Sequence[str]) -> Iterator[Any]:
        """Open a folder one step at a time, from the experiment's folder down; no step may be a link."""
        above, steps = self.root.parent.parent, (*self.root.parts[-2:], *below)
        if not _BY_DESCRIPTOR:
            yield _without_links(above, steps)
            return
        try:
            opened = os.open(above, _FOLDER & ~os.O_NOFOLLOW)
        except PermissionError as error:
            raise StoreError(f"{str(above)!r} cannot be read: {error.strerror}") from error
        try:
            for name in steps:
                inner = _open(name, _FOLDER, opened)
                os.close(opened)
                opened = inner
            yield opened
        finally:
            os.close(opened)


def _without_links(folder: Path, steps: Iterable[str]) -> Path:
    """Return the folder that *steps* lead to, on systems that cannot open a folder by descriptor (Windows)."""
    for name in steps:
        folder /= name
        if folder.is_symlink():
            raise StoreError(f"{name!r} is a link, which is not followed")
    return folder


def _open(name: str, flags: int, folder: Any) -> int:
    if not _BY_DESCRIPTOR:
        return os.open(_without_links(folder, [name]), flags)
    try:
        return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        # With O_DIRECTORY, Linux reports a link as ENOTDIR.
        if error.errno in {errno.ELOOP, errno.EMLINK, errno.ENOTDIR} and _is_link(name, folder):
            raise StoreError(f"{name!r} is a link, which is not followed") from None
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise
        raise StoreError(f"{name!r} cannot be read: {error.strerror}") from error


def _is_link(name: str, folder: int) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _listed(folder: str, entry: os.DirEntry[str]) -> ArtifactFile:
    path = f"{folder}/{entry.name}" if folder else entry.name
    if entry.is_symlink():
        return ArtifactFile(path, odd="is a link, which is not followed")
    if entry.is_dir(follow_symlinks=False):
        return ArtifactFile(path, is_dir=True)
    try:
        about = entry.stat(follow_symlinks=False)
    except OSError as error:
        return ArtifactFile(path, odd=f"cannot be read: {error.strerror}")
    return (
        ArtifactFile(path, about.st_size)
        if stat.S_ISREG(about.st_mode)
        else ArtifactFile(path, odd="is no regular file")
    )


def _parts(path: str) -> tuple[str, ...]:
    """Split a path below a run's location into its steps.

    Raises
    ------
    StoreError
        When it leads out of it.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
        raise StoreError(f"{path!r} is no path of a run's file")
    return parts


class RemotePlace:
    """A location that MLflow reads: a server or a bucket."""

    def __init__(self, repository: Any) -> None:
        self._repository = repository

    def files(self, folder: str = "") -> list[ArtifactFile]:
        """List *folder*, without paths that lead elsewhere."""
        found = [ArtifactFile(one.path, int(one.file_size or 0), bool(one.is_dir)) for one in self._listed(folder)]
        return [file for file in found if _leads_below(file.path)]

    def _listed(self, folder: str) -> list[Any]:
        with refusals.refused_by(tracking_uri.current_uri()):
            return list(self._repository.list_artifacts(folder or None))

    def read(self, path: str, most: int) -> bytes:
        """Return the content of a file."""
        _parts(path)
        with (
            refusals.refused_by(tracking_uri.current_uri()),
            tempfile.TemporaryDirectory() as folder,
            Path(self._repository.download_artifacts(path, folder)).open("rb") as content,
        ):
            found = content.read(most + 1)
        if len(found) > most:
            raise StoreError(f"it has more than {megabytes(most)}")
        return found


def _leads_below(path: str) -> bool:
    try:
        return bool(_parts(path))
    except StoreError:
        return False
