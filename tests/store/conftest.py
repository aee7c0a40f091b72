import pytest

from mlmagic.store import tracking_uri

URI = "MLFLOW_TRACKING_URI"


@pytest.fixture
def unsettled(tmp_path, monkeypatch):
    """The state of a process that has chosen no store, in a folder of the test's own."""
    from mlflow.tracking._tracking_service import utils

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(URI, "")
    monkeypatch.delenv(URI)
    monkeypatch.setattr(utils, "_tracking_uri", None)
    monkeypatch.setattr(tracking_uri, "_home", None)
    return tmp_path
