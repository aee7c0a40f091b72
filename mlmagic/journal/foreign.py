"""Foreign journals, which this user did not record here: list them, and take them over on request.

Their content is untrusted. Taking one over creates a journal of this user: a new run for the store that is configured
now, with the records that fit their schema and the regular files of the journal's own staging folder.
"""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.journal import folder, locks, owner
from mlmagic.journal.file import Journal
from mlmagic.journal.lines import NewerFormatError
from mlmagic.journal.records import (
    KEEPS_STATUS,
    SHARED,
    Began,
    Copy,
    Dataset,
    Ended,
    File,
    Metric,
    Model,
    Param,
    Part,
    Registration,
    Tag,
)
from mlmagic.journal.safe_folder import STAGED
from mlmagic.journal.signing import derived
from mlmagic.journal.staged_files import StagedFile, copy, path_of, walk
from mlmagic.journal.survey import Foreign, survey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.journal.records import Record
    from mlmagic.journal.safe_folder import SafeFolder

_LARGEST_JOURNAL = 64 << 20
_TAKEN = "taken"
_STATUSES = {"FINISHED", "FAILED", "KILLED"}
_MOST_FILES = 10_000
TAG = "mlmagic.foreign"
"""The tag of a run that was taken over from a foreign journal."""
_OF_THE_STORE = {"mlmagic.id", TAG, "mlflow.parentRunId", KEEPS_STATUS, SHARED}


@dataclass(frozen=True)
class ForeignJournal:
    """The content of a foreign journal.

    ``reason`` says why it is foreign. ``uid``, ``store``, ``host``, ``user`` and ``started`` (ms since 1970) are its
    own claims; they decide nothing. ``params``, ``metrics`` and ``tags`` are names, ``values`` counts those of all
    metrics, ``registrations`` are the names under which it would register models, which is left out. A journal that
    cannot be read has a ``problem``, and is not taken over.
    """

    path: Path
    reason: str
    name: str = ""
    store: str = ""
    host: str = ""
    experiment: str = ""
    records: int = 0
    files: tuple[StagedFile, ...] = ()
    problem: str | None = None
    uid: str = ""
    user: str = ""
    started: int = 0
    status: str = ""
    params: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    values: int = 0
    tags: tuple[str, ...] = ()
    datasets: int = 0
    models: int = 0
    registrations: tuple[str, ...] = ()


def foreign_journals() -> list[ForeignJournal]:
    """Return the foreign journals in the folders of journals, including the folder that earlier versions used."""
    found = []
    for place in [*folder.places(), _earlier_place()]:
        found += [_described(one) for one in survey(place).foreign if not _is_alive(one.path)]
    return found


def _earlier_place() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"mlmagic-{user}" / "journal"


def _is_alive(path: Path) -> bool:
    """Return whether a process on this machine writes the journal: an earlier version may run beside this one."""
    with contextlib.suppress(OSError, NewerFormatError), _opened(path) as (_, journal):
        began = journal.beginning()
        # For a process elsewhere only a time is known, which the creator of the folder chose.
        here = began is not None and owner.is_alive(began.owner, heard_s_ago=math.inf)
        return here or locks.is_locked(journal.descriptor)
    return False


def _described(foreign: Foreign) -> ForeignJournal:
    empty = ForeignJournal(foreign.path, foreign.reason)
    try:
        with _opened(foreign.path) as (place, journal):
            records = list(_records(journal))
            began = next((record for record in records if isinstance(record, Began)), None)
            asked = [line.record for line in journal.read() if isinstance(line.record, Registration)]
            files = _staged(place, foreign.path, records)
    except (OSError, NewerFormatError) as error:
        return replace(empty, problem=getattr(error, "strerror", None) or str(error))
    described = replace(
        empty,
        records=sum(not isinstance(one, (Began, Ended)) for one in records),
        files=files,
        status=next((one.status for one in reversed(records) if isinstance(one, Ended)), ""),
        params=tuple(dict.fromkeys(one.key for one in records if isinstance(one, Param))),
        metrics=tuple(dict.fromkeys(one.key for one in records if isinstance(one, Metric))),
        values=sum(isinstance(one, Metric) for one in records),
        tags=tuple(dict.fromkeys(one.key for one in records if isinstance(one, Tag))),
        datasets=sum(isinstance(one, Dataset) for one in records),
        models=sum(isinstance(one, Model) for one in records),
        registrations=tuple(dict.fromkeys(one.name for one in asked)),
    )
    if asked and not described.records:
        return replace(described, problem="it only registers a model: %register does that in the store")
    if began is None:
        return replace(described, name=foreign.path.stem)
    return replace(
        described,
        uid=began.uid,
        name=began.name,
        store=began.store,
        host=str(began.owner.get("host", "")).partition(" ")[0],
        user=str(began.tags.get("mlflow.user", "")),
        started=began.started,
        experiment=began.experiment,
    )


