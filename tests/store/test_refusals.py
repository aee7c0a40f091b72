"""MLflow's errors as one line that names the store."""

import pytest
import sqlalchemy
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
)

from mlmagic.errors import StoreAwayError, StoreError, UsageProblem
from mlmagic.store.refusals import away, explained, refused_by

URI = "http://ana:hunter2secret@tracking:5000"
SHOWN = "http://<redacted>@tracking:5000"


def missing(name):
    return ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (missing("psycopg2"), StoreError, f"the MLflow store {SHOWN} needs the package psycopg2, which is not installed: %pip install psycopg2-binary"),
        (missing("psycopg"), StoreError, "needs the package psycopg, which is not installed: %pip install psycopg[binary]"),
        (missing("azure"), StoreError, "%pip install azure-storage-blob azure-identity"),
        (missing("pymysql"), StoreError, "needs the package pymysql, which is not installed: %pip install pymysql"),
        (MlflowException("bad key", INVALID_PARAMETER_VALUE), StoreError, f"the MLflow store {SHOWN} refused: bad key"),
        (MlflowException("x" * 900, INVALID_PARAMETER_VALUE), StoreError, f"refused: {'x' * 400}"),
        (MlflowException("first\nsecond", INVALID_PARAMETER_VALUE), StoreError, "refused: first"),
        (sqlalchemy.exc.ArgumentError("Invalid SQLite URL: sqlite://x"), StoreError, "Invalid SQLite URL: sqlite://x. A file takes three slashes: sqlite:///mlflow.db"),
        (ConnectionRefusedError(111, "Connection refused"), StoreAwayError, f"the MLflow store {SHOWN} cannot be reached: Connection refused"),
        (MlflowException("busy", TEMPORARILY_UNAVAILABLE), StoreAwayError, "cannot be reached: busy"),
        (ValueError("odd password=hunter2secret"), StoreAwayError, "failed: ValueError: odd password=<redacted>"),
        (ValueError("y" * 900), StoreAwayError, f"failed: ValueError: {'y' * 200}"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_that_names_the_store(error, kind, message):
    with pytest.raises(StoreError) as caught, refused_by(URI):
        raise error
    assert type(caught.value) is kind
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 600
    assert caught.value.__cause__ is error


def test_an_error_of_mlmagic_stays_as_it_is():
    with pytest.raises(UsageProblem, match="as it is"), refused_by(URI):
        raise UsageProblem("as it is")


def test_an_interrupt_passes():
    with pytest.raises(KeyboardInterrupt), refused_by(URI):
        raise KeyboardInterrupt


@pytest.mark.parametrize("uri", ["bogus://host", "mongodb://host/db"])
def test_a_store_that_mlflow_does_not_know_is_named_whatever_it_raised(uri):
    assert "is not one that MLflow knows" in str(explained(ValueError("x"), uri))


def test_a_store_without_an_implementation_is_not_known():
    assert "is not one that MLflow knows" in str(explained(MlflowException("No implementation found for x"), URI))


def test_what_an_error_says_about_trying_again():
    gone = away(MlflowException("No run", RESOURCE_DOES_NOT_EXIST), URI)
    assert (gone.only_this, gone.is_gone, gone.too_large, gone.wait_s) == (True, True, False, 0.0)
    unreachable = away(TimeoutError(), URI)
    assert (unreachable.only_this, unreachable.is_gone, unreachable.is_from_elsewhere) == (False, False, False)
    unclear = away(ValueError("x"), URI)
    assert (unclear.only_this, unclear.is_gone) == (True, False)
