"""Where the files of a run wait until they are delivered."""

import errno
import os
import stat
import tempfile
from pathlib import Path

import pytest

from mlmagic.journal.records import File, Model
from mlmagic.journal.staging import Staging


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def staging(tmp_path, temporary):
    return Staging(tmp_path / "one.files")


def fails(number, times=1):
    """Return a function that fails so often, and then counts."""
    called = []

    def write(*_, **__):
        called.append(1)
        if len(called) <= times:
            raise OSError(number, os.strerror(number))
        return len(called)

    return write


def test_files_lie_beside_the_journal_under_their_names_in_the_run(staging, tmp_path):
    assert staging.path == tmp_path / "one.files"
    assert staging.of_file(File("a/b.txt")) == tmp_path / "one.files/artifacts/a/b.txt"
    assert staging.of_file(File("a.txt", after="")) == tmp_path / "one.files/continued/a.txt"
    assert staging.of_model(Model("1", "clf", "models/1")) == tmp_path / "one.files/models/1"
    assert not staging.path.exists()


def test_the_folder_is_made_once_for_this_user_alone(staging):
    for _ in range(2):
        assert staging.make() == staging.path
    if os.name != "nt":
        assert stat.S_IMODE(staging.path.stat().st_mode) == 0o700


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_moves_all_that_is_staged_elsewhere(staging, temporary, number):
    staging.make()
    (staging.path / "a.txt").write_text("a")
    assert staging.with_room(fails(number)) == 2
    assert staging.elsewhere.parent == temporary
    assert staging.path == staging.elsewhere
    assert (staging.path / "a.txt").read_text() == "a"
    with pytest.raises(OSError, match=os.strerror(number)):
        staging.with_room(fails(number))  # there is no third place


def test_another_error_moves_nothing(staging, temporary):
    staging.make()
    with pytest.raises(OSError, match=os.strerror(errno.EACCES)):
        staging.with_room(fails(errno.EACCES))
    assert staging.elsewhere is None
    assert list(temporary.iterdir()) == []


def test_where_there_is_no_room_elsewhere_the_first_error_is_told(staging, temporary, monkeypatch):
    staging.make()
    monkeypatch.setattr("shutil.copytree", fails(errno.ENOSPC, 9))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        staging.with_room(fails(errno.ENOSPC))
    assert list(temporary.iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "nowhere"))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        staging.with_room(fails(errno.ENOSPC))
    assert staging.elsewhere is None


def test_what_could_not_be_kept_is_told_by_its_reason(staging):
    assert staging.put("a.txt", lambda: None)
    assert not staging.put("b.txt", fails(errno.EACCES))
    assert not staging.put("c.txt", fails(errno.EACCES))
    assert not staging.put("d.txt", fails(errno.EIO))
    staging.left_out.append("e.txt was left out: it is a link")
    assert staging.problems == [
        "e.txt was left out: it is a link",
        "b.txt, c.txt could not be kept: Permission denied",
        "d.txt could not be kept: Input/output error",
    ]


def test_everything_is_removed_wherever_it_lies(staging, temporary):
    staging.make()
    staging.with_room(fails(errno.ENOSPC))
    beside, elsewhere = staging._beside, staging.elsewhere
    staging.close()
    assert (beside.exists(), elsewhere.exists()) == (True, True)
    staging.remove()
    assert (beside.exists(), elsewhere.exists()) == (False, False)
    staging.remove()


def test_the_files_of_a_journal_in_memory_go_with_it(temporary):
    staging = Staging(None)
    assert list(temporary.iterdir()) == []
    (staging.make() / "a.txt").write_text("a")
    assert staging.path.parent == temporary
    staging.close()
    assert list(temporary.iterdir()) == []
    assert isinstance(staging.path, Path)
