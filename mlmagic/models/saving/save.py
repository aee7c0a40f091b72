"""Saves a model to a folder as an ordinary MLflow model, or returns the reason why it cannot."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.models.kinds import kind_of
from mlmagic.models.saving import flavours, sklearn_models, torch_models
from mlmagic.models.saving.guard import quietly
from mlmagic.models.saving.saved import MLMODEL, CannotLogError
from mlmagic.snapshot.secrets.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DEFAULT_LIMIT_MB = 200.0

_REFUSED_IN_NAMES = str.maketrans(dict.fromkeys("/:.%\"'", "_"))


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A model that was written to a folder in MLflow's layout.

    ``format`` is ``skops``, ``cloudpickle``, ``torch``, or the library's own. ``size`` is in bytes. ``signature`` says
    whether the model has an MLflow signature. ``notes`` are remarks for the user, each a short sentence without a full
    stop.
    """

    name: str
    format: str
    size: int
    signature: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A model that was not saved, with the reason as a sentence without a full stop."""

    name: str
    reason: str


def save_model(
    model: Any,
    name: str,
    folder: Path,
    *,
    input_example: Any = None,
    requirements: Sequence[str] = (),
    size_limit_mb: float = DEFAULT_LIMIT_MB,
) -> SavedModel | Skipped:
    """Write a fitted *model* to *folder* as an MLflow model, which ``mlflow.pyfunc.load_model`` loads.

    Saving changes neither the model, nor the random generators, nor torch's grad mode, and shows no warnings or log
    lines. The saved model is read back, and its predictions on a few rows are compared; a difference is noted.

    Parameters
    ----------
    model
        An estimator, a torch module, or a model of XGBoost, LightGBM, CatBoost or Keras.
    name
        The variable's name. Characters that MLflow does not allow become underscores (``models.rf``: ``models_rf``).
    folder
        The folder to create. It must not exist; it is removed if the model is skipped.
    input_example
        A table, an array or a tensor that the model may accept, or a tuple of these, of which the first that fits is
        used. At most five rows are saved. If no example fits, the model has no signature.
    requirements
        The model's requirements, as in a ``requirements.txt``. The packages needed to load it are added.
    size_limit_mb
        The largest model to save, in MB of 1,000,000 bytes. A larger model is not pickled.

    Returns
    -------
    SavedModel or Skipped
        The saved model, or the reason why it was not saved.

    Examples
    --------
    >>> from pathlib import Path
    >>> save_model("text", "m", Path("not-made"))
    Skipped(name='m', reason='str is not a model')
    """
    kind = kind_of(model)
    if kind is None:
        return Skipped(name, f"{type(model).__name__} is not a model")
    candidates = input_example if isinstance(input_example, tuple) else (input_example,)
    asked: dict[str, Any] = {
        "requirements": list(requirements),
        "candidates": tuple(each for each in candidates if each is not None),
        "limit": size_limit_mb * 1e6,
    }
    with quietly():
        try:
            match kind:
                case "sklearn":
                    saved = sklearn_models.save(model, folder, **asked)
                case "torch":
                    saved = torch_models.save(model, folder, **asked)
                case _:
                    saved = flavours.save(model, kind, folder, **asked)
        except BaseException as reason:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(reason, CannotLogError):
                return Skipped(name, str(reason))
            raise
        size = saved.size
        saved.meta.model_size_bytes = size
        saved.meta.save(str(saved.folder / MLMODEL))
    return SavedModel(allowed_name(name), saved.format, size, saved.meta.signature is not None, tuple(saved.notes))


def allowed_name(name: str) -> str:
    """Return the name under which the model of a variable is logged.

    >>> allowed_name("models.rf")
    'models_rf'
    """
    return redact(name)[0].translate(_REFUSED_IN_NAMES)
