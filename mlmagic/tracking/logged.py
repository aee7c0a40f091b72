"""What a run holds in the store when its code has ended, before anything is recorded by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.tracking.recording.summary import Status


@dataclass(frozen=True)
class Logged:
    """What the user's own code logged with MLflow, and its autologging: ``models`` are ids of logged models.

    ``status`` is how the user's code ended the run itself, by ``mlflow.end_run`` or ``set_terminated``; None as a rule.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    status: Status | None = None
