"""Where a run goes, and what a continued run contains already: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient

    from mlmagic.session.log_storage import LogStorage


@dataclass
class EarlierRun:
    """What a continued run contains already.

    ``uid`` is its tag ``mlmagic.id``, empty for a run of plain MLflow; ``run_id`` is empty while the store does not
    know the run. ``last_steps`` are those of its metrics, ``figures`` the names of its figures; ``status`` and
    ``ended`` (in milliseconds since the epoch) say how and when it ended. ``seconds`` is the time in its cells,
    ``began`` when the first one began. ``other_kernels`` is the log of the earlier kernels in which it ran, ``problem``
    why that is missing.
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

    ``experiment_id`` and ``client`` are unknown while the store cannot be reached; ``away`` says why. ``parent`` is
    MLflow's id of the run to nest under, ``outer`` the uid of the enclosing tracked run, which MLflow may not know yet.
    ``earlier`` is what a continued run contains already.
    """

    uri: str
    experiment: str
    experiment_id: str = ""
    client: MlflowClient | None = None
    parent: str = ""
    outer: str = ""
    earlier: EarlierRun | None = None
    away: str | None = None
