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
    from collections.abc import Callable

    from mlflow.entities import Run

    from mlmagic.recording.summary import Status


class FoldRun:
    """The run of one fold, below *parent*; the user's code logs to it while it is open."""

    def __init__(self, parent: ActiveRun, number: int, sizes: tuple[int, int], *, before: str = "") -> None:
        self._parent = parent
        self._ended_at: int | None = None
        self.is_used_by_mlflow = False
        self._deactivate: Callable[[], None] | None = None
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

    def leave(self) -> None:
        """Let the code that follows write to the run above; `end` says how the fold ended."""
        if self._ended_at is None:
            self._ended_at = time.time_ns() // 1_000_000
            open_runs.leave(self.run)
            if self._deactivate is not None:
                self._deactivate()

    def end(self, status: Status, error: BaseException | None = None) -> None:
        """End the run with *status*, because of *error* if its code raised."""
        self.leave()
        self.run.error = error
        self.run.recorder.finish()
        if error is not None:
            self.run.recorder.tag("mlmagic.error", one_line(error))
        self._child.end(status, self._ended_at or 0)
