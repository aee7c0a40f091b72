"""What a tracking URI says, without asking its store."""

import pytest

from mlmagic.errors import StoreError
from mlmagic.store import addresses


@pytest.mark.parametrize(
    ("uri", "kind", "is_server"),
    [
        ("sqlite:///mlflow.db", "sqlite", False),
        ("sqlite+pysqlite:////a.db", "sqlite", False),
        ("postgresql://u:p@h/db", "postgresql", True),
        ("postgresql+psycopg2://h/db", "postgresql", True),
        ("mysql+pymysql://h/db", "mysql", True),
        ("mssql+pyodbc://h/db", "mssql", True),
        ("https://host:5000", "https", False),
        ("HTTP://host", "http", False),
        ("file:///mlruns", "file", False),
        ("databricks", "", False),
        ("databricks://profile", "databricks", False),
        ("./mlruns", "", False),
        ("", "", False),
    ],
)
def test_the_kind_of_a_store(uri, kind, is_server):
    assert addresses.kind(uri) == kind
    assert addresses.is_server_database(uri) is is_server


@pytest.mark.parametrize(
    ("uri", "prefix", "path"),
    [
        ("sqlite:///mlflow.db", "sqlite:///", "mlflow.db"),
        ("sqlite:////abs/mlflow.db", "sqlite:///", "/abs/mlflow.db"),
        ("sqlite:///a.db?timeout=20&x=1", "sqlite:///", "a.db"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///", "a.db"),
        ("sqlite:///", "sqlite:///", ""),
        ("sqlite:///:memory:", "sqlite:///", ":memory:"),
        ("sqlite://", "", ""),
        ("sqlite:mlflow.db", "", ""),
        ("http://sqlite:///a.db", "", ""),
        ("mlflow.db", "", ""),
    ],
)
def test_the_file_of_a_sqlite_store(uri, prefix, path):
    assert addresses.sqlite_file(uri) == (prefix, path)


@pytest.mark.parametrize(
    "uri", ["sqlite:///a.db", "http://h", "databricks", "./mlruns", "postgresql+x://h/d", "file:/x"]
)
def test_known_stores(uri):
    assert addresses.is_known(uri)
    addresses.require_known(uri)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (
            "sqlite://",
            "sqlite:// is an in-memory store: other threads cannot see it.*Name a file: %env MLFLOW_TRACKING_URI=",
        ),
        ("sqlite:///:memory:", "is an in-memory store"),
        ("sqlite:///file::memory:?cache=shared&uri=true", "is an in-memory store"),
        (
            "sqlitee:///a.db",
            r"the tracking URI 'sqlitee:///a.db' is not one that MLflow knows. Did you mean 'sqlite'\?",
        ),
        ("htps://host", r"Did you mean 'https'\? Set another: %env MLFLOW_TRACKING_URI=sqlite:///mlflow.db"),
        ("c:/mlruns", "is not one that MLflow knows"),
        ("bogus://ana:hunter2secret@host", "bogus://<redacted>@host"),
    ],
)
def test_other_stores_are_refused_in_one_line(uri, message):
    with pytest.raises(StoreError, match=message) as caught:
        addresses.require_known(uri)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, []),
        ({"MLFLOW_TRACKING_TOKEN": "x"}, ["MLFLOW_TRACKING_TOKEN"]),
        ({"MLFLOW_TRACKING_TOKEN": ""}, []),
        (
            {"MLFLOW_TRACKING_USERNAME": "ana", "MLFLOW_TRACKING_PASSWORD": "x", "MLFLOW_TRACKING_URI": "http://h"},
            ["MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"],
        ),
        (
            {"MLFLOW_TRACKING_AWS_SIGV4": "1", "MLFLOW_TRACKING_AUTH": "x", "MLFLOW_TRACKING_CLIENT_CERT_PATH": "/c"},
            [
                *("MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_CLIENT_CERT_PATH", "MLFLOW_TRACKING_AWS_SIGV4"),
            ],
        ),
    ],
)
def test_the_credentials_that_mlflow_sends(monkeypatch, variables, found):
    for name in addresses._CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert addresses.credentials() == found
