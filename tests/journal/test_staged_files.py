"""The staged files of a journal, walked without following a link."""

import errno
import os

import pytest

from mlmagic.journal import staged_files
from mlmagic.journal.records import Closed, Copy, File, Model, Part, Tag
from mlmagic.journal.safe_folder import SafeFolder, UntrustedError
from mlmagic.journal.staged_files import StagedFile, copy, path_of, read, walk, within


@pytest.fixture
def staging(tmp_path):
    folder = tmp_path / "one.files"
    (folder / "artifacts/deep/deeper").mkdir(parents=True)
    for path, content in {"b.txt": b"bb", "a.txt": b"a", "deep/c.txt": b"ccc", "deep/deeper/d.txt": b""}.items():
        (folder / "artifacts" / path).write_bytes(content)
    with SafeFolder.open(folder, below=tmp_path) as opened:
        yield opened


def walked(staging, path="artifacts"):
    return [(file.path, file.size, file.problem) for file in walk(staging, path)]


@pytest.mark.parametrize(
    ("record", "path"),
    [
        (File("a.txt"), "artifacts/a.txt"),
        (File("mlmagic/cell.py", after=""), "continued/mlmagic/cell.py"),
        (File("mlmagic/cell.py", after="\n"), "continued/mlmagic/cell.py"),
        (Copy("data/x"), "artifacts/data/x"),
        (Copy(""), "artifacts"),
        (Part("0" * 32, 1, 2), f"parts/{'0' * 32}.gz"),
        (Model("1", "clf", "models/1"), "models/1"),
        (Tag("a", "b"), None),
        (Closed(), None),
    ],
)
def test_where_the_files_of_a_record_are(record, path):
    assert path_of(record) == path


def test_all_files_are_listed_in_the_order_of_their_names(staging):
    assert walked(staging) == [
        ("artifacts/a.txt", 1, None),
        ("artifacts/b.txt", 2, None),
        ("artifacts/deep/c.txt", 3, None),
        ("artifacts/deep/deeper/d.txt", 0, None),
    ]
    assert walked(staging, "artifacts/deep/c.txt") == [("artifacts/deep/c.txt", 3, None)]
    assert [path for path, _, _ in walked(staging, "artifacts/deep")] == [
        *("artifacts/deep/c.txt", "artifacts/deep/deeper/d.txt"),
    ]


@pytest.mark.parametrize(
    "path", ["nowhere", "artifacts/nowhere", "artifacts/a.txt/x", "/etc", "..", "artifacts/../../x", ""]
)
def test_a_path_that_leads_nowhere_is_a_problem_and_no_error(staging, path):
    ((found, size, problem),) = walked(staging, path)
    assert (found, size) == (path, 0)
    assert problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs on this system")
def test_links_and_devices_are_named_and_not_read(staging, tmp_path):
    (tmp_path / "private").mkdir()
    (tmp_path / "private/x").write_text("secret")
    artifacts = tmp_path / "one.files/artifacts"
    (artifacts / "folder").symlink_to(tmp_path / "private")
    (artifacts / "file").symlink_to(tmp_path / "private/x")
    os.link(tmp_path / "private/x", artifacts / "second")
    os.mkfifo(artifacts / "fifo")
    problems = {path.partition("/")[2]: problem for path, _, problem in walked(staging) if problem}
    assert problems == {
        "folder": "it is a link",
        "file": "it is a link",
        "second": "it has a second name (a hard link)",
        "fifo": "it is no regular file",
    }
    for path in ("folder/x", "file", "second", "fifo"):
        with pytest.raises(UntrustedError):
            read(staging, f"artifacts/{path}")


def test_a_huge_file_is_named(staging, monkeypatch):
    monkeypatch.setattr(staged_files, "_LARGEST", 2)
    assert [problem for _, _, problem in walked(staging)] == [None, None, "it is larger than 0 GB", None]


@pytest.mark.parametrize(("limit", "value"), [("_MOST", 2), ("_DEEPEST", 1)])
def test_an_endless_folder_is_left(staging, monkeypatch, limit, value):
    monkeypatch.setattr(staged_files, limit, value)
    found = walked(staging)
    told = [path for path, _, problem in found if problem]
    assert told == (["artifacts"] if limit == "_MOST" else ["artifacts/deep"])
    assert found[-1][2] == "it holds too many files, or too many folders within each other"
    assert [path for path, _, problem in found if not problem] == ["artifacts/a.txt", "artifacts/b.txt"]


def test_a_file_is_read(staging):
    assert read(staging, "artifacts/deep/c.txt") == b"ccc"
    with pytest.raises(FileNotFoundError):
        read(staging, "artifacts/nowhere")


def test_a_file_is_copied_as_it_was_seen(staging, tmp_path):
    (seen,) = walk(staging, "artifacts/deep/c.txt")
    copy(staging, seen, tmp_path / "to")
    assert (tmp_path / "to/artifacts/deep/c.txt").read_bytes() == b"ccc"
    with pytest.raises(FileExistsError):
        copy(staging, seen, tmp_path / "to")
    with pytest.raises(OSError, match="it has changed meanwhile"):
        copy(staging, StagedFile(seen.path, 2), tmp_path / "other")


@pytest.mark.parametrize(
    ("path", "is_inside"),
    [
        *(
            ("a.txt", True),
            ("a/b.txt", True),
            ("a/../b", True),
            ("..a", True),
            ("", False),
            (".", False),
            ("..", False),
        ),
        *(("../one.filesX/a", False), ("a/../../b", False), ("/etc/passwd", False), ("a/..", False)),
    ],
)
def test_a_path_stays_within_the_folder(tmp_path, path, is_inside):
    folder = tmp_path / "one.files"
    if is_inside:
        assert os.path.normpath(within(folder, path)).startswith(f"{folder}{os.sep}")
    else:
        with pytest.raises(UntrustedError, match="is outside of the journal's own folder") as caught:
            within(folder, path)
        assert caught.value.errno == errno.EPERM
