"""The connection to the MLflow store: its URI, its client, its artifacts, and errors that name the store."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import logging
import os
import re
import sqlite3
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from mlmagic.errors import MLMagicError, StoreAwayError, StoreError
from mlmagic.private import state_folder
from mlmagic.session.interrupts import whole_imports
from mlmagic.store import addresses, outage, own_requests, waiting
from mlmagic.store.outage import Verdict
from mlmagic.store.waiting import BackgroundTask, WaitBudget
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow import MlflowClient


T = TypeVar("T")

TRACKING_URI = "MLFLOW_TRACKING_URI"
_DEFAULT = "sqlite:///mlflow.db"
_UNSUPPORTED = {"UnsupportedModelRegistryStoreURIException", "UnsupportedMLflowStoreURI"}
_NOT_IN_URI = re.compile(r"\?|%[0-9A-Fa-f]{2}")

_LONGEST_CREATION_S = 120
_LONGEST_SILENCE_S = 30.0
_DISTRIBUTIONS = {
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "azure": "azure-storage-blob azure-identity",
    "google": "google-cloud-storage",
}
"""What to install, by the module that a store imports, where the two have different names."""

_importing = threading.RLock()
_creating_tables = threading.RLock()
_opening: dict[str, threading.RLock] = {}
"""By URI: a store that does not answer holds up no other one."""
_connected: dict[str, MlflowClient] = {}
"""By URI. Clients belong to the process, as MLflow's own engines do."""
_home: Path | None = None
"""The folder in which the extension was loaded, until it is unloaded."""
_unchosen: str | None = None
"""The store of the working folder if the user has chosen none; it may have come with the folder."""


def pin_tracking_uri() -> Callable[[], None]:
    """Fix the store's URI for this process, and return a function that restores the previous one.

    The user's choice (``mlflow.set_tracking_uri``, ``MLFLOW_TRACKING_URI``) is respected. Relative SQLite paths,
    including MLflow's default ``sqlite:///mlflow.db``, are made absolute, so that ``os.chdir`` does not move the store.
    The URI is set in the environment variable, which subprocesses inherit; MLflow is not imported.
    """
    global _home, _unchosen  # noqa: PLW0603  # one store a process, as in MLflow
    _home = Path.cwd()
    before = os.environ.get(TRACKING_URI)
    chosen = _chosen()
    os.environ[TRACKING_URI] = settled = _absolute(chosen or _DEFAULT, _home)
    _unchosen = settled if chosen is None else None

    def restore() -> None:
        if os.environ.get(TRACKING_URI) != settled:  # the user has chosen another since
            return
        if before is None:
            del os.environ[TRACKING_URI]
        else:
            os.environ[TRACKING_URI] = before

    return restore


def is_local(uri: str) -> bool:
    """Return whether the store is a SQLite file on this machine."""
    return addresses.kind(uri) == "sqlite"


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


def shown_uri() -> str:
    """Return the store's URI for display, without passwords."""
    uri = _chosen() or _DEFAULT
    if is_local(uri) and "@" not in uri and "?" not in uri and not settings.secret_patterns:
        return uri  # the path of a file; `%load_ext` imports no rules of secrets for it
    return _redacted(uri)


def _redacted(text: str) -> str:
    from mlmagic.snapshot.secrets.redaction import redact

    return redact(text)[0]


def _chosen() -> str | None:
    service = sys.modules.get("mlflow.tracking._tracking_service.utils")
    return getattr(service, "_tracking_uri", None) or os.environ.get(TRACKING_URI)


def _absolute(uri: str, folder: Path) -> str:
    before, path = addresses.sqlite_file(uri)
    if not path or path.startswith(("/", ":memory:")):
        return uri
    # MLflow takes the path literally, so nothing is quoted. A question mark ends the path, and SQLAlchemy 2.1 and later
    # interpret %20: below a folder with such a name the URI stays relative.
    return uri if _NOT_IN_URI.search(str(folder)) else f"{before}{folder / uri[len(before) :]}"


def current_uri() -> str:
    """Return the URI of the store that MLflow uses now."""
    return str(_whole_mlflow().get_tracking_uri())


def _whole_mlflow() -> Any:
    """Import MLflow; if an earlier import was interrupted, first drop the modules that it left."""
    with _importing, whole_imports():
        if "mlflow" not in sys.modules:
            for name in [name for name in sys.modules if name.startswith("mlflow.")]:
                del sys.modules[name]
        import mlflow
    return mlflow


def is_local_file(uri: str | None = None) -> bool:
    """Return whether the store is an existing SQLite file, which answers at once and is not created by the query."""
    uri = uri or current_uri()
    path = addresses.sqlite_file(uri)[1]
    return bool(path) and Path(path).is_file()


