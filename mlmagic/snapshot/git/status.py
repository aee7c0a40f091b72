"""Parse the output of `git status --porcelain=v2 -z`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from mlmagic.snapshot.git.files import is_ignored


@dataclass
class Status:
    """The checked-out commit and the paths that differ; ``changed`` has no stores or caches."""

    commit: str | None = None
    branch: str | None = None
    upstream: str | None = None
    changed: list[str] = field(default_factory=list)
    untracked: list[str] = field(default_factory=list)
    has_conflicts: bool = False


def parse_status(output: bytes) -> Status:
    """Return the status that *output* describes."""
    status = Status()
    for entry in os.fsdecode(output).split("\0"):
        match entry[:1]:
            case "#":
                _, key, value = entry.split(" ", 2)
                if key == "branch.oid":
                    status.commit = None if value == "(initial)" else value
                elif key == "branch.head":
                    status.branch = None if value == "(detached)" else value
                elif key == "branch.upstream":
                    status.upstream = value
            case "1" | "u":
                is_conflict = entry[0] == "u"
                path = entry.split(" ", 10 if is_conflict else 8)[-1]
                if is_ignored(path):
                    continue
                status.changed.append(path)
                status.has_conflicts |= is_conflict
            case "?":
                status.untracked.append(entry[2:])
    return status
