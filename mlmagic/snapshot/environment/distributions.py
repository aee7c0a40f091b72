"""Find installed distributions by the names of their folders: reading all their metadata takes 88 ms."""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# File system timestamps are coarse: a folder that changed this recently may change again with the same timestamp.
_UNSETTLED_NS = 2 * 10**9
_INFO = re.compile(
    r"(?P<name>[^~].*?)(?:-(?P<version>\d[^-]*))?(?:-py[\d.]+(?:-[\w.-]+)?)?\.(?P<kind>dist-info|egg-info)"
)


@dataclass(frozen=True)
class Distribution:
    """An installed distribution: its normalised name, its version, and its origin, if not an index.

    ``origin`` is the content of its ``direct_url.json`` (PEP 610), or None.
    """

    name: str
    version: str
    folder: str
    origin: Mapping[str, Any] | None = None

    @property
    def requirement(self) -> str:
        """The line for `requirements.txt`: a pinned version, a URL, or a comment for a local folder."""
        origin: Mapping[str, Any] = self.origin or {}
        address = str(origin.get("url", ""))
        if "vcs_info" in origin:
            revision = origin["vcs_info"].get("commit_id", "")
            where = f"#subdirectory={origin['subdirectory']}" if origin.get("subdirectory") else ""
            return f"{self.name} @ {origin['vcs_info'].get('vcs', 'git')}+{address}@{revision}{where}"
        if "dir_info" in origin:
            kind = "editable" if origin["dir_info"].get("editable") else "a local folder"
            return f"# {self.name}=={self.version}  ({kind}: {address})"
        if "archive_info" in origin and address.startswith("http"):
            return f"{self.name} @ {address}"
        public, _, local = self.version.partition("+")
        # No index has `2.13.0+cpu`, and pip would reject the whole file.
        return f"{self.name}=={public}" + (f"  # installed: {self.version}" if local else "")


@dataclass(frozen=True)
class _Scan:
    changed_ns: int
    is_settled: bool
    found: tuple[Distribution, ...]


_scans: dict[str, _Scan] = {}
"""By folder. It follows the disk, and is read anew when that changes."""
_last: list[tuple[tuple[tuple[Distribution, ...], ...], Mapping[str, Distribution]]] = []
"""What was found in each folder of `sys.path` last, and the distributions that it made up."""


def normalised(name: str) -> str:
    """Return *name* as PEP 503 writes it.

    >>> normalised("Scikit_Learn")
    'scikit-learn'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> Mapping[str, Distribution]:
    """Return all installed distributions by name, sorted; the first on `sys.path` counts.

    A folder is read anew only when it has changed, so that it costs little after the first time and sees what
    pip, conda or uv installed meanwhile. While nothing changes, it is the same mapping.
    """
    entries = dict.fromkeys(entry for entry in sys.path if isinstance(entry, str))
    scans = tuple(_scan(entry or ".") for entry in entries)
    if not _last or len(_last[0][0]) != len(scans) or any(a is not b for a, b in zip(_last[0][0], scans, strict=True)):
        found: dict[str, Distribution] = {}
        for distribution in itertools.chain.from_iterable(scans):
            found.setdefault(distribution.name, distribution)
        _last[:] = [(scans, MappingProxyType(dict(sorted(found.items()))))]
    return _last[0][1]


def _scan(entry: str) -> tuple[Distribution, ...]:
    try:
        changed_ns = Path(entry).stat().st_mtime_ns
    except (OSError, ValueError):
        return ()
    entry = str(Path(entry).absolute())
    known = _scans.get(entry)
    if known and known.is_settled and known.changed_ns == changed_ns:
        return known.found
    is_settled = abs(time.time_ns() - changed_ns) > _UNSETTLED_NS
    try:
        names = _names(entry)
    except OSError:  # a zip file, or a folder that may not be read
        names = []
    found = [_read(entry, name) for name in names if name.endswith("-info")]
    _scans[entry] = _Scan(changed_ns, is_settled, tuple(filter(None, found)))
    return _scans[entry].found


def _names(folder: str) -> list[str]:
    with os.scandir(folder) as entries:  # five times as fast as Path.iterdir
        return [entry.name for entry in entries]


def _read(entry: str, name: str) -> Distribution | None:
    match = _INFO.fullmatch(name)
    if match is None:
        return None
    folder = f"{entry}{os.sep}{name}"
    try:
        files = _names(folder)
    except NotADirectoryError:
        files = []
    except OSError:
        return None
    project, version = match["name"], match["version"]
    if match["kind"] == "dist-info" and "METADATA" not in files:
        return None  # what an interrupted installation leaves behind
    if version is None:
        project, version = _named_inside(folder, files, project)
    origin = _origin(folder) if "direct_url.json" in files else None
    return Distribution(normalised(project), version, folder, origin)


def _named_inside(folder: str, files: list[str], name: str) -> tuple[str, str]:
    """Read name and version from the metadata, if the folder's name lacks them, as in a development install."""
    file = "METADATA" if "METADATA" in files else "PKG-INFO"
    try:
        head = Path(folder, file).read_text("utf-8", "replace").partition("\n\n")[0]
    except OSError:
        return name, "unknown"
    fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    return fields.get("Name", name), fields.get("Version", "unknown")


def _origin(folder: str) -> Mapping[str, Any] | None:
    try:
        origin = json.loads(Path(folder, "direct_url.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(origin, dict):
        return None
    return {name: value for name, value in origin.items() if not name.endswith("_info") or isinstance(value, dict)}
