"""Where journals lie: one folder a working folder, which keeps itself out of git."""

from __future__ import annotations

import contextlib
import gzip
import os
import secrets
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from mlmagic.journal.file import SUFFIX, Journal
from mlmagic.settings import settings

_PLACE = Path(".mlmagic", "journal")
_DELIVERED = "delivered"
_DAMAGED = "damaged"
_DAY_S = 86_400.0

_home: Path | None = None


def settle(home: Path) -> None:
    """Let journals lie below *home*, wherever the user's code goes; called when the extension is loaded."""
    global _home  # noqa: PLW0603  # one working folder a process, as for the store
    _home = home


def place() -> Path:
    """Return the folder in which journals of this process are to lie: the setting ``journal``, or ``.mlmagic/journal``.

    A relative one is meant from the folder in which the extension was loaded.
    """
    return (_home or Path.cwd()) / (settings.journal or _PLACE)


def places() -> list[Path]:
    """Return the folders in which journals may lie: the one above, and where they go when that cannot be written."""
    return [place(), _elsewhere()]


def _elsewhere() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"mlmagic-{user}" / "journal"


def new() -> tuple[Journal, str | None]:
    """Return a new journal, and what the user should know about where it is (None: it is where it should be)."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    name = f"{now}-{secrets.token_hex(4)}{SUFFIX}"  # the same run may have several: cells that go on with it
    reasons = []
    for folder in places():
        try:
            _make(folder)
            journal = Journal.create(folder / name)
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror or error}")
            continue
        return journal, f"the journal cannot be written ({reasons[0]}): it is in {folder}" if reasons else None
    reason = "; ".join(reasons)
    return Journal.in_memory(name), f"no journal can be written ({reason}): a kernel that dies takes this run with it"


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ignoring = folder.parent if folder.parent.name == _PLACE.parts[0] else folder
    if not (ignore := ignoring / ".gitignore").exists():
        ignore.write_text("*\n", encoding="ascii")


def journals(folder: Path) -> list[Path]:
    """Return the journals in *folder* that are not delivered yet, whosever they are, the oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def set_apart(path: Path) -> Path:
    """Move a journal that cannot be delivered where it is not looked for again; return where it is."""
    kept = path.parent / _DAMAGED / path.name
    kept.parent.mkdir(exist_ok=True)
    return path.rename(kept)


def put_away(journal: Journal, *, keep_files: bool) -> None:
    """Compact a journal that is delivered: its lines are kept, packed, for some days.

    Its files are in the store and go, unless *keep_files*.
    """
    if not keep_files:
        shutil.rmtree(journal.staging, ignore_errors=True)
    journal.close()
    if not (path := journal.path).is_file():
        return
    with contextlib.suppress(OSError):  # a full disk, or a folder that cannot be written any more: then it stays
        if settings.journal_days > 0:
            kept = path.parent / _DELIVERED / f"{path.name}.gz"
            kept.parent.mkdir(exist_ok=True)
            with path.open("rb") as lines, gzip.open(kept, "wb", compresslevel=1) as packed:
                shutil.copyfileobj(lines, packed)
        path.unlink(missing_ok=True)


def prune() -> None:
    """Delete the delivered journals that are older than the setting ``journal_days``."""
    oldest = time.time() - settings.journal_days * _DAY_S
    for folder in places():
        for file in (folder / _DELIVERED).glob("*.gz"):
            with contextlib.suppress(OSError):  # another kernel was faster
                if file.stat().st_mtime < oldest:
                    file.unlink()
