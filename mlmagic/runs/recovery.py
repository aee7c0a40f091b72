"""Delivering what waits in journals: of this process, and of processes that died."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.journal import folder, owner
from mlmagic.journal.file import Journal
from mlmagic.journal.foreign import take_over
from mlmagic.journal.lines import NewerFormatError
from mlmagic.journal.survey import MOST_UNASKED, survey
from mlmagic.runs import active, store
from mlmagic.runs.delivery import Delivery
from mlmagic.runs.shipping import Shipper, shipper, shippers
from mlmagic.runs.waiting import Patience
from mlmagic.settings import settings
from mlmagic.snapshot import secrets
from mlmagic.snapshot.secret_values import REDACTED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlmagic.journal.foreign import ForeignJournal
    from mlmagic.journal.records import Began
    from mlmagic.journal.survey import Foreign, Left

PATIENCE_S = 20.0
"""How long ``mlmagic.sync`` waits for the store."""

_MOST_AT_ONCE = 100


@dataclass(frozen=True)
class SyncedRun:
    """A run of which a journal was delivered: its name, its status, and how many records the store got."""

    name: str
    status: str
    records: int


@dataclass
class SyncReport:
    """What was delivered, and what was not.

    ``waiting`` counts the runs that are not, ``away`` says why their store cannot be reached. ``problems`` are what
    the store refused and what could not be read, a line each; ``foreign`` are the journals of others.
    """

    runs: list[SyncedRun] = field(default_factory=list)
    waiting: int = 0
    away: str | None = None
    problems: list[str] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)


def sync(*, only: str | None = None, patience_s: float = PATIENCE_S) -> SyncReport:
    """Deliver the journals of this process and of dead ones, never those of another process that lives.

    Parameters
    ----------
    only
        The URI of the one store to deliver to, and only what this machine recorded: for doing so unasked. Without it
        each run goes to the store that it was recorded for.
    patience_s
        How long to wait for each store. What is not delivered by then waits for another time.

    Raises
    ------
    UsageProblem
        When the setting ``offline`` is on.
    """
    _require_online()
    report = SyncReport()
    still_open = [run.delivery for run in active.open_here()]
    for ships in shippers():
        ended = [one for one in ships.deliveries() if one not in still_open and not one.is_closed]
        _deliver(ships, ended, report, patience_s)
    for place in folder.places():
        _recover(place, only, report, patience_s)
    folder.prune()
    return report


def sync_foreign(journals: Sequence[ForeignJournal], *, patience_s: float = PATIENCE_S) -> SyncReport:
    """Take over journals that others made, as runs of the store that is configured now, and deliver them.

    Raises
    ------
    UsageProblem
        When the setting ``offline`` is on.
    """
    _require_online()
    report = SyncReport()
    uri = store.current_uri()
    deliveries = []
    for one in journals:
        if one.problem is not None:
            report.problems.append(f"{one.path} was not taken over: {one.problem}")
            continue
        try:
            journal, began = take_over(one, secrets.redact(uri)[0])
        except (OSError, NewerFormatError) as error:
            report.problems.append(f"{one.path} was not taken over: {getattr(error, 'strerror', None) or error}")
            continue
        report.problems += journal.problems
        deliveries.append(Delivery.of_dead_process(journal, uri, began))
    ships = shipper(uri)
    ships.add(*deliveries)
    _deliver(ships, deliveries, report, patience_s)
    return report


def _require_online() -> None:
    if settings.offline:
        raise UsageProblem("MLMagic.offline is True: set it to False first: %config MLMagic.offline = False")


def _recover(place: Path, only: str | None, report: SyncReport, patience_s: float) -> None:
    found = survey(place, most=None if only is None else MOST_UNASKED)
    report.foreign += found.foreign
    report.waiting += found.unread
    runs = _by_run(found.left, only, report)
    while runs:
        # A journal that is delivered is an open file, of which a process has some hundreds.
        some, runs = _first(runs, _MOST_AT_ONCE)
        by_store: dict[str, list[Delivery]] = {}
        for uri, journals in some:
            by_store.setdefault(uri, []).extend(_adopt(journals, uri, report))
        for uri, deliveries in by_store.items():
            ships = shipper(uri)
            ships.add(*deliveries)  # what is not delivered in time goes on in the background
            _deliver(ships, deliveries, report, patience_s)
        if runs and any(not delivery.is_closed for deliveries in by_store.values() for delivery in deliveries):
            report.waiting += sum(len(journals) for _, journals in runs)
            return


Run = tuple[str, list["Left"]]
"""The store of a run that a dead process left, and its journals: the cells that went on with it have their own."""


def _by_run(left: list[Left], only: str | None, report: SyncReport) -> list[Run]:
    """Return the runs that can be delivered now, and report those that cannot."""
    runs: dict[str, list[Left]] = {}
    for journal in left:
        runs.setdefault(journal.began.uid, []).append(journal)
    found = []
    for journals in runs.values():
        began = journals[0].began
        uri = _uri_of(began)
        if uri is None:
            if only is None:
                report.problems.append(_not_this_store(began))
            report.waiting += 1
        elif only is not None and (uri != only or not owner.is_of_this_machine(began.owner)):
            report.waiting += 1
            report.away = "recorded for another store, or elsewhere: %mlmagic sync delivers it"
        else:
            found.append((uri, journals))
    return found


def _first(runs: list[Run], most: int) -> tuple[list[Run], list[Run]]:
    """Divide *runs* after about *most* journals, at least after one run."""
    count = 0
    for number, (_, journals) in enumerate(runs, 1):
        count += len(journals)
        if count >= most:
            return runs[:number], runs[number:]
    return runs, []


def _adopt(left: list[Left], uri: str, report: SyncReport) -> list[Delivery]:
    """Return deliveries of all journals of one run, or none: the process that has the oldest has the run.

    Were each taken by itself, two processes that start at once could both create the run.
    """
    journals: list[Journal] = []
    deliveries = []
    try:
        with folder.open_place(left[0].path.parent) as opened:
            journals.extend(Journal.adopt(one.path, opened) for one in left)
        for journal in journals:
            began = journal.beginning()
            if began is None or not journal.is_own(began):  # changed since it was looked at
                journal.close()
            elif journal.ends_closed():  # delivered, but its process ended before it could be put away
                folder.put_away(journal, keep_files=True)
            else:
                deliveries.append(Delivery.of_dead_process(journal, uri, began))
    except (BlockingIOError, FileNotFoundError):  # another process has it, or has put it away
        pass
    except NewerFormatError:
        report.problems.append(f"{left[0].path} was written by a newer mlmagic: update mlmagic to deliver it")
    except OSError as error:
        report.problems.append(f"{left[0].path} cannot be read: {error.strerror or error}")
    else:
        return deliveries
    for journal in journals:
        journal.close()
    return []


def _uri_of(began: Began) -> str | None:
    """Return the address of the store that *began* was recorded for, or None if it cannot be used now.

    A server gets records and credentials only while it is the one that is configured.
    """
    current = store.current_uri()
    if secrets.redact(current)[0] == began.store:
        return current
    return began.store if store.is_local(began.store) and REDACTED not in began.store else None


def _not_this_store(began: Began) -> str:
    missing = ", whose password is not kept" if REDACTED in began.store else ""
    return (
        f"the run {began.name!r} belongs to the store {began.store}{missing}: "
        "set MLFLOW_TRACKING_URI to it, and %mlmagic sync again"
    )


def _deliver(ships: Shipper, deliveries: list[Delivery], report: SyncReport, patience_s: float) -> None:
    """Deliver these, and report on each."""
    if not deliveries:
        return
    counts = {id(delivery): delivery.total() for delivery in deliveries}
    for delivery in deliveries:
        delivery.held = None  # what held it may be mended
    patience = Patience(patience_s, local=store.is_local(ships.uri))
    ships.wait(lambda: all(delivery.is_closed or delivery.held for delivery in deliveries), patience)
    for delivery in deliveries:
        report.problems += delivery.problems
        if delivery.damaged:
            report.problems.append(
                f"{delivery.damaged} records of the run {delivery.began.name!r} were damaged and are lost"
            )
        if delivery.is_closed and delivery.ended is not None:
            report.runs.append(SyncedRun(delivery.began.name, delivery.ended.status, counts[id(delivery)]))
        else:
            report.waiting += 1
            report.away = report.away or ships.away or (None if delivery.held else "the store does not answer")
            report.problems += [delivery.held] if delivery.held else []
