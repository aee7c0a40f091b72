"""What a check has found, before it is known whether it is new."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.monitoring.report import Level, Topic


@dataclass(frozen=True)
class Finding:
    """Something to look at; see `mlmagic.monitoring.report.Alert`."""

    level: Level
    topic: Topic
    subject: str
    what: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
