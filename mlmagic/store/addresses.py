"""Parse a tracking URI without querying its store: the kind, the SQLite file, the credentials that MLflow sends."""

from __future__ import annotations

import os
import re
import sys
from urllib.parse import urlsplit

from mlmagic.errors import StoreError
from mlmagic.suggestions import did_you_mean

SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "file", "databricks")
_DATABASES = {"postgresql", "mysql", "mssql"}
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///")


def kind(uri: str) -> str:
    """Return the scheme of *uri*; for a database, without its driver.

    >>> kind("postgresql+psycopg2://ana@host/runs"), kind("databricks")
    ('postgresql', '')
    """
    return urlsplit(uri).scheme.partition("+")[0]


def is_server_database(uri: str) -> bool:
    """Return whether *uri* names a database server, which MLflow queries directly."""
    return kind(uri) in _DATABASES


def sqlite_file(uri: str) -> tuple[str, str]:
    """Return the prefix of a SQLite store's URI and the path after it, or two empty strings for other stores.

    >>> sqlite_file("sqlite:///runs.db?timeout=20"), sqlite_file("sqlite+pysqlite:////abs/runs.db")
    (('sqlite:///', 'runs.db'), ('sqlite+pysqlite:///', '/abs/runs.db'))
    """
    found = _SQLITE.match(uri)
    return (found[0], uri[found.end() :].partition("?")[0]) if found else ("", "")


def require_known(uri: str) -> None:
    """Raise if *uri* is unknown to MLflow or names an in-memory store.

    Raises
    ------
    StoreError
        Which names the nearest scheme.
    """
    if uri == "sqlite://" or ":memory:" in uri:
        raise StoreError(
            f"{uri} is an in-memory store: other threads cannot see it, and it is lost when the kernel ends. "
            "Name a file: %env MLFLOW_TRACKING_URI=sqlite:///mlflow.db"
        )
    if not is_known(uri):
        raise unknown(uri)


def is_known(uri: str) -> bool:
    """Return whether MLflow supports URIs of this kind, built in or through a plugin."""
    if ":" not in uri:  # a folder, or a name like "databricks"
        return True
    utils = sys.modules.get("mlflow.tracking._tracking_service.utils")
    plugins = getattr(getattr(utils, "_tracking_store_registry", None), "_registry", {})
    return kind(uri) in SCHEMES or urlsplit(uri).scheme in plugins


def unknown(uri: str) -> StoreError:
    """Return the error for a URI that MLflow does not know."""
    from mlmagic.snapshot.secrets.redaction import redact

    return StoreError(
        f"the tracking URI {redact(uri)[0]!r} is not one that MLflow knows."
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
    """Return the names of the environment variables whose values MLflow sends to a server as credentials."""
    return [name for name in _CREDENTIALS if os.environ.get(name)]
