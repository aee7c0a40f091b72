"""A folder that is opened once, and what is not trusted in it."""

import os
import stat
from pathlib import Path

import pytest

from mlmagic.journal import safe_folder
from mlmagic.journal.safe_folder import SafeFolder, UntrustedError, open_file

WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
posix = pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")


@pytest.fixture(params=[True, False], ids=["by descriptor", "by path"])
def home(request, tmp_path, monkeypatch):
    """A folder of this user's, on a system that opens a folder by its descriptor, and on another."""
    if request.param and not safe_folder._BY_DESCRIPTOR:
        pytest.skip("this system cannot")
    monkeypatch.setattr(safe_folder, "_BY_DESCRIPTOR", request.param)
    tmp_path.chmod(0o755)
    return tmp_path


def write(folder, name, content=b"x"):
    with os.fdopen(folder.open_file(name, WRITE), "wb") as file:
        file.write(content)


def test_files_are_made_read_moved_and_removed(home):
    with SafeFolder.open(home / "a/b", below=home, create=True) as folder:
        assert folder.path == home / "a/b"
        write(folder, "one.txt", b"content")
        assert list(folder.names()) == ["one.txt"]
        assert folder.stat("one.txt").st_size == 7
        assert folder.is_own_file("one.txt")
        with os.fdopen(folder.open_file("one.txt", os.O_RDONLY), "rb") as file:
            assert file.read() == b"content"
        with folder.open_folder("inner", create=True) as inner:
            folder.move("one.txt", inner)
            assert list(inner.names()) == ["one.txt"]
            inner.unlink("one.txt")
            assert list(inner.names()) == []
        assert list(folder.names()) == ["inner"]
        assert not folder.is_own_file("inner")
        assert not folder.is_own_file("nothing")
    folder.close()  # once more does no harm


@posix
def test_what_is_created_is_for_this_user_alone(home):
    before = os.umask(0)
    try:
        with SafeFolder.open(home / "a/b", below=home, create=True) as folder:
            write(folder, "one.txt")
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "a/b").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "a/b/one.txt").stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_not_made_unasked(home):
    with pytest.raises(FileNotFoundError):
        SafeFolder.open(home / "a", below=home)
    with pytest.raises(FileNotFoundError):
        SafeFolder.open(home / "a/b")
    assert list(home.iterdir()) == []


def test_a_file_in_place_of_a_folder_is_told(home):
    (home / "a").write_text("x")
    with pytest.raises(NotADirectoryError, match="it is no folder"):
        SafeFolder.open(home / "a", below=home)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\0b", "../a"])
def test_only_the_name_of_an_entry_is_a_name(home, name):
    with SafeFolder.open(home) as folder:
        for use in (folder.open_folder, folder.stat, folder.unlink, lambda one: folder.open_file(one, os.O_RDONLY)):
            with pytest.raises(UntrustedError, match="it is no name of a file"):
                use(name)
        assert not folder.is_own_file(name)
        with pytest.raises(UntrustedError, match="it is no name of a file"):
            folder.move(name, folder)


@posix
@pytest.mark.parametrize("target", ["there", "nowhere"])
def test_links_are_not_followed(home, target):
    (home / "there").mkdir()
    (home / "there/file").write_text("private")
    for name, to in (("folder", home / target), ("file", home / target / "file")):
        (home / name).symlink_to(to)
    with SafeFolder.open(home) as folder:
        with pytest.raises(UntrustedError, match="it is a link"):
            folder.open_folder("folder")
        for flags in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_CREAT):
            with pytest.raises(UntrustedError, match="it is a link"):
                folder.open_file("file", flags)
        with pytest.raises(FileExistsError):
            folder.open_file("file", WRITE)
        assert not folder.is_own_file("file")
    with pytest.raises(UntrustedError, match="it is a link"):
        SafeFolder.open(home / "folder/x", below=home, create=True)
    assert (home / "there/file").read_text() == "private"


@posix
def test_the_folder_that_the_user_chose_may_be_a_link(home):
    (home / "there").mkdir()
    (home / "chosen").symlink_to(home / "there")
    with SafeFolder.open(home / "chosen/a", below=home / "chosen", create=True) as folder:
        write(folder, "x")
    assert (home / "there/a/x").exists()


@posix
def test_a_file_with_a_second_name_is_not_trusted(home):
    (home / "one").write_text("x")
    os.link(home / "one", home / "other")
    with SafeFolder.open(home) as folder:
        for name in ("one", "other"):
            with pytest.raises(UntrustedError, match="it has a second name"):
                folder.open_file(name, os.O_RDONLY)


