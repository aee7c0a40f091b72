"""The connection to the MLflow store: opening it, asking it within a time limit, and its artifacts."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import logging
import os
import sqlite3
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from mlmagic.errors import StoreAwayError, StoreError
from mlmagic.private import state_folder
from mlmagic.shadowing import shadow
from mlmagic.store import addresses, own_requests, tracking_uri, waiting
from mlmagic.store.refusals import refused_by
from mlmagic.store.tracking_uri import current_uri, is_local, is_local_file, shown_uri
from mlmagic.store.waiting import BackgroundTask, WaitBudget
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow import MlflowClient


T = TypeVar("T")

_LONGEST_CREATION_S = 120
_LONGEST_SILENCE_S = 30.0
_LONGEST_EXCLUSIVE_S = 60
_ARTIFACTS = "mlruns"
"""What MLflow calls the folder of a local store's artifacts."""

_creating_tables = threading.RLock()
_opening: dict[str, threading.RLock] = {}
"""By URI: a store that does not answer holds up no other one."""
_connected: dict[str, MlflowClient] = {}
_files: dict[str, tuple[int, int]] = {}
"""By URI, with the file of a SQLite store. Clients belong to the process, as MLflow's own engines do."""


def connect(uri: str | None = None) -> MlflowClient:
    """Return a client of the store at *uri*, or of the current one, creating a new SQLite store if need be.

    Raises
    ------
    StoreError
        When the URI is malformed or the store cannot be opened.
    """
    uri = uri or current_uri()
    is_known = uri in _connected and not _is_gone(uri)
    if is_local(uri) and not is_known and threading.current_thread() is threading.main_thread():
        # Creating the store takes seconds. An interrupt would leave half of the tables, or be lost in a callback of the
        # garbage collector, so it must reach the waiting thread instead.
        return BackgroundTask(lambda: _connect(uri)).result(None)
    return _connect(uri)


def _connect(uri: str) -> MlflowClient:
    mlflow = tracking_uri.whole_mlflow()
    own_requests.limit_own_retries()
    with _opening.setdefault(uri, threading.RLock()), refused_by(uri):
        if _is_gone(uri):
            _forget(uri)
        if uri in _connected:
            return _connected[uri]
        _open_database(uri)
        with _tables_of(uri), creating(uri):
            was_there = is_local_file(uri)
            _open_file(uri)
            client: MlflowClient = mlflow.MlflowClient(uri)
            client.search_experiments(max_results=1)
            waiting.answered()
            if not was_there:
                gc.collect()  # thousands of objects with finalizers, in which an interrupt would be lost as well
        _connected[uri] = client
        if (file := _file_of(uri)) is not None:
            _files[uri] = file
        return client


@contextlib.contextmanager
def _tables_of(uri: str) -> Iterator[None]:
    """Let one thread at a time create a database's tables, for which Alembic has one context in a process."""
    if not is_local(uri) and not addresses.is_server_database(uri):
        yield
        return
    with _creating_tables, _without_news(), _artifacts_at_home():  # which change what all threads see of MLflow
        yield


@contextlib.contextmanager
def _artifacts_at_home() -> Iterator[None]:
    """Let MLflow place a store's artifacts in the folder in which the extension was loaded.

    MLflow takes the working folder, which the user's code may change, also on another thread and meanwhile.
    """
    utils, home = sys.modules.get("mlflow.tracking._tracking_service.utils"), tracking_uri.home()
    if utils is None or home is None:
        yield
        return
    restore = shadow(utils, "DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH", str(home / _ARTIFACTS))
    try:
        yield
    finally:
        restore()


def _open_file(uri: str) -> None:
    """Raise at once if SQLite cannot open its file; MLflow would retry for a hundred seconds."""
    path = addresses.sqlite_file(uri)[1]
    if not path or "%" in path or path.startswith((":memory:", "file:")):
        return
    if not tracking_uri.is_chosen(uri) and Path(path).is_symlink():
        target = Path(path).resolve()
        raise StoreError(
            f"{path} is a link to {target}, and may have come with this folder. If it is yours: "
            f"%env MLFLOW_TRACKING_URI=sqlite:///{target}"
        )
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(path, timeout=settings.store_timeout_s)) as database:
            database.execute("pragma schema_version")
        if not os.access(path, os.W_OK):
            raise PermissionError("it is read-only")
    except (OSError, sqlite3.Error) as error:
        if "locked" in str(error):
            raise StoreAwayError(f"the store {path} is locked by another process") from error
        raise StoreError(
            f"the store {path} cannot be written: {error}. Name one that can: "
            "%env MLFLOW_TRACKING_URI=sqlite:////folder/you/own/mlflow.db"
        ) from error


def _open_database(uri: str) -> None:
    """Raise at once if a database cannot be reached; MLflow would retry for minutes."""
    if not addresses.is_server_database(uri):
        return
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    engine.connect().close()
    engine.dispose()


def is_missing(uri: str) -> bool:
    """Return whether the file of a SQLite store that was in use is not there now; to connect would create a new one."""
    path = addresses.sqlite_file(uri)[1]
    return uri in _connected and path.startswith("/") and not Path(path).exists()


def _is_gone(uri: str) -> bool:
    """Return whether the file of a SQLite store was deleted, or replaced by another, while the store was in use."""
    return is_missing(uri) or (uri in _files and _files[uri] != _file_of(uri))


def _file_of(uri: str) -> tuple[int, int] | None:
    """Return what identifies the file of a SQLite store; None if there is no such file."""
    path = addresses.sqlite_file(uri)[1]
    if not path.startswith("/"):
        return None
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def forget(uri: str) -> None:
    """Drop what is kept of a store that nobody uses any more, ours and MLflow's: its client, connections and store."""
    with _opening.setdefault(uri, threading.RLock()):
        if uri in _connected:
            _forget(uri)
    _opening.pop(uri, None)


