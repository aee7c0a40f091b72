"""Background threads that deliver journals, one for each store.

A store that hangs does not delay the others. Parents are created before their children and ended after them. While
nobody waits, the thread rests after each step for as long as the step took, unless trials run in other processes
(`hurry`). The next summary shows the thread's own errors, and the thread continues with the next round.
"""

from __future__ import annotations

import os
import threading
import time
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlmagic.errors import MLMagicError, StoreAwayError
from mlmagic.journal import folder, fsync_thread
from mlmagic.store import connection, outage
from mlmagic.store.delivery import delivered_runs
from mlmagic.store.delivery.pausing import Pause
from mlmagic.store.waiting import OWN_THREAD
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient

    from mlmagic.store.delivery.delivery import Delivery
    from mlmagic.store.waiting import WaitBudget

_EVERY_S = 1.0
_LONGEST_BREATH_S = 0.5


class DeliveryWorker:
    """Delivers the journals of one store's runs in the background, the oldest first.

    ``away`` says why the last attempt could not reach the store, or is None. ``fault`` is an error of the delivery
    itself, such as a full memory, after which it continued; whoever reports it resets it to None.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.away: str | None = None
        self.fault: str | None = None
        self._deliveries: list[Delivery] = []
        self._closed: list[Delivery] = []
        self._thread: threading.Thread | None = None
        self._condition = threading.Condition()
        # Held during a round: a stopped thread may still be in its last round when the next thread starts.
        self._delivering = threading.Lock()
        # Number of the last round that was requested, and of the last one that is over; steps within rounds.
        self._asked = 0
        self._over = 0
        self._steps = 0
        self._pause = Pause()
        self._moved_at = time.monotonic()

    def add(self, *deliveries: Delivery) -> None:
        """Deliver these as well from now on."""
        with self._condition:
            self._deliveries += deliveries
            for delivery in deliveries:
                delivery.moved = self._moved
            self._ensure_thread()

    def _ensure_thread(self) -> None:
        if self._deliveries and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._work, name=f"{OWN_THREAD}ship", daemon=True)
            self._thread.start()

    def start(self) -> None:
        """Restart the thread if it was stopped and there is something to deliver."""
        with self._condition:
            self._ensure_thread()

    def stop(self, timeout_s: float) -> None:
        """Stop the thread after its current round; undelivered records stay in their journals."""
        with self._condition:
            thread, self._thread = self._thread, None
            self._asked += 1  # wakes a thread that rests between two steps
            self._condition.notify_all()
        if thread is not None:
            thread.join(timeout_s)

    def remove(self, delivery: Delivery) -> None:
        """Stop delivering this one; its journal stays where it is."""
        with self._condition:
            self._deliveries = [other for other in self._deliveries if other is not delivery]

    def deliveries(self) -> list[Delivery]:
        """Return the deliveries that are not complete."""
        with self._condition:
            return list(self._deliveries)

    def unreported(self) -> tuple[list[str], list[str]]:
        """Return the problems and the registrations of closed runs that no report has shown yet, one line each."""
        with self._condition:
            closed, self._closed = self._closed, []
        problems, outcomes = [], []
        for delivery in closed:
            refused, registered = delivery.unreported()
            problems += [f"the run {delivery.began.name!r}: {line}" for line in refused]
            outcomes += registered
        return problems, outcomes

    def drain(self, patience: WaitBudget) -> None:
        """Deliver all that can be delivered while there is *patience*."""
        self.wait(lambda: all(delivery.held for delivery in self.deliveries()), patience)

    def hurry(self) -> int:
        """Deliver now, without rests between the steps, because no user code needs the processor.

        Returns the number of the requested round.
        """
        with self._condition:
            self._asked += 1
            self._ensure_thread()
            self._condition.notify_all()
            return self._asked

    def wait(self, reached: Callable[[], bool], patience: WaitBudget) -> bool:
        """Deliver now, and wait until *reached* or until *patience* is spent; return whether it was reached."""
        wanted = self.hurry()
        patience.wait(self._condition, lambda: reached() or self._over >= wanted, lambda: self._steps)
        return reached()

    def _work(self) -> None:
        me = threading.current_thread()
        while self._thread is me:
            asked = self._asked
            try:
                asked = self._round(me)
            except BaseException as error:  # noqa: BLE001  # whatever it is, later rounds deliver
                self._pause.begin()
                self.fault = f"{type(error).__name__}: {outage.first_line(error)}"
            with self._condition:
                self._over = max(self._over, asked)
                self._condition.notify_all()

    def _round(self, me: threading.Thread) -> int:
        """Run one round if it is requested or due; return how many rounds were requested when it began.

        *me* is the calling thread; it delivers nothing after it was stopped.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._asked > self._over, _EVERY_S if self._deliveries else None)
            asked, deliveries = self._asked, list(self._deliveries)
        self._moved_at = time.monotonic()
        is_due = asked > self._over or self._pause.is_over
        if is_due and not settings.offline and self._thread is me:
            with self._delivering:
                self._deliver(deliveries)
        return asked

    def _deliver(self, deliveries: list[Delivery]) -> None:
        try:
            client = connection.connect(self.uri)
            parents_first = sorted(deliveries, key=partial(_depth, deliveries))
            for delivery in parents_first:
                self._step(delivery, delivery.advance, client)
            # A child run ends before its parent; of the cells of one run, the first ends first.
            for delivery in sorted(deliveries, key=partial(_depth, deliveries), reverse=True):
                self._step(delivery, delivery.finish, client)
        except MLMagicError as error:  # above all a store that is away
            self.away = str(error)
            self._pause.begin(error.wait_s if isinstance(error, StoreAwayError) else 0.0)
        else:
            self.away = None
            self._pause.end()
        for delivery in deliveries:
            if delivery.is_closed:
                fsync_thread.forget(delivery.journal)
                delivered_runs.remember(delivery)
                folder.put_away(delivery.journal, keep_files=delivery.keeps_files)
                if delivery.problems or delivery.outcomes:
                    self._closed.append(delivery)
                self.remove(delivery)

    def _step(self, delivery: Delivery, step: Callable[[MlflowClient], None], client: MlflowClient) -> None:
        if not delivery.waits:
            return
        try:
            step(client)
        except StoreAwayError:
            raise
        except Exception as error:  # noqa: BLE001  # one journal that cannot be delivered must not stop the others
            delivery.hold(f"the run {delivery.began.name!r} could not be delivered: {type(error).__name__}: {error}")
        self._moved()

    def _moved(self) -> None:
        """Note a step; while nobody waits, leave the processor to the user's code for as long as the step took."""
        with self._condition:
            self._steps += 1
            self._condition.notify_all()
            pause = time.monotonic() - self._moved_at
            self._condition.wait_for(lambda: self._asked > self._over, min(pause, _LONGEST_BREATH_S))
            self._moved_at = time.monotonic()


