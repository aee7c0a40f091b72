"""Write a line to a file, and read from an offset, as a journal needs it.

``os.write`` releases the GIL for the microsecond that the system call takes, and a waiting thread then holds it for
milliseconds: a loop that logs would wait for the delivery of its own journal on every call.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading

FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
"""How a journal is opened: bytes are appended unchanged."""

if sys.platform == "win32":
    write = os.write
    _seeking = threading.Lock()

    def read_at(descriptor: int, size: int, start: int) -> bytes:
        """Return up to *size* bytes from byte *start* on."""
        with _seeking:
            os.lseek(descriptor, start, os.SEEK_SET)
            return os.read(descriptor, size)
else:
    read_at = os.pread
    _write = ctypes.PyDLL(None, use_errno=True).write
    _write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
    _write.restype = ctypes.c_ssize_t

    def write(descriptor: int, data: bytes) -> int:
        """Write *data* to a file, and return how many bytes the system accepted, like ``os.write``.

        Raises
        ------
        OSError
            When it took none.
        """
        done: int = _write(descriptor, data, len(data))
        if done < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return done
