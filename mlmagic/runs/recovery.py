"""Delivering what waits in journals: of this process, and of processes that died."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.journal import folder, owner
from mlmagic.journal.file import Journal
from mlmagic.journal.lines import NewerFormatError
from mlmagic.journal.records import Began
from mlmagic.runs import active, store
from mlmagic.runs.delivery import Delivery
from mlmagic.runs.shipping import Shipper, shipper, shippers
from mlmagic.runs.waiting import Patience
from mlmagic.settings import settings
from mlmagic.snapshot import secrets
from mlmagic.snapshot.secret_values import REDACTED

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 20.0
"""How long ``mlmagic.sync`` waits for the store."""

_YOUNG_S = 60.0


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
    the store refused and what could not be read, a line each.
    """

    runs: list[SyncedRun] = field(default_factory=list)
    waiting: int = 0
    away: str | None = None
    problems: list[str] = field(default_factory=list)


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
    if settings.offline:
        raise UsageProblem("MLMagic.offline is True: set it to False first: %config MLMagic.offline = False")
    report = SyncReport()
    still_open = [run.delivery for run in active.open_here()]
    for ships in shippers():
        ended = [one for one in ships.deliveries() if one not in still_open and not one.is_closed]
        _deliver(ships, ended, report, patience_s)
    for place in folder.places():
        _recover(place, only, report, patience_s)
    folder.prune()
    return report


def has_work() -> bool:
    """Tell whether a process that died left something to deliver; quick, and without MLflow."""
    return any(_began_by_the_dead(path) for place in folder.places() for path in folder.journals(place))


def _began_by_the_dead(path: Path) -> bool:
    try:
        began = _beginning(path)
        dead = began is None or not _is_alive(path, began)
        return dead and not _is_put_away(path)
    except (OSError, NewerFormatError):
        return False


def _is_put_away(path: Path) -> bool:
    """Put away a journal that is delivered, but whose process ended before it could do so; tell whether it is one."""
    journal = Journal.open(path)
    closed = journal.ends_closed()
    if closed:
        folder.put_away(journal, keep_files=True)
    else:
        journal.close()
    return closed


def _recover(place: Path, only: str | None, report: SyncReport, patience_s: float) -> None:
    by_store: dict[str, list[Delivery]] = {}
    for path in folder.journals(place):
        try:
            delivery = _delivery_of(path, only, report)
        except NewerFormatError:
            report.problems.append(f"{path} was written by a newer mlmagic: update mlmagic to deliver it")
        except (BlockingIOError, FileNotFoundError):  # another process delivers it, or has done so
            continue
        except OSError as error:
            report.problems.append(f"{path} cannot be read: {error.strerror or error}")
        else:
            if delivery is not None:
                by_store.setdefault(delivery.uri, []).append(delivery)
    for uri, deliveries in by_store.items():
        ships = shipper(uri)
        ships.add(*deliveries)  # what is not delivered in time goes on in the background
        _deliver(ships, deliveries, report, patience_s)


def _delivery_of(path: Path, only: str | None, report: SyncReport) -> Delivery | None:
    """Return the delivery of a dead process's journal, or None where there is nothing to deliver."""
    began = _beginning(path)
    if began is None:
        _set_apart(path, report)
        return None
    if _is_alive(path, began):
        return None
    uri = _uri_of(began)
    if uri is None:
        report.problems.append(
            f"the run {began.name!r} belongs to the store {began.store}, whose password is not kept: "
            "set MLFLOW_TRACKING_URI to it, and %mlmagic sync again"
        )
        return None
    if only is not None and (uri != only or not owner.is_of_this_machine(began.owner)):
        report.waiting += 1
        report.away = "recorded for another store, or elsewhere: %mlmagic sync delivers it"
        return None
    return None if _is_put_away(path) else Delivery.of_dead_process(Journal.adopt(path), uri, began)


def _beginning(path: Path) -> Began | None:
    journal = Journal.open(path)
    try:
        return next((line.record for line in journal.read() if isinstance(line.record, Began)), None)
    finally:
        journal.close()


def _is_alive(path: Path, began: Began) -> bool:
    return owner.is_alive(began.owner, heard_s_ago=time.time() - path.stat().st_mtime)


def _set_apart(path: Path, report: SyncReport) -> None:
    """Deal with a journal of which the beginning is lost: an empty one goes, another is kept aside, and told once."""
    if time.time() - path.stat().st_mtime < _YOUNG_S:  # perhaps it is being written now
        return
    journal = Journal.open(path)
    records = sum(line.record is not None for line in journal.read())
    journal.close()
    if not records:
        path.unlink()
        return
    kept = folder.set_apart(path)
    report.problems.append(f"a journal's beginning is damaged, so that its run is not known: it is kept as {kept}")


def _uri_of(began: Began) -> str | None:
    current = store.current_uri()
    if secrets.redact(current)[0] == began.store:
        return current
    return None if REDACTED in began.store else began.store


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
