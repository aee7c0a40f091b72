"""A process of its own that asks models: one that hangs, crashes or takes all memory costs nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.replay.predictions import predictions
from mlmagic.replay.predictions.predictions import Predictions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LONGEST_S = 120.0
_MORE_S = 15.0
_GRACE_S = 2.0
_LAST_WORDS = 200
_END_OF_LOG = 4_000


@dataclass(frozen=True)
class Question:
    """A model in ``folder`` that is asked to predict the rows which are stored with the one in ``rows``."""

    name: str
    folder: Path
    rows: Path


@dataclass(frozen=True)
class Place:
    """Where models are asked.

    Attributes
    ----------
    folder
        The working folder, that of the replay.
    scratch
        A private folder for questions and answers.
    environment
        The environment variables, as the replay's kernel had them.
    path
        ``sys.path`` as it was at the end of the replay.
    modules
        The user's modules that have been edited since, with their recorded sources.
    """

    folder: Path
    scratch: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    path: Sequence[str] = ()
    modules: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    python: str = sys.executable


def ask(questions: Iterable[Question], place: Place, *, longest_s: float = LONGEST_S) -> dict[str, Predictions]:
    """Return what each model predicts, by the question's name; never raises for what a model does.

    The process has *longest_s* seconds, and a few more for each further model. The model at which it ends early is
    left out, as are those that would be compared with it, and a new process asks the others.
    """
    left = list(questions)
    found: dict[str, Predictions] = {}
    while left:
        batch = _batch(left)
        with tempfile.TemporaryDirectory(dir=place.scratch) as folder:
            ended = _run(batch, place, Path(folder), longest_s + _MORE_S * (len(batch) - 1))
            answers = {one.name: answer for one in batch if (answer := _answer(one, Path(folder))) is not None}
        found |= answers
        left = [one for one in left if one.name not in answers]
        if len(answers) < len(batch):
            lost = [one for one in left if one.rows == left[0].rows]
            found |= {one.name: Predictions(problem=ended) for one in lost}
            left = [one for one in left if one not in lost]
    return found


def _batch(left: Sequence[Question]) -> list[Question]:
    """Return the questions for the next process: a model that brings modules with it has one of its own."""
    alone = next((at for at, one in enumerate(left) if (one.folder / "code").is_dir()), len(left))
    return list(left[: alone or 1])


def _answer(one: Question, folder: Path) -> Predictions | None:
    try:
        return predictions.read(folder, one.name)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        return Predictions(problem=f"its predictions cannot be read: {error}")


def _run(batch: Sequence[Question], place: Place, folder: Path, longest_s: float) -> str:
    """Ask the models of *batch*, whose answers go to *folder*; return why the process ended, if it ended too early."""
    job, log = folder / "job.json", folder / "models.log"
    described = {
        "answers": str(folder),
        "path": list(place.path),
        "modules": place.modules,
        "longest_s": longest_s + _MORE_S,
        "questions": [{"name": one.name, "folder": str(one.folder), "rows": str(one.rows)} for one in batch],
    }
    # -P: files of the working folder, such as a random.py, do not take the place of what mlmagic and MLflow import.
    command = [place.python, "-P", "-m", "mlmagic.replay.predictions.in_model_process", str(job)]
    try:
        job.write_text(json.dumps(described), "utf-8")
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=place.folder, env=dict(place.environment), stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True,
            )  # fmt: skip
    except OSError as error:
        return f"it could not be asked: {error}"
    try:
        code = process.wait(longest_s)
    except subprocess.TimeoutExpired:
        return f"it did not answer within {longest_s:.0f} s"
    finally:
        _stop(process)
    if code < 0:
        return f"the process that asked it was killed by signal {-code}"
    last = _last_line(log)
    return f"the process that asked it ended with status {code}{f': {last}' if last else ''}"


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _END_OF_LOG))
        lines = file.read(_END_OF_LOG).decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:_LAST_WORDS] if lines else ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_S)