def take_over(foreign: ForeignJournal, store: str) -> tuple[Journal, Began]:
    """Return a journal of this user with the content of *foreign*, for *store*, and move the foreign one away.

    Raises
    ------
    OSError
        If it cannot be read, or no journal can be written.
    """
    journal, _ = folder.new()
    try:
        with _opened(foreign.path, alone=True) as (place, source):
            records = list(_records(source))
            began = _began(records, foreign, store)
            for _ in range(2):  # as in each journal, in case a byte of one is damaged
                journal.append(began)
            taken = _take_files(foreign, place, journal)
            for record in records:
                if _is_taken(record, taken):
                    journal.append(_with_known_status(record))
            if not any(isinstance(record, Ended) for record in records):
                journal.append(Ended("KILLED", int(os.fstat(source.descriptor).st_mtime * 1000)))
    except BaseException:
        folder.discard(journal)
        raise
    with contextlib.suppress(OSError):  # if the folder is not writable, it will be offered again
        folder.move(foreign.path, _TAKEN)
    return journal, began


@contextlib.contextmanager
def _opened(path: Path, *, alone: bool = False) -> Iterator[tuple[SafeFolder, Journal]]:
    """Open a journal and the folder that holds it; *alone* locks it, so that no other process takes it over as well."""
    with folder.open_place(path.parent) as place:
        journal = Journal.adopt(path, place) if alone else Journal.open(path, place)
        try:
            if journal.size > _LARGEST_JOURNAL:
                raise OSError(0, f"it is larger than {_LARGEST_JOURNAL >> 20} MB", str(path))
            yield place, journal
        finally:
            journal.close()


def _records(journal: Journal) -> Iterator[Record]:
    for line in journal.read():
        if isinstance(line.record, (Began, Param, Metric, Tag, Dataset, File, Part, Copy, Model, Ended)):
            yield line.record


def _began(records: list[Record], foreign: ForeignJournal, store: str) -> Began:
    """Return the first record of the journal that is taken over; the foreign one does not decide where it goes."""
    found = next((record for record in records if isinstance(record, Began)), None)
    # The new ids are derived from the foreign ones with this user's key: nobody can name a run already in the store.
    uid = derived(found.uid if found else str(foreign.path))
    tags = {key: value for key, value in (found.tags if found else {}).items() if key not in _OF_THE_STORE}
    return Began(
        uid=uid,
        resumed=False,
        run_id="",
        name=foreign.name,
        store=store,
        experiment=foreign.experiment,
        experiment_id="",
        parent=derived(found.parent) if found and found.parent else "",
        started=found.started if found else int(foreign.path.lstat().st_mtime * 1000),
        tags={**tags, "mlmagic.id": uid, TAG: "true"},
        owner=owner.this_process(),
    )


def _staged(place: SafeFolder, path: Path, records: list[Record]) -> tuple[StagedFile, ...]:
    """Return the files that *records* name; those that cannot be taken have the reason."""
    named = dict.fromkeys(os.path.normpath(at) for at in map(path_of, records) if at is not None)
    if not named:
        return ()
    try:
        with place.open_folder(path.with_suffix(STAGED).name) as staging:
            return tuple(islice((file for at in named for file in walk(staging, at)), _MOST_FILES))
    except OSError as error:
        return tuple(StagedFile(at, 0, error.strerror or str(error)) for at in named)


def _take_files(foreign: ForeignJournal, place: SafeFolder, journal: Journal) -> list[str]:
    """Copy the staged files that can be taken; return their paths."""
    taken: list[str] = []
    wanted = [file for file in foreign.files if file.problem is None]
    if not wanted:
        return taken
    with place.open_folder(foreign.path.with_suffix(STAGED).name) as staging:
        for file in wanted:
            try:
                copy(staging, file, journal.staging.make())
            except OSError as error:
                journal.staging.left_out.append(f"{file.path} was left out: {error.strerror or error}")
            else:
                taken.append(file.path)
    return taken


def _with_known_status(record: Record) -> Record:
    if isinstance(record, Ended) and record.status not in _STATUSES:
        return replace(record, status="KILLED")
    return record


def _is_taken(record: Record, files: list[str]) -> bool:
    """Return whether *record* is taken over; a record of files is, if some of its files are among *files*."""
    if isinstance(record, Began) or (isinstance(record, Tag) and record.key in _OF_THE_STORE):
        return False
    at = path_of(record)
    return at is None or any(path == at or path.startswith(f"{at}/") for path in files)
