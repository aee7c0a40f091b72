"""The MLflow store: where it is, its experiments, and beginning and ending runs in it."""

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
from mlmagic.snapshot.secrets import redaction
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

_importing = threading.RLock()
_lock = threading.RLock()
_connected: dict[str, MlflowClient] = {}
"""By URI. Clients belong to the process, as MLflow's own engines do."""
_home: Path | None = None
"""The folder in which the extension was loaded, until it is unloaded."""
_unchosen: str | None = None
"""The store of the working folder, where the user has chosen none: it may have come with the folder."""


def pin_tracking_uri() -> Callable[[], None]:
    """Fix the store for this process; returns the way back.

    MLflow's own choice is honoured (``mlflow.set_tracking_uri``, ``MLFLOW_TRACKING_URI``); its default,
    ``sqlite:///mlflow.db``, and every relative SQLite file are made absolute, so that ``os.chdir`` does not move the
    store. It is set by the environment variable, which subprocesses inherit; MLflow is not imported.
    """
    global _home, _unchosen  # noqa: PLW0603  # one store a process, as in MLflow
    _home = Path.cwd()
    before = os.environ.get(TRACKING_URI)
    chosen = _chosen()
    os.environ[TRACKING_URI] = settled = _absolute(chosen or _DEFAULT, _home)
    _unchosen = settled if chosen is None else None

    def restore() -> None:
        if os.environ.get(TRACKING_URI) != settled:  # changed since: that is the user's choice
            return
        if before is None:
            del os.environ[TRACKING_URI]
        else:
            os.environ[TRACKING_URI] = before

    return restore


def is_local(uri: str) -> bool:
    """Return whether the store is a file of this machine."""
    return addresses.kind(uri) == "sqlite"


def wait_budget() -> WaitBudget:
    """Return how long a cell waits for the current store."""
    uri = current_uri()
    return WaitBudget(settings.store_timeout_s, local=is_local(uri), uri=uri)


def ask(work: Callable[[], T], *, timeout_s: float | None = None) -> T:
    """Return what *work*, which asks the current store, returns.

    It runs on a thread of ours: there MLflow gives up soon, where it would go on for minutes, and an interrupt, which
    meets the thread that waits, leaves no import half done and no connection open.

    Raises
    ------
    StoreAwayError
        When a server gives no answer for *timeout_s* seconds, by default those that it may hold a cell for; after a
        first answer, and where answers are not seen one by one (of a database), for half a minute.
    """
    if waiting.is_ours(threading.current_thread().name):  # whoever began this one waits for it
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
    return pending.result(None)  # type: ignore[return-value]  # it is what the work returned, now that this has ended


def _longest_silence(uri: str) -> float:
    if not uri.startswith(("http", "databricks")):
        return max(settings.store_timeout_s, _LONGEST_SILENCE_S)
    return waiting.PROBE_S if waiting.is_silent(uri) else max(settings.store_timeout_s, waiting.PROBE_S)


def obstacle(uri: str) -> str:
    """Return why the store at *uri*, which has given no error, has not taken everything in time."""
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
    """Return the store's URI fit to be shown: without passwords."""
    return redaction.redact(_chosen() or _DEFAULT)[0]


def _chosen() -> str | None:
    service = sys.modules.get("mlflow.tracking._tracking_service.utils")
    return getattr(service, "_tracking_uri", None) or os.environ.get(TRACKING_URI)


def _absolute(uri: str, folder: Path) -> str:
    before, path = addresses.sqlite_file(uri)
    if not path or path.startswith(("/", ":memory:")):
        return uri
    # MLflow takes the path as it stands, so nothing is quoted. A question mark ends it, and SQLAlchemy reads %20 in
    # its own way since 2.1: below a folder of such a name the URI stays relative.
    return uri if _NOT_IN_URI.search(str(folder)) else f"{before}{folder / uri[len(before) :]}"


def current_uri() -> str:
    """Return the URI of the store that MLflow uses now."""
    return str(_whole_mlflow().get_tracking_uri())


def _whole_mlflow() -> Any:
    """Import MLflow: after an import that was interrupted, from the beginning, as half of its modules were left."""
    with _importing, whole_imports():
        if "mlflow" not in sys.modules:
            for name in [name for name in sys.modules if name.startswith("mlflow.")]:
                del sys.modules[name]
        import mlflow
    return mlflow


def is_local_file(uri: str | None = None) -> bool:
    """Return whether the store is a SQLite file that is there: it answers at once, and asking does not create it."""
    uri = uri or current_uri()
    path = addresses.sqlite_file(uri)[1]
    return bool(path) and Path(path).is_file()


def old_file_store(folder: Path) -> str | None:
    """Return one line of advice when *folder* holds the file store of an older MLflow, which is not read any more."""
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
        # It may have to be created, which takes seconds. An interrupt that met this would leave half of the tables, or
        # be lost in what the garbage collector calls: it is to meet the thread that waits.
        return BackgroundTask(lambda: _connect(uri)).result(None)
    return _connect(uri)