def _depth(deliveries: list[Delivery], delivery: Delivery) -> int:
    """Return how many ancestors of *delivery*'s run are among *deliveries*."""
    around = {other.began.uid: other.began.parent for other in deliveries}
    depth, uid = 0, delivery.began.parent
    while uid in around and depth < len(around):
        depth, uid = depth + 1, around[uid]
    return depth


_shippers: dict[str, DeliveryWorker] = {}
"""By URI. What is not delivered outlives a session; `tracking.background` ends the threads."""
_lock = threading.Lock()


def delivery_worker(uri: str) -> DeliveryWorker:
    """Return the worker for the store at *uri*; it takes over what waits for that store under another password."""
    with _lock:
        found = _shippers.setdefault(uri, DeliveryWorker(uri))
        others = [other for other in _shippers.values() if other is not found and _is_same_place(other.uri, uri)]
    for other in others:
        for delivery in other.deliveries():
            other.remove(delivery)
            delivery.uri = uri
            found.add(delivery)
    return found


def _is_same_place(one: str, other: str) -> bool:
    """Return whether two addresses differ at most in user and password."""
    places = [urlsplit(uri) for uri in (one, other)]
    return len({place._replace(netloc=place.netloc.rpartition("@")[2]) for place in places}) == 1


def delivery_workers() -> list[DeliveryWorker]:
    """Return all workers of this process."""
    with _lock:
        return list(_shippers.values())


def _after_fork() -> None:
    """Reset a child process after a fork: it has no threads, and the journals belong to its parent."""
    global _lock  # noqa: PLW0603  # the parent may have held it
    _lock = threading.Lock()
    _shippers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
