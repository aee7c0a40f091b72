"""What the code within a run records to: that of a tracked cell, of a block, or of a sweep's trial."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.recording.notices import Notices
    from mlmagic.recording.recorder import Recorder
    from mlmagic.session.output.capture import Capture


@dataclass(eq=False, kw_only=True)
class RunContext:
    """What ``mlmagic.log`` and its like need of a run.

    ``figure_names`` are those that its figures have, ``pid`` is the process that it belongs to.
    """

    recorder: Recorder
    notices: Notices
    capture: Capture
    figure_names: set[str] = field(default_factory=set)
    pid: int = field(default_factory=os.getpid)
