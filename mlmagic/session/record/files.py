"""The files that cells read and write, and the processes and connections that they start, by Python's audit events.

An audit hook cannot be removed, so there is one a process, which passes events to the session that listens. Libraries
that read files without Python, as pyarrow and polars do, raise no event: a file that a cell's text names counts as
read.
"""

from __future__ import annotations

import glob
import hashlib
import itertools
import os
import site
import sys
import sysconfig
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MOST = 500
_OWN = frozenset({"mlmagic", "mlflow", "alembic", "sqlalchemy", "IPython", "ipykernel", "traitlets"})
_WRAPPERS = frozenset(
    {
        "pathlib", "pathlib._local", "os", "io", "shutil", "tempfile", "codecs", "gzip", "contextlib", "subprocess",
        "IPython.core.interactiveshell",  # whose `open` cells call
    }
)  # fmt: skip
"""Modules through which others open files and start programs."""
_FOR_A_CELL = frozenset({"IPython.core.magics.execution", "IPython.utils.py3compat"})
"""Modules of IPython that open the script of ``%run``, which is the cell's doing."""
_OF_IMPORTS = frozenset(
    {"importlib._bootstrap_external", "_frozen_importlib_external", "zipimport", "pkgutil", "linecache", "tokenize",
     "inspect", "py_compile"}
)  # fmt: skip
"""Modules that open Python's files to import or to show them; what is imported is recorded by `modules`."""
TICK_NS = 20_000_000
"""File systems count in ticks: the time of a change may lie so many nanoseconds before it."""
LARGEST_HASHED = 256 << 20
"""Bytes up to which a file is hashed; of a larger one the size and the time of its last change are recorded."""
_COMPILED = (".pyc", ".so", ".pyd")
_CHANGES = {"os.remove": 0, "os.rename": 1, "os.mkdir": 0, "os.rmdir": 0, "os.truncate": 0, "shutil.rmtree": 0}
_CHANGES |= {"shutil.move": 1, "shutil.copyfile": 1, "os.link": 1, "os.symlink": 1}
_STARTS = {"subprocess.Popen": "process", "os.system": "process", "os.exec": "process", "os.posix_spawn": "process"}
_CONNECTS = {"socket.connect": "connection", "urllib.Request": "connection"}
_HEARD = frozenset({"open", "sqlite3.connect", *_CHANGES, *_STARTS, *_CONNECTS})
_TEMPORARY = ("mlmagic-replay-", "torchinductor_", "joblib_memmapping_folder", "loky-", "pymp-", "matplotlib-")
"""Beginnings of the names of libraries' own folders in the temporary folder."""
_MOST_MATCHES = 200
_LOCAL = ("127.", "::1", "localhost")
_STORES = tuple(f"{os.sep}{name}{os.sep}" for name in (".mlmagic", "mlruns", "mlartifacts", ".git"))
_PACKAGES = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))
"""Folders of packages also of another environment, which ``PYTHONPATH`` or a path file may name."""

_listener: list[FileWatch] = []
"""The watch of this process's session, at most one."""
_is_installed = False
"""Whether the process has the audit hook: it cannot be removed."""


