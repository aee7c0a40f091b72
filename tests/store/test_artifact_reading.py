"""Reading a run's files from its own location."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlmagic.errors import StoreError
from mlmagic.store import artifact_reading
from mlmagic.store.artifact_reading import (
    ArtifactFile,
    LocalPlace,
    RemotePlace,
    foreign_server,
    place_of,
    shared_place,
)
from mlmagic.user_settings import settings

RUN_ID = "a" * 32
SERVER = "http://tracking:5000"


@pytest.fixture(params=[True, False], ids=["by descriptor", "by path"])
def place(tmp_path, request, monkeypatch):
    """The files of a run, on a system that can open a folder by its descriptor, and on another."""
    if request.param and not artifact_reading._BY_DESCRIPTOR:
        pytest.skip("this system cannot")
    monkeypatch.setattr(artifact_reading, "_BY_DESCRIPTOR", request.param)
    root = tmp_path / "0" / RUN_ID / "artifacts"
    (root / "mlmagic/deep").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"hello")
    (root / "mlmagic/cell.py").write_bytes(b"x = 1")
    (root / "mlmagic/deep/empty").write_bytes(b"")
    return LocalPlace(root)


def test_a_folder_is_listed(place):
    assert sorted(place.files(), key=lambda one: one.path) == [
        ArtifactFile("a.txt", 5),
        ArtifactFile("mlmagic", is_dir=True),
    ]
    assert {one.path for one in place.files("mlmagic")} == {"mlmagic/cell.py", "mlmagic/deep"}
    assert place.files("mlmagic/deep") == [ArtifactFile("mlmagic/deep/empty", 0)]


@pytest.mark.parametrize("folder", ["nowhere", "mlmagic/nowhere", "a.txt", "a.txt/x"])
def test_what_is_no_folder_is_empty(place, folder):
    assert place.files(folder) == []


def test_a_place_that_does_not_exist_is_empty(tmp_path):
    assert LocalPlace(tmp_path / "x" / RUN_ID / "artifacts").files() == []


@pytest.mark.parametrize(
    ("path", "content"), [("a.txt", b"hello"), ("mlmagic/cell.py", b"x = 1"), ("mlmagic/deep/empty", b"")]
)
def test_a_file_is_read(place, path, content):
    assert place.read(path, 5) == content


def test_a_file_is_read_up_to_a_size(place):
    with pytest.raises(StoreError, match=r"it has 5e-06 MB"):
        place.read("a.txt", 4)


@pytest.mark.parametrize(
    "path", ["", ".", "..", "../a", "mlmagic/../../a", "/etc/passwd", "a\\b", "a\0b", "//a", "mlmagic/../../../0"]
)
def test_a_path_that_leads_elsewhere_is_refused(place, path):
    with pytest.raises(StoreError, match="is no path of a run's file"):
        place.read(path, 100)
    if path:
        with pytest.raises(StoreError, match="is no path of a run's file"):
            place.files(path)


def test_links_are_not_followed(place, tmp_path):
    (tmp_path / "private").write_text("secret")
    (place.root / "link").symlink_to(tmp_path / "private")
    (place.root / "folder").symlink_to(tmp_path)
    odd = {one.path: one.odd for one in place.files() if one.odd}
    assert odd == {"link": "is a link, which is not followed", "folder": "is a link, which is not followed"}
    for path in ("link", "folder/private"):
        with pytest.raises(StoreError, match="is a link, which is not followed"):
            place.read(path, 100)
    with pytest.raises(StoreError, match="is a link, which is not followed"):
        place.files("folder")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs on this system")
def test_what_is_no_regular_file_is_named_and_not_read(place):
    os.mkfifo(place.root / "fifo")
    assert {one.path: one.odd for one in place.files()}["fifo"] == "is no regular file"
    for path in ("fifo", "mlmagic"):
        with pytest.raises((StoreError, OSError)):
            place.read(path, 100)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the user may read everything")
def test_what_must_not_be_read_is_told(place):
    (place.root / "a.txt").chmod(0)
    with pytest.raises(StoreError, match="cannot be read: Permission denied"):
        place.read("a.txt", 100)


def test_not_all_of_an_endless_folder_is_listed(place, monkeypatch):
    monkeypatch.setattr(artifact_reading, "_MOST_LISTED", 3)
    for at in range(10):
        (place.root / f"{at}").write_text("x")
    assert len(place.files()) == 3


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("", "the store does not say where the run's files lie"),
        ("/etc", "which is no folder of this run: nothing is read there. A run's own folder ends with"),
        (f"/x/{RUN_ID}", "which is no folder of this run"),
        (f"/x/{'b' * 32}/artifacts", "which is no folder of this run"),
        (f"/x/../y/{RUN_ID}/artifacts", "which is no folder of this run"),
        (f"runs:/{RUN_ID}/artifacts", "the run's files are those of 'runs:/"),
        ("models:/churn/1", "nothing is read there"),
        (f"http://evil/{RUN_ID}/artifacts", "the run's files lie on 'evil', which is not the tracking server"),
    ],
)
def test_a_place_that_is_not_the_runs_own_is_refused(store_uri, monkeypatch, uri, message):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "my-token")
    with pytest.raises(StoreError, match=message):
        place_of(RUN_ID, uri)


def test_the_place_of_a_run_is_its_folder(store_uri, tmp_path):
    for uri in (f"{tmp_path}/0/{RUN_ID}/artifacts", f"file://{tmp_path}/0/{RUN_ID}/artifacts"):
        assert place_of(RUN_ID, uri).root == tmp_path / "0" / RUN_ID / "artifacts"
        assert shared_place(RUN_ID, uri).root == tmp_path / "0/mlmagic/parts"


def test_the_shared_place_of_a_server_is_beside_the_run(store_uri):
    import mlflow

    mlflow.set_tracking_uri(SERVER)
    uri = f"mlflow-artifacts:/0/{RUN_ID}/artifacts"
    assert isinstance(place_of(RUN_ID, uri), RemotePlace)
    assert shared_place(RUN_ID, uri)._repository.artifact_uri.endswith("/0/mlmagic/parts")
    with pytest.raises(StoreError, match="the run's files lie in no folder of an experiment"):
        shared_place(RUN_ID, f"mlflow-artifacts:/0/{RUN_ID}/artifacts/more")


@pytest.mark.parametrize(
    ("artifact_uri", "tracking", "token", "is_foreign"),
    [
        ("http://tracking:5000/a", SERVER, True, False),
        ("http://ana:pw@tracking:5000/a", SERVER, True, False),
        ("http://other:5000/a", SERVER, True, True),
        ("http://tracking:6000/a", SERVER, True, True),
        ("https://tracking:5000/a", SERVER, True, True),
        ("http://tracking:99999999/a", SERVER, True, True),
        ("http://tracking:x/a", SERVER, True, True),
        ("http://tracking/a", "http://tracking:80", True, False),
        ("https://tracking:443/a", "https://tracking", True, False),
        ("mlflow-artifacts://tracking:5000/a", SERVER, True, False),
        ("mlflow-artifacts://other:5000/a", SERVER, True, True),
        ("mlflow-artifacts:/a", SERVER, True, False),
        ("s3://bucket/a", SERVER, True, False),
        ("/local", SERVER, True, False),
        ("http://other:5000/a", SERVER, False, False),
        ("http://other:5000/a", "sqlite:///a.db", False, True),
    ],
)
def test_which_server_is_another(monkeypatch, artifact_uri, tracking, token, is_foreign):
    if token:
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "my-token")
    found = foreign_server(artifact_uri, tracking)
    assert (found is not None) is is_foreign
    if is_foreign:
        address = artifact_uri.split("/")[2]
        assert f"%config MLMagic.artifact_servers = ['{address}']" in found
        monkeypatch.setattr(settings, "artifact_servers", [address])
        assert foreign_server(artifact_uri, tracking) is None


class Repository:
    """MLflow's view of files on a server."""

    def __init__(self, folder, listed):
        self._folder, self._listed = folder, listed

    def list_artifacts(self, folder):
        return [SimpleNamespace(path=path, file_size=size, is_dir=size is None) for path, size in self._listed[folder]]

    def download_artifacts(self, path, folder):
        target = Path(folder) / "downloaded"
        target.write_bytes((self._folder / path).read_bytes())
        return str(target)


def test_a_server_lists_paths_below_the_run_only(store_uri, tmp_path):
    listed = {None: [("a", 3), ("b", None), ("../x", 1), ("/etc/passwd", 1), ("c\\d", 1)], "b": [("b/c", 2)]}
    place = RemotePlace(Repository(tmp_path, listed))
    assert place.files() == [ArtifactFile("a", 3), ArtifactFile("b", 0, is_dir=True)]
    assert place.files("b") == [ArtifactFile("b/c", 2)]


def test_a_server_sends_no_more_than_is_taken(store_uri, tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 10)
    place = RemotePlace(Repository(tmp_path, {}))
    assert place.read("a", 10) == b"x" * 10
    with pytest.raises(StoreError, match="it has more than 9e-06 MB"):
        place.read("a", 9)
    with pytest.raises(StoreError, match="is no path of a run's file"):
        place.read("../a", 10)
    with pytest.raises(StoreError, match=r"the MLflow store sqlite:.* failed: .*No such file"):
        place.read("nowhere", 10)
