"""mlmagic: a notebook cell becomes a recorded, comparable, repeatable MLflow run.

>>> import mlmagic
>>> mlmagic.__version__
'0.1.0'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlmagic._version import __version__
from mlmagic.api import (
    compare,
    diff,
    foreign_journals,
    log,
    log_artifact,
    log_figure,
    log_params,
    runs,
    sync,
    tag,
    track,
)
from mlmagic.errors import MLMagicError
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mlmagic.api.monitoring import drift, monitoring_report
    from mlmagic.api.registry import load_model, promote, register, registered_models, rollback
    from mlmagic.api.replay import reproduce, why
    from mlmagic.api.retraining import retrain
    from mlmagic.config.composing import compose
    from mlmagic.config.instantiating import instantiate
    from mlmagic.cross_validation.fold_comparison import compare_folds
    from mlmagic.cross_validation.folds import folds
    from mlmagic.cross_validation.one_call import cross_validate
    from mlmagic.data.split.splitting import split
    from mlmagic.evaluation.evaluating import evaluate
    from mlmagic.models.searches import log_search
    from mlmagic.models.studies import optuna_callback
    from mlmagic.monitoring.anomalies.detector import AnomalyDetector
    from mlmagic.monitoring.model_monitor import ModelMonitor
    from mlmagic.reproducibility.checking import checklist
    from mlmagic.reproducibility.linting import lint
    from mlmagic.snapshot.randomness.seeding import rng, seed, torch_generator, worker_init
    from mlmagic.store.query.run import Run
    from mlmagic.sweeps.sweep import sweep
    from mlmagic.training.early_stopping import EarlyStopping
    from mlmagic.training.progress import progress

    last_run: Run

# Imported on first use, to keep `%load_ext mlmagic` fast.
_WHEN_ASKED_FOR = {
    "AnomalyDetector": "mlmagic.monitoring.anomalies.detector",
    "EarlyStopping": "mlmagic.training.early_stopping",
    "ModelMonitor": "mlmagic.monitoring.model_monitor",
    "checklist": "mlmagic.reproducibility.checking",
    "compare_folds": "mlmagic.cross_validation.fold_comparison",
    "compose": "mlmagic.config.composing",
    "cross_validate": "mlmagic.cross_validation.one_call",
    "drift": "mlmagic.api.monitoring",
    "folds": "mlmagic.cross_validation.folds",
    "evaluate": "mlmagic.evaluation.evaluating",
    "instantiate": "mlmagic.config.instantiating",
    "Run": "mlmagic.store.query.run",
    "lint": "mlmagic.reproducibility.linting",
    "load_model": "mlmagic.api.registry",
    "monitoring_report": "mlmagic.api.monitoring",
    "log_search": "mlmagic.models.searches",
    "optuna_callback": "mlmagic.models.studies",
    "progress": "mlmagic.training.progress",
    "promote": "mlmagic.api.registry",
    "register": "mlmagic.api.registry",
    "registered_models": "mlmagic.api.registry",
    "reproduce": "mlmagic.api.replay",
    "why": "mlmagic.api.replay",
    "retrain": "mlmagic.api.retraining",
    "rollback": "mlmagic.api.registry",
    "rng": "mlmagic.snapshot.randomness.seeding",
    "seed": "mlmagic.snapshot.randomness.seeding",
    "split": "mlmagic.data.split.splitting",
    "sweep": "mlmagic.sweeps.sweep",
    "torch_generator": "mlmagic.snapshot.randomness.seeding",
    "worker_init": "mlmagic.snapshot.randomness.seeding",
}

# Without IPython's entry points, and without `last_run`, which raises if no run has ended and would break `import *`.
__all__ = [
    "AnomalyDetector",
    "EarlyStopping",
    "MLMagicError",
    "ModelMonitor",
    "Run",
    "__version__",
    "checklist",
    "compare",
    "compare_folds",
    "compose",
    "cross_validate",
    "diff",
    "drift",
    "evaluate",
    "folds",
    "foreign_journals",
    "instantiate",
    "lint",
    "load_model",
    "log",
    "log_artifact",
    "log_figure",
    "log_params",
    "log_search",
    "monitoring_report",
    "optuna_callback",
    "progress",
    "promote",
    "register",
    "registered_models",
    "reproduce",
    "retrain",
    "rng",
    "rollback",
    "runs",
    "seed",
    "settings",
    "split",
    "sweep",
    "sync",
    "tag",
    "torch_generator",
    "track",
    "why",
    "worker_init",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Load mlmagic into a shell; called by ``%load_ext mlmagic``."""
    from mlmagic.extension import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove mlmagic from a shell; called by ``%unload_ext mlmagic``."""
    from mlmagic.extension import unload_ipython_extension as unload

    unload(shell)


def __dir__() -> list[str]:
    from mlmagic.api import has_last_run

    return sorted([*__all__, *(["last_run"] if has_last_run() else [])])


def __getattr__(name: str) -> Any:
    if name == "last_run":
        from mlmagic.api import last_run

        return last_run()
    if name in _WHEN_ASKED_FOR:
        value = globals()[name] = getattr(import_module(_WHEN_ASKED_FOR[name]), name)
        return value
    raise AttributeError(f"module 'mlmagic' has no attribute {name!r}")
