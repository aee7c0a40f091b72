"""What a trial is to do: plain data that travels to the process in which it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.sweeps.trials.payload import Payload
    from mlmagic.sweeps.trials.pruning import Pruning
    from mlmagic.sweeps.trials.trial_models import Bar, Which


@dataclass(frozen=True)
class Job:
    """What the trials of a sweep share: their code and how it is run.

    ``source`` is a body, which is run in the payload's namespace; None: the payload is a function, called with the
    values of the point. ``threads`` is how many threads libraries may use, ``metric`` the one that was asked for.
    ``state`` are the notebook's settings as the sweep begins (`process_state`). ``models`` says whose models are sent,
    each trial's up to ``model_limit_mb``.
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
    """One trial: its *number*, the names that are set for it (*values*), its seed, and the config by its name.

    *pruning* is where it reports to, None where none is ended before its time. *bar* is how good the best point is so
    far, None where there is none.
    """

    number: int
    values: Mapping[str, Any]
    seed: int
    config: tuple[str, Mapping[str, Any]] | None = None
    pruning: Pruning | None = None
    bar: Bar | None = None
