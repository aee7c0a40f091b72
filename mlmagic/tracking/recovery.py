"""Deliver what waits in journals: those of this process, and those of processes that died.

A process locks (`flock`) the journals that it writes or delivers, so whoever can lock a journal knows that its writer
is dead, even if a pid means another process in another container. Without locks, the process's pid and start time
decide, and on another machine the journal's heartbeat. `%load_ext` delivers only journals of this machine and of the
current store, because another server would see the credentials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.journal import folder, owner
from mlmagic.journal.foreign import take_over
from mlmagic.journal.lines import NewerFormatError
from mlmagic.journal.survey import MOST_UNASKED, survey
from mlmagic.recording import open_runs
from mlmagic.recording.sync_report import SyncedRun, SyncReport
from mlmagic.session.interrupts import deferred
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import tracking_uri
from mlmagic.store.delivery import left_runs, registrations
from mlmagic.store.delivery.delivery import Delivery
from mlmagic.store.delivery.worker import DeliveryWorker, delivery_worker, delivery_workers
from mlmagic.store.waiting import WaitBudget
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mlflow.entities import Run

    from mlmagic.journal.foreign import ForeignJournal
    from mlmagic.journal.records import Registration
    from mlmagic.journal.survey import Foreign, Left
    from mlmagic.store.delivery.left_runs import LeftRun

PATIENCE_S = 20.0
"""How long ``mlmagic.sync`` waits for the store."""

_MOST_AT_ONCE = 100


def sync(*, only: str | None = None, patience_s: float = PATIENCE_S, anew: bool = False) -> SyncReport:
    """Deliver the journals of this process and of dead ones, but never those of another process that is alive.

    Parameters
    ----------
    only
        The URI of the one store to deliver to, and only what this machine recorded: for doing so unasked. Without it
        each run goes to the store that it was recorded for.
    patience_s
        How long to wait for each store. What is not delivered by then waits for another time.
    anew
        Create runs again that are not in the store any more.

    Raises
    ------
    UsageProblem
        When the setting ``offline`` is on.
    """
    _require_online()
    registrations.deliver_with(_register)
    report = SyncReport()
    delivery_worker(tracking_uri.current_uri())  # its password may have changed
    still_open = [run.delivery for run in open_runs.open_here()]
    for ships in delivery_workers():
        ended = [one for one in ships.deliveries() if one not in still_open and not one.is_closed]
        _deliver(ships, ended, report, patience_s, anew=anew)
    for place in folder.places():
        _recover(place, only, report, patience_s, anew=anew)
    for ships in delivery_workers():
        problems, outcomes = ships.unreported()  # of runs that the background has delivered since
        report.problems += problems
        report.registrations += outcomes
    folder.prune()
    report.problems = list(dict.fromkeys(report.problems))  # a problem of several runs is reported once
    return report


def _register(
    asked: Registration, run: Run, uri: str, *, version: int | None, created: Callable[[int], None]
) -> registrations.Outcome:
    from mlmagic.registry.offline import delivering  # few journals hold a registration

    return delivering.deliver(asked, run, uri, version=version, created=created)


def waiting() -> tuple[int, list[Foreign]]:
    """Return how many runs `sync` would deliver, and the foreign journals; queries no store."""
    still_open = {run.uid for run in open_runs.open_here()}
    here = {
        delivery.began.uid
        for ships in delivery_workers()
        for delivery in ships.deliveries()
        if not delivery.is_closed and not (delivery.keeps_status and not delivery.total())
    }
    found = [survey(place) for place in folder.places()]
    left = {one.began.uid for part in found for one in part.left if not one.is_closed}
    return len(here - still_open | left), [one for part in found for one in part.foreign]


def sync_foreign(journals: Sequence[ForeignJournal], *, patience_s: float = PATIENCE_S) -> SyncReport:
    """Take over foreign journals, as runs of the store that is configured now, and deliver them.

    Raises
    ------
    UsageProblem
        When the setting ``offline`` is on.
    """
    _require_online()
    report = SyncReport()
    uri = tracking_uri.current_uri()
    deliveries = []
    for one in journals:
        if one.problem is not None:
            report.problems.append(f"{one.path} was not taken over: {one.problem}")
            continue
        try:
            journal, began = take_over(one, redaction.redact(uri)[0])
        except (OSError, NewerFormatError) as error:
            report.problems.append(f"{one.path} was not taken over: {getattr(error, 'strerror', None) or error}")
            continue
        report.problems += journal.staging.problems
        report.problems += [
            f"{name!r} was not registered from {one.path}, which you did not record: %register {name} --run {one.name}"
            for name in one.registrations
        ]
        deliveries.append(Delivery.of_dead_process(journal, uri, began))
    ships = delivery_worker(uri)
    ships.add(*deliveries)
    _deliver(ships, deliveries, report, patience_s, anew=False)
    return report


def _require_online() -> None:
    if settings.offline:
        raise UsageProblem("MLMagic.offline is True: set it to False first: %config MLMagic.offline = False")


def _recover(place: Path, only: str | None, report: SyncReport, patience_s: float, *, anew: bool) -> None:
    found = survey(place, most=None if only is None else MOST_UNASKED)
    report.foreign += found.foreign
    report.waiting += found.unread
    runs = _deliverable(found.left, only, report)
    while runs:
        # A journal that is being delivered is an open file, and a process may have only some hundreds.
        some, runs = left_runs.first(runs, _MOST_AT_ONCE)
        by_store: dict[str, list[Delivery]] = {}
        with deferred():  # nobody could deliver a journal that is adopted but has no worker
            for run in some:
                adopted, problem = left_runs.adopt(run)
                report.problems += [problem] if problem else []
                by_store.setdefault(str(run.uri), []).extend(adopted)
            for uri, deliveries in by_store.items():
                delivery_worker(uri).add(*deliveries)  # the rest is delivered in the background
        for uri, deliveries in by_store.items():
            _deliver(delivery_worker(uri), deliveries, report, patience_s, anew=anew)
        if runs and any(not delivery.is_closed for deliveries in by_store.values() for delivery in deliveries):
            report.waiting += len(runs)
            return


def _deliverable(left: list[Left], only: str | None, report: SyncReport) -> list[LeftRun]:
    """Return the runs that can be delivered now, and report those that cannot."""
    found = []
    for run in left_runs.by_run(left):
        if run.uri is None:
            if only is None:
                report.problems.append(left_runs.not_this_store(run.began))
            report.waiting += 1
        elif only is not None and (run.uri != only or not owner.is_of_this_machine(run.began.owner)):
            report.waiting += 1
            report.away = "recorded for another store, or on another machine: %mlmagic sync delivers it"
        else:
            found.append(run)
    return found


def _deliver(
    ships: DeliveryWorker, deliveries: list[Delivery], report: SyncReport, patience_s: float, *, anew: bool
) -> None:
    """Deliver *deliveries*, and add the results to *report*."""
    if not deliveries:
        return
    counts = {id(delivery): delivery.total() for delivery in deliveries}
    not_known = {delivery.began.uid for delivery in deliveries if delivery.run_id is None}
    for delivery in deliveries:
        delivery.anew = anew
        delivery.held = None  # the cause may have been fixed
    patience = WaitBudget(patience_s, local=tracking_uri.is_local(ships.uri))
    # A delivery leaves the list after its journal is put away: this process may end as soon as this returns.
    ships.wait(lambda: all(delivery.held or delivery not in ships.deliveries() for delivery in deliveries), patience)
    done: dict[str, SyncedRun] = {}
    waiting: set[str] = set()
    for delivery in deliveries:
        uid = delivery.began.uid
        problems, outcomes = delivery.report()
        report.problems += problems
        report.registrations += outcomes
        if delivery.damaged:
            report.problems.append(
                f"{delivery.damaged} records of the run {delivery.began.name!r} were damaged and are lost"
            )
        report.unregistered += [] if delivery.is_closed else [asked.name for asked in delivery.registrations]
        if delivery.keeps_status and not counts[id(delivery)]:  # it only registers a model of a run that is delivered
            if not delivery.is_closed:
                _tell_why(delivery, ships, report)
        elif delivery.is_closed and delivery.ended is not None:
            records = counts[id(delivery)] + (done[uid].records if uid in done else 0)
            own_id = uid if uid in not_known else ""
            done[uid] = SyncedRun(
                delivery.began.name, delivery.ended.status, records, str(delivery.run_id or ""), own_id
            )
        else:
            waiting.add(uid)
            _tell_why(delivery, ships, report)
    report.runs += done.values()
    report.waiting += len(waiting)


def _tell_why(delivery: Delivery, ships: DeliveryWorker, report: SyncReport) -> None:
    """Add to *report* why *delivery* is not complete."""
    report.away = report.away or ships.away or (None if delivery.held else "the store does not answer")
    report.problems += [delivery.held] if delivery.held else []
