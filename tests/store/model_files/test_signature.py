"""Whose a model's files are."""

import os

import pytest

from mlmagic.journal import signing
from mlmagic.store.model_files.signature import TAG, digest_of, is_own, signature_of


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "model"
    (made / "data").mkdir(parents=True)
    (made / "MLmodel").write_text("flavors: {}\n")
    (made / "data/weights.bin").write_bytes(bytes(range(256)))
    return made


def test_the_signature_of_the_same_files_is_the_same_wherever_they_lie(folder, tmp_path):
    signature = signature_of(folder)
    moved = folder.rename(tmp_path / "elsewhere")
    assert signature_of(moved) == signature
    assert is_own(moved, {TAG: signature})


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "MLmodel").write_text("flavors: {} \n"),
        lambda folder: (folder / "data/weights.bin").write_bytes(bytes(range(255))),
        lambda folder: (folder / "data/weights.bin").rename(folder / "weights.bin"),
        lambda folder: (folder / "data/weights.bin").rename(folder / "data/Weights.bin"),
        lambda folder: (folder / "data/new.py").write_text(""),
        lambda folder: (folder / "MLmodel").unlink(),
        lambda folder: (folder / "data/registered_model_meta").write_text("below the top"),
    ],
)
def test_any_change_of_a_file_or_its_name_is_seen(folder, change):
    signature = signature_of(folder)
    change(folder)
    assert signature_of(folder) != signature
    assert not is_own(folder, {TAG: signature})


@pytest.mark.parametrize("at", range(0, 256, 15))
def test_each_byte_counts(folder, at):
    before = digest_of(folder)
    content = bytearray((folder / "data/weights.bin").read_bytes())
    content[at] ^= 1
    (folder / "data/weights.bin").write_bytes(content)
    assert digest_of(folder) != before


def test_the_bounds_of_names_and_contents_count(tmp_path):
    digests = set()
    for number, files in enumerate([{"ab": b"c"}, {"a": b"bc"}, {"a": b"", "b": b"c"}, {"ab": b"", "c": b""}]):
        made = tmp_path / str(number)
        made.mkdir()
        for name, content in files.items():
            (made / name).write_bytes(content)
        digests.add(digest_of(made))
    assert len(digests) == 4


def test_what_mlflow_adds_to_a_downloaded_model_and_empty_folders_do_not_count(folder):
    before = digest_of(folder)
    (folder / "registered_model_meta").write_text("model_name: churn")
    (folder / "empty").mkdir()
    assert digest_of(folder) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs on this system")
@pytest.mark.parametrize("odd", ["link", "fifo", "link to a folder"])
def test_files_that_are_no_regular_ones_have_no_signature(folder, tmp_path, odd):
    if odd == "fifo":
        os.mkfifo(folder / "data/odd")
    else:
        (folder / "data/odd").symlink_to(tmp_path if "folder" in odd else folder / "MLmodel")
    assert digest_of(folder) is None
    assert signature_of(folder) is None
    assert not is_own(folder, {TAG: "x"})


@pytest.mark.parametrize("tags", [{}, {TAG: ""}, {TAG: "0" * 32}, {TAG: "\udcff"}, {"other": "x"}])
def test_other_tags_are_no_signature(folder, tags):
    assert not is_own(folder, tags)


def test_the_signature_of_another_user_is_another(folder, tmp_path, monkeypatch):
    before = signature_of(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert signature_of(folder) != before
    assert signing.problem() is None
