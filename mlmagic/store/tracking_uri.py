"""The tracking URI: which MLflow store is used, how it is shown, and the UI that serves it."""

from __future__ import annotations

import os
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlmagic.session.interrupts import whole_imports
from mlmagic.store import addresses
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable

TRACKING_URI = "MLFLOW_TRACKING_URI"
_DEFAULT = "sqlite:///mlflow.db"
_NOT_IN_URI = re.compile(r"\?|%[0-9A-Fa-f]{2}")

_importing = threading.RLock()
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


def home() -> Path | None:
    """Return the folder in which the extension was loaded, or None if it is not loaded."""
    return _home


def is_chosen(uri: str) -> bool:
    """Return whether the user chose the store at *uri*; a store of the working folder may have come with the folder."""
    return uri != _unchosen


def current_uri() -> str:
    """Return the URI of the store that MLflow uses now."""
    return str(whole_mlflow().get_tracking_uri())


def whole_mlflow() -> Any:
    """Import MLflow; if an earlier import was interrupted, first drop the modules that it left."""
    with _importing, whole_imports():
        if "mlflow" not in sys.modules:
            for name in [name for name in sys.modules if name.startswith("mlflow.")]:
                del sys.modules[name]
        import mlflow
    return mlflow


def is_local(uri: str) -> bool:
    """Return whether the store is a SQLite file on this machine."""
    return addresses.kind(uri) == "sqlite"


def is_local_file(uri: str | None = None) -> bool:
    """Return whether the store is an existing SQLite file, which answers at once and is not created by the query."""
    uri = uri or current_uri()
    path = addresses.sqlite_file(uri)[1]
    return bool(path) and Path(path).is_file()


def shown_uri() -> str:
    """Return the store's URI for display, without passwords."""
    uri = _chosen() or _DEFAULT
    if is_local(uri) and "@" not in uri and "?" not in uri and not settings.secret_patterns:
        return uri  # the path of a file; `%load_ext` imports no rules of secrets for it
    return redacted(uri)


def redacted(text: str) -> str:
    """Return *text*, such as a URI or an error, without secrets."""
    from mlmagic.snapshot.secrets.redaction import redact

    return redact(text)[0]


def old_file_store(folder: Path) -> str | None:
    """Return one line of advice if *folder* holds the file store of an older MLflow, which is no longer read."""
    if not any(folder.glob("mlruns/*/meta.yaml")):
        return None
    return (
        "an old ./mlruns file store is here; MLflow no longer writes to it, and new runs go to ./mlflow.db. "
        "To bring the old runs along: !mlflow migrate-filestore --source ./mlruns --target sqlite:///mlflow.db"
    )


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
