"""A process that reads the store of the kernels it starts."""

from __future__ import annotations

import pytest


@pytest.fixture
def in_the_store(ready_store, tmp_path, monkeypatch):  # it makes the store
    """Let this process read the store of the kernel in the test's folder, as a user's other process would."""
    import mlflow

    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    mlflow.set_tracking_uri(uri)
    yield tmp_path
    mlflow.set_tracking_uri(None)
