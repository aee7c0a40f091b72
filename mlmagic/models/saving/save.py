"""Saving a model: it lies in a folder as an ordinary model of MLflow, or there is a reason why not."""

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
    """A model that was written to a folder, as MLflow lays it out.

    ``format`` is how it is written: ``skops``, ``cloudpickle``, ``torch``, or the library's own. ``size`` is in bytes;
    ``signature`` tells whether MLflow knows what the model takes. ``notes`` are what a user should know, each a short
    sentence without a full stop.
    """

    name: str
    format: str
    size: int
    signature: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A model that was not saved, and why, in a sentence without a full stop."""

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
    """Write a fitted *model* to *folder* as a model of MLflow's, which ``mlflow.pyfunc.load_model`` loads.

    Nothing of it shows or changes: not the model, not a generator of random numbers, not torch's grad mode, no
    warning and no line of MLflow's. What was written is read back and predicts on a few rows; a difference is noted.

    Parameters
    ----------
    model
        An estimator, a torch module, or a model of XGBoost, LightGBM, CatBoost or Keras.
    name
        The variable; what MLflow does not allow in a model's name becomes an underscore (``models.rf``: ``models_rf``).
    folder
        Where to write it; must not be there yet, and is not there afterwards when the model is skipped.
    input_example
        Data that the model may take: a table, an array or a tensor; of a tuple, the first that fits. At most five rows
        of it are kept. Without, or where none fits, the model has no signature.
    requirements
        What the model needs, as in a ``requirements.txt``; what it takes to load it is added.
    size_limit_mb
        The largest model to save, in MB of 1,000,000 bytes. A larger one is not even pickled.

    Returns
    -------
    SavedModel or Skipped
        What was written, or the reason why nothing was.

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
    allowed = redact(name)[0].translate(_REFUSED_IN_NAMES)
    return SavedModel(allowed, saved.format, size, saved.meta.signature is not None, tuple(saved.notes))
