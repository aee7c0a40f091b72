from pathlib import Path

import pytest

from mlmagic.store import addresses
from mlmagic.store.artifact_target import linked, problem_of
from mlmagic.user_settings import settings

SQLITE = "sqlite:////p/mlflow.db"
SERVER = "http://tracking:5000"


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "my-token")


@pytest.mark.parametrize(
    ("artifact_uri", "location"),
    [
        ("/p/mlruns/0/abc/artifacts", "/p/mlruns/0"),
        ("/p/mlruns/0/abc/artifacts", "/p/mlruns/0/"),
        ("file:///p/ml%20runs/0/abc/artifacts", "file:///p/ml%20runs/0"),
        ("s3://bucket/0/abc/artifacts", "s3://bucket/0"),
        ("mlflow-artifacts:/0/abc/artifacts", "mlflow-artifacts:/0"),
        ("http://tracking:5000/0/abc/artifacts", "http://tracking:5000/0"),
    ],
)
def test_the_place_that_mlflow_makes_for_a_run_is_used(token, artifact_uri, location):
    assert problem_of(artifact_uri, "abc", location, SERVER) is None


@pytest.mark.parametrize(
    "artifact_uri",
    [
        "/home/ana/.ipython/profile_default/startup",
        "file:///home/ana/.ipython/profile_default/startup",
        "/p/mlruns/0/abc/artifacts/../../../../home",
        "/p/mlruns/0/other/artifacts",
        "/p/mlruns/0/abc",
        "../elsewhere",
        ".",
        "",
    ],
)
def test_any_other_folder_of_this_machine_is_refused(artifact_uri):
    assert "is not the run's place" in problem_of(artifact_uri, "abc", "/p/mlruns/0", SQLITE)


@pytest.mark.parametrize("artifact_uri", ["http://evil:80/abc", "https://evil/abc", "mlflow-artifacts://evil:5000/abc"])
def test_another_server_does_not_see_the_credentials(token, artifact_uri, monkeypatch):
    assert "which is not the tracking server: nothing is read or written there" in problem_of(artifact_uri, "abc", artifact_uri, SERVER)  # fmt: skip
    monkeypatch.setattr(settings, "artifact_servers", [artifact_uri.split("/")[2]])
    assert problem_of(artifact_uri, "abc", artifact_uri, SERVER) is None


def test_without_credentials_another_server_is_the_stores_choice(monkeypatch):
    for name in addresses.credentials():
        monkeypatch.delenv(name)
    assert problem_of("http://artifacts:5500/abc", "abc", "http://artifacts:5500/", SERVER) is None


@pytest.mark.parametrize("at", ["", "mlmagic", "mlmagic/cell.py", "figures/a"])
def test_what_would_be_written_through_a_link_is_named(tmp_path, at):
    place, outside = tmp_path / "run/artifacts", tmp_path / "outside"
    outside.mkdir()
    (outside / "cell.py").write_text("theirs")
    link = place / at
    link.parent.mkdir(parents=True)
    link.symlink_to(outside / "cell.py" if at.endswith(".py") else outside)
    paths = ["mlmagic/cell.py", "mlmagic/session.py", "figures/a/b.png", "c.txt"]
    expected = {path for path in paths if not at or path == at or path.startswith(f"{at}/")}
    assert linked(place, paths) == expected


def test_a_link_in_place_of_the_runs_folder_is_seen(tmp_path):
    (tmp_path / "outside/artifacts").mkdir(parents=True)
    (tmp_path / "run").symlink_to(tmp_path / "outside")
    assert linked(tmp_path / "run/artifacts", ["a"]) == {"a"}
    assert linked(Path(tmp_path / "outside/artifacts"), ["a"]) == set()
