"""The types of what mlmagic returns, for annotations and ``isinstance``; no function needs them to be imported.

>>> from mlmagic.types import SyncReport
>>> SyncReport().waiting
0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlmagic.comparison.diffs.difference import Difference
    from mlmagic.comparison.widget import CompareWidget
    from mlmagic.data.split.splitting import Split
    from mlmagic.evaluation.evaluation import Evaluation
    from mlmagic.journal.foreign import ForeignJournal
    from mlmagic.recording.sync_report import SyncedRun, SyncReport
    from mlmagic.snapshot.randomness.seed_facts import SeedReport
    from mlmagic.store.query.run import Run
    from mlmagic.sweeps.views.sweep_frame import SweepFrame
    from mlmagic.tracking.block import TrackedBlock
    from mlmagic.training.progress import Progress
    from mlmagic.views.runs_frame import RunsFrame

# Imported on first use: some of them need pandas or anywidget.
_MODULES = {
    "CompareWidget": "mlmagic.comparison.widget",
    "Difference": "mlmagic.comparison.diffs.difference",
    "Evaluation": "mlmagic.evaluation.evaluation",
    "ForeignJournal": "mlmagic.journal.foreign",
    "Progress": "mlmagic.training.progress",
    "Run": "mlmagic.store.query.run",
    "RunsFrame": "mlmagic.views.runs_frame",
    "SeedReport": "mlmagic.snapshot.randomness.seed_facts",
    "Split": "mlmagic.data.split.splitting",
    "SweepFrame": "mlmagic.sweeps.views.sweep_frame",
    "SyncReport": "mlmagic.recording.sync_report",
    "SyncedRun": "mlmagic.recording.sync_report",
    "TrackedBlock": "mlmagic.tracking.block",
}

__all__ = [
    "CompareWidget",
    "Difference",
    "Evaluation",
    "ForeignJournal",
    "Progress",
    "Run",
    "RunsFrame",
    "SeedReport",
    "Split",
    "SweepFrame",
    "SyncReport",
    "SyncedRun",
    "TrackedBlock",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value = globals()[name] = getattr(import_module(_MODULES[name]), name)
        return value
    raise AttributeError(f"module 'mlmagic.types' has no attribute {name!r}")
