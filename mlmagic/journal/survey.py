"""Find the journals in a folder, and which of them this user recorded here: others are delivered only on request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.journal import folder, locks, owner
from mlmagic.journal.file import LONGEST_BEGINNING, Journal
from mlmagic.journal.lines import NewerFormatError
from mlmagic.journal.records import SHARED

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.journal.records import Began
    from mlmagic.journal.safe_folder import SafeFolder

MOST_UNASKED = 1000
"""How many journals of a folder are examined when the extension is loaded."""

NOT_SIGNED = "it was not recorded by you in this folder"
_YOUNG_S = 5.0
_MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class Left:
    """A journal of this user that a dead process left, its first record, and whether all of it is delivered."""

    path: Path
    began: Began
    is_closed: bool


@dataclass(frozen=True)
class Foreign:
    """A journal, or a whole folder of journals, that is delivered only on request, and the reason."""

    path: Path
    reason: str


@dataclass
class Survey:
    """The journals of a folder: those to deliver, those that are foreign, and how many were not examined.

    While a process writes or delivers a journal of a run, no journal of that run is to be delivered: two processes
    could both create the run, unless it is one that processes share. ``busy`` has the ids of such runs.
    """

    left: list[Left] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    unread: int = 0
    busy: set[str] = field(default_factory=set)
    bytes_read: int = 0


def survey(place: Path, *, most: int | None = None) -> Survey:
    """Examine the journals in the folder *place*, the oldest first, at most *most* of them.

    At most the beginning and the last line of each are read. Never raises because of what the folder contains.
    """
    found = Survey()
    try:
        with folder.open_place(place) as opened:
            names = folder.names_in(opened)
            for count, name in enumerate(names):
                if most is not None and (count >= most or found.bytes_read > _MOST_BYTES):
                    found.unread = len(names) - count
                    break
                _look_at(place / name, opened, found)
    except FileNotFoundError:
        pass
    except OSError as error:
        found.foreign.append(Foreign(place, _reason(error)))
    found.left = [one for one in found.left if one.began.uid not in found.busy]
    return found


def _look_at(path: Path, opened: SafeFolder, found: Survey) -> None:
    try:
        journal = Journal.open(path, opened)
    except FileNotFoundError:  # another process has put it away
        return
    except OSError as error:
        found.foreign.append(Foreign(path, _reason(error)))
        return
    try:
        began = journal.beginning()
        if began is None:
            if _is_old_and_says_something(journal):
                found.foreign.append(Foreign(path, "its beginning is damaged, so that its run is not known"))
        elif not journal.is_own(began):
            found.foreign.append(Foreign(path, NOT_SIGNED))
        elif is_alive(journal, began):
            found.busy |= set() if SHARED in began.tags else {began.uid}
        else:
            found.left.append(Left(path, began, journal.ends_closed()))
    except NewerFormatError:
        found.foreign.append(Foreign(path, "it was written by a newer mlmagic: update mlmagic to deliver it"))
    except OSError as error:
        found.foreign.append(Foreign(path, _reason(error)))
    except Exception as error:  # noqa: BLE001  # whatever the file contains, the others are examined
        found.foreign.append(Foreign(path, f"it cannot be read ({type(error).__name__})"))
    finally:
        found.bytes_read += min(journal.size, LONGEST_BEGINNING)
        journal.close()


def is_alive(journal: Journal, began: Began) -> bool:
    """Return whether the process that writes *journal* still runs."""
    if locks.is_locked(journal.descriptor):
        return True
    return not owner.shares_locks(began.owner) and owner.is_alive(began.owner, heard_s_ago=journal.silent_s())


def _is_old_and_says_something(journal: Journal) -> bool:
    """Return whether a journal without a first record is more than a process leaves that dies while creating it."""
    is_new = locks.is_locked(journal.descriptor) or journal.silent_s() < _YOUNG_S
    return not is_new and not journal.is_only_begun()


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
