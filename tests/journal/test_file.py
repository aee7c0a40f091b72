import errno
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from mlmagic.errors import NoActiveRunError
from mlmagic.journal import file as module
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Closed, Copy, Ended, File, Metric, Model, Param, Tag


@pytest.fixture
def journal(tmp_path):
    return Journal.create(tmp_path / "one.journal")


def records(journal):
    return [line.record for line in journal.read()]


def test_a_record_is_with_the_system_when_append_returns(journal):
    journal.append(Param("lr", "0.1"))
    journal.append_metric("loss", 0.5, 1, 0)
    other = Journal.open(journal.path)
    assert records(other) == [Param("lr", "0.1"), Metric("loss", 0.5, 1, 0)]


def test_only_the_user_can_read_it(journal):
    assert journal.path.stat().st_mode & 0o077 == 0


def test_reading_goes_on_where_it_ended(journal):
    journal.append(Tag("a", "1"))
    (first,) = journal.read()
    journal.append(Tag("b", "2"))
    assert [line.record for line in journal.read(first.end)] == [Tag("b", "2")]


def test_a_long_record_is_read_in_one_piece(journal):
    journal.append(Param("long", "x" * 3_000_000))
    journal.append(Param("next", "1"))
    assert [record.key for record in records(journal)] == ["long", "next"]


def test_nothing_of_the_code_is_taken_after_the_end(journal):
    journal.append(Ended("FINISHED", 1))
    with pytest.raises(NoActiveRunError, match="the run has ended"):
        journal.append_metric("late", 1.0, 1, 0)
    with pytest.raises(NoActiveRunError, match="Wait for the thread"):
        journal.append(Param("late", "1"))
    journal.append(Closed())
    assert records(journal) == [Ended("FINISHED", 1), Closed()]
    assert journal.ends_closed()


