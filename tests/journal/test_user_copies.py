"""Copying a user's file or folder into the staging area: what cannot be copied costs only itself."""

import errno
import os
import shutil

import pytest

import mlmagic
from mlmagic.journal.staged_files import LeftOut, place_of
from mlmagic.journal.staging import Staging, copy_in

posix = pytest.mark.skipif(os.name == "nt", reason="links and FIFOs of POSIX")


@pytest.fixture
def source(tmp_path):
    made = tmp_path / "source"
    (made / "deep/er").mkdir(parents=True)
    for path in ("a.txt", "deep/b.txt", "deep/er/c.txt"):
        (made / path).write_text(path)
    (made / "empty").mkdir()
    return made


@pytest.fixture
def staging(tmp_path):
    return Staging(tmp_path / "one.files")


def files(staging):
    root = staging.artifacts
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def copied(source, staging, place="", own=()):
    """Copy and return the lines about what was left out."""
    return copy_in(source, staging, place, own).left_out


WHOLE = {path: path for path in ("a.txt", "deep/b.txt", "deep/er/c.txt")}


def within(place, paths=tuple(WHOLE)):
    return {f"{place}/{path}": path for path in paths}


def test_a_folder_is_copied_with_all_it_holds(source, staging):
    assert copied(source, staging, "data") == []
    assert files(staging) == within("data")
    assert copied(source, staging) == []
    assert files(staging) == {**within("data"), **WHOLE}


def test_what_is_copied_is_named_by_its_place_or_by_what_is_at_the_top(source, staging):
    assert copy_in(source, staging, "data/x", []).paths == ["data/x"]
    assert copy_in(source, staging, "", []).paths == ["a.txt", "deep"]
    assert copy_in(source / "empty", staging, "none", []).paths == ["none"]
    assert copy_in(source / "a.txt", staging, "x/a.txt", []).paths == ["x/a.txt"]


def test_a_folder_is_copied_over_what_is_there(source, staging):
    (staging.artifacts / "deep").mkdir(parents=True)
    (staging.artifacts / "deep/b.txt").write_text("old")
    (staging.artifacts / "other.txt").write_text("other")
    assert copied(source, staging) == []
    assert files(staging) == {**WHOLE, "other.txt": "other"}


