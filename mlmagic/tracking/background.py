"""The background work of mlmagic in a process: stopped when mlmagic is unloaded, resumed when it is loaded again."""

from __future__ import annotations

from mlmagic.journal import fsync_thread
from mlmagic.recording import open_runs
from mlmagic.store import own_requests, tracking_uri
from mlmagic.store.delivery.worker import delivery_workers
from mlmagic.store.waiting import WaitBudget
from mlmagic.tracking import ending
from mlmagic.user_settings import settings

_LONGEST_END_S = 2.0
_is_stopped = False
"""Whether `stop` was called, and `resume` not since."""


def stop() -> None:
    """Deliver what can be delivered soon, then stop all threads and undo the changes to MLflow.

    Undelivered records wait in their journals: `resume` delivers them, or the next process if this one ends before.
    While a run is open, nothing is stopped.
    """
    global _is_stopped  # noqa: PLW0603  # one background a process
    if open_runs.open_here():
        return
    for ships in delivery_workers():
        if ships.deliveries() and not settings.offline and ships.away is None:
            ships.drain(WaitBudget(settings.store_timeout_s, local=tracking_uri.is_local(ships.uri)))
        ships.stop(_LONGEST_END_S)
    fsync_thread.stop()
    own_requests.release()
    ending.not_at_exit()
    _is_stopped = True


def resume() -> None:
    """Resume the deliveries that waited when mlmagic was unloaded."""
    global _is_stopped  # noqa: PLW0603  # as above
    if not _is_stopped:
        return
    _is_stopped = False
    fsync_thread.start()
    for ships in delivery_workers():
        if ships.deliveries():
            ending.at_exit()
            ships.start()
