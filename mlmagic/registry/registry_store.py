"""The store of the registry: MLflow's registry URI, which is the tracking URI unless the user chose another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mlmagic.store import connection, tracking_uri
from mlmagic.store.refusals import refused_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient

T = TypeVar("T")


def uri() -> str:
    """Return the URI of the registry that MLflow uses now."""
    return str(tracking_uri.whole_mlflow().get_registry_uri())


def connect() -> MlflowClient:
    """Return a client of the current store and registry.

    Raises
    ------
    StoreError
        When a URI is malformed, or the store cannot be opened.
    """
    client = connection.connect()
    registry = uri()
    if registry == tracking_uri.current_uri():
        return client
    mlflow = tracking_uri.whole_mlflow()
    made: MlflowClient = mlflow.MlflowClient(tracking_uri.current_uri(), registry)
    return made


def ask(work: Callable[[MlflowClient], T], *, timeout_s: float | None = None) -> T:
    """Run *work* with a client on one of mlmagic's threads, within a time limit, and return its result.

    Raises
    ------
    StoreError
        When the store refuses, cannot be reached, or gives no answer in time (`StoreAwayError`).
    """
    return connection.ask(partial(_with_client, work), timeout_s=timeout_s)


def _with_client(work: Callable[[MlflowClient], T]) -> T:
    client = connect()
    with refused_by(uri()):
        return work(client)
