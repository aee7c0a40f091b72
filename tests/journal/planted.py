"""Journals as somebody else would plant them: lines and staged files written by hand, signed by nobody."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmagic.journal import owner
from mlmagic.journal.lines import FORMAT, _line, encode, header, seed_of
from mlmagic.journal.records import Began, Ended, Metric, Param

if TYPE_CHECKING:
    from pathlib import Path

NAME = "20260101T000000.000000-0badcafe.journal"


def began(store: str, **fields: object) -> Began:
    """Return the first record of a run of a dead process, for *store*."""
    uid = os.urandom(16).hex()
    values = {
        "uid": uid, "resumed": False, "run_id": "", "name": "planted", "store": store, "experiment": "Default", "experiment_id": "",
        "parent": "", "started": 1_750_000_000_000, "tags": {"mlmagic.id": uid}, "owner": owner.this_process() | {"started": "0"},
    }  # fmt: skip
    return Began(**{**values, **fields})


def plant(place: Path, *records: object, name: str = NAME, files: dict[str, bytes] | None = None) -> Path:
    """Write a journal of *records*, texts being lines as they are, with staged *files*; return its path."""
    place.mkdir(parents=True, exist_ok=True)
    path = place / name
    seed = seed_of(name)
    lines = [header(seed), *(_line(one, seed) if isinstance(one, str) else encode(one, seed) for one in records)]
    path.write_bytes(b"".join(lines))
    path.chmod(0o644)
    for at, content in (files or {}).items():
        target = path.with_suffix(".files") / at
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return path


def run(store: str, *more: object, **fields: object) -> list[object]:
    """Return the records of a whole run."""
    first = began(store, **fields)
    return [first, first, Param("lr", "0.1"), Metric("loss", 1.0, 1000, 0), *more, Ended("FINISHED", 1_750_000_001_000)]


__all__ = ["FORMAT", "NAME", "began", "plant", "run"]
