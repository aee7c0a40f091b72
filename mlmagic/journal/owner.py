"""Identify the process that writes a journal, and check whether it is alive."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from typing import Any

import psutil

_LARGEST_PID = 2**31

SILENT_S = 600.0
"""A process on another machine counts as dead if it has not touched its journal for this many seconds."""


def this_process(*, locks: bool = False) -> dict[str, Any]:
    """Return what identifies this process, as plain data; *locks* says whether it keeps its journal locked.

    >>> is_alive(this_process(), heard_s_ago=0)
    True
    """
    pid = os.getpid()
    return {"host": _host(), "pid": pid, "started": _started(pid), "locks": locks}


def is_of_this_machine(owner: dict[str, Any]) -> bool:
    """Return whether *owner* ran on this machine, before or after its last boot.

    >>> is_of_this_machine(this_process())
    True
    """
    return str(owner.get("host", "")).partition(" ")[0] == socket.gethostname()


def shares_locks(owner: dict[str, Any]) -> bool:
    """Return whether *owner* locks its journal while it is alive, and this process sees its locks.

    The boot id identifies the machine: containers on it have their own host names, but share its locks.
    """
    start = str(owner.get("host", "")).partition(" ")[2]
    return owner.get("locks") is True and start == _boot() != ""


def is_alive(owner: dict[str, Any], *, heard_s_ago: float) -> bool:
    """Return whether the process *owner* still runs.

    A reused pid does not count, because the start time differs. For a process on another machine only the heartbeat is
    known: it touches its journal every few seconds, the last time *heard_s_ago*.
    """
    if owner.get("host") != _host():
        return heard_s_ago < SILENT_S
    pid = owner.get("pid")
    started = _started(pid) if isinstance(pid, int) and 0 < pid < _LARGEST_PID else None
    return started is not None and started == owner.get("started")


@cache
def _host() -> str:
    """Return the machine's name with its boot id: after a reboot, no earlier process is alive."""
    return f"{socket.gethostname()} {_boot()}".strip()


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """Return when the process *pid* started, or None if it does not exist.

    On Linux the value is in ticks since boot, which do not change if the clock is set.
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
