"""Which process writes a journal, and whether it is still there."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from typing import Any

import psutil

_LARGEST_PID = 2**31

SILENT_S = 600.0
"""A process of another machine that has not touched its journal for so many seconds counts as dead."""


def this_process(*, locks: bool = False) -> dict[str, Any]:
    """Return what tells this process from every other, as plain data; *locks*: it keeps its journal locked.

    >>> is_alive(this_process(), heard_s_ago=0)
    True
    """
    pid = os.getpid()
    return {"host": _host(), "pid": pid, "started": _started(pid), "locks": locks}


def is_of_this_machine(owner: dict[str, Any]) -> bool:
    """Return whether *owner* ran on this machine, before its last start or since.

    >>> is_of_this_machine(this_process())
    True
    """
    return str(owner.get("host", "")).partition(" ")[0] == socket.gethostname()


def shares_locks(owner: dict[str, Any]) -> bool:
    """Return whether *owner* has its journal locked while it lives, and locks are seen by this process.

    The start of a machine tells it from others: containers on it have names of their own, but the same locks.
    """
    start = str(owner.get("host", "")).partition(" ")[2]
    return owner.get("locks") is True and start == _boot() != ""


def is_alive(owner: dict[str, Any], *, heard_s_ago: float) -> bool:
    """Return whether the process *owner* still runs.

    A number that another process has meanwhile does not count: it began at another time. Of a process on another
    machine only the heartbeat is known: its journal is touched every few seconds, *heard_s_ago* the last time.
    """
    if owner.get("host") != _host():
        return heard_s_ago < SILENT_S
    pid = owner.get("pid")
    started = _started(pid) if isinstance(pid, int) and 0 < pid < _LARGEST_PID else None
    return started is not None and started == owner.get("started")


@cache
def _host() -> str:
    """Return the machine's name with the id of its start: after a restart no process of before is alive."""
    return f"{socket.gethostname()} {_boot()}".strip()


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """Return when the process *pid* began, or None when there is none.

    On Linux in ticks since the machine started, which a clock that is set does not change, as it would the time.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        try:
            return str(round(psutil.Process(pid).create_time()))
        except psutil.Error:
            return None
    fields = stat.rpartition(b")")[2].split()
    return None if fields[0] in {b"Z", b"X"} else fields[19].decode("ascii")
