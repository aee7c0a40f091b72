"""End a run: complete its journal, and deliver it for as long as the cell may wait."""

from __future__ import annotations

import atexit
import os
import re
import threading
from functools import cache
from typing import TYPE_CHECKING

from mlmagic.errors import StoreAwayError
from mlmagic.journal.records import Ended
from mlmagic.recording import open_runs
from mlmagic.session.interrupts import deferred
from mlmagic.session.observation.reads import functions_of
from mlmagic.session.running_cells import running
from mlmagic.store import connection, tracking_uri
from mlmagic.store.delivery.worker import delivery_worker, delivery_workers
from mlmagic.store.query import durations
from mlmagic.store.waiting import WaitBudget
from mlmagic.tracking import continuing, mlflow_runs
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.recording.summary import Status
    from mlmagic.session.observation.sites import Site
    from mlmagic.tracking.open_run import OpenRun

_RECORDS = re.compile(r"(?:log_|set_tag|start_run$|register_)")
_MOST_LINES = 10
_CALL = re.compile(r"\bmlflow\.(\w+)\s*\(")


def end(run: OpenRun, status: Status, error: BaseException | None, duration_s: float) -> None:
    """End *run* with *status* after *duration_s* seconds, and deliver it; report what is not delivered now."""
    delivery, journal = run.delivery, run.delivery.journal
    with deferred():
        if run.in_mlflow:
            if run.run_id not in mlflow_runs.open_runs():
                _tell_of_end(run)
            mlflow_runs.deactivate(run.run_id)
        ended = _append_end(run, status, duration_s)
        journal.sync()
        continuing.remember(run, ended, run.seconds_before + duration_s)
    _close_strays(run, status, error)
    for problem in journal.staging.problems:
        run.notices.warn(problem)
    files = f"in {journal.staging.elsewhere}" if journal.staging.elsewhere else ""
    if journal.trouble:
        where = f"in memory and {files}" if files else "in memory"
        run.notices.warn(
            f"the journal {journal.path} cannot be written ({journal.trouble}): what is not in the store yet is kept "
            f"{where}, until the kernel ends"
        )
    elif files and journal.is_on_disk:
        run.notices.warn(
            f"the disk of {journal.path.parent} is full: files that are not in the store yet are kept {files}, until "
            "the kernel ends"
        )
    if not run.in_mlflow and open_runs.on_this_thread() is None:
        _tell_of_mlflow_calls(run)
    if settings.offline:
        _tell_of_waiting(run, "MLMagic.offline is True", "set it to False, and %mlmagic sync delivers them")
        return
    ships = delivery_worker(delivery.uri)

    def is_through() -> bool:
        still_open = {other.uid for other in open_runs.open_here()}
        below = [
            one
            for one in ships.deliveries()
            if one.began.parent == delivery.began.uid and one.began.uid not in still_open
        ]
        return (delivery.is_closed or delivery.held is not None) and all(one.held is not None for one in below)

    done = ships.wait(is_through, run.patience)
    _tell_of_delivery(run, *delivery.report())
    _tell_of_delivery(run, *ships.unreported())
    if ships.fault:
        run.notices.warn(f"the delivery had an internal error ({ships.fault}) and continued: nothing is lost")
        ships.fault = None
    if delivery.held:
        origin = f", from {journal.path}" if journal.is_on_disk else ""
        later = f"they are delivered once that is fixed, or by %mlmagic sync{origin}"
        _tell_of_waiting(run, delivery.held, later, what="")
    elif not done:
        reason = ships.away or connection.obstacle(delivery.uri)
        _tell_of_waiting(run, reason, "they are delivered when it answers, or by %mlmagic sync")


def reopen(run: OpenRun, site: Site) -> None:
    """Make *run* MLflow's active run again after its user ended it: what the cell logs from here on belongs to it.

    Once for each place in the cell, because ``while mlflow.active_run(): mlflow.end_run()`` would not end.
    """
    is_ended = run.in_mlflow and run.delivery.run is not None and run.run_id not in mlflow_runs.open_runs()
    if is_ended and id(site) not in run.reopened_at:
        run.reopened_at.add(id(site))
        mlflow_runs.activate(run.delivery.run)


