"""A journal: an append-only file with one record per line."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
import zlib
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import NoActiveRunError
from mlmagic.journal import locks
from mlmagic.journal.lines import decode, encode, encode_metric, header, read_lines, seed_of
from mlmagic.journal.records import AFTER_THE_END, SIGNED, Began, Closed, Copy, Ended, File, Part
from mlmagic.journal.safe_folder import STAGED, open_file
from mlmagic.journal.schema import storable, storable_text
from mlmagic.journal.signing import signature_of
from mlmagic.journal.staged_files import path_of, place_of, within
from mlmagic.journal.staging import Staging, UserCopy, copy_in
from mlmagic.journal.system_calls import FLAGS, read_at, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.journal.lines import JournalLine
    from mlmagic.journal.records import Record, Signed
    from mlmagic.journal.safe_folder import SafeFolder
    from mlmagic.journal.signing import Signature

_CHUNK = 1 << 20
_LONGEST_CLOSING = 64
# Limit of the search for the first record: a run's tags may be long, and a file that is no journal may be endless.
LONGEST_BEGINNING = 1 << 20
_MOST_DAMAGED = 16


class Journal:
    """The journal of one run. All methods may be called from any thread.

    When ``append`` returns, the operating system has the record, so it outlives the process; ``sync`` makes it outlive
    the machine. If the disk refuses a record, this and the following ones stay in memory until ``sync`` has written
    them, and ``trouble`` says why. The files that its records name are in ``staging``.
    """

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self.is_locked = False
        self._is_in_memory = self._is_mine = descriptor is None
        self.trouble: str | None = None
        self.staging = Staging(None if self._is_in_memory else path.with_suffix(STAGED))
        self._seed = seed_of(path.name)
        self._file = descriptor
        # Bytes that the disk refused. They follow the file's last byte; while there are any, all new records go here.
        self._unwritten = bytearray()
        self._unsynced = False
        self._ended = False
        self._signature: Signature | None = None
        self._lock = threading.RLock()
        locks.give_up_after_fork(self)

    @classmethod
    def create(cls, path: Path, folder: SafeFolder | None = None) -> Journal:
        """Create the journal at *path*, where none may exist; *folder* is the folder that holds it, if it is open.

        The journal is locked until it is closed, so that other processes can tell that its writer is alive.

        Raises
        ------
        OSError
            If it cannot be made, or the disk is full; no file is left then.
        """
        journal = cls(path, open_file(path, folder, os.O_CREAT | os.O_EXCL | FLAGS))
        journal.is_locked, journal._is_mine = locks.lock(journal.descriptor), True
        journal._signature = signature_of(path)
        journal._write(header(journal._seed))
        if journal.trouble:
            path.unlink()
            journal.close()
            raise OSError(errno.ENOSPC, journal.trouble, str(path))
        return journal

    @classmethod
    def in_memory(cls, name: str) -> Journal:
        """Return a journal that exists only in memory."""
        journal = cls(Path(name), None)
        journal._write(header(journal._seed))
        return journal

    @classmethod
    def open(cls, path: Path, folder: SafeFolder | None = None) -> Journal:
        """Open the journal at *path* for reading.

        Raises
        ------
        UntrustedError
            If it is a link, another user's, or writable by other users.
        OSError
            If it cannot be opened.
        """
        return cls(path, open_file(path, folder, FLAGS))

    @classmethod
    def adopt(cls, path: Path, folder: SafeFolder | None = None) -> Journal:
        """Open the journal at *path*, which a dead process left, and lock it for this process until it is closed.

        Raises
        ------
        BlockingIOError
            If another process has it: the one that writes it, or one that delivers it.
        FileNotFoundError
            If it is gone: another process has delivered it.
        UntrustedError
            As for `open`.
        """
        journal = cls.open(path, folder)
        try:
            journal.is_locked = locks.try_lock(journal.descriptor)
            journal._require_in_place()
        except BaseException:
            journal.close()
            raise
        journal._signature = signature_of(path)
        return journal

    def _require_in_place(self) -> None:
        if os.name != "nt" and not os.fstat(self.descriptor).st_nlink:
            raise FileNotFoundError(errno.ENOENT, "another process has put it away", str(self.path))

    @property
    def descriptor(self) -> int:
        """The descriptor of the open file.

        Raises
        ------
        OSError
            If there is none.
        """
        if self._file is None:
            raise OSError(errno.EBADF, "the journal is not open", str(self.path))
        return self._file

    def append(self, record: Record) -> None:
        """Append a record.

        Raises
        ------
        NoActiveRunError
            When the run has ended: a thread goes on after its cell.
        """
        record = storable(record)
        if self._signature is not None and isinstance(record, SIGNED):
            record = self._signature.sign(record)
        line = encode(record, self._seed)
        with self._lock:
            self._check_open(record)
            self._write(line)
            self._ended = self._ended or isinstance(record, Ended)

    def append_metric(self, key: str, value: float, timestamp: int, step: int, *, yields: bool = False) -> None:
        """Append one value of a metric; like `append`, but faster, for loops."""
        line = encode_metric(key, value, timestamp, step, yields=yields, seed=self._seed)
        with self._lock:
            if self._ended:
                self._check_open(None)
            self._write(line)

    def _check_open(self, record: Record | None) -> None:
        if self._ended and not isinstance(record, AFTER_THE_END):
            raise NoActiveRunError(
                "the run has ended: what a thread logs after its cell is not recorded. Wait for the thread in the cell."
            )

    def _write(self, line: bytes) -> None:
        if self._file is not None and not self._unwritten:
            self._unsynced = True
            try:
                done = write(self._file, line)
            except OSError as error:
                self.trouble = error.strerror or str(error)
                done = 0
            if done == len(line):
                return
            if done:  # the disk was full in the middle of a line: remove the partial line
                self.trouble = "the disk is full"
                os.ftruncate(self._file, self._on_disk() - done)
        self._unwritten += line

    def _write_again(self) -> None:
        """Retry writing what the disk refused before: it may have room now."""
        if self._file is None or not self._unwritten:
            return
        with contextlib.suppress(OSError):
            done = os.write(self._file, self._unwritten)
            del self._unwritten[:done]
            self._unsynced = True
        if not self._unwritten:
            self.trouble = None

    def _on_disk(self) -> int:
        # Queried, not counted: an interrupt may come between a write and its count.
        return 0 if self._file is None else os.fstat(self._file).st_size

    @property
    def is_on_disk(self) -> bool:
        """Whether the journal has an open file."""
        return self._file is not None

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return self._on_disk()

    def silent_s(self) -> float:
        """Return how many seconds ago the file was last written to, or touched by `beat`."""
        return time.time() - os.fstat(self.descriptor).st_mtime

    def content(self) -> Iterator[bytes]:
        """Yield the whole content in chunks."""
        at = 0
        while data := self._bytes(at):
            at += len(data)
            yield data

    def is_own(self, record: Signed) -> bool:
        """Return whether this user recorded *record* in this journal, and in the folder where the journal is.

        This holds for all records of this process, even if they cannot be signed.
        """
        if self._is_mine:
            return True
        signature = self._signature or signature_of(self.path)
        return signature is not None and signature.is_of(record)

    def beginning(self) -> Began | None:
        """Return the first record, or None if it is damaged or the file is not a journal.

        Raises
        ------
        NewerFormatError
            As for `read`.
        """
        for line in islice(self.read(upto=LONGEST_BEGINNING), _MOST_DAMAGED):
            if line.record is not None:  # any other record can only follow it
                return line.record if isinstance(line.record, Began) else None
        return None

    def is_only_begun(self) -> bool:
        """Return whether the file holds nothing, or no more than the line that states the format."""
        return header(self._seed).startswith(self._bytes(0))

    def read(self, start: int = 0, *, upto: int | None = None) -> Iterator[JournalLine]:
        """Yield the records that are written by now, from byte *start* on, up to byte *upto* if it is given.

        Raises
        ------
        NewerFormatError
            When a newer mlmagic wrote it.
        """
        yield from read_lines(self._bytes, self._seed, start, upto)

    def ends_closed(self) -> bool:
        """Return whether the last record says that everything is delivered; reads only the end of the file."""
        end = self._on_disk()
        last = self._bytes(max(0, end - _LONGEST_CLOSING)).rstrip(b"\n").rpartition(b"\n")[2]
        return any(isinstance(line.record, Closed) for line in decode(last + b"\n", self._seed))

    def _bytes(self, start: int) -> bytes:
        # Without the lock, so that a loop that logs does not wait for the disk.
        file = self._file
        if file is not None and (data := read_at(file, _CHUNK, start)):
            return data
        with self._lock:
            start -= self._on_disk()
            return bytes(self._unwritten[start : start + _CHUNK]) if start >= 0 else b""

    def sync(self) -> None:
        """Write and fsync everything; if the disk refuses, ``trouble`` says why."""
        with self._lock:
            self._write_again()
            if self._file is None or not self._unsynced:
                return
            self._unsynced = False
            try:
                descriptor = os.dup(self._file)  # so that the lock is not held during fsync
            except OSError as error:
                self._unsynced, self.trouble = True, error.strerror or str(error)
                return
        try:
            os.fsync(descriptor)
        except OSError as error:
            self.trouble = error.strerror or str(error)
        finally:
            os.close(descriptor)

    def beat(self) -> None:
        """Touch the file, to show other machines that this process is alive."""
        with self._lock, contextlib.suppress(OSError):  # the folder may have been deleted
            if self._file is not None:
                os.utime(self._file if os.utime in os.supports_fd else self.path)

    def keep_file(self, path: str, content: bytes, *, after: str | None = None, before: str = "") -> None:
        """Stage an artifact and record it."""
        path = storable_text(path)
        file = File(path, len(content), zlib.crc32(content), after, before)
        if self.staging.put(path, lambda: _write(self.staging.of_file(file), content)):
            self.append(file)

    def keep_part(self, digest: str, packed: bytes) -> None:
        """Stage a part of a text that runs share, and record it."""
        part = Part(digest, len(packed), zlib.crc32(packed))
        if self.staging.put(
            f"the part {digest}", lambda: _write(within(self.staging.path, str(path_of(part))), packed)
        ):
            self.append(part)

    def keep_copy(self, folder: str, source: Path) -> None:
        """Stage a copy of a user's file or folder and record it; a folder's content goes into *folder* itself."""
        place = place_of(folder, source)
        own = [self.staging.path] if self._is_in_memory else [self.staging.path, self.path.parent]
        copied: list[UserCopy] = []
        if self.staging.put(place or source.name, lambda: copied.append(copy_in(source, self.staging, place, own))):
            self.staging.left_out += copied[0].left_out
            for path in copied[0].paths:
                self.append(Copy(path))

    def close_file(self) -> None:
        """Close the file if it is open, which also releases the lock."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def close(self) -> None:
        """Close the file, and remove the staged files of a journal in memory."""
        with self._lock:
            self.close_file()
            self.staging.close()


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
