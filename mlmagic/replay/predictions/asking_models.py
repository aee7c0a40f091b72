"""Ask the models of a run and of its replays for predictions, where their files differ."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError
from mlmagic.replay.predictions.model_process import Place, Question, ask
from mlmagic.replay.predictions.predictions import Predictions
from mlmagic.replay.predictions.stored_models import NotLoadableError, local_folder, own_copy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlmagic.replay.results import RunResults
    from mlmagic.replay.running.replaying import Replayed
    from mlmagic.replay.running.scratch import Scratch

_PICKLES = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"
"""MLflow's setting by which a user forbids to load pickles: it holds for these models too."""


def models_that_differ(original: RunResults, replays: Sequence[RunResults]) -> list[str]:
    """Return the names of the models whose files are not the same in *original* and each of *replays*."""
    return [
        name
        for name, model in original.models.items()
        if any(name in one.models and not one.models[name].is_same(model) for one in replays)
    ]


def place_for(done: Replayed, scratch: Scratch, python: str | None = None) -> Place:
    """Return where models are asked: as the kernel of the replay *done* was when it ended."""
    environment = scratch.environment(done.plan.session.start) | {"PYTHONHASHSEED": done.hash_seed or "0"}
    if (allowed := os.environ.get(_PICKLES)) is not None:
        environment[_PICKLES] = allowed
    modules = {name: facts[-1:] for name, facts in done.plan.restored_modules().items()}
    working = done.plan.working_folder  # a copy may be gone by now
    folder = working if working.is_dir() else done.plan.folder
    return Place(folder, scratch.folder, environment, done.path, modules, python or sys.executable)


def ask_models(original: RunResults, replays: Sequence[RunResults], place: Place) -> None:
    """Let the models that differ predict the rows which are stored with the original's: into their ``predictions``.

    A model of the original is loaded only if its files are this user's. Those of the replays were written by the code
    that the user agreed to run, a moment ago, in a folder of the replay's own.
    """
    questions: list[tuple[RunResults, str, Question]] = []
    for name in models_that_differ(original, replays):
        rows = place.scratch / "models" / str(list(original.models).index(name))
        if name not in original.predictions:
            try:
                own_copy(original.models[name], rows)
            except NotLoadableError as error:
                original.predictions[name] = Predictions(problem=str(error))
            else:
                questions.append((original, name, _question(questions, rows, rows)))
        if name in original.predictions and original.predictions[name].problem:
            continue
        for one in replays:
            if name not in one.models or name in one.predictions:
                continue
            try:
                questions.append((one, name, _question(questions, local_folder(one.models[name]), rows)))
            except (NotLoadableError, MLMagicError) as error:
                one.predictions[name] = Predictions(problem=str(error))
    answers = ask([question for _, _, question in questions], place)
    for results, name, question in questions:
        results.predictions[name] = answers[question.name]


def _question(earlier: Sequence[object], folder: Path, rows: Path) -> Question:
    return Question(f"{len(earlier)}-{rows.name}", folder, rows)
