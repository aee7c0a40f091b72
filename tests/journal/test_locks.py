"""Locks on open files, which other processes and other places of this one see."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlmagic.journal import locks

pytestmark = pytest.mark.skipif(locks.fcntl is None, reason="this system has no such locks")
ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def file(tmp_path):
    """A function that opens one file anew."""
    path = tmp_path / "file"
    path.touch()
    opened = []

    def make():
        opened.append(os.open(path, os.O_RDWR))
        return opened[-1]

    yield make
    for descriptor in opened:
        os.close(descriptor)


def test_a_lock_is_seen_by_every_other_opening_of_the_file(file):
    one, other = file(), file()
    assert not locks.is_locked(one)
    assert locks.lock(one)
    assert locks.is_locked(other)
    with pytest.raises(BlockingIOError):
        locks.try_lock(other)


def test_looking_takes_no_lock(file):
    one, other = file(), file()
    assert not locks.is_locked(one)
    assert locks.try_lock(other)


def test_a_lock_ends_with_the_process_that_has_it(file, tmp_path):
    script = f"""
import os
from mlmagic.journal import locks
locks.lock(os.open({str(tmp_path / "file")!r}, os.O_RDWR))
print("locked", flush=True)
input()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": ROOT},
    )
    assert process.stdout.readline() == b"locked\n"
    mine = file()
    assert locks.is_locked(mine)
    process.kill()
    process.communicate()
    assert not locks.is_locked(mine)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL])
def test_a_file_system_without_locks_has_none(file, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, "no locks here")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    descriptor = file()
    assert (locks.lock(descriptor), locks.try_lock(descriptor), locks.is_locked(descriptor)) == (False, False, False)


def test_another_error_is_raised(file, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "a broken disk")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    with pytest.raises(OSError, match="a broken disk"):
        locks.lock(file())


def test_a_system_without_locks_has_none(file, monkeypatch):
    monkeypatch.setattr(locks, "fcntl", None)
    assert (locks.lock(file()), locks.is_locked(file())) == (False, False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_does_not_keep_the_lock_of_its_parent(tmp_path):
    script = """
import os, sys
from pathlib import Path
from mlmagic.journal import locks
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Tag
journal = Journal.create(Path("one.journal"))
to_child, from_parent = os.pipe()
to_parent, from_child = os.pipe()
if not (child := os.fork()):
    os.close(from_parent)
    os.write(from_child, b"!")
    os.read(to_child, 1)  # until the parent has closed its end
    print(journal.is_on_disk, flush=True)
    os._exit(0)
os.read(to_parent, 1)
journal.append(Tag("a", "1"))
print(locks.is_locked(os.open("one.journal", os.O_RDWR)), flush=True)
journal.close()
print(locks.is_locked(os.open("one.journal", os.O_RDWR)), flush=True)
os.close(from_parent)
os.waitpid(child, 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "False", "False"]
