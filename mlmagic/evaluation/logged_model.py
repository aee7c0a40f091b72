"""Find the logged model of a stored run that an evaluated model is: proven by its pickle, or by what both predict."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.errors import MLMagicError
from mlmagic.models.saving.agreement import difference
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.store import connection
from mlmagic.store.model_files import loading
from mlmagic.store.query import logged_models
from mlmagic.user_objects import guarded, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

    from mlmagic.evaluation.outcomes.outcome import Outcome

_MOST = 4
"""How many of a run's models are looked at: each is loaded."""


@dataclass(frozen=True, eq=False)
class Subject:
    """What was evaluated: a model, its predictions, and what lets another model predict the same rows."""

    model: Any
    outcome: Outcome
    ask: Callable[[Any], Outcome]


@dataclass(frozen=True)
class Proof:
    """The logged model that was evaluated, None if none is proven to be it.

    ``names`` are those of the run's logged models, ``why`` says for each that was looked at why it is another.
    """

    model: LoggedModel | None
    names: Sequence[str]
    why: str = ""


def find(run: Run, subject: Subject, name: str) -> Proof:
    """Return which of the run's logged models is the evaluated one, which the user calls *name*.

    A model is loaded only if its files bear the user's signature, or the user agreed to that.
    """
    models = connection.ask(partial(_of_run, connection.connect(), run))
    reasons = []
    for one in sorted(models, key=lambda one: one.name != name)[:_MOST]:
        reason = _why_another(one, run, subject)
        if not reason:
            return Proof(one, [each.name for each in models])
        reasons.append(f"{one.name!r} {reason}")
    return Proof(None, [each.name for each in models], "; ".join(reasons))


def _of_run(client: MlflowClient, run: Run) -> list[LoggedModel]:
    return logged_models.models_of(client, run)


def _why_another(logged: LoggedModel, run: Run, subject: Subject) -> str:
    """Return why *logged* is not the evaluated model, or is not known to be; empty if it is."""
    files = logged_models.files_of(logged)
    try:
        if _is_loaded_from(subject.model, logged):
            return ""
        folder = loading.fetch(files)
        if _has_same_pickle(subject.model, folder, files.title):
            return ""
        if not loading.is_trusted(files, folder):
            where = f"runs:/{run.info.run_id}/{logged.name}"
            return (
                f"does not bear your signature, so it was not loaded to be compared. "
                f"If you know it: model = mlmagic.load_model({where!r}), and evaluate that"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = loading.load_from(folder, files)
            if not _is_alike(subject.model, loaded):
                return f"is another one, {_described(loaded)}"
            outcome = subject.ask(loaded)
    except MLMagicError as error:
        return f"could not be asked ({one_line(error)[:200]})"
    return _difference(subject.outcome, outcome)


@guarded(default=False)
def _is_loaded_from(model: Any, logged: LoggedModel) -> bool:
    """Return whether *model* is what ``mlflow.pyfunc.load_model`` made of the logged model."""
    return type(model).__name__ == "PyFuncModel" and model.metadata.model_id == logged.model_id


@guarded(default=True)  # what both predict decides
def _is_alike(model: Any, loaded: Any) -> bool:
    """Return whether both are of the same class, with the same parameters."""
    if type(model).__name__ != type(loaded).__name__:
        return False
    parameters = [one.get_params() if hasattr(one, "get_params") else {} for one in (model, loaded)]
    return repr(parameters[0]) == repr(parameters[1])


@guarded(default="which cannot be shown")
def _described(model: Any) -> str:
    return beginning(" ".join(repr(model).split()), 80)


def _difference(first: Outcome, second: Outcome) -> str:
    for values, others in (
        (first.predicted, second.predicted),
        (first.probabilities, second.probabilities),
        (first.scores, second.scores),
    ):
        if values is None and others is None:
            continue
        if values is None or others is None:
            return "has no probabilities, or other scores"
        if values.dtype.kind == "f":
            found = difference(values, others)
        else:
            found = difference([str(one) for one in values.ravel()], [str(one) for one in others.ravel()])
        if found is not None:
            return f"predicts otherwise on these rows, {found}"
    return ""


@guarded(default=False)
def _has_same_pickle(model: Any, folder: Path, title: str) -> bool:
    """Return whether the files hold this very model, pickled as MLflow pickles scikit-learn's: nothing is loaded."""
    flavour = loading.flavours_in(folder, title).get("sklearn", {})
    file = folder / str(flavour.get("pickled_model", ""))
    if flavour.get("serialization_format") not in {"cloudpickle", "pickle"} or file.parent != folder:
        return False
    import cloudpickle

    library = cloudpickle if flavour["serialization_format"] == "cloudpickle" else pickle
    return bool(library.dumps(model, protocol=pickle.DEFAULT_PROTOCOL) == file.read_bytes())
