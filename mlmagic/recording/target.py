"""Where a run goes, and what a run that is continued holds already: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient

    from mlmagic.session.log_storage import LogStorage


@dataclass
class Earlier:
    """What a run that is continued holds already.

    ``uid`` is its tag ``mlmagic.id``, empty for one of plain MLflow; ``run_id`` is empty while the store does not
    know it. ``last_steps`` are of its metrics, ``figures`` the names of its figures; ``status`` and ``ended`` (in
    milliseconds since the epoch) are how and when it ended. ``seconds`` is the time in its cells, ``began`` when the
    first one began. ``other_kernels`` is the log of the earlier kernels that it ran in, ``problem`` why it is missing.
    """

    uid: str
    run_id: str
    name: str
    experiment: str
    experiment_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    last_steps: Mapping[str, int] = field(default_factory=dict)
    figures: frozenset[str] = frozenset()
    cells: tuple[int, ...] = ()
    status: str = "KILLED"
    began: int = 0
    ended: int = 0
    seconds: float = 0.0
    other_kernels: LogStorage | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Target:
    """Where a run goes.

    ``experiment_id`` and ``client`` are unknown while the store is ``away``, which says why. ``parent`` is MLflow's
    id of the run to nest under, ``outer`` the uid of the tracked run around it, which MLflow may not know yet.
    ``earlier`` is what a run that is continued holds already.
    """

    uri: str
    experiment: str
    experiment_id: str = ""
    client: MlflowClient | None = None
    parent: str = ""
    outer: str = ""
    earlier: Earlier | None = None
    away: str | None = None
