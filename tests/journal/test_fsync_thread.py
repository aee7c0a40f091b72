"""The thread that makes journals outlive the machine."""

import errno
import os
import threading

import pytest

from mlmagic.journal import fsync_thread
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Tag


class Watched(Journal):
    """A journal that says when it was synced, and may fail."""

    def __init__(self, path, descriptor):
        super().__init__(path, descriptor)
        self.synced, self.beaten, self.error = threading.Event(), threading.Event(), None

    def sync(self):
        super().sync()
        self.synced.set()
        if self.error:
            raise self.error

    def beat(self):
        super().beat()
        self.beaten.set()


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Let the thread of this test find its own journals only, and not wait for a second."""
    fsync_thread.stop()
    monkeypatch.setattr(fsync_thread, "_EVERY_S", 0.01)
    monkeypatch.setattr(fsync_thread, "Journal", Watched)
    yield
    fsync_thread.stop()
    fsync_thread._journals.clear()


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "mlmagic-sync"]


def test_a_watched_journal_is_synced_and_shows_that_it_is_alive(tmp_path):
    journal = Watched.create(tmp_path / "one.journal")
    fsync_thread.watch(journal)
    assert journal.synced.wait(30)
    assert journal.beaten.wait(30)
    journal.synced.clear()
    assert journal.synced.wait(30)
    assert len(threads()) == 1


def test_one_journal_that_fails_does_not_stop_the_others(tmp_path):
    failing, other = Watched.create(tmp_path / "a.journal"), Watched.create(tmp_path / "b.journal")
    failing.error = ValueError("odd")
    fsync_thread.watch(failing)
    fsync_thread.watch(other)
    for _ in range(2):
        assert other.synced.wait(30)
        other.synced.clear()
    assert failing.synced.wait(30)
    assert failing.trouble == "ValueError: odd"
    assert other.trouble is None


def test_a_forgotten_journal_is_left_alone(tmp_path):
    one, other = Watched.create(tmp_path / "a.journal"), Watched.create(tmp_path / "b.journal")
    fsync_thread.watch(one)
    fsync_thread.watch(other)
    assert one.synced.wait(30)
    fsync_thread.forget(one)
    other.synced.clear()
    assert other.synced.wait(30)  # a round that began before may be going on
    one.synced.clear()
    for _ in range(2):
        other.synced.clear()
        assert other.synced.wait(30)
    assert not one.synced.is_set()


def test_stopping_syncs_once_more_and_starting_goes_on(tmp_path):
    journal = Watched.create(tmp_path / "one.journal")
    fsync_thread.watch(journal)
    assert journal.synced.wait(30)
    fsync_thread.stop()
    for thread in threads():
        thread.join(30)
    assert threads() == []
    journal.synced.clear()
    fsync_thread.stop()
    assert journal.synced.is_set()
    assert threads() == []
    journal.synced.clear()
    fsync_thread.start()
    assert journal.synced.wait(30)


def test_without_journals_there_is_no_thread():
    fsync_thread.start()
    assert threads() == []


def test_the_disk_is_asked_only_for_what_was_written_since(tmp_path, monkeypatch):
    asked, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: asked.append(descriptor) or fsync(descriptor))
    journal = Journal.create(tmp_path / "one.journal")
    counts = []
    for record in (None, Tag("a", "1"), None, Tag("b", "2")):
        if record is not None:
            journal.append(record)
        journal.sync()
        counts.append(len(asked))
    assert counts == [1, 2, 2, 3]


def test_a_disk_that_cannot_sync_is_told_and_asked_again(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    journal = Journal.create(tmp_path / "one.journal")
    with monkeypatch.context() as patched:
        patched.setattr(os, "dup", fail)
        journal.sync()
    assert journal.trouble == "Input/output error"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        journal.trouble = None
        journal.sync()
        assert journal.trouble == "Input/output error"


def test_a_beat_shows_that_the_process_is_alive(tmp_path):
    journal = Journal.create(tmp_path / "one.journal")
    os.utime(journal.path, (1, 1))
    assert journal.silent_s() > 1e6
    journal.beat()
    assert journal.silent_s() < 1e5
    journal.close()
    journal.beat()  # does no harm
    Journal.in_memory("one.journal").beat()
