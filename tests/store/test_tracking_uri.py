import os
import subprocess
import sys

import pytest

from mlmagic.store import tracking_uri
from mlmagic.user_settings import settings

URI = "MLFLOW_TRACKING_URI"


@pytest.mark.parametrize(
    ("chosen", "settled"),
    [
        (None, "sqlite:///{here}/mlflow.db"),
        ("sqlite:///runs.db", "sqlite:///{here}/runs.db"),
        ("sqlite:///sub/../my runs é%20#.db", "sqlite:///{here}/sub/../my runs é%20#.db"),
        ("sqlite:///runs.db?timeout=20&cache=shared", "sqlite:///{here}/runs.db?timeout=20&cache=shared"),
        ("sqlite:////abs/runs.db", "sqlite:////abs/runs.db"),
        ("sqlite+pysqlite:///runs.db", "sqlite+pysqlite:///{here}/runs.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("http://ana:pw@host:5000/x", "http://ana:pw@host:5000/x"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("databricks", "databricks"),
    ],
)
def test_the_store_is_fixed_once_and_given_back(unsettled, monkeypatch, chosen, settled):
    if chosen is not None:
        monkeypatch.setenv(URI, chosen)
    restore = tracking_uri.pin_tracking_uri()
    assert os.environ[URI] == settled.format(here=unsettled)
    restore()
    assert os.environ.get(URI) == chosen


def test_a_store_that_the_user_chose_since_stays(unsettled, monkeypatch):
    restore = tracking_uri.pin_tracking_uri()
    monkeypatch.setenv(URI, "sqlite:///other.db")
    restore()
    assert os.environ[URI] == "sqlite:///other.db"


def test_settling_twice_changes_nothing(unsettled):
    outer = tracking_uri.pin_tracking_uri()
    once = os.environ[URI]
    inner = tracking_uri.pin_tracking_uri()
    assert os.environ[URI] == once
    inner()
    outer()
    assert URI not in os.environ


def test_a_choice_made_by_mlflow_itself_is_honoured(unsettled):
    import mlflow

    mlflow.set_tracking_uri("sqlite:///by_hand.db")
    restore = tracking_uri.pin_tracking_uri()
    assert os.environ[URI] == f"sqlite:///{unsettled}/by_hand.db"
    assert tracking_uri.shown_uri() == "sqlite:///by_hand.db"
    restore()


def test_settling_does_not_import_mlflow(tmp_path):
    code = (
        "import os, sys\nfrom mlmagic.store import tracking_uri\ntracking_uri.pin_tracking_uri()\n"
        "print('mlflow' in sys.modules, os.environ['MLFLOW_TRACKING_URI'])"
    )
    env = {name: value for name, value in os.environ.items() if name != URI}
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["False", f"sqlite:///{tmp_path}/mlflow.db"]


def test_a_shown_uri_has_no_password(unsettled, monkeypatch):
    monkeypatch.setenv(URI, "postgresql://ana:hunter2@db/prod")
    assert "hunter2" not in tracking_uri.shown_uri()
    assert "db/prod" in tracking_uri.shown_uri()


@pytest.mark.parametrize("name", ["what?", "a%20b"])
def test_below_a_folder_that_no_uri_can_name_the_store_is_relative(unsettled, monkeypatch, name):
    (unsettled / name).mkdir()
    monkeypatch.chdir(unsettled / name)
    restore = tracking_uri.pin_tracking_uri()
    assert os.environ[URI] == "sqlite:///mlflow.db"
    restore()


@pytest.mark.parametrize(
    ("uri", "ui_url", "expected"),
    [
        ("sqlite:////abs/mlflow.db", "", None),
        ("sqlite:////abs/mlflow.db", "http://127.0.0.1:5000", "http://127.0.0.1:5000/#/experiments/1/runs/ab"),
        ("sqlite:////abs/mlflow.db", "http://127.0.0.1:5000/", "http://127.0.0.1:5000/#/experiments/1/runs/ab"),
        ("https://host/mlflow", "", "https://host/mlflow/#/experiments/1/runs/ab"),
        ("https://ana:pw@host", "", "https://host/#/experiments/1/runs/ab"),
        ("https://host", "https://other", "https://other/#/experiments/1/runs/ab"),
        ("databricks", "", None),
        ("sqlite:////abs/mlflow.db", "javascript:alert(1)", None),
        ("sqlite:////abs/mlflow.db", "127.0.0.1:5000", None),
    ],
)
def test_the_address_of_a_run(unsettled, monkeypatch, uri, ui_url, expected):
    monkeypatch.setenv(URI, uri)
    monkeypatch.setattr(settings, "ui_url", ui_url)
    assert tracking_uri.url("ab", "1") == expected


def test_an_old_file_store_is_pointed_out(tmp_path):
    assert tracking_uri.old_file_store(tmp_path) is None
    (tmp_path / "mlruns/0/artifacts").mkdir(parents=True)
    assert tracking_uri.old_file_store(tmp_path) is None
    (tmp_path / "mlruns/0/meta.yaml").touch()
    assert "mlflow migrate-filestore" in tracking_uri.old_file_store(tmp_path)


def test_threads_that_begin_mlflow_anew_after_an_interrupt_all_get_a_whole_one(tmp_path):
    script = """
import sys, threading
import mlflow.tracking
from mlmagic.store import tracking_uri
sys.setswitchinterval(1e-5)
del sys.modules["mlflow"]  # what an import that was interrupted leaves
barrier, found = threading.Barrier(4), []
def ask():
    barrier.wait()
    try:
        found.append(tracking_uri.current_uri())
    except Exception as error:
        found.append(repr(error))
threads = [threading.Thread(target=ask) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
print(len(set(found)), found[0].startswith("sqlite:"), sys.modules["mlflow"].tracking is sys.modules["mlflow.tracking"])
"""
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "True", "True"]
