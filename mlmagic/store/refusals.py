"""Errors of the store: what MLflow raised, in one line that names the store."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError, StoreAwayError, StoreError
from mlmagic.store import addresses, outage
from mlmagic.store.outage import Verdict
from mlmagic.store.tracking_uri import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSUPPORTED = {"UnsupportedModelRegistryStoreURIException", "UnsupportedMLflowStoreURI"}
_DISTRIBUTIONS = {
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "azure": "azure-storage-blob azure-identity",
    "google": "google-cloud-storage",
}
"""What to install, by the module that a store imports, where the two have different names."""


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
            f"the MLflow store {redacted(uri)} needs the package {error.name}, which is not installed: "
            f"%pip install {package}"
        )
    if outage.judge(error) in {Verdict.REFUSED, Verdict.WRONG_SETTING}:
        hint = ". A file takes three slashes: sqlite:///mlflow.db" if "Invalid SQLite URL" in text else ""
        why = redacted(outage.first_line(error))[:400]
        return StoreError(f"the MLflow store {redacted(uri)} refused: {why}{hint}")
    return away(error, uri)


def away(error: Exception, uri: str) -> StoreAwayError:
    """Convert *error* into an error after which the delivery is retried."""
    verdict = outage.judge(error)
    return StoreAwayError(
        f"the MLflow store {redacted(uri)} {redacted(outage.reason(error))[:300]}",
        only_this=verdict is not Verdict.AWAY,
        too_large=verdict is Verdict.TOO_LARGE,
        is_gone=verdict is Verdict.GONE,
        is_from_elsewhere=outage.is_from_elsewhere(error),
        wait_s=outage.wait_s(error),
    )
