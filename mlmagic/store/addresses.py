"""What a tracking URI says by itself: which kind of store it names, its file, what it would be shown. None is asked."""

from __future__ import annotations

import os
import re
import sys
from urllib.parse import urlsplit

from mlmagic.errors import StoreError, did_you_mean
from mlmagic.snapshot.secrets import redaction

SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "file", "databricks")
_DATABASES = {"postgresql", "mysql", "mssql"}
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///")


def kind(uri: str) -> str:
    """Return the scheme of *uri*; of a database without its driver.

    >>> kind("postgresql+psycopg2://ana@host/runs"), kind("databricks")
    ('postgresql', '')
    """
    return urlsplit(uri).scheme.partition("+")[0]


def is_server_database(uri: str) -> bool:
    """Return whether *uri* names a database behind a network, which MLflow asks by itself."""
    return kind(uri) in _DATABASES


def sqlite_file(uri: str) -> tuple[str, str]:
    """Return the beginning of a SQLite store's URI, and the path that follows; two empty texts for others.

    >>> sqlite_file("sqlite:///runs.db?timeout=20"), sqlite_file("sqlite+pysqlite:////abs/runs.db")
    (('sqlite:///', 'runs.db'), ('sqlite+pysqlite:///', '/abs/runs.db'))
    """
    found = _SQLITE.match(uri)
    return (found[0], uri[found.end() :].partition("?")[0]) if found else ("", "")


def require_known(uri: str) -> None:
    """Raise where *uri* is none that MLflow knows, or a store in memory.

    Raises
    ------
    StoreError
        Which names the nearest scheme.
    """
    if uri == "sqlite://" or ":memory:" in uri:
        raise StoreError(
            f"{uri} is a store in memory, which other threads do not see and which goes with the kernel. "
            "Name a file: %env MLFLOW_TRACKING_URI=sqlite:///mlflow.db"
        )
    if not is_known(uri):
        raise unknown(uri)


def is_known(uri: str) -> bool:
    """Return whether MLflow has a store for URIs of this kind, by itself or by a plugin."""
    if ":" not in uri:  # a folder, or a name like "databricks"
        return True
    utils = sys.modules.get("mlflow.tracking._tracking_service.utils")
    plugins = getattr(getattr(utils, "_tracking_store_registry", None), "_registry", {})
    return kind(uri) in SCHEMES or urlsplit(uri).scheme in plugins


def unknown(uri: str) -> StoreError:
    """Return the error for a URI that is none that MLflow knows."""
    return StoreError(
        f"the tracking URI {redaction.redact(uri)[0]!r} is not one that MLflow knows."
        f"{did_you_mean(kind(uri), SCHEMES)} Set another: %env MLFLOW_TRACKING_URI=sqlite:///mlflow.db"
    )


_CREDENTIALS = (
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_CLIENT_CERT_PATH",
    "MLFLOW_TRACKING_AWS_SIGV4",
)


def credentials() -> list[str]:
    """Return the names of the variables in the environment whose values MLflow shows to a server."""
    return [name for name in _CREDENTIALS if os.environ.get(name)]
