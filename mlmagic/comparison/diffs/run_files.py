"""Lists and reads the files of runs from the artifact store, in threads, each file once and up to a size limit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from mlmagic.errors import MLMagicError
from mlmagic.snapshot.git.files import megabytes
from mlmagic.store import connection, shared_parts
from mlmagic.store.artifact_reading import place_of
from mlmagic.store.waiting import OWN_THREAD, answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlmagic.store.artifact_reading import ArtifactPlace

    T = TypeVar("T")
    R = TypeVar("R")

LONGEST_BYTES = 4_000_000
"""The largest file that is read; cells, patches and figures that a person can look at are smaller."""

_AT_ONCE = 16
_LONGEST_SILENCE_S = 60.0
_MOST_ODD = 10


def in_threads(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return *work* of each item, computed concurrently, which hides the latency of a remote store."""
    listed = list(items)
    if len(listed) < 2:  # noqa: PLR2004  # a single item needs no thread
        return [work(item) for item in listed]
    with ThreadPoolExecutor(min(len(listed), _AT_ONCE), thread_name_prefix=f"{OWN_THREAD}read") as pool:
        return list(pool.map(work, listed))


class RunFiles:
    """The files of one run that were listed or read.

    ``sizes`` maps the listed paths to sizes in bytes, ``folders`` are those found in them.
    ``problems`` maps paths that could not be read to the reason.
    """

    def __init__(self, run_id: str, artifact_uri: str) -> None:
        self._run_id = run_id
        self._artifact_uri = artifact_uri
        self._place: ArtifactPlace | None = None
        self._contents: dict[str, bytes | None] = {}
        self.sizes: dict[str, int] = {}
        self.folders: list[str] = []
        self.problems: dict[str, str] = {}

    def text(self, path: str) -> str | None:
        """Return a text that was read, or None if the run does not have it or it could not be read."""
        content = self._contents.get(path)
        return None if content is None else content.decode("utf-8", "replace")

    def content(self, path: str) -> bytes | None:
        """Return the bytes of a file that was read, or None."""
        return self._contents.get(path)

    def why_not(self, path: str) -> str | None:
        """Return why a file was not read, or None if it was read or does not exist."""
        if self._place is None and self.problems:
            return "its files are not read"
        return self.problems.get(path) or self.problems.get(path.rpartition("/")[0])

    def list(self, folder: str) -> None:
        """List the files in *folder*; an empty string is the top level."""
        if "" in self.problems and self._place is None:  # the artifact location is invalid, and already reported
            return
        try:
            if self._place is None:
                self._place = place_of(self._run_id, self._artifact_uri)
            found = self._place.files(folder)
        except MLMagicError as error:
            self.problems[folder if self._place else ""] = str(error)
            return
        self.sizes |= {file.path: file.size for file in found if not file.is_dir and not file.odd}
        self.folders += [file.path for file in found if file.is_dir]
        odd = [file for file in found if file.odd]
        self.problems |= {file.path: f"not read: it {file.odd}" for file in odd[:_MOST_ODD]}

    def read(self, path: str) -> None:
        """Read a listed file, unless it was read before or is too large."""
        if path in self._contents or path not in self.sizes or self._place is None:
            return
        if self.sizes[path] > LONGEST_BYTES:
            self.problems[path] = f"not read: it has {megabytes(self.sizes[path])}"
            return
        try:
            content = self._place.read(path, LONGEST_BYTES)
            self._contents[path] = shared_parts.whole(content, self._run_id, self._artifact_uri, LONGEST_BYTES)
        except (MLMagicError, OSError) as error:
            self.problems[path] = f"not read: {error}"


def list_all(files: Iterable[RunFiles], folders: Iterable[str]) -> None:
    """List these folders of all runs concurrently."""
    _ask_all(RunFiles.list, [(one, folder) for one in files for folder in folders])


def read_all(wanted: Iterable[tuple[RunFiles, str]]) -> None:
    """Read these files concurrently."""
    with connection.environment_variable("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false"):
        _ask_all(RunFiles.read, dict.fromkeys(wanted))


def _ask_all(work: Callable[[RunFiles, str], None], wanted: Iterable[tuple[RunFiles, str]]) -> None:
    def one(pair: tuple[RunFiles, str]) -> None:
        work(*pair)
        answered()

    connection.ask(lambda: in_threads(one, wanted), timeout_s=_LONGEST_SILENCE_S)
