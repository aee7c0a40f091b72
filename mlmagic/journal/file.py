"""A journal: a file that only grows, a line a record, and beside it the staged files that its records name."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import threading
import time
import zlib
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mlmagic.errors import NoActiveRunError
from mlmagic.journal import locks
from mlmagic.journal.lines import decode, encode, encode_metric, header, read_lines, seed_of
from mlmagic.journal.records import (
    Began,
    Bound,
    Closed,
    Copy,
    Delivered,
    Ended,
    File,
    Model,
    Part,
    Rejected,
    Stored,
    UserKeys,
)
from mlmagic.journal.safe_folder import FULL, STAGED, open_file
from mlmagic.journal.signing import signature_of
from mlmagic.journal.staged_files import path_of, within
from mlmagic.journal.system_calls import FLAGS, read_at, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmagic.journal.lines import Line
    from mlmagic.journal.records import Record, Signed
    from mlmagic.journal.safe_folder import SafeFolder
    from mlmagic.journal.signing import Signature

_CHUNK = 1 << 20
_LONGEST_CLOSING = 64
# Where the beginning is looked for: tags of a run may be long, a file of another kind may be endless.
LONGEST_BEGINNING = 1 << 20
_MOST_DAMAGED = 16

T = TypeVar("T")


class Journal:
    """The journal of one run. All methods may be called from any thread.

    A record is with the operating system when ``append`` returns: it outlives the process. ``sync`` makes it outlive
    the machine. When the disk refuses, what follows is kept in memory, and ``trouble`` says why, until ``sync`` has
    written it. ``elsewhere`` is where files are staged when the journal's own disk is full. ``left_out`` are lines
    about files that were not taken over.
    """

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self.is_locked = False
        self._is_in_memory = self._is_mine = descriptor is None
        self.trouble: str | None = None
        self.left_out: list[str] = []
        self.elsewhere: Path | None = None
        self._seed = seed_of(path.name)
        self._file = descriptor
        # What the disk did not take: it follows the file's last byte, and once there is some, all goes here.
        self._unwritten = bytearray()
        self._unsynced = False
        self._ended = False
        self._not_kept: dict[str, list[str]] = {}
        self._signature: Signature | None = None
        self._lock = threading.RLock()
        locks.give_up_after_fork(self)

    @classmethod
    def create(cls, path: Path, folder: SafeFolder | None = None) -> Journal:
        """Begin the journal at *path*, where there must be none; *folder* is the one that holds it, if it is open.

        The journal is locked until it is closed, which tells other processes that its writer lives.

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
        """Return a journal that is only kept in memory."""
        journal = cls(Path(name), None)
        journal._write(header(journal._seed))
        return journal

    @classmethod
    def open(cls, path: Path, folder: SafeFolder | None = None) -> Journal:
        """Return the journal at *path*, to read.

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
        """Return the journal at *path*, which a dead process left, for this process alone until it is closed.

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
        """The open file.

        Raises
        ------
        OSError
            If there is none.
        """
        if self._file is None:
            raise OSError(errno.EBADF, "the journal is not open", str(self.path))
        return self._file

    def append(self, record: Record) -> None:
        """Add a record.

        Raises
        ------
        NoActiveRunError
            When the run has ended: a thread goes on after its cell.
        """
        if self._signature is not None and isinstance(record, (Began, File, Part, Copy, Model)):
            record = self._signature.sign(record)
        line = encode(record, self._seed)
        with self._lock:
            self._check_open(record)
            self._write(line)
            self._ended = self._ended or isinstance(record, Ended)

    def append_metric(self, key: str, value: float, timestamp: int, step: int, *, yields: bool = False) -> None:
        """Add one value of a metric; as `append` does, for loops."""
        line = encode_metric(key, value, timestamp, step, yields=yields, seed=self._seed)
        with self._lock:
            if self._ended:
                self._check_open(None)
            self._write(line)

    def _check_open(self, record: Record | None) -> None:
        if self._ended and not isinstance(record, _OF_THE_DELIVERY):
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
            if done:  # the disk was full in the middle of a line: take the piece back
                self.trouble = "the disk is full"
                os.ftruncate(self._file, self._on_disk() - done)
        self._unwritten += line

    def _write_again(self) -> None:
        """Write what the disk refused before: it may have room by now."""
        if self._file is None or not self._unwritten:
            return
        with contextlib.suppress(OSError):
            done = os.write(self._file, self._unwritten)
            del self._unwritten[:done]
            self._unsynced = True
        if not self._unwritten:
            self.trouble = None

    def _on_disk(self) -> int:
        # Asked, not counted: an interrupt may come between a write and the count of it.
        return 0 if self._file is None else os.fstat(self._file).st_size

    @property
    def is_on_disk(self) -> bool:
        """Whether there is an open file."""
        return self._file is not None

    @property
    def size(self) -> int:
        """Bytes that are on the disk."""
        return self._on_disk()

    def silent_s(self) -> float:
        """Return how many seconds ago it was last written to, or touched by `beat`."""
        return time.time() - os.fstat(self.descriptor).st_mtime

    def content(self) -> Iterator[bytes]:
        """Yield all that is written, in parts."""
        at = 0
        while data := self._bytes(at):
            at += len(data)
            yield data

    def is_own(self, record: Signed) -> bool:
        """Return whether this user recorded *record* in this journal, and in the folder where the journal lies.

        What this process records is, whether it can be signed or not.
        """
        if self._is_mine:
            return True
        signature = self._signature or signature_of(self.path)
        return signature is not None and signature.is_of(record)

    def beginning(self) -> Began | None:
        """Return the first record, or None if it is damaged or the file is no journal.

        Raises
        ------
        NewerFormatError
            As for `read`.
        """
        for line in islice(self.read(upto=LONGEST_BEGINNING), _MOST_DAMAGED):
            if line.record is not None:  # any other can only stand behind it
                return line.record if isinstance(line.record, Began) else None
        return None

    def read(self, start: int = 0, *, upto: int | None = None) -> Iterator[Line]:
        """Yield the records from byte *start* on, as far as they are written now, or before byte *upto*.

        Raises
        ------
        NewerFormatError
            When a newer mlmagic wrote it.
        """
        yield from read_lines(self._bytes, self._seed, start, upto)

    def ends_closed(self) -> bool:
        """Return whether the last record says that all is delivered; reads no more than the end of the file."""
        end = self._on_disk()
        last = self._bytes(max(0, end - _LONGEST_CLOSING)).rstrip(b"\n").rpartition(b"\n")[2]
        return any(isinstance(line.record, Closed) for line in decode(last + b"\n", self._seed))

    def _bytes(self, start: int) -> bytes:
        # Without the lock: a loop that logs must not wait for the disk.
        file = self._file
        if file is not None and (data := read_at(file, _CHUNK, start)):
            return data
        with self._lock:
            start -= self._on_disk()
            return bytes(self._unwritten[start : start + _CHUNK]) if start >= 0 else b""

    def sync(self) -> None:
        """Have the disk hold what is written. A disk that refuses is told by ``trouble``."""
        with self._lock:
            self._write_again()
            if self._file is None or not self._unsynced:
                return
            self._unsynced = False
            try:
                descriptor = os.dup(self._file)  # the lock is not held while the disk works
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
        """Show other machines that this process is alive."""
        with self._lock, contextlib.suppress(OSError):  # the folder was deleted: there is nobody to show it to
            if self._file is not None:
                os.utime(self._file if os.utime in os.supports_fd else self.path)

    def keep_file(self, path: str, content: bytes, *, after: str | None = None, before: str = "") -> None:
        """Stage an artifact and note it."""
        file = File(path, len(content), zlib.crc32(content), after, before)
        if self._stage(path, lambda: _write(self.staged(file), content)):
            self.append(file)

    def keep_part(self, digest: str, packed: bytes) -> None:
        """Stage a part of a text that runs share and note it."""
        part = Part(digest, len(packed), zlib.crc32(packed))
        if self._stage(f"the part {digest}", lambda: _write(within(self.staging, str(path_of(part))), packed)):
            self.append(part)

    def staged(self, file: File) -> Path:
        """Return where the content of *file* lies."""
        return within(self.files if file.after is None else self.staging / "continued", file.path)

    def folder_of(self, model: Model) -> Path:
        """Return where the files of *model* lie."""
        return within(self.staging, model.folder)

    def keep_copy(self, folder: str, source: Path) -> None:
        """Stage a copy of a file or folder of the user's and note it; a folder's content goes to *folder* itself."""
        path = folder.strip("/") if source.is_dir() else f"{folder.strip('/')}/{source.name}".lstrip("/")

        def copy() -> None:
            target = self.files / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copyfile(source, target)

        if self._stage(path, copy):
            self.append(Copy(path))

    def _stage(self, path: str, put: Callable[[], None]) -> bool:
        try:
            self.make_staging()
            self.with_room(put)
        except OSError as error:
            self.not_kept(path, error)
            return False
        return True

    def with_room(self, put: Callable[[], T]) -> T:
        """Return what *put* returns, which writes to the staging folder; on a full disk it is called again elsewhere.

        Raises
        ------
        OSError
            If there is no room elsewhere either, or *put* fails for another reason.
        """
        try:
            return put()
        except OSError as error:
            if error.errno not in FULL or not self._stage_elsewhere():
                raise
            return put()

    def not_kept(self, what: str, error: OSError) -> None:
        """Note that *what* could not be staged because of *error*."""
        self._not_kept.setdefault(error.strerror or str(error), []).append(what)

    @property
    def problems(self) -> list[str]:
        """What could not be kept: a line for each reason."""
        lines = [f"{', '.join(what)} could not be kept: {why}" for why, what in self._not_kept.items()]
        return [*self.left_out, *lines]

    @property
    def files(self) -> Path:
        """The staged files, under the paths that they have in the run."""
        return self.staging / "artifacts"

    @property
    def staging(self) -> Path:
        """The folder for all that its records name: beside the journal, or ``elsewhere``."""
        if self._is_in_memory and self.elsewhere is None:
            self.elsewhere = Path(tempfile.mkdtemp(prefix="mlmagic-"))
        return self.elsewhere or self.path.with_suffix(STAGED)

    def make_staging(self) -> Path:
        """Create the staging folder, if need be, for this user alone, and return it."""
        # The files in it have the modes that they are to have in the store.
        with contextlib.suppress(FileExistsError):
            self.staging.mkdir(mode=0o700)
        return self.staging

    def _stage_elsewhere(self) -> bool:
        """Go on in a temporary folder, with a copy of what is staged; return whether there is room in it."""
        if self.elsewhere is not None:
            return False
        try:
            elsewhere = Path(tempfile.mkdtemp(prefix="mlmagic-"))
        except OSError:
            return False
        try:
            shutil.copytree(self.staging, elsewhere, symlinks=True, dirs_exist_ok=True)
        except OSError:
            shutil.rmtree(elsewhere, ignore_errors=True)
            return False
        # What lies beside the journal stays until it is delivered: another process finds it, should this one die.
        self.elsewhere = elsewhere
        return True

    def remove_staging(self) -> None:
        """Remove all staged files."""
        beside = None if self._is_in_memory else self.path.with_suffix(STAGED)
        for folder in filter(None, (beside, self.elsewhere)):
            shutil.rmtree(folder, ignore_errors=True)

    def close_file(self) -> None:
        """Close the file, and with it the lock, if it is open."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def close(self) -> None:
        """Let go of the file, and of the staged files of a journal in memory."""
        with self._lock:
            self.close_file()
            if self._is_in_memory and self.elsewhere is not None:
                shutil.rmtree(self.elsewhere, ignore_errors=True)


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


_OF_THE_DELIVERY = (Bound, Delivered, UserKeys, Stored, Rejected, Closed)
