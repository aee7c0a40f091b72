"""Logging a model: it becomes an ordinary MLflow logged model of a run, or there is a reason why not."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import StoreError
from mlmagic.models import flavours, sklearn_models, torch_models
from mlmagic.models.guard import quietly
from mlmagic.models.kinds import kind_of
from mlmagic.models.saved import MLMODEL, CannotLogError, Saved, first_line
from mlmagic.snapshot.secrets import redact, redact_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow import MlflowClient

DEFAULT_LIMIT_MB = 200.0

_REFUSED_IN_NAMES = str.maketrans(dict.fromkeys("/:.%\"'", "_"))
_TAGS_OF_THE_RUN = ("mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.source.git.commit")
_LONGEST_KEY = 250


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model that was logged.

    ``uri`` (``models:/m-...``) is what ``mlflow.pyfunc.load_model`` takes. ``format`` is how it is written: ``skops``,
    ``cloudpickle``, ``torch``, or the library's own. ``size`` is in bytes; ``signature`` tells whether MLflow knows
    what the model takes. ``notes`` are what a user should know, each a short sentence without a full stop.
    """

    name: str
    model_id: str
    format: str
    size: int
    signature: bool = False
    notes: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        """What to load it by."""
        return f"models:/{self.model_id}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A model that was not logged, and why, in a sentence without a full stop."""

    name: str
    reason: str


def log_model(
    model: Any,
    name: str,
    *,
    client: MlflowClient,
    run_id: str,
    input_example: Any = None,
    requirements: Sequence[str] = (),
    size_limit_mb: float = DEFAULT_LIMIT_MB,
) -> LoggedModel | Skipped:
    """Log a fitted *model* to a run as an MLflow logged model that loads by ``mlflow.pyfunc.load_model``.

    Nothing of it shows or changes: not the model, not a generator of random numbers, not torch's grad mode, no
    warning and no line of MLflow's. What was written is read back and predicts on a few rows; a difference is noted.

    Parameters
    ----------
    model
        An estimator, a torch module, or a model of XGBoost, LightGBM, CatBoost or Keras.
    name
        The variable; what MLflow does not allow in a model's name becomes an underscore (``models.rf``: ``models_rf``).
    client, run_id
        Where the run is.
    input_example
        Data that the model may take: a table, an array or a tensor; of a tuple, the first that fits. At most five rows
        of it are kept. Without, or where none fits, the model has no signature.
    requirements
        What the model needs, as in a ``requirements.txt``; what it takes to load it is added.
    size_limit_mb
        The largest model to log, in MB of 1,000,000 bytes. A larger one is not even pickled.

    Returns
    -------
    LoggedModel or Skipped
        What was logged, or the reason why nothing was.

    Raises
    ------
    StoreError
        The store did not take it. What it has of the model is marked as failed.

    Examples
    --------
    >>> log_model("text", "m", client=None, run_id="")
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
    with quietly(), tempfile.TemporaryDirectory(prefix="mlmagic-model-") as scratch:
        folder = Path(scratch) / "model"
        try:
            match kind:
                case "sklearn":
                    saved = sklearn_models.save(model, folder, **asked)
                case "torch":
                    saved = torch_models.save(model, folder, **asked)
                case _:
                    saved = flavours.save(model, kind, folder, **asked)
        except CannotLogError as reason:
            return Skipped(name, str(reason))
        return _publish(saved, name, client, run_id)


def _publish(saved: Saved, name: str, client: MlflowClient, run_id: str) -> LoggedModel:
    """Create the logged model in the store, hand over the files, and make it an output of the run."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    try:
        run = client.get_run(run_id)
        params = run.data.params  # the user's own among them
        entry = client.create_logged_model(
            run.info.experiment_id,
            redact(name)[0].translate(_REFUSED_IN_NAMES),
            source_run_id=run_id,
            tags={key: run.data.tags[key] for key in _TAGS_OF_THE_RUN if key in run.data.tags},
            params={key: redact_value(key, value)[0] for key, value in params.items() if len(key) <= _LONGEST_KEY},
        )
    except Exception as error:
        raise StoreError(f"the model {name!r} could not be logged: {first_line(error)}") from error
    status = LoggedModelStatus.FAILED
    try:
        _describe(saved, entry, run_id)
        client.log_model_artifacts(entry.model_id, str(saved.folder))
        client.log_outputs(run_id, [LoggedModelOutput(entry.model_id, step=0)])
        status = LoggedModelStatus.READY
    except Exception as error:
        raise StoreError(f"the model {name!r} could not be logged: {first_line(error)}") from error
    finally:
        client.finalize_logged_model(entry.model_id, status)
    return LoggedModel(
        entry.name, entry.model_id, saved.format, saved.size, saved.meta.signature is not None, tuple(saved.notes)
    )


def _describe(saved: Saved, entry: Any, run_id: str) -> None:
    """Write the `MLmodel` file, by which MLflow knows what is in the folder and whose it is."""
    meta = saved.meta
    meta.model_id = meta.model_uuid = entry.model_id
    meta.artifact_path, meta.run_id = entry.artifact_location, run_id
    meta.model_size_bytes = saved.size
    meta.save(str(saved.folder / MLMODEL))