def test_threads_do_not_mix_their_lines(journal):
    def log(name):
        for step in range(1000):
            journal.append_metric(name, 1.0, 1, step)

    threads = [threading.Thread(target=log, args=(f"m{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        steps = [record.step for record in records(journal) if record.key == f"m{number}"]
        assert steps == list(range(1000))


@pytest.mark.parametrize("taken", [0, 10], ids=["nothing", "a piece"])
def test_a_disk_that_is_full_in_between_loses_nothing_while_the_process_lives(journal, monkeypatch, taken):
    journal.append(Tag("a", "1"))

    def full(descriptor, data):
        if taken:
            return os.write(descriptor, data[:taken])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(module, "write", full)
        journal.append(Tag("b", "2"))
    journal.append(Tag("c", "3"))
    assert records(journal) == [Tag("a", "1"), Tag("b", "2"), Tag("c", "3")]
    assert journal.trouble in {"No space left on device", "the disk is full"}
    assert records(Journal.open(journal.path)) == [Tag("a", "1")]


def no_room(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_a_full_disk_refused_is_written_once_it_has_room(journal, monkeypatch):
    journal.append(Tag("a", "1"))
    with monkeypatch.context() as patched:
        patched.setattr(module, "write", no_room)
        journal.append(Tag("b", "2"))
    journal.append(Tag("c", "3"))

    with monkeypatch.context() as patched:
        patched.setattr(module.os, "write", no_room)
        journal.sync()
    assert journal.trouble == "No space left on device"
    assert records(Journal.open(journal.path)) == [Tag("a", "1")]

    write, taken = os.write, []
    monkeypatch.setattr(module.os, "write", lambda descriptor, data: taken.append(write(descriptor, data[:20])) or 20)
    for _ in range(10):
        journal.sync()
        assert records(journal) == [Tag("a", "1"), Tag("b", "2"), Tag("c", "3")]
    assert len(taken) > 1
    assert journal.trouble is None
    journal.append(Tag("d", "4"))
    assert records(Journal.open(journal.path)) == [Tag("a", "1"), Tag("b", "2"), Tag("c", "3"), Tag("d", "4")]


def test_none_is_begun_on_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "write", no_room)
    with pytest.raises(OSError, match="No space left on device"):
        Journal.create(tmp_path / "one.journal")
    assert list(tmp_path.iterdir()) == []


def fill(monkeypatch, folder):
    """Let no file below *folder* be written."""
    write_bytes = Path.write_bytes
    monkeypatch.setattr(
        Path,
        "write_bytes",
        lambda path, content: no_room() if path.is_relative_to(folder) else write_bytes(path, content),
    )


def test_files_that_a_full_disk_refuses_are_staged_elsewhere(journal, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    journal.keep_file("a.txt", b"a")
    beside = journal.staging.path
    fill(monkeypatch, beside)
    journal.keep_file("b.txt", b"b")
    journal.keep_file("c.txt", b"c")
    assert [record.path for record in records(journal)] == ["a.txt", "b.txt", "c.txt"]
    assert {path.name: path.read_bytes() for path in journal.staging.artifacts.iterdir()} == {"a.txt": b"a", "b.txt": b"b", "c.txt": b"c"}  # fmt: skip
    assert journal.staging.elsewhere.parent == temporary
    assert journal.staging.elsewhere.stat().st_mode & 0o077 == 0
    assert journal.staging.problems == []
    assert (beside / "artifacts/a.txt").read_bytes() == b"a"  # for another process, should this one die

    journal.staging.remove()
    assert (beside.exists(), list(temporary.iterdir())) == (False, [])


def test_files_that_no_disk_takes_are_named_in_one_line(journal, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fill(monkeypatch, tmp_path)
    journal.keep_file("a.txt", b"a")
    journal.keep_file("b.txt", b"b")
    assert records(journal) == []
    assert journal.staging.problems == ["a.txt, b.txt could not be kept: No space left on device"]


def test_a_limit_of_the_system_is_met_as_a_full_disk_is(tmp_path):
    script = """
import resource
from pathlib import Path
from mlmagic.journal.file import Journal
journal = Journal.create(Path("one.journal"))
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for step in range(100):
    journal.append_metric("loss", 1.0, 1, step)
journal.keep_file("big.bin", b"x" * 5000)
print(len(list(journal.read())), journal.trouble, journal.staging.problems)
"""
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=os.environ | {"PYTHONPATH": root}, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert done.stdout.startswith("100 ")
    assert "big.bin could not be kept" in done.stdout
    kept = [line.record.step for line in Journal.open(tmp_path / "one.journal").read()]
    assert kept == list(range(len(kept)))


def test_staged_files_lie_beside_it(journal, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.bin").write_bytes(b"a")
    journal.keep_file("mlmagic/cell.py", b"x = 1")
    journal.keep_copy("data", tmp_path / "mine")
    assert records(journal)[1] == Copy("data")
    file = records(journal)[0]
    assert isinstance(file, File)
    assert journal.staging.of_file(file).read_bytes() == b"x = 1"
    assert (journal.staging.artifacts / "data/a.bin").read_bytes() == b"a"


def test_a_journal_of_somebody_else_cannot_name_files_elsewhere(journal):
    for path in ("../../secret.txt", "/etc/passwd"):
        with pytest.raises(OSError, match="outside of the journal's own folder"):
            journal.staging.of_file(File(path))
        with pytest.raises(OSError, match="outside of the journal's own folder"):
            journal.staging.of_model(Model("a", "m", path))


def test_one_in_memory_serves_as_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal.in_memory("one.journal")
    journal.append(Tag("a", "1"))
    journal.keep_file("a.txt", b"a")
    assert [type(record) for record in records(journal)] == [Tag, File]
    assert (journal.staging.artifacts / "a.txt").read_bytes() == b"a"
    staging = journal.staging.path
    journal.close()
    assert not staging.exists()
    assert list(tmp_path.iterdir()) == []
