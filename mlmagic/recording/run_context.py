"""What code within a run records to: a tracked cell's run, a block's run, or a sweep's trial."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.recording.notices import Notices
    from mlmagic.recording.recorder import Recorder
    from mlmagic.session.output.capture import Capture
    from mlmagic.store.query.evaluated import EvaluatedModel


@dataclass(eq=False, kw_only=True)
class RunContext:
    """What ``mlmagic.log`` and similar functions need of a run.

    ``figure_names`` are the names of its figures, and ``pid`` is the process that it belongs to. ``evaluations`` and
    ``drifts`` are what ``mlmagic.evaluate`` and ``mlmagic.drift`` recorded of it, ``evaluated`` says of which models,
    by the names that they have there; ``as_evaluated`` returns whether an object is the model of such a name.
    """

    recorder: Recorder
    notices: Notices
    capture: Capture
    figure_names: set[str] = field(default_factory=set)
    evaluations: list[Mapping[str, Any]] = field(default_factory=list)
    evaluated: dict[str, EvaluatedModel] = field(default_factory=dict)
    as_evaluated: dict[str, Callable[[Any], bool]] = field(default_factory=dict)
    drifts: list[Mapping[str, Any]] = field(default_factory=list)
    pid: int = field(default_factory=os.getpid)
