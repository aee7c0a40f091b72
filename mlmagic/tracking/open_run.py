"""A run between its opening and its end, with the attributes that only these two need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.recording.active_run import ActiveRun

if TYPE_CHECKING:
    from mlmagic.recording.cell_capture import CellCapture
    from mlmagic.remembered import Remembered
    from mlmagic.snapshot.environment.system_metrics import SystemSampler
    from mlmagic.snapshot.git.state import GitState
    from mlmagic.store.waiting import BackgroundTask


@dataclass(eq=False, kw_only=True)
class OpenRun(ActiveRun):
    """A run that was opened and is not closed yet.

    Attributes
    ----------
    git
        The state of the repository, which is read on another thread.
    others
        Ids of the MLflow runs that were open before this one; it leaves them alone.
    before
        The values before the cell of the names that ``-m`` lists, with a copy of the numbers in a list or dict.
    sampler
        Samples CPU, memory and GPU while the run is open.
    captures
        What looks at the cell before and after it runs.
    previous_cells
        The numbers of the cells that a continued run had before.
    in_mlflow
        Whether it is MLflow's active run, to which the user's own ``mlflow.log_*`` go: the store answered in time.
    reopened_at
        The places in the cell whose ``mlflow.end_run()`` has ended it once: MLflow's active run is it again.
    figure_digests
        The digest of what each figure shows, by the name of its file.
    is_opening
        Whether its code has not begun yet.
    """

    git: BackgroundTask[GitState]
    others: frozenset[str] = frozenset()
    before: dict[str, tuple[Remembered, object]] = field(default_factory=dict)
    sampler: SystemSampler | None = None
    captures: tuple[CellCapture, ...] = ()
    previous_cells: tuple[int, ...] = ()
    in_mlflow: bool = False
    reopened_at: set[int] = field(default_factory=set)
    figure_digests: dict[str, str] = field(default_factory=dict)
    is_opening: bool = True