def _tell_of_end(run: OpenRun) -> None:
    strays = [
        stray.info.run_name
        for run_id, (_, _, stray) in mlflow_runs.open_runs().items()
        if run_id not in run.others and run_id not in open_runs.open_ids()
    ]
    into = f": what MLflow logged after it is in the run {strays[0]!r}" if strays else ""
    if run.reopened_at and not strays:  # a loop that ends whatever is open, and nothing went astray
        return
    where = "a loop" if run.reopened_at else "a function that the cell called" if run.origin.watch else "the block"
    run.notices.warn(f"mlflow.end_run() in {where} ended this run{into}")


def _append_end(run: ActiveRun, status: Status, duration_s: float) -> Ended:
    journal = run.delivery.journal
    if run.target.earlier is not None:
        journal.append(durations.tag(run.seconds_before + duration_s))
    ended = Ended(status, run.delivery.began.started + round(duration_s * 1000))
    journal.append(ended)
    return ended


@cache
def at_exit() -> None:
    """Register a handler that, when the process ends, ends the open runs and delivers what is left.

    It is registered after MLflow's own handler, so that it runs first: MLflow would end an open run as FINISHED.
    """
    atexit.register(_leave_process, os.getpid())


def not_at_exit() -> None:
    """Unregister the handler of `at_exit`: what is left is in journals, which the next process delivers."""
    atexit.unregister(_leave_process)
    at_exit.cache_clear()


def _leave_process(pid: int) -> None:
    if pid != os.getpid():  # a forked child: the runs belong to its parent
        return
    for run in reversed(open_runs.open_here()):
        mlflow_runs.deactivate(run.run_id)
        _append_end(run, "KILLED", run.duration_s)
    for ships in delivery_workers():
        ships.drain(WaitBudget(settings.store_timeout_s, local=tracking_uri.is_local(ships.uri)))


def _tell_of_waiting(run: OpenRun, reason: str, later: str, *, what: str = "offline, ") -> None:
    count = run.delivery.waiting()
    run.notices.warn(f"{what}{count:,} record{'' if count == 1 else 's'} kept ({reason}): {later}")


def _tell_of_delivery(run: OpenRun, problems: Sequence[str], outcomes: Sequence[str]) -> None:
    """Report what the store refused, and which models were registered."""
    for lines, tell in ((problems, run.notices.warn), (outcomes, run.notices.info)):
        for line in lines[:_MOST_LINES]:
            tell(line)
        if len(lines) > _MOST_LINES:
            tell(f"and {len(lines) - _MOST_LINES:,} more such lines")


def _tell_of_mlflow_calls(run: OpenRun) -> None:
    """Report the MLflow calls in the cell: without a store, there was no active run that could receive them."""
    calls = {name for name in _CALL.findall(run.origin.source) if _RECORDS.match(name)}
    read = run.origin.watch.values_read() if run.origin.watch else {}
    for value in read.values():
        for function in functions_of(value, run.origin.namespace):
            names = function.__code__.co_names
            calls |= {name for name in names if "mlflow" in names and _RECORDS.match(name)}
    if calls:
        named = ", ".join(f"mlflow.{name}" for name in sorted(calls))
        run.notices.warn(f"without a store the run was not active in MLflow: {named} did not reach it")


def _close_strays(run: OpenRun, status: Status, error: BaseException | None) -> None:
    """End the MLflow runs that the cell began and left open, on its own thread and on those that it started."""
    busy = running.busy_elsewhere()
    for run_id, (thread, _, stray) in reversed(mlflow_runs.open_runs().items()):
        if run_id in run.others or run_id in open_runs.open_ids() or thread in busy:
            continue
        name = stray.info.run_name
        if thread != threading.get_ident():
            run.notices.warn(
                f"the run {name!r} began on another thread, which MLflow keeps apart: it was closed. "
                "mlmagic.log in a thread writes to the cell's run"
            )
        elif error is None:
            run.notices.warn(f"the run {name!r} was left open: it was closed")
        mlflow_runs.deactivate(run_id)
        try:
            run.patience.ask(lambda run_id=run_id: mlflow_runs.terminate(run_id, status))  # type: ignore[misc]
        except StoreAwayError as away:
            run.notices.warn(f"the run {name!r} could not be closed: {away}")
