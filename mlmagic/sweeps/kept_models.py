"""Stages the models that trials send. Those of the best point are recorded at the end of the sweep."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.journal.records import Model
from mlmagic.journal.staged_files import within
from mlmagic.models.capture import size_text
from mlmagic.snapshot.secrets import redaction
from mlmagic.snapshot.secrets.known_values import REDACTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.recording.notices import Notices
    from mlmagic.recording.recorder import Recorder
    from mlmagic.store.query.direction import Direction
    from mlmagic.sweeps.results import Trial
    from mlmagic.sweeps.trials.trial_models import SentModel


@dataclass(frozen=True)
class Staged:
    """A model in a journal's staging area under its *uid*, or the *problem* that kept it from being staged."""

    model: SentModel
    uid: str = ""
    problem: str = ""

    @property
    def folder(self) -> str:
        """The folder of its files, relative to the staging area."""
        return f"models/{self.uid}"


def stage(models: Iterable[SentModel], staging: Path) -> list[Staged]:
    """Write models to a staging area. A model that contains a secret, or cannot be written, gets a problem instead."""
    return [_staged(model, staging) for model in models]


def _staged(model: SentModel, staging: Path) -> Staged:
    if problem := model.problem or secret_in(model):
        return Staged(model, problem=problem)
    staged = Staged(model, uuid.uuid4().hex)
    folder = staging / staged.folder
    try:
        for path, content in model.files.items():
            target = within(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        return Staged(model, problem=error.strerror or str(error))
    return staged


def record(staged: Iterable[Staged], recorder: Recorder, notices: Notices, trial: int) -> list[str]:
    """Record models staged beside the recorder's journal; return a short description of each, with its *trial*."""
    told = []
    for one in staged:
        name = redaction.redact(one.model.name)[0]
        if one.problem:
            notices.warn(f"the model {name!r} of trial {trial} was not recorded: {one.problem}")
            continue
        recorder.model(Model(one.uid, name, one.folder))
        told.append(f"{name} ({one.model.kind}, {one.model.format}, {size_text(one.model.size)}, of trial {trial})")
        for note in one.model.notes:
            notices.info(f"model {name!r} of trial {trial}: {note}")
    return told


def secret_in(model: SentModel) -> str:
    """Return which part of a model looks like a secret, or an empty string. A worker does not know all secrets."""
    if redaction.redact_value("", model.parameters)[1] or REDACTED in repr(model.parameters):
        return "a parameter of it looks like a secret"
    if any(redaction.redact(name)[1] for name in model.features):
        return "the name of a feature of it looks like a secret"
    for path, content in model.files.items():
        with contextlib.suppress(UnicodeDecodeError):  # not a text file
            if redaction.redact(content.decode())[1]:
                return f"its file {path} holds what looks like a secret"
    return ""


@dataclass(frozen=True)
class _Kept:
    """The models of a trial, and its value of the metric."""

    trial: int
    value: float
    staged: list[Staged]


class KeptModels:
    """The models of the best trial of each point that may still be the best."""

    def __init__(self) -> None:
        self._of_point: dict[int, _Kept] = {}

    def take(
        self, run: ActiveRun, trial: Trial, value: float | None, goal: Direction, models: Sequence[SentModel]
    ) -> None:
        """Stage the *models* of a trial of the sweep *run*, unless another trial of its point was at least as good."""
        before = self._of_point.get(trial.point_number)
        if value is None or not models:
            return
        if before is not None and (before.value <= value if goal == "min" else before.value >= value):
            return
        staged = stage(models, run.delivery.journal.staging.make())
        self.drop(run, trial.point_number)
        self._of_point[trial.point_number] = _Kept(trial.number, value, staged)

    def drop(self, run: ActiveRun, point_number: int) -> None:
        """Delete the models of a point that is not the best."""
        kept = self._of_point.pop(point_number, None)
        for staged in kept.staged if kept else ():
            if staged.uid:
                shutil.rmtree(run.delivery.journal.staging.path / staged.folder, ignore_errors=True)

    def record(self, run: ActiveRun, point_number: int | None) -> bool:
        """Record the models of the best point on the sweep's *run*, delete all others; return whether there are any."""
        best = self._of_point.pop(point_number, None) if point_number is not None else None
        for other in list(self._of_point):
            self.drop(run, other)
        if best is not None:
            run.models += record(best.staged, run.recorder, run.notices, best.trial)
        return best is not None
