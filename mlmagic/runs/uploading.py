"""The staged files and models of a journal go to the store."""

from __future__ import annotations

import tempfile
import zlib
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mlmagic.runs import store
from mlmagic.snapshot.secrets import redact_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.journal.file import Journal
    from mlmagic.journal.records import File, Model

    Attempt = Callable[[Callable[[], object]], str | None]

_TAGS_OF_THE_RUN = ("mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.source.git.commit")
_LONGEST_KEY = 250
_HEADING = "# %%"


def upload_files(journal: Journal, files: Iterable[File], artifacts: Any, attempt: Attempt) -> list[str]:
    """Upload the staged files of *journal*; return a line for each that is not in the store now.

    *artifacts* is MLflow's access to the run's artifacts; *attempt* as in `batches.send`.
    """
    problems = [f"{file.path} was damaged before it was stored" for file in files if not _is_whole(journal, file)]
    folder = journal.files
    if folder.is_dir() and attempt(partial(artifacts.log_artifacts, str(folder))) is not None:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            within = path.relative_to(folder).parent.as_posix()
            reason = attempt(partial(artifacts.log_artifact, str(path), _folder(within)))
            if reason:
                name = path.relative_to(folder).as_posix()
                problems.append(f"{name} could not be stored: {reason}; it is kept in {folder}")
    for file in files:
        if file.after is not None:
            reason = attempt(partial(_go_on, journal, file, artifacts))
            where = journal.staged(file)
            problems += [f"{file.path} could not be stored: {reason}; it is kept as {where}"] if reason else []
    return problems


def _folder(path: str) -> str | None:
    return None if path in {"", "."} else path


def _is_whole(journal: Journal, file: File) -> bool:
    """Tell whether a staged file is what was written; one that is not is taken away, so that it is not stored."""
    try:
        path = journal.staged(file)
        content = path.read_bytes()
    except OSError:
        return False
    whole = len(content) == file.size and zlib.crc32(content) == file.checksum
    if not whole:
        path.unlink()
    return whole


def _go_on(journal: Journal, file: File, artifacts: Any) -> None:
    """Store a text after what earlier cells of the run left under its path."""
    try:
        part = journal.staged(file).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return  # told as damaged
    earlier = store.read_text(artifacts, file.path) or ""
    part = f"{(file.after or '').lstrip()}{part}"
    if earlier.endswith(part):  # the delivery was interrupted after it
        return
    if earlier:
        heading = "" if earlier.startswith(_HEADING) else file.before
        gap = (file.after or "").removesuffix((file.after or "").lstrip())
        part = f"{heading}{earlier.rstrip()}{gap}{part}"
    path = PurePosixPath(file.path)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / path.name
        whole.write_text(part, encoding="utf-8", newline="")
        artifacts.log_artifact(str(whole), _folder(path.parent.as_posix()))


def publish(model: Model, journal: Journal, client: MlflowClient, run: Run, *, again: bool) -> None:
    """Make a staged model a logged model of the run; where that was tried *again*, what is there is gone on with."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus
    from mlflow.models import Model as Description

    folder = journal.folder_of(model)
    same = f"tags.`mlmagic.id` = '{model.uid}'"
    found = client.search_logged_models([run.info.experiment_id], same, max_results=1) if again else ()
    entry = next(iter(found), None)
    if entry is not None and entry.status == LoggedModelStatus.READY:
        return
    if entry is None:
        tags, params = run.data.tags, run.data.params  # the user's own among them
        entry = client.create_logged_model(
            run.info.experiment_id,
            model.name,
            source_run_id=run.info.run_id,
            tags={key: tags[key] for key in _TAGS_OF_THE_RUN if key in tags} | {"mlmagic.id": model.uid},
            params={key: redact_value(key, value)[0] for key, value in params.items() if len(key) <= _LONGEST_KEY},
        )
    description = Description.load(str(folder))
    description.model_id = description.model_uuid = entry.model_id
    description.artifact_path, description.run_id = entry.artifact_location, run.info.run_id
    description.save(str(folder / "MLmodel"))
    status = LoggedModelStatus.FAILED
    try:
        client.log_model_artifacts(entry.model_id, str(folder))
        client.log_outputs(run.info.run_id, [LoggedModelOutput(entry.model_id, step=0)])
        status = LoggedModelStatus.READY
    finally:
        client.finalize_logged_model(entry.model_id, status)