def old_file_store(folder: Path) -> str | None:
    """Return one line of advice if *folder* holds the file store of an older MLflow, which is no longer read."""
    if not any(folder.glob("mlruns/*/meta.yaml")):
        return None
    return (
        "an old ./mlruns file store is here; MLflow no longer writes to it, and new runs go to ./mlflow.db. "
        "To bring the old runs along: !mlflow migrate-filestore --source ./mlruns --target sqlite:///mlflow.db"
    )


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
    mlflow = _whole_mlflow()
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
        return client


@contextlib.contextmanager
def _tables_of(uri: str) -> Iterator[None]:
    """Let one thread at a time create a database's tables, for which Alembic has one context in a process."""
    if not is_local(uri) and not addresses.is_server_database(uri):
        yield
        return
    with _creating_tables, _without_news():  # which sets the level of MLflow's loggers, for all threads
        yield


def _open_file(uri: str) -> None:
    """Raise at once if SQLite cannot open its file; MLflow would retry for a hundred seconds."""
    path = addresses.sqlite_file(uri)[1]
    if not path or "%" in path or path.startswith((":memory:", "file:")):
        return
    if uri == _unchosen and Path(path).is_symlink():
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


def _is_gone(uri: str) -> bool:
    """Return whether the file of a SQLite store has been deleted while the store was in use."""
    path = addresses.sqlite_file(uri)[1]
    return uri in _connected and path.startswith("/") and not Path(path).exists()


def _forget(uri: str) -> None:
    """Drop a deleted store, so that the next use creates it again; MLflow itself would keep using the deleted file."""
    from mlflow.tracking._tracking_service import utils

    del _connected[uri]
    # MLflow has no public way to close a store: neither the engine of the deleted file nor the store around it.
    store_class = sys.modules["mlflow.store.tracking.sqlalchemy_store"].SqlAlchemyStore
    engine = getattr(store_class, "_engine_map", {}).pop(uri, None)
    if engine is not None:
        engine.dispose()
    utils._tracking_store_registry._get_store_with_resolved_uri.cache_clear()


@contextlib.contextmanager
def creating(uri: str) -> Iterator[None]:
    """Hold the lock for creating a SQLite store: MLflow fails if two processes create one at the same time."""
    if not is_local(uri):
        yield
        return
    moved = _home is not None and Path.cwd() != _home
    with (
        _lock_of(uri),
        # MLflow puts a new store's artifacts below the working folder, which the user may have changed since.
        contextlib.chdir(_home) if moved and _home else contextlib.nullcontext(),
    ):
        yield


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


@contextlib.contextmanager
def refused_by(uri: str) -> Iterator[None]:
    """Convert exceptions of MLflow into one-line errors that name the store."""
    try:
        yield
    except MLMagicError:
        raise
    except Exception as error:
        raise explained(error, uri) from error


def explained(error: Exception, uri: str) -> StoreError:
    """Convert *error*, which MLflow raised for the store at *uri*, into a one-line error that names the store."""
    kind, text = type(error).__name__, str(error)
    if kind in _UNSUPPORTED or "No implementation found" in text or not addresses.is_known(uri):
        return addresses.unknown(uri)
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = _DISTRIBUTIONS.get(error.name, error.name)
        return StoreError(
            f"the MLflow store {_redacted(uri)} needs the package {error.name}, which is not installed: "
            f"%pip install {package}"
        )
    if outage.judge(error) in {Verdict.REFUSED, Verdict.WRONG_SETTING}:
        hint = ". A file takes three slashes: sqlite:///mlflow.db" if "Invalid SQLite URL" in text else ""
        why = _redacted(outage.first_line(error))[:400]
        return StoreError(f"the MLflow store {_redacted(uri)} refused: {why}{hint}")
    return away(error, uri)


def away(error: Exception, uri: str) -> StoreAwayError:
    """Convert *error* into an error after which the delivery is retried."""
    verdict = outage.judge(error)
    return StoreAwayError(
        f"the MLflow store {_redacted(uri)} {_redacted(outage.reason(error))[:300]}",
        only_this=verdict is not Verdict.AWAY,
        too_large=verdict is Verdict.TOO_LARGE,
        is_gone=verdict is Verdict.GONE,
        is_from_elsewhere=outage.is_from_elsewhere(error),
        wait_s=outage.wait_s(error),
    )


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


def url(run_id: str, experiment_id: str) -> str | None:
    """Return the address of a run in the MLflow UI, or None if no UI is known."""
    base = ui()
    return f"{base}/#/experiments/{experiment_id}/runs/{run_id}" if base else None


def ui() -> str | None:
    """Return the address of the MLflow UI that serves the store, or None if none is known."""
    uri = current_uri()
    base = settings.ui_url or (uri if uri.startswith(("http://", "https://")) else "")
    if not base.startswith(("http://", "https://")):
        return None
    parts = urlsplit(base)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
