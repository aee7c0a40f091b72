"""The logged models of a run, and choosing one by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from mlmagic.errors import ModelNotFoundError, UsageProblem
from mlmagic.store.model_files.loading import ModelFiles
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

_MOST = 1000


class Named(Protocol):
    """A model of a run, in the store or in a journal."""

    @property
    def name(self) -> str:
        """The name of the variable that held it."""


T = TypeVar("T", bound=Named)


def models_of(client: MlflowClient, run: Run) -> list[LoggedModel]:
    """Return the logged models of a run that are complete, the newest of each name, in the order of their names."""
    found = {model.name: model for model in every_model_of(client, run)}
    return [found[name] for name in sorted(found)]


def every_model_of(client: MlflowClient, run: Run) -> list[LoggedModel]:
    """Return the logged models of a run that are complete, the oldest first."""
    found: list[LoggedModel] = []
    token = None
    while True:
        page = client.search_logged_models(
            [run.info.experiment_id],
            f"source_run_id = '{run.info.run_id}'",
            max_results=_MOST,
            order_by=[{"field_name": "creation_timestamp", "ascending": True}],
            page_token=token,
        )
        found += [model for model in page if str(model.status) == "READY"]
        token = page.token
        if not token:
            return found


def choose(models: Sequence[LoggedModel], name: str | None, run: Run, *, how: str) -> LoggedModel:
    """Return the model of this name, or the only one; *how* is how the caller names one, such as ``--model NAME``.

    Raises
    ------
    ModelNotFoundError
        If the run has no model, or none of this name.
    UsageProblem
        If it has several, and *name* is None.
    """
    title = f"the run {run.info.run_name!r} ({run.info.run_id[:8]})"
    if not models:
        hint = "A tracked cell records the models that it fits, unless it has --no-models; what still waits: %mlmagic"
        if any(key.startswith("mlmagic.sweep") for key in run.data.tags):
            hint = "Those of a sweep belong to the runs of its trials: name one of these"
        raise ModelNotFoundError(f"{title} has no model. {hint}")
    by_id = next((model for model in models if model.model_id == name), None)
    return by_id or choose_by_name(models, name, title, how=how)


def choose_by_name(models: Sequence[T], name: str | None, title: str, *, how: str) -> T:
    """Return the model of this name, or the only one; *title* names the run, whose *models* are one or more.

    Raises
    ------
    ModelNotFoundError, UsageProblem
        As `choose`.
    """
    names = [model.name for model in models]
    listed = ", ".join(map(repr, names[:20]))
    if name is None:
        if len(models) > 1:
            raise UsageProblem(f"{title} has {len(models)} models: {listed}. Name one: {how}")
        return models[0]
    found = next((model for model in models if name == model.name), None)
    if found is None:
        raise ModelNotFoundError(f"{title} has no model {name!r}.{did_you_mean(name, names)} It has {listed}.")
    return found


def files_of(model: LoggedModel, title: str | None = None) -> ModelFiles:
    """Return the place of a logged model's files."""
    return ModelFiles(
        title or f"the model {model.name!r}",
        str(model.artifact_location),
        dict(model.tags or {}),
        str(model.source_run_id or ""),
    )