def _forget(uri: str) -> None:
    """Drop a deleted store, so that the next use creates it again; MLflow itself would keep using the deleted file."""
    from mlflow.tracking._tracking_service import utils

    del _connected[uri]
    _files.pop(uri, None)
    # MLflow has no public way to close a store: neither the engine of the deleted file nor the store around it.
    store_class = sys.modules["mlflow.store.tracking.sqlalchemy_store"].SqlAlchemyStore
    engine = getattr(store_class, "_engine_map", {}).pop(uri, None)
    if engine is not None:
        engine.dispose()
    utils._tracking_store_registry._get_store_with_resolved_uri.cache_clear()


@contextlib.contextmanager
def creating(uri: str) -> Iterator[None]:
    """Hold the lock for creating a SQLite store: MLflow fails if two processes create one at the same time."""
    with _lock_of(uri) if is_local(uri) else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def exclusive(uri: str, what: str) -> Iterator[bool]:
    """Let one of this user's processes at a time do *what* with a SQLite store.

    Yield whether that is so: it is not for a server, nor where there is no state folder for the lock.

    Raises
    ------
    StoreAwayError
        If another process holds the lock for too long.
    """
    from filelock import FileLock, Timeout

    path = addresses.sqlite_file(uri)[1]
    try:
        folder = state_folder() if path else None
    except OSError:
        folder = None
    if folder is None:
        yield False
        return
    name = hashlib.sha256(f"{what} {os.path.realpath(path)}".encode()).hexdigest()[:20]
    lock = FileLock(folder / f"{what}-{name}.lock", timeout=_LONGEST_EXCLUSIVE_S, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreAwayError(
            f"another process holds the store {path} for longer than {_LONGEST_EXCLUSIVE_S} s"
        ) from error
    try:
        yield True
    finally:
        lock.release()


def _lock_of(uri: str) -> contextlib.AbstractContextManager[object]:
    """Return the lock of a store for this user's processes, in a folder where no other user can plant a file."""
    from filelock import FileLock

    try:
        folder = state_folder()
    except OSError:  # the home is read-only; two kernels that create one store at once are rare there
        return contextlib.nullcontext()
    name = hashlib.sha256(uri.encode()).hexdigest()[:20]
    return FileLock(folder / f"store-{name}.lock", timeout=_LONGEST_CREATION_S, mode=0o600)


@contextlib.contextmanager
def _without_news() -> Iterator[None]:
    """Keep MLflow's progress lines about its tables out of the user's cell."""
    loggers = [logging.getLogger(name) for name in ("mlflow.store.db.utils", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def wait_budget() -> WaitBudget:
    """Return how long a cell may wait for the current store."""
    uri = current_uri()
    return WaitBudget(settings.store_timeout_s, local=is_local(uri), uri=uri)


def ask(work: Callable[[], T], *, timeout_s: float | None = None) -> T:
    """Run *work*, which queries the current store, on one of mlmagic's threads, and return its result.

    On these threads MLflow's retries are limited; elsewhere they take minutes. An interrupt reaches only the waiting
    thread, so it leaves no half-finished import and no open connection.

    Raises
    ------
    StoreAwayError
        When a server gives no answer for *timeout_s* seconds, by default those that it may hold a cell for; after a
        first answer, and where answers are not seen one by one (of a database), for half a minute.
    """
    if waiting.is_ours(threading.current_thread().name):  # the thread that started this one already waits for it
        return work()
    uri = current_uri()
    pending = BackgroundTask(work)
    limit_s = timeout_s or _longest_silence(uri)
    heard = waiting.answers()
    while not pending.wait(None if is_local(uri) else limit_s):
        if waiting.answers() == heard:
            waiting.note_silence(uri)
            raise StoreAwayError(f"the MLflow store {shown_uri()} does not answer within {limit_s:g} s")
        heard, limit_s = waiting.answers(), max(limit_s, _LONGEST_SILENCE_S)
    return pending.result(None)  # type: ignore[return-value]  # the work has ended, so this is its result


def _longest_silence(uri: str) -> float:
    if not uri.startswith(("http", "databricks")):
        return max(settings.store_timeout_s, _LONGEST_SILENCE_S)
    return waiting.PROBE_S if waiting.is_silent(uri) else max(settings.store_timeout_s, waiting.PROBE_S)


def obstacle(uri: str) -> str:
    """Return why the store at *uri*, which raised no error, has not accepted everything in time."""
    if not is_local(uri):
        return "the store does not answer" if waiting.is_silent(uri) else "the store is slow"
    path = addresses.sqlite_file(uri)[1]
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(path)}?mode=rw", timeout=0, uri=True)) as database:
            database.execute("begin immediate")
    except sqlite3.Error as error:
        return str(error)
    return "the store is slow"


def artifacts(artifact_uri: str, uri: str | None = None) -> Any:
    """Return MLflow's artifact repository of a run in the store at *uri*, by default the current store.

    The client's own methods would fetch the run on each call.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(artifact_uri, tracking_uri=uri or current_uri())


def read_text(repository: Any, path: str) -> str | None:
    """Return the text artifact at *path* of a repository from `artifacts`, or None if it does not exist."""
    if path not in {file.path for file in repository.list_artifacts(path.rpartition("/")[0] or None)}:
        return None
    with tempfile.TemporaryDirectory() as folder, environment_variable("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false"):
        return Path(repository.download_artifacts(path, folder)).read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def environment_variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable temporarily."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
