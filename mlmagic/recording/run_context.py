"""What code within a run records to: a tracked cell's run, a block's run, or a sweep's trial."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.recording.notices import Notices
    from mlmagic.recording.recorder import Recorder
    from mlmagic.session.output.capture import Capture


@dataclass(eq=False, kw_only=True)
class RunContext:
    """What ``mlmagic.log`` and similar functions need of a run.

    ``figure_names`` are the names of its figures, ``evaluations`` what ``mlmagic.evaluate`` recorded of it, and ``pid``
    is the process that it belongs to.
    """

    recorder: Recorder
    notices: Notices
    capture: Capture
    figure_names: set[str] = field(default_factory=set)
    evaluations: list[Mapping[str, Any]] = field(default_factory=list)
    pid: int = field(default_factory=os.getpid)
