"""The runs of folds: each is open while the code of its fold runs, and holds the numbers that this code binds."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.models.cross_validations import FOLD
from mlmagic.recording import open_runs
from mlmagic.recording.active_run import ActiveRun
from mlmagic.recording.child_runs import ChildRun
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.tracking import mlflow_runs
from mlmagic.user_objects import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow.entities import Run

    from mlmagic.recording.summary import Status
    from mlmagic.session.observation.observed_calls import ObservedCalls
    from mlmagic.session.observation.sites import Site

_ENDED: Mapping[str, Status] = {"FINISHED": "FINISHED", "FAILED": "FAILED", "KILLED": "KILLED"}


class FoldRun:
    """The run of one fold, below *parent*; the user's code logs to it while it is open."""

    def __init__(self, parent: ActiveRun, number: int, sizes: tuple[int, int], *, before: str = "") -> None:
        self._parent = parent
        self._ended_at: int | None = None
        self.is_used_by_mlflow = False
        self._deactivate: Callable[[], None] | None = None
        self._calls: ObservedCalls | None = parent.origin.watch.calls if parent.origin.watch is not None else None
        self._on_end_before: Callable[[Site], None] | None = None
        self._reopened_at: set[int] = set()
        started = time.time_ns() // 1_000_000
        around = mlflow_runs.run_within(parent.run_id)
        tags = {FOLD: str(number)} | ({"mlflow.parentRunId": around} if around else {})
        child = self._child = ChildRun(parent, f"{before}fold_{number}", started, tags)
        child.recorder.param("fold", number)
        child.recorder.param("fold.train_rows", sizes[0])
        child.recorder.param("fold.val_rows", sizes[1])
        self.run = ActiveRun(
            delivery=child.delivery,
            target=replace(parent.target, earlier=None, parent=parent.run_id, outer=parent.uid),
            patience=parent.patience,
            options=parent.options,
            origin=replace(parent.origin, log_entry=None, key=""),
            recorder=child.recorder,
            notices=parent.notices,
            capture=parent.capture,
            above=parent,
        )

    def open(self) -> None:
        """Make this the run that ``mlmagic.log`` and, if the store answers in time, MLflow's functions write to."""
        self._child.open()
        self._deactivate = mlflow_runs.activate_when_used(self._find)
        if self._calls is not None:
            self._on_end_before, self._calls.on_end = self._calls.on_end, self._reopen
        open_runs.enter(self.run)

    def _find(self) -> Run | None:
        """Wait until the store has the run, because the user's code or autologging logs to it with MLflow."""
        delivery = self._child.delivery
        worker = delivery_worker(delivery.uri)
        worker.wait(lambda: delivery.run is not None or delivery.held is not None, self._parent.patience)
        if delivery.run is None:
            self._parent.notices.warn("the store did not answer: what MLflow logged in a fold is in the run above it")
        else:
            self.run.recorder.yields = self.is_used_by_mlflow = True
        return delivery.run

    @property
    def _is_ended_by_user(self) -> bool:
        """Whether the user's code has ended the run with MLflow: it was active there, and is no more."""
        return self.is_used_by_mlflow and self.run.run_id not in mlflow_runs.open_runs()

    def _reopen(self, site: Site) -> None:
        """Make this MLflow's active run again after the code at *site* ended it, once for each place in the cell."""
        if self._is_ended_by_user and id(site) not in self._reopened_at:
            self._reopened_at.add(id(site))
            self._deactivate = mlflow_runs.activate_when_used(self._find)
        elif self._on_end_before is not None:
            self._on_end_before(site)

    def leave(self) -> None:
        """Let the code that follows write to the run above; `end` says how the fold ended."""
        if self._ended_at is None:
            self._ended_at = time.time_ns() // 1_000_000
            open_runs.leave(self.run)
            if self._calls is not None:
                self._calls.on_end = self._on_end_before
            if self._is_ended_by_user and not self._reopened_at:
                self._parent.notices.warn(
                    "mlflow.end_run() ended the run of a fold: what MLflow logged after it is in the run above"
                )
            if self._deactivate is not None:
                self._deactivate()

    def _status_of_user(self) -> Status | None:
        """Return the status that the user's code gave the run with MLflow, or None."""
        client = self._parent.target.client
        if not self.is_used_by_mlflow or client is None:
            return None
        try:
            stored = self._parent.patience.ask(lambda: client.get_run(self.run.run_id))
        except Exception:  # noqa: BLE001  # each store raises its own; the delivery reports it
            return None
        return _ENDED.get(str(stored.info.status))

    def end(self, status: Status, error: BaseException | None = None) -> None:
        """End the run with *status*, because of *error* if its code raised; a status that the user gave it stays."""
        self.leave()
        if error is None:
            status = self._status_of_user() or status
        self.run.error = error
        self.run.recorder.finish()
        if error is not None:
            self.run.recorder.tag("mlmagic.error", one_line(error))
        self._child.end(status, self._ended_at or 0)
