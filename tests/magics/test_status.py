from importlib import import_module

import pytest

from mlmagic.errors import UsageProblem
from mlmagic.journal import folder
from mlmagic.magics.status import StatusMagics
from mlmagic.user_settings import settings


@pytest.fixture
def magic(shell, store_uri, tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_home", tmp_path)
    monkeypatch.setattr(import_module("mlmagic.store.delivery.worker"), "_EVERY_S", 600)  # nothing in the background
    monkeypatch.setattr(folder, "_elsewhere", lambda: tmp_path / "elsewhere")
    return StatusMagics(shell).mlmagic


def test_it_shows_where_runs_go_and_what_waits(magic, capsys, tmp_path, monkeypatch):
    import mlmagic

    monkeypatch.setattr(settings, "offline", True)
    with mlmagic.track("on a train", quiet=True):
        pass
    with mlmagic.track(resume="", quiet=True):
        pass
    with mlmagic.track("open", quiet=True):
        capsys.readouterr()
        magic("")
    shown = capsys.readouterr().out
    assert f"journal     {tmp_path}/.mlmagic/journal, 1 run not delivered yet" in shown
    assert "store_timeout_s   60.0" in shown


def test_sync_delivers_what_was_recorded_offline(magic, capsys, monkeypatch):
    import mlflow

    import mlmagic

    monkeypatch.setattr(settings, "offline", True)
    with mlmagic.track("on a train", quiet=True):
        mlmagic.log(acc=0.5)
    capsys.readouterr()
    monkeypatch.setattr(settings, "offline", False)
    magic("sync")
    assert capsys.readouterr().out.startswith("delivered on a train (FINISHED, ")
    (run,) = mlflow.search_runs(output_format="list")
    assert (run.info.run_name, run.data.metrics) == ("on a train", {"acc": 0.5})
    magic("sync")
    assert capsys.readouterr().out == "nothing to deliver\n"


def test_a_run_that_was_deleted_in_the_middle_is_made_anew_when_asked_for(magic, capsys):
    import mlflow

    import mlmagic

    with mlmagic.track("first", quiet=True):
        mlmagic.log(acc=0.5)
        mlflow.MlflowClient().delete_run(mlflow.active_run().info.run_id)
    capsys.readouterr()
    magic("sync")
    assert "the run 'first' was deleted: restore it" in capsys.readouterr().out
    magic("sync --anew")
    assert capsys.readouterr().out.startswith("delivered first (FINISHED, ")
    (run,) = mlflow.search_runs(output_format="list")
    assert (run.info.status, run.data.metrics) == ("FINISHED", {"acc": 0.5})
    with pytest.raises(
        UsageProblem, match=r"sync takes --anew, or --foreign and with it --yes, got '--new'\. Did you mean '--anew'"
    ):
        magic("sync --new")


def test_a_typo_is_met_with_the_nearest_word(magic):
    with pytest.raises(UsageProblem, match=r"got 'synch'\. Did you mean 'sync'\?"):
        magic("synch")
