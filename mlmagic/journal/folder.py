"""The folder of journals: one per working folder, ignored by git.

It is always reached through a `SafeFolder`: a project that came from elsewhere may have links in its place.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.journal import signing
from mlmagic.journal.safe_folder import FULL, STAGED, SUFFIX, SafeFolder
from mlmagic.private import state_folder
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from mlmagic.journal.file import Journal

_PLACE = Path(".mlmagic", "journal")
_DELIVERED = "delivered"
_DAY_S = 86_400.0
_MARK_DIGITS = 16
_PACKED = re.compile(rf"(\d{{8}}T\d{{6}}\.\d{{6}}-[0-9a-f]{{8}}{re.escape(SUFFIX)})\.([0-9a-f]{{{_MARK_DIGITS}}})\.gz")

_home: Path | None = None
"""The folder in which the extension was loaded: journals of the process lie below it, also after unloading."""


def settle(home: Path) -> None:
    """Put journals below *home*, even if the user's code changes the folder; called when the extension is loaded."""
    global _home  # noqa: PLW0603  # one working folder a process, as for the store
    _home = home


def place() -> Path:
    """Return the folder for the journals of this process: the setting ``journal``, or ``.mlmagic/journal``.

    A relative path is relative to the folder in which the extension was loaded.
    """
    chosen = settings.journal or _PLACE
    return Path(os.path.realpath(chosen)) if Path(chosen).is_absolute() else Path(os.path.normpath(_from() / chosen))


def _from() -> Path:
    return _home or Path.cwd()


def places() -> list[Path]:
    """Return the folders that may hold journals: `place`, and the fallback for when it is not writable."""
    try:
        return [place(), _elsewhere()]
    except OSError:  # this user has no state folder: `new` reports it if it is needed
        return [place()]


def _elsewhere() -> Path:
    return state_folder() / "journal"


def open_place(folder: Path, *, create: bool = False) -> SafeFolder:
    """Open a folder of journals; no part of its path below the working folder may be a link.

    Raises
    ------
    OSError
        As `SafeFolder.open`.
    """
    return SafeFolder.open(folder, below=_from(), create=create)


def new() -> tuple[Journal, str | None]:
    """Return a new journal, and what the user should know about where it is, or None if all is normal."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    name = f"{now}-{secrets.token_hex(4)}{SUFFIX}"  # each cell that continues a run has its own journal
    reasons = []
    for find in (place, _elsewhere):
        try:
            journal = _create(find(), name)
        except OSError as error:
            reasons.append(_reason(error))
            continue
        return journal, _where(journal, reasons)
    from mlmagic.journal.file import Journal

    reason = "; ".join(reasons)
    return Journal.in_memory(name), f"no journal can be written ({reason}): this run is lost if the kernel dies"


def _reason(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)


def _where(journal: Journal, reasons: list[str]) -> str | None:
    if reasons:
        return f"the journal cannot be written ({reasons[0]}): it is in {journal.path.parent}"
    if unsigned := signing.problem():
        return (
            f"the journal cannot be signed ({unsigned}): after a crash it is delivered on request, "
            "by %mlmagic sync --foreign"
        )
    return None


def _create(folder: Path, name: str) -> Journal:
    from mlmagic.journal.file import Journal  # a session that tracks nothing needs none of it

    with open_place(folder, create=True) as opened:
        if folder.parent.name == _PLACE.parts[0]:
            with open_place(folder.parent) as parent:
                _ignore(parent)
        else:
            _ignore(opened)
        return Journal.create(folder / name, opened)


def _ignore(folder: SafeFolder) -> None:
    with contextlib.suppress(FileExistsError):
        descriptor = folder.open_file(".gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("*\n")


def names_in(folder: SafeFolder) -> list[str]:
    """Return the names of the undelivered journals in *folder*, of any user, the oldest first."""
    return sorted(name for name in folder.names() if name.endswith(SUFFIX))


def journals(folder: Path) -> list[Path]:
    """Return the undelivered journals in *folder*, the oldest first; an empty list if the folder must not be used."""
    try:
        with open_place(folder) as opened:
            return [folder / name for name in names_in(opened)]
    except OSError:
        return []


def may_hold_journals(folder: Path) -> bool:
    """Return whether *folder* has a journal, or must not be opened."""
    try:
        with open_place(folder) as opened:
            return any(name.endswith(SUFFIX) for name in opened.names())
    except FileNotFoundError:
        return False
    except OSError:
        return True


def move(path: Path, to: str) -> None:
    """Move the journal at *path* and its staged files into the folder *to* beside it, which is not searched."""
    with open_place(path.parent) as folder, folder.open_folder(to, create=True) as target:
        folder.move(path.name, target)
        with contextlib.suppress(FileNotFoundError):
            folder.move(path.with_suffix(STAGED).name, target)


def discard(journal: Journal) -> None:
    """Remove a journal that was never used, and its staged files."""
    path, is_on_disk = journal.path, journal.is_on_disk
    if is_on_disk:
        journal.staging.remove()
    journal.close()
    if is_on_disk:
        with contextlib.suppress(OSError):
            path.unlink()


def put_away(journal: Journal, *, keep_files: bool) -> None:
    """Archive a journal that is delivered: its lines are kept, compressed, for some days.

    Its files are in the store and are removed, unless *keep_files*. On a full disk the journal is deleted without an
    archive; otherwise the next sync would deliver it again.
    """
    if not keep_files:
        journal.staging.remove()
    path = journal.path
    with contextlib.suppress(OSError):  # if the folder is no longer writable, the journal stays
        if journal.is_on_disk:
            with open_place(path.parent) as folder:
                try:
                    _pack(journal, folder)
                except OSError as error:
                    if error.errno not in FULL:
                        raise
                folder.unlink(path.name)
    journal.close()


def _pack(journal: Journal, folder: SafeFolder) -> None:
    signature = signing.signature_of(journal.path)
    if settings.journal_days <= 0 or signature is None:  # without a mark, `prune` could not delete it
        return
    name = f"{journal.path.name}.{_mark(signature)}.gz"
    with folder.open_folder(_DELIVERED, create=True) as delivered:
        with contextlib.suppress(FileNotFoundError):  # left by a process that was killed while packing
            delivered.unlink(name)
        descriptor = delivered.open_file(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(descriptor, "wb") as file, gzip.GzipFile("", "wb", 1, file) as packed:
                for chunk in journal.content():
                    packed.write(chunk)
        except OSError:
            delivered.unlink(name)
            raise


def _mark(signature: signing.Signature) -> str:
    return signature.of_text(_DELIVERED)[:_MARK_DIGITS]


def prune() -> None:
    """Delete the journals that this user archived here and that are older than the setting ``journal_days``."""
    oldest = time.time() - settings.journal_days * _DAY_S
    for place in places():
        with contextlib.suppress(OSError), open_place(place / _DELIVERED) as folder:
            for name in list(folder.names()):
                with contextlib.suppress(FileNotFoundError):  # another kernel was faster
                    if _is_packed(place, name) and folder.is_own_file(name) and folder.stat(name).st_mtime < oldest:
                        folder.unlink(name)


def _is_packed(place: Path, name: str) -> bool:
    """Return whether *name* is a name that `put_away` gave to a journal of *place*."""
    found = _PACKED.fullmatch(name)
    signature = signing.signature_of(place / found[1]) if found else None
    return found is not None and signature is not None and found[2] == _mark(signature)