class FileWatch:
    """Notes what the cells of one session do outside of the process."""

    def __init__(self) -> None:
        self.read: dict[str, None] = {}
        self.written: dict[str, None] = {}
        self.started: dict[str, None] = {}
        self._since = time.time_ns() - TICK_NS
        self._hashes: dict[str, tuple[tuple[int, ...], str | None]] = {}

    def listen(self) -> Callable[[], None]:
        """Begin to listen to the process's audit events; return a function that ends this."""
        global _is_installed  # noqa: PLW0603  # an audit hook stays for the life of the process
        _listener[:] = [self]
        if not _is_installed:
            _is_installed = True
            sys.addaudithook(_heard)

        def stop() -> None:
            if self in _listener:
                _listener.remove(self)

        return stop

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        """Note one audit event. It must be quick, and must not open files."""
        if threading.current_thread().name.startswith("mlmagic"):
            return
        caller = _caller()
        if caller not in _FOR_A_CELL and caller.partition(".")[0] in _OWN:
            return
        if event == "open":
            path, mode, flags = args
            if isinstance(path, str | bytes | os.PathLike) and not _is_import(caller, os.fsdecode(path)):
                self._opened(os.fsdecode(path), is_written=_writes(mode, flags))
        elif event == "sqlite3.connect":
            if isinstance(args[0], str | bytes | os.PathLike) and os.fsdecode(args[0]) != ":memory:":
                self._opened(os.fsdecode(args[0]), is_written=True)
        elif event in _CHANGES:
            path = args[_CHANGES[event]]
            if isinstance(path, str | bytes | os.PathLike):
                self._opened(os.fsdecode(path), is_written=True)
        elif event in _STARTS:
            self.started[f"{_STARTS[event]}:{_program(args)}"] = None
        elif event == "socket.connect":
            address = args[1]
            if isinstance(address, tuple) and address and not str(address[0]).startswith(_LOCAL):
                self.started[_CONNECTS[event]] = None

    def _opened(self, path: str, *, is_written: bool) -> None:
        noted = self.written if is_written else self.read
        if len(noted) >= _MOST or path.endswith(_COMPILED):
            return
        full = os.path.abspath(path)  # noqa: PTH100  # quicker, and the audit hook must be quick
        if is_of_user(full):
            noted[full] = None

    def take(self, named: Iterable[str] = ()) -> dict[str, Any]:
        """Return what was noted since the last call as plain data; *named* may be paths of files that were read."""
        paths = [path for text in named for path in _existing(text)]
        # What a library wrote without Python has another time of its last change. A file that Python only read may have
        # been changed right before the cell.
        changed = [path for path in paths if _changed_at(path) >= self._since + TICK_NS * (path in self.read)]
        read = {**self.read, **dict.fromkeys(paths)}
        written, started = list({**self.written, **dict.fromkeys(changed)}), list(self.started)
        self.read, self.written, self.started = {}, {}, {}
        self._since = time.time_ns() - TICK_NS
        found: dict[str, Any] = {}
        facts = {path: fact for path in read if path not in written and (fact := self._fact(path))}
        if facts:
            found["read"] = facts
        if written:
            found["written"] = written
        if started:
            found["started"] = started
        return found

    def _fact(self, path: str) -> list[Any] | None:
        """Return the SHA-256 (None for a large file) and the size of a regular file, None if it is none."""
        try:
            state = os.stat(path)  # noqa: PTH116  # as above
            if not os.path.isfile(path):  # noqa: PTH113
                return None
            key = (state.st_size, state.st_mtime_ns, state.st_ino)
            known = self._hashes.get(path)
            if known is None or known[0] != key:
                known = self._hashes[path] = key, digest_of(Path(path)) if state.st_size <= LARGEST_HASHED else None
        except OSError:
            return None
        return [known[1], state.st_size]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _heard(event: str, args: tuple[Any, ...]) -> None:
    if not _listener or event not in _HEARD:
        return
    try:
        _listener[0].heard(event, args)
    except BaseException as error:  # noqa: BLE001  # an audit hook that raises forbids the user's call
        reraise_interrupt(error)


def _caller() -> str:
    """Return the name of the module whose code did what is heard, past those through which others open files."""
    frame = sys._getframe(3)  # above this function, `heard` and `_heard`
    while frame is not None and frame.f_globals.get("__name__") in _WRAPPERS:
        frame = frame.f_back  # type: ignore[assignment]  # None at the end
    return str(frame.f_globals.get("__name__")) if frame is not None else ""


def _is_import(caller: str, path: str) -> bool:
    """Return whether a file is opened to import it or to show its source."""
    return path.endswith(".py") and caller in _OF_IMPORTS


def _program(args: tuple[Any, ...]) -> str:
    """Return the name of the program that an audit event starts, without its folder and arguments."""
    first = args[0] if args else ""
    if not first and len(args) > 1 and isinstance(args[1], list | tuple) and args[1]:
        first = args[1][0]
    text = os.fsdecode(first) if isinstance(first, str | bytes | os.PathLike) else ""
    return os.path.basename(text.split(" ")[0])  # noqa: PTH119  # quicker


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _changed_at(path: str) -> int:
    """Return when a file was last changed, in nanoseconds; 0 if that is unknown."""
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


def _existing(text: str) -> list[str]:
    """Return the full paths of the existing regular files that *text*, a path or a pattern, names."""
    if "*" not in text:
        return [path] if (path := _existing_one(text)) else []
    try:
        found = itertools.islice(glob.iglob(os.path.expanduser(text)), _MOST_MATCHES)  # noqa: PTH111, PTH207
        return [path for one in found if (path := _existing_one(one))]
    except (OSError, ValueError):
        return []


def _existing_one(text: str) -> str | None:
    try:
        full = os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111
        is_file = os.path.isfile(full)  # noqa: PTH113
    except (OSError, ValueError):
        return None
    return full if is_file and is_of_user(full) and not full.endswith(_COMPILED) else None


def is_of_user(path: str) -> bool:
    """Return whether the file at *path* is the user's: not of Python, a package, the system, a cache or the store."""
    return not path.startswith((*_ours(), *_temporary())) and not any(name in path for name in (*_STORES, *_PACKAGES))


@cache
def _temporary() -> tuple[str, ...]:
    return tuple(os.path.join(tempfile.gettempdir(), name) for name in _TEMPORARY)  # noqa: PTH118


@cache
def _ours() -> tuple[str, ...]:
    """Return the folders whose files are not the user's: of Python, of packages, of the system, of caches."""
    import IPython.paths

    names = [sys.prefix, sys.base_prefix, *map(str, sysconfig.get_paths().values()), *site.getsitepackages()]
    names += [site.getusersitepackages(), str(Path(__file__).parents[2]), IPython.paths.get_ipython_dir()]
    names += ["/proc", "/sys", "/dev", "/usr", "/etc", str(Path.home() / ".cache"), str(Path.home() / ".config")]
    names += [str(Path.home() / ".local/share/jupyter")]
    return tuple({os.path.join(os.path.abspath(name), "") for name in names if name})  # noqa: PTH100, PTH118
