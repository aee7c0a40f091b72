"""A file that rows are appended to, and that becomes a Parquet file when it is complete.

While it grows it is an Arrow stream: a schema, and then one message for each call. A message is one ``write(2)``, so
it outlives the process; of a machine that dies, at most a second is lost. What a killed process leaves is read as it
is, up to the last whole message.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import StoreError

if TYPE_CHECKING:
    import pyarrow as pa

GROWING, COMPLETE = "rows.arrows", "part.parquet"
_UNFINISHED = "part.parquet.tmp"
_FLAGS = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Spool:
    """The rows of one schema in *folder*, which it creates. Not thread-safe: its owner locks."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        """Create the file.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        folder.mkdir(parents=True)
        self.folder, self.schema = folder, schema
        self.rows = self.size = 0
        self._file: int | None = os.open(folder / GROWING, _FLAGS, 0o666)
        self._is_synced = False
        self._write(schema.serialize())

    def append(self, batch: pa.RecordBatch) -> None:
        """Append rows; when this returns, the operating system has them.

        Raises
        ------
        OSError
            If the disk does not take them; none of these rows is in the file then.
        """
        self._write(batch.serialize())
        self.rows += batch.num_rows

    def _write(self, message: pa.Buffer) -> None:
        if self._file is None:
            raise OSError(errno.EBADF, "the file is complete", str(self.folder))
        view, done = memoryview(message), 0
        try:
            while done < len(view):
                done += os.write(self._file, view[done:])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.size)
            raise
        self.size += done
        self._is_synced = False

    def sync(self) -> None:
        """Let the rows outlive the machine; may be called from another thread.

        Raises
        ------
        OSError
            If that fails, or the file was closed meanwhile.
        """
        file = self._file
        if file is not None and not self._is_synced:
            self._is_synced = True
            os.fsync(file)

    def complete(self) -> None:
        """Write the rows as Parquet in place of the stream. If the disk does not take them, the stream stays.

        Raises
        ------
        OSError
            If the disk does not take them.
        """
        self.close()
        import pyarrow.parquet as pq

        table = read_stream((self.folder / GROWING).read_bytes())
        unfinished = self.folder / _UNFINISHED
        try:
            pq.write_table(table, unfinished)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        unfinished.replace(self.folder / COMPLETE)
        (self.folder / GROWING).unlink()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def read_stream(content: bytes) -> pa.Table:
    """Return the rows of a stream, up to its last whole message.

    Raises
    ------
    StoreError
        If it is no stream of Arrow.
    """
    import pyarrow as pa

    try:
        stream = pa.ipc.open_stream(pa.py_buffer(content))
    except (pa.ArrowInvalid, OSError) as error:
        raise StoreError(f"it is no stream of Arrow: {error}") from error
    found = []
    with contextlib.suppress(pa.ArrowInvalid, OSError, StopIteration):
        while True:
            found.append(stream.read_next_batch())
    return pa.Table.from_batches(found, stream.schema)


def read_part(files: dict[str, bytes], columns: list[str] | None = None) -> pa.Table:
    """Return the rows of a folder, given its files by name; of these *columns* only if they are given.

    Raises
    ------
    StoreError
        If it holds none, or they cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if COMPLETE in files:
        try:
            return pq.read_table(pa.BufferReader(files[COMPLETE]), columns=columns)
        except (pa.ArrowInvalid, OSError) as error:
            raise StoreError(f"it is no Parquet file: {error}") from error
    if GROWING in files:
        rows = read_stream(files[GROWING])
        return rows if columns is None else rows.select(columns)
    raise StoreError(f"there is no {COMPLETE} in it")


def folder_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a spool's folder on this machine, by name."""
    found = {}
    for name in (COMPLETE, GROWING):
        with contextlib.suppress(FileNotFoundError):
            found[name] = Path(folder / name).read_bytes()
    return found
