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
    from mlmagic.cross_validation.fold_comparison import FoldComparison
    from mlmagic.cross_validation.folds import Fold, Folds
    from mlmagic.cross_validation.one_call import CrossValidation
    from mlmagic.data.split.splitting import Split
    from mlmagic.evaluation.evaluation import Evaluation
    from mlmagic.journal.foreign import ForeignJournal
    from mlmagic.monitoring.drift.report import ColumnDrift, DriftReport
    from mlmagic.monitoring.report import Alert, MonitoringReport
    from mlmagic.recording.sync_report import SyncedRun, SyncReport
    from mlmagic.registry.facts import VersionFacts
    from mlmagic.registry.gates import Gate
    from mlmagic.registry.promotion.changing import Promotion
    from mlmagic.registry.retraining.result import Retraining
    from mlmagic.registry.versions import RegisteredVersion
    from mlmagic.replay.explaining.explanation import Explanation
    from mlmagic.replay.reproduction import Reproduction
    from mlmagic.reproducibility.checklist import Checklist, ChecklistItem
    from mlmagic.reproducibility.findings import Finding
    from mlmagic.reproducibility.linting import LintReport
    from mlmagic.snapshot.randomness.seed_facts import SeedReport
    from mlmagic.store.query.run import Run
    from mlmagic.sweeps.views.sweep_frame import SweepFrame
    from mlmagic.tracking.block import TrackedBlock
    from mlmagic.training.progress import Progress
    from mlmagic.verdicts import GateVerdict
    from mlmagic.views.tables.models_frame import ModelsFrame
    from mlmagic.views.tables.runs_frame import RunsFrame

# Imported on first use: some of them need pandas or anywidget.
_MODULES = {
    "Alert": "mlmagic.monitoring.report",
    "Checklist": "mlmagic.reproducibility.checklist",
    "ChecklistItem": "mlmagic.reproducibility.checklist",
    "ColumnDrift": "mlmagic.monitoring.drift.report",
    "CompareWidget": "mlmagic.comparison.widget",
    "CrossValidation": "mlmagic.cross_validation.one_call",
    "Difference": "mlmagic.comparison.diffs.difference",
    "DriftReport": "mlmagic.monitoring.drift.report",
    "Finding": "mlmagic.reproducibility.findings",
    "Fold": "mlmagic.cross_validation.folds",
    "FoldComparison": "mlmagic.cross_validation.fold_comparison",
    "Folds": "mlmagic.cross_validation.folds",
    "Evaluation": "mlmagic.evaluation.evaluation",
    "ForeignJournal": "mlmagic.journal.foreign",
    "Gate": "mlmagic.registry.gates",
    "GateVerdict": "mlmagic.verdicts",
    "MonitoringReport": "mlmagic.monitoring.report",
    "LintReport": "mlmagic.reproducibility.linting",
    "ModelsFrame": "mlmagic.views.tables.models_frame",
    "Promotion": "mlmagic.registry.promotion.changing",
    "Progress": "mlmagic.training.progress",
    "RegisteredVersion": "mlmagic.registry.versions",
    "Retraining": "mlmagic.registry.retraining.result",
    "Reproduction": "mlmagic.replay.reproduction",
    "Explanation": "mlmagic.replay.explaining.explanation",
    "Run": "mlmagic.store.query.run",
    "RunsFrame": "mlmagic.views.tables.runs_frame",
    "SeedReport": "mlmagic.snapshot.randomness.seed_facts",
    "Split": "mlmagic.data.split.splitting",
    "SweepFrame": "mlmagic.sweeps.views.sweep_frame",
    "SyncReport": "mlmagic.recording.sync_report",
    "SyncedRun": "mlmagic.recording.sync_report",
    "TrackedBlock": "mlmagic.tracking.block",
    "VersionFacts": "mlmagic.registry.facts",
}

__all__ = [
    "Alert",
    "Checklist",
    "ChecklistItem",
    "ColumnDrift",
    "CompareWidget",
    "CrossValidation",
    "Difference",
    "DriftReport",
    "Evaluation",
    "Explanation",
    "Finding",
    "Fold",
    "FoldComparison",
    "Folds",
    "ForeignJournal",
    "Gate",
    "GateVerdict",
    "LintReport",
    "ModelsFrame",
    "MonitoringReport",
    "Progress",
    "Promotion",
    "RegisteredVersion",
    "Reproduction",
    "Retraining",
    "Run",
    "RunsFrame",
    "SeedReport",
    "Split",
    "SweepFrame",
    "SyncReport",
    "SyncedRun",
    "TrackedBlock",
    "VersionFacts",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value = globals()[name] = getattr(import_module(_MODULES[name]), name)
        return value
    raise AttributeError(f"module 'mlmagic.types' has no attribute {name!r}")