@posix
def test_links_to_files_and_to_folders_elsewhere_are_followed(source, staging, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/d.txt").write_text("d")
    (source / "file").symlink_to("deep/b.txt")
    (source / "folder").symlink_to(tmp_path / "elsewhere")
    assert copied(source, staging, "data") == []
    assert files(staging) == {**within("data"), "data/file": "deep/b.txt", "data/folder/d.txt": "d"}
    assert not (staging.artifacts / "data/file").is_symlink()


@posix
@pytest.mark.parametrize(
    ("at", "to"), [("up", ".."), ("self", "."), ("deep/up", ".."), ("deep/er/up", "../.."), ("over", "deep")]
)
def test_a_link_in_a_circle_is_left_out_and_named(source, staging, at, to):
    (source / at).symlink_to(to)
    assert copied(source, staging, "data") == [
        f"data/{at} could not be kept: a link to a folder that holds it, or is copied already"
    ]
    assert files(staging) == within("data")


@posix
def test_a_folder_elsewhere_is_followed_once(source, staging, tmp_path):
    outside = tmp_path / "outside/inner"
    outside.mkdir(parents=True)
    (outside / "x.txt").write_text("x")
    (outside / "back").symlink_to(outside.parent)
    (outside / "again").symlink_to(outside)
    for name in ("one", "two"):
        (source / name).symlink_to(outside)
    (line,) = copied(source, staging)
    assert line.endswith(" could not be kept: a link to a folder that holds it, or is copied already")
    left_out = line.partition(" could not")[0].split(", ")
    assert {"one", "two"} & set(left_out) == {"two"}
    assert sorted(path for path in files(staging) if path.endswith("x.txt")) == ["one/back/inner/x.txt", "one/x.txt"]


@posix
def test_what_is_no_file_is_named_by_its_reason(source, staging):
    os.mkfifo(source / "fifo")
    for at in range(8):
        (source / f"dangling{at}").symlink_to("nowhere")
    assert copied(source, staging, "data") == [
        "data/dangling0, data/dangling1, data/dangling2, data/dangling3, data/dangling4 and 3 more could not be kept: "
        "a link to nothing",
        "data/fifo could not be kept: not a regular file",
    ]
    assert files(staging) == within("data")


def test_a_file_that_cannot_be_read_costs_only_itself(source, staging, monkeypatch):
    copyfile = shutil.copyfile

    def refuse(path, to):
        if path.name == "b.txt":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return copyfile(path, to)

    monkeypatch.setattr(shutil, "copyfile", refuse)
    assert copied(source, staging, "data") == ["data/deep/b.txt could not be kept: Permission denied"]
    assert files(staging) == within("data", [path for path in WHOLE if path != "deep/b.txt"])
    with pytest.raises(PermissionError):
        copied(source / "deep/b.txt", staging, "b.txt")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the user may list everything")
def test_a_folder_that_cannot_be_listed_costs_only_itself(source, staging):
    (source / "deep").chmod(0)
    assert copied(source, staging, "data") == ["data/deep could not be kept: Permission denied"]
    assert files(staging) == within("data", ["a.txt"])
    (source / "deep").chmod(0o700)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_it(source, staging, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(shutil, "copyfile", refuse)
    with pytest.raises(OSError, match=os.strerror(number)):
        copied(source, staging, "data")


def test_a_folder_that_holds_the_journal_is_copied_without_it(source):
    own = source / ".mlmagic/journal"
    own.mkdir(parents=True)
    (own / "one.journal").write_text("x")
    staging = Staging(own / "one.files")
    assert copied(source, staging, "all", [own, staging.path]) == []
    assert files(staging) == within("all")


@posix
def test_names_that_are_no_text_get_one_and_hide_no_other(source, staging):
    for name in ("cafe\udce9", "cafe\udcea"):
        (source / name).write_text(name.encode("utf-8", "surrogateescape").hex())
    assert copied(source, staging) == ["cafe? could not be kept: another file has this name already"]
    assert files(staging)["cafe?"] == "63616665e9"


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        *(
            ("", ""),
            ("data", "data/"),
            ("/data/", "data/"),
            ("./data", "data/"),
            ("a//b", "a/b/"),
            (".", ""),
            ("/", ""),
        ),
        *(("..", ""), ("../../etc", "etc/"), ("a/../b", "b/"), (".x", ".x/"), ("cafe\udce9", "cafe?/")),
    ],
)
def test_the_place_in_the_run_is_below_it(source, folder, path):
    assert place_of(folder, source / "a.txt") == f"{path}a.txt"
    assert place_of(folder, source) == path.rstrip("/")


def test_what_is_left_out_is_told_by_its_reason():
    left_out = LeftOut()
    assert left_out.lines() == []
    for at in range(7):
        left_out.add(f"f{at}", "odd")
    left_out.add("g", "gone")
    assert left_out.lines() == [
        "f0, f1, f2, f3, f4 and 2 more could not be kept: odd",
        "g could not be kept: gone",
    ]


def test_the_working_folder_is_stored_whole_and_what_is_left_out_is_told(store_uri, tmp_path, monkeypatch, capsys):
    work = tmp_path / "work"
    (work / "sub").mkdir(parents=True)
    monkeypatch.chdir(work)
    (work / "a.txt").write_text("a")
    (work / "sub/b.txt").write_text("b")
    if os.name != "nt":
        (work / "sub/up").symlink_to("..")
    with mlmagic.track("all"):
        mlmagic.log_artifact(".", "work")
    found = set(mlmagic.Run.find("all").artifacts)
    assert {"work/a.txt", "work/sub/b.txt"} <= found
    assert not [path for path in found if ".journal" in path]
    if os.name != "nt":
        assert "work/sub/up could not be kept: a link to a folder that holds it" in capsys.readouterr().err
