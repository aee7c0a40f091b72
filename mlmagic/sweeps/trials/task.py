"""The work of a trial as plain data that is sent to its process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.sweeps.trials.payload import Payload
    from mlmagic.sweeps.trials.pruning import Pruning
    from mlmagic.sweeps.trials.trial_models import Threshold, Which


@dataclass(frozen=True)
class Job:
    """What the trials of a sweep share: their code, and how to run it.

    ``source`` is a body that runs in the payload's namespace. If it is None, the payload is a function that is called
    with the values of the point. ``threads`` is the number of threads that libraries may use, ``metric`` the one that
    the user named. ``state`` are the notebook's settings at the start of the sweep (`process_state`). ``models`` says
    whose models are sent, up to ``model_limit_mb`` per trial.
    """

    payload: Payload
    source: str | None
    threads: int = 1
    figures: bool = True
    output_limit: int = 1_000_000
    metric: str | None = None
    state: Mapping[str, bytes] = field(default_factory=dict)
    models: Which = "none"
    model_limit_mb: float = 0.0


@dataclass(frozen=True)
class Task:
    """One trial: its *number*, the *values* of its names, its seed, and its config as (name, values).

    *pruning* is where the trial reports to, or None without pruning. *bar* is the value of the best point so far, or
    None if there is none.
    """

    number: int
    values: Mapping[str, Any]
    seed: int
    config: tuple[str, Mapping[str, Any]] | None = None
    pruning: Pruning | None = None
    bar: Threshold | None = None
