"""Load a model from its files, after the checks of whose it is and whether the environment fits."""

from __future__ import annotations

import importlib
import re
import tempfile
import warnings
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.confirming import confirmed
from mlmagic.errors import ModelLoadError, StoreError
from mlmagic.session.interrupts import whole_imports
from mlmagic.session_state import of_session
from mlmagic.store import connection, refusals, tracking_uri
from mlmagic.store.artifact_reading import foreign_server
from mlmagic.store.artifact_target import local_path
from mlmagic.store.model_files import requirements, signature
from mlmagic.user_objects import one_line, reraise_interrupt
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

_NATIVE = (
    "sklearn", "pytorch", "xgboost", "lightgbm", "catboost", "keras", "tensorflow", "statsmodels", "prophet",
    "pmdarima", "spacy", "onnx", "transformers", "sentence_transformers",
)  # fmt: skip
"""MLflow's flavours that give back the library's own object, each a module of this name in MLflow."""
_LARGEST_DESCRIPTION = 10_000_000
_LONGEST_SILENCE_S = 60.0
_MOST_DIFFERENCES = 8
_MISSING_ATTRIBUTE = re.compile(r"Can't get attribute '([^']+)' on <module '([^']+)'")

_agreed: set[str] = of_session(set())
"""The digests of the models that the user agreed to load."""
_downloaded: list[tempfile.TemporaryDirectory[str]] = []
"""Until the process ends: a model may read its files only when it predicts."""


@dataclass(frozen=True)
class ModelFiles:
    """The place of a model's files. *title* names it in messages, *tags* are those of the logged model."""

    title: str
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)
    run_id: str = ""


def load(files: ModelFiles, *, trust: bool = False, stacklevel: int = 2) -> Any:
    """Return the model: the library's own object if MLflow has a flavour for it, else a pyfunc model.

    *stacklevel* is that of the warning about the environment, as for `warnings.warn`.

    Raises
    ------
    ModelLoadError
        If its files are missing or damaged, it needs what is not here, or the user declines.
    UsageProblem
        If the files are not signed by this user, *trust* is false, and nobody can be asked.
    StoreError
        If the files cannot be read.
    """
    folder = fetch(files)
    flavours_in(folder, files.title)  # nobody is asked about damaged files
    if trust:
        _agree(folder)
    else:
        _require_trust(files, folder)
    if found := requirements.differences(folder):
        more = f" and {len(found) - _MOST_DIFFERENCES} more" if len(found) > _MOST_DIFFERENCES else ""
        listed = clean(", ".join(found[:_MOST_DIFFERENCES]))
        text = f"{clean(files.title)} was saved with other packages than are here: {listed}{more}"
        warnings.warn(text, stacklevel=stacklevel)
    return load_from(folder, files)


def load_from(folder: Path, files: ModelFiles) -> Any:
    """Return the model whose files were fetched to *folder*, and are trusted.

    Raises
    ------
    ModelLoadError
        If its files are damaged, or it needs what is not here.
    """
    flavours = flavours_in(folder, files.title)
    native = next((one for one in _NATIVE if one in flavours), "pyfunc")
    try:
        with whole_imports():
            module = importlib.import_module(f"mlflow.{native}")
        return module.load_model(str(folder))
    except BaseException as error:
        reraise_interrupt(error)
        raise _explained(error, files) from error


def fetch(files: ModelFiles) -> Path:
    """Return the folder of the model's files, downloaded unless they are on this machine.

    Raises
    ------
    ModelLoadError, StoreError
        If the files are missing, or cannot be read.
    """
    place = local_path(files.location)
    if place is None:
        if problem := foreign_server(files.location, tracking_uri.current_uri()):
            raise StoreError(f"the files of {files.title} lie on {problem}")
        folder = tempfile.TemporaryDirectory(prefix="mlmagic-model-")
        _downloaded.append(folder)
        with connection.environment_variable("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false"):
            place = connection.ask(partial(_download, files.location, folder.name), timeout_s=_LONGEST_SILENCE_S)
    if not (place / "MLmodel").is_file():
        raise ModelLoadError(
            f"the files of {files.title} are not where the store says: there is no MLmodel in {str(place)!r}. "
            "Were they deleted, or does this machine not see that folder?"
        )
    return place


def _download(location: str, folder: str) -> Path:
    with refusals.refused_by(tracking_uri.current_uri()):
        return Path(connection.artifacts(location).download_artifacts("", folder))


def flavours_in(folder: Path, title: str) -> Mapping[str, Any]:
    """Return the formats in which the model in *folder* was saved, each with its settings.

    Raises
    ------
    ModelLoadError
        If its description is damaged.
    """
    import yaml

    file = folder / "MLmodel"
    try:
        if file.stat().st_size > _LARGEST_DESCRIPTION:
            raise ModelLoadError(f"the MLmodel of {title} is too large to be one")
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelLoadError(f"the MLmodel of {title} is damaged: {one_line(error)}") from error
    flavours = found.get("flavors") if isinstance(found, dict) else None
    if not isinstance(flavours, dict) or not flavours:
        raise ModelLoadError(f"the MLmodel of {title} names no format in which the model was saved")
    return flavours


def is_trusted(files: ModelFiles, folder: Path) -> bool:
    """Return whether the files bear this user's signature, or the user agreed to load them in this session."""
    return signature.is_own(folder, files.tags) or signature.digest_of(folder) in _agreed


def _agree(folder: Path) -> None:
    digest = signature.digest_of(folder)
    if digest is not None:
        _agreed.add(digest)


def _require_trust(files: ModelFiles, folder: Path) -> None:
    if is_trusted(files, folder):
        return
    where = clean(tracking_uri.redacted(files.location))
    question = (
        f"Loading {clean(files.title)} runs code that its files hold ({where}), and they do not bear your signature: "
        "someone else may have written them. Load it? [y/N] "
    )
    if not confirmed(question, f"{files.title} does not bear your signature; trust=True loads a model that you know"):
        raise ModelLoadError(f"{files.title} was not loaded.")
    _agree(folder)


def _explained(error: BaseException, files: ModelFiles) -> ModelLoadError:
    """Return what is missing here for the model, and the way out."""
    missing = _MISSING_ATTRIBUTE.search(str(error))
    if missing is not None:
        name, module = missing.groups()
        if module.endswith("__main__"):  # `python -m package` calls it `package.__main__`
            code = f"; its code: mlmagic.Run({files.run_id!r}).session.to_script()" if files.run_id else ""
            return ModelLoadError(
                f"{files.title} needs {name!r}, which was defined in a notebook and is not defined here. Run the cell "
                f"that defines it, and load the model again{code}. In a module (a .py file) it is found everywhere."
            )
        return ModelLoadError(
            f"{files.title} needs {name!r} of the module {module!r}, which has none here: "
            "is it another version of that module?"
        )
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return ModelLoadError(
            f"{files.title} needs the module {error.name!r}, which is not here: %pip install {package}, or, if it is "
            "your own, add its folder to sys.path"
        )
    return ModelLoadError(f"{files.title} cannot be loaded here: {one_line(error)}")
