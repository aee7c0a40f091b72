"""The logged models of a run as they are stored: a digest of each, and files of them that may be loaded."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError, StoreError
from mlmagic.replay.predictions.file_content import steady_content
from mlmagic.snapshot.git.files import megabytes
from mlmagic.store.artifact_reading import place_of
from mlmagic.store.model_files import loading
from mlmagic.store.query import logged_models
from mlmagic.user_objects import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

    from mlmagic.store.artifact_reading import ArtifactFile, ArtifactPlace
    from mlmagic.store.model_files.loading import ModelFiles

ROWS = "input_example.json"
"""The file of a logged model that holds rows of its data, by MLflow's name for it."""
_DESCRIBING = frozenset({"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "registered_model_meta", ROWS})
"""Files of a logged model that describe it: they hold times and ids, or the environment."""
_LARGEST = 500_000_000


@dataclass(frozen=True)
class StoredModel:
    """A logged model: a ``digest`` of its data files, or the ``problem`` of reading them, and the place of all files.

    ``uri`` is how the user would load it.
    """

    digest: str
    files: ModelFiles | None = None
    problem: str = ""
    uri: str = ""

    def is_same(self, other: StoredModel) -> bool:
        """Return whether the data files of both are known to be the same."""
        return bool(self.digest) and self.digest == other.digest


class NotLoadableError(Exception):
    """The model is not loaded; the message says why."""


def stored_models(client: MlflowClient, run: Run) -> dict[str, StoredModel]:
    """Return the models that the run logged, by name; nothing is loaded."""
    return {model.name: _stored(model) for model in logged_models.models_of(client, run)}


def _stored(model: LoggedModel) -> StoredModel:
    files = logged_models.files_of(model, "it")
    uri = f"runs:/{files.run_id}/{model.name}"
    try:
        digest = _digest(place_of(str(model.model_id), str(model.artifact_location)))
    except StoreError as error:
        return StoredModel("", files, f"its files cannot be read: {text_of(error)}", uri)
    return StoredModel(digest, files, uri=uri)


def _digest(place: ArtifactPlace) -> str:
    content = hashlib.sha256()
    found = sorted(_every(place), key=lambda file: file.path)
    _require_small(sum(file.size for file in found))
    for file in found:
        if file.path.rpartition("/")[2] not in _DESCRIBING:
            content.update(file.path.encode() + steady_content(file.path, place.read(file.path, _LARGEST)))
    return content.hexdigest()


def _require_small(size: int) -> None:
    if size > _LARGEST:
        raise StoreError(f"they have {megabytes(size)}, more than {megabytes(_LARGEST)}")


def _every(place: ArtifactPlace, folder: str = "") -> Iterator[ArtifactFile]:
    for file in place.files(folder):
        if file.is_dir:
            yield from _every(place, file.path)
        else:
            yield file


def own_copy(model: StoredModel, folder: Path) -> Path:
    """Return *folder*, with a copy of the model's files that this user wrote, and rows to ask it.

    The copy is what is judged and loaded: the store may change in between.

    Raises
    ------
    NotLoadableError
        If the files are not this user's, are missing or too many, or no rows are among them.
    """
    try:
        found = local_folder(model)
        if not (found / ROWS).is_file():
            raise NotLoadableError("no rows are stored with it")
        _require_trust(model, found)
        shutil.copytree(found, folder, symlinks=True)
        _require_trust(model, folder)
    except (MLMagicError, OSError) as error:
        raise NotLoadableError(f"its files cannot be read: {text_of(error)}") from error
    return folder


def local_folder(model: StoredModel) -> Path:
    """Return the folder of a model's files, on this machine.

    Raises
    ------
    NotLoadableError
        If they could not be read before.
    MLMagicError
        If they are missing.
    """
    if model.problem or model.files is None:
        raise NotLoadableError(model.problem or "its files are not known")
    return loading.fetch(model.files)


def _require_trust(model: StoredModel, folder: Path) -> None:
    if model.files is None or not loading.is_trusted(model.files, folder):
        raise NotLoadableError(
            "its files do not bear your signature, so it was not loaded. "
            f"If you know it: mlmagic.load_model({model.uri!r}), and reproduce the run again"
        )
