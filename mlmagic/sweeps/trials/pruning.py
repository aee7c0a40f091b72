"""Ending trials that look hopeless: each reports its metric as it goes, and Optuna's pruner judges it by the others."""

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
    """Ends a trial from within ``mlmagic.log``; none that the user's code catches by ``except Exception``."""


@dataclass(frozen=True)
class Pruning:
    """Where a trial reports to: a journal file of Optuna's, a study in it, its trial there, and which metric."""

    path: str
    study: str
    trial: int
    metric: str


class Reporter:
    """Reports the values of the metric that a trial logs, while it runs."""

    def __init__(self, pruning: Pruning, notices: Notices) -> None:
        """Open the study; on a machine that does not see its file the trial runs to its end, which is told."""
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
            When the others did better at this step.
        """
        if not self.is_open or step in self._steps:
            return
        self._steps.add(step)
        self._trial.report(value, step)
        if self._trial.should_prune():
            self.is_open = False
            raise TrialPrunedError(f"pruned at step {step}")


def new_place() -> str:
    """Return the path of a new, empty file for a study, in the folder that keeps itself out of git.

    It is this user's alone. Where the folder came with a repository as a link, the file lies in a temporary one.
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
    """Return Optuna's storage in a journal file, which several processes may write to."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(path))


def remove(path: str) -> None:
    """Remove the file of a study that is over: its trials have their runs."""
    with contextlib.suppress(OSError):
        Path(path).unlink()
        if Path(path).parent.name.startswith(_TEMPORARY):
            Path(path).parent.rmdir()