@posix
@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_what_is_no_regular_file_is_not_opened(home, kind):
    os.mkfifo(home / "odd") if kind == "fifo" else (home / "odd").mkdir()
    with SafeFolder.open(home) as folder, pytest.raises(UntrustedError, match="it is no regular file"):
        folder.open_file("odd", os.O_RDONLY)


@posix
@pytest.mark.parametrize(
    ("mode", "is_taken"), [(0o600, True), (0o644, True), (0o660, False), (0o666, False), (0o602, False)]
)
def test_a_file_that_others_can_write_to_is_not_trusted(home, mode, is_taken):
    (home / "file").write_text("x")
    (home / "file").chmod(mode)
    with SafeFolder.open(home) as folder:
        assert folder.is_own_file("file") is is_taken
        if is_taken:
            os.close(folder.open_file("file", os.O_RDONLY))
        else:
            with pytest.raises(UntrustedError, match="other users can write to it: chmod go-w"):
                folder.open_file("file", os.O_RDONLY)


@posix
@pytest.mark.skipif(not safe_folder._BY_DESCRIPTOR, reason="the descriptor knows")
def test_in_a_folder_that_nobody_else_can_enter_the_modes_of_files_do_not_matter(tmp_path):
    (tmp_path / "shut/open").mkdir(parents=True)
    for path in (tmp_path / "shut/file", tmp_path / "shut/open/file"):
        path.write_text("x")
        path.chmod(0o666)
    (tmp_path / "shut/open").chmod(0o777)
    (tmp_path / "shut").chmod(0o700)
    with SafeFolder.open(tmp_path / "shut", below=tmp_path) as shut:
        assert shut.is_own_file("file")
        with shut.open_folder("open") as inner:
            assert inner.is_own_file("file")
    (tmp_path / "shut").chmod(0o711)
    with SafeFolder.open(tmp_path / "shut", below=tmp_path) as folder:
        assert not folder.is_own_file("file")
        with pytest.raises(UntrustedError, match="other users can write to it"):
            folder.open_folder("open")


@posix
@pytest.mark.skipif(not safe_folder._BY_DESCRIPTOR, reason="the descriptor knows")
@pytest.mark.parametrize("create", [True, False])
def test_the_right_of_others_to_write_is_taken_only_where_the_folder_is_made(tmp_path, create):
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o777)
    if create:
        SafeFolder.open(tmp_path / "a", below=tmp_path, create=True).close()
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o755
    else:
        with pytest.raises(UntrustedError, match="other users can write to it"):
            SafeFolder.open(tmp_path / "a", below=tmp_path)
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o777


@posix
@pytest.mark.skipif(not safe_folder._BY_DESCRIPTOR, reason="the descriptor knows")
@pytest.mark.parametrize(("mode", "is_shared"), [(0o777, True), (0o1777, False), (0o755, False), (0o707, True)])
def test_in_a_folder_whose_entries_others_can_rename_nothing_is_opened(tmp_path, mode, is_shared):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(mode)
    if is_shared:
        with pytest.raises(UntrustedError, match="other users can write to it"):
            SafeFolder.open(shared / "a", below=shared, create=True)
        assert list(shared.iterdir()) == []
        with pytest.raises(FileNotFoundError):
            SafeFolder.open(shared / "a", below=shared)
    else:
        SafeFolder.open(shared / "a", below=shared, create=True).close()


def test_a_file_is_opened_through_its_folder(home):
    path = home / "file"
    path.write_text("x")
    os.close(open_file(path, None, os.O_RDONLY))
    with SafeFolder.open(home) as folder:
        os.close(open_file(path, folder, os.O_RDONLY))
    with pytest.raises(FileNotFoundError):
        open_file(home / "nowhere/file", None, os.O_RDONLY)


@posix
def test_no_descriptor_is_left_open(home):
    if not Path("/proc/self/fd").exists():
        pytest.skip("there is no list of descriptors")
    (home / "link").symlink_to(home)
    (home / "file").write_text("x")
    (home / "file").chmod(0o666)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(5):
        with SafeFolder.open(home / "a/b", below=home, create=True) as folder:
            write(folder, "x")
            folder.unlink("x")
        for path in (home / "link/x", home / "file", home / "nowhere"):
            with pytest.raises(OSError, match=r"link|folder|No such file"):
                SafeFolder.open(path, below=home)
        with SafeFolder.open(home) as folder, pytest.raises(UntrustedError):
            folder.open_file("file", os.O_RDONLY)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
