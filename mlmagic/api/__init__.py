"""The functions of ``import mlmagic``, which do in scripts and cells what the magics do."""

from mlmagic.api.journals import foreign_journals, sync
from mlmagic.api.reading import compare, diff, has_last_run, last_run, runs
from mlmagic.api.recording import log, log_artifact, log_figure, log_params, tag, track

__all__ = [
    "compare",
    "diff",
    "foreign_journals",
    "has_last_run",
    "last_run",
    "log",
    "log_artifact",
    "log_figure",
    "log_params",
    "runs",
    "sync",
    "tag",
    "track",
]
