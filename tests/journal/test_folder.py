import errno
import gzip
import os
import time

import pytest

from mlmagic.journal import file, folder, owner
from mlmagic.journal.records import Tag
from mlmagic.user_settings import settings


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folder, "_home", None)
    monkeypatch.setattr(folder, "_elsewhere", lambda: tmp_path / "elsewhere")


def test_it_keeps_itself_out_of_git(tmp_path):
    journal, told = folder.new()
    assert told is None
    assert journal.path.parent == tmp_path / ".mlmagic/journal"
    assert (tmp_path / ".mlmagic/.gitignore").read_text() == "*\n"


def test_the_setting_says_where(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "journal", str(tmp_path / "a/b"))
    assert folder.new()[0].path.parent == tmp_path / "a/b"
    monkeypatch.setattr(settings, "journal", "runs/journal")
    folder.settle(tmp_path / "a")
    assert folder.place() == tmp_path / "a/runs/journal"


def test_it_stays_where_the_extension_was_loaded(tmp_path, monkeypatch):
    folder.settle(tmp_path)
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    assert folder.place() == tmp_path / ".mlmagic/journal"


def test_a_folder_that_cannot_be_written_is_told_and_another_one_is_used(tmp_path):
    (tmp_path / ".mlmagic").write_text("a file")
    journal, told = folder.new()
    assert journal.path.parent == tmp_path / "elsewhere"
    assert "cannot be written" in told
    assert str(tmp_path / "elsewhere") in told
    assert folder.journals(tmp_path / "elsewhere") == [journal.path]


def test_where_nothing_can_be_written_it_is_in_memory_and_told(tmp_path):
    (tmp_path / ".mlmagic").write_text("a file")
    (tmp_path / "elsewhere").write_text("a file")
    journal, told = folder.new()
    journal.append(Tag("a", "1"))
    assert [line.record for line in journal.read()] == [Tag("a", "1")]
    assert "this run is lost if the kernel dies" in told


def test_on_a_full_disk_another_folder_is_used(tmp_path, monkeypatch):
    write, refused = file.write, []

    def full(descriptor, data):
        if not refused:
            refused.append(data)
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(file, "write", full)
    journal, told = folder.new()
    assert journal.path.parent == tmp_path / "elsewhere"
    assert "No space left on device" in told
    assert folder.journals(tmp_path / ".mlmagic/journal") == []


def test_on_a_full_disk_what_is_delivered_goes_unpacked(tmp_path, monkeypatch):
    class Full(gzip.GzipFile):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    journal, _ = folder.new()
    journal.append(Tag("a", "1"))
    monkeypatch.setattr(folder.gzip, "GzipFile", Full)
    folder.put_away(journal, keep_files=False)
    assert folder.journals(tmp_path / ".mlmagic/journal") == []
    assert list((tmp_path / ".mlmagic/journal/delivered").iterdir()) == []


def test_what_is_delivered_is_packed_and_its_files_go(tmp_path, monkeypatch):
    journal, _ = folder.new()
    journal.append(Tag("a", "1"))
    journal.keep_file("a.txt", b"a")
    lines = journal.path.read_bytes()
    folder.put_away(journal, keep_files=False)
    (packed,) = (tmp_path / ".mlmagic/journal/delivered").iterdir()
    assert gzip.decompress(packed.read_bytes()) == lines
    assert sorted(path.name for path in (tmp_path / ".mlmagic/journal").iterdir()) == ["delivered"]

    folder.prune()
    assert packed.exists()
    eight_days_ago = time.time() - 8 * 86_400
    os.utime(packed, (eight_days_ago, eight_days_ago))
    folder.prune()
    assert not packed.exists()


def test_none_is_kept_where_the_setting_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "journal_days", 0.0)
    journal, _ = folder.new()
    folder.put_away(journal, keep_files=False)
    assert list((tmp_path / ".mlmagic/journal").iterdir()) == []


def test_a_process_is_known_by_its_number_and_when_it_began():
    mine = owner.this_process()
    assert owner.is_alive(mine, heard_s_ago=1e9)
    assert not owner.is_alive(mine | {"started": "0"}, heard_s_ago=0)
    assert not owner.is_alive(mine | {"pid": 2**22 + 1}, heard_s_ago=0)


def test_a_process_of_another_machine_lives_while_its_journal_is_touched():
    other = owner.this_process() | {"host": "another one"}
    assert owner.is_alive(other, heard_s_ago=owner.SILENT_S - 1)
    assert owner.is_alive(other, heard_s_ago=-3600)  # its clock is ahead
    assert not owner.is_alive(other, heard_s_ago=owner.SILENT_S + 1)
