"""Prunes unpromising trials: each trial reports its metric, and Optuna's pruner compares it with the others."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.journal import folder

if TYPE_CHECKING:
    from mlmagic.recording.notices import Notices


_TEMPORARY = "mlmagic-sweep-"


class TrialPrunedError(BaseException):
    """Ends a trial from within ``mlmagic.log``. ``except Exception`` in the user's code does not catch it."""


@dataclass(frozen=True)
class Pruning:
    """Where a trial reports to: the path of Optuna's journal file, the study, the trial's id, and the metric."""

    path: str
    study: str
    trial: int
    metric: str


class Reporter:
    """Reports a trial's metric to the study while the trial runs."""

    def __init__(self, pruning: Pruning, notices: Notices) -> None:
        """Open the study. On a machine that cannot access its file, pruning is off, with a notice."""
        self.metric = pruning.metric
        self.is_open = False
        self._trial: Any = None
        self._steps: set[int] = set()
        if not Path(pruning.path).is_file():
            notices.info(f"pruning is off on workers that cannot access {pruning.path}: --prune needs a shared folder")
            return
        optuna = require("optuna", "--prune")
        study = optuna.load_study(study_name=pruning.study, storage=storage_at(pruning.path))
        self._trial = optuna.Trial(study, pruning.trial)
        self.is_open = True

    def report(self, value: float, step: int) -> None:
        """Report a value.

        Raises
        ------
        TrialPrunedError
            If the pruner decides that the other trials did better at this step.
        """
        if not self.is_open or step in self._steps:
            return
        self._steps.add(step)
        self._trial.report(value, step)
        if self._trial.should_prune():
            self.is_open = False
            raise TrialPrunedError(f"pruned at step {step}")


def new_place() -> str:
    """Return the path of a new, empty file for a study, in mlmagic's folder, which git ignores.

    Only the user can access the file. If mlmagic's folder cannot be used, for example because it is a symbolic link,
    the file is in a temporary folder.
    """
    name = f"{uuid.uuid4().hex}.log"
    try:
        return _new_file(folder.place().parent / "sweeps", name)
    except OSError:
        return _new_file(Path(tempfile.mkdtemp(prefix=_TEMPORARY)), name)


def _new_file(place: Path, name: str) -> str:
    with folder.open_place(place, create=True) as opened:
        os.close(opened.open_file(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    return str((place / name).absolute())


def storage_at(path: str) -> Any:
    """Return an Optuna storage in a journal file, to which several processes may write."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(path))


def remove(path: str) -> None:
    """Remove the file of a finished study, whose trials are recorded as runs."""
    with contextlib.suppress(OSError):
        Path(path).unlink()
        if Path(path).parent.name.startswith(_TEMPORARY):
            Path(path).parent.rmdir()