def _connect(uri: str) -> MlflowClient:
    mlflow = _whole_mlflow()
    own_requests.limit_own_retries()
    with _lock:
        if _is_gone(uri):
            _forget(uri)
        if uri in _connected:
            return _connected[uri]
        with refused_by(uri), creating(uri), _without_news():
            was_there = is_local_file(uri)
            _open_file(uri)
            _open_database(uri)
            client: MlflowClient = mlflow.MlflowClient(uri)
            client.search_experiments(max_results=1)
            waiting.answered()
            if not was_there:
                gc.collect()  # thousands of objects with finalizers, on which an interrupt would be lost as well
        _connected[uri] = client
        return client


def _open_file(uri: str) -> None:
    """Raise at once where SQLite cannot open its file: MLflow would go on asking for a hundred seconds."""
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
    """Raise at once where a database cannot be reached: MLflow would go on asking for minutes."""
    if not addresses.is_server_database(uri):
        return
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    engine.connect().close()
    engine.dispose()


def _is_gone(uri: str) -> bool:
    """Return whether the file of a SQLite store that was in use has been deleted."""
    path = addresses.sqlite_file(uri)[1]
    return uri in _connected and path.startswith("/") and not Path(path).exists()


def _forget(uri: str) -> None:
    """Let go of a store, so that the next use makes it anew; MLflow itself would go on with the deleted file."""
    from mlflow.tracking._tracking_service import utils

    del _connected[uri]
    # MLflow has no public way to close a store: the engine that holds the deleted file, and the store around it.
    store_class = sys.modules["mlflow.store.tracking.sqlalchemy_store"].SqlAlchemyStore
    engine = getattr(store_class, "_engine_map", {}).pop(uri, None)
    if engine is not None:
        engine.dispose()
    utils._tracking_store_registry._get_store_with_resolved_uri.cache_clear()


@contextlib.contextmanager
def creating(uri: str) -> Iterator[None]:
    """Hold the lock under which a SQLite store is created: MLflow fails when two processes do so at once."""
    if not is_local(uri):
        yield
        return
    moved = _home is not None and Path.cwd() != _home
    with (
        _lock_of(uri),
        # MLflow puts the artifacts of a new store below the working folder, which the user may have left since.
        contextlib.chdir(_home) if moved and _home else contextlib.nullcontext(),
    ):
        yield


def _lock_of(uri: str) -> contextlib.AbstractContextManager[object]:
    """Return the lock of a store between the processes of this user, in a folder where no other can plant a file."""
    from filelock import FileLock

    try:
        folder = state_folder()
    except OSError:  # a home that cannot be written: two kernels that create one store at once are rare there
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
    """Turn what MLflow raises into one line that names the store."""
    try:
        yield
    except MLMagicError:
        raise
    except Exception as error:
        raise explained(error, uri) from error


def explained(error: Exception, uri: str) -> StoreError:
    """Return what *error*, raised by MLflow about the store at *uri*, means: one line that names the store."""
    kind, text = type(error).__name__, str(error)
    if kind in _UNSUPPORTED or "No implementation found" in text or not addresses.is_known(uri):
        return addresses.unknown(uri)
    if outage.judge(error) in {Verdict.REFUSED, Verdict.WRONG_SETTING}:
        hint = ". A file takes three slashes: sqlite:///mlflow.db" if "Invalid SQLite URL" in text else ""
        why = redaction.redact(outage.first_line(error))[0][:400]
        return StoreError(f"the MLflow store {redaction.redact(uri)[0]} refused: {why}{hint}")
    return away(error, uri)


def away(error: Exception, uri: str) -> StoreAwayError:
    """Return *error* as one after which what was to be stored is delivered another time."""
    verdict = outage.judge(error)
    return StoreAwayError(
        f"the MLflow store {redaction.redact(uri)[0]} {redaction.redact(outage.reason(error))[0][:300]}",
        only_this=verdict is not Verdict.AWAY,
        too_large=verdict is Verdict.TOO_LARGE,
        is_gone=verdict is Verdict.GONE,
        wait_s=outage.wait_s(error),
    )


@contextlib.contextmanager
def environment_variable(name: str, value: str) -> Iterator[None]:
    """Give an environment variable another value for a while."""
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
    """Return MLflow's access to the artifacts of a run of the store at *uri*, or of the current one.

    The client's own would fetch the run for each call.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(artifact_uri, tracking_uri=uri or current_uri())


def read_text(repository: Any, path: str) -> str | None:
    """Return the text artifact at *path* of what `artifacts` gave, or None when there is none."""
    if path not in {file.path for file in repository.list_artifacts(path.rpartition("/")[0] or None)}:
        return None
    with tempfile.TemporaryDirectory() as folder, environment_variable("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false"):
        return Path(repository.download_artifacts(path, folder)).read_text(encoding="utf-8", errors="replace")


def url(run_id: str, experiment_id: str) -> str | None:
    """Return the address of a run in the MLflow UI, where one serves."""
    base = ui()
    return f"{base}/#/experiments/{experiment_id}/runs/{run_id}" if base else None


def ui() -> str | None:
    """Return the address of the MLflow UI that serves the store, None where none is known."""
    uri = current_uri()
    base = settings.ui_url or (uri if uri.startswith(("http://", "https://")) else "")
    if not base.startswith(("http://", "https://")):
        return None
    parts = urlsplit(base)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
