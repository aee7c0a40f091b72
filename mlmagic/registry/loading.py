"""Load a registered version, a logged model or a run's model."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.errors import ModelNotFoundError, UsageProblem
from mlmagic.registry import registry_store
from mlmagic.registry.names import Reference, reference_in
from mlmagic.registry.versions import find_version
from mlmagic.store.model_files import loading
from mlmagic.store.model_files.loading import ModelFiles
from mlmagic.store.query import logged_models, queries

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXAMPLE = "mlmagic.load_model('churn@champion')"


def load(reference: str, *, trust: bool) -> Any:
    """Return the model that *reference* names; see `mlmagic.load_model`."""
    text = reference.strip()
    if text.startswith("runs:/"):
        find = partial(_of_run, text)
    elif (
        text.removeprefix("models:/").startswith("m-") and "@" not in text and "/" not in text.removeprefix("models:/")
    ):
        find = partial(_logged_model, text.removeprefix("models:/"))
    else:
        find = partial(_registered, reference_in(text, EXAMPLE))
    return loading.load(registry_store.ask(find), trust=trust, stacklevel=5)


def _registered(reference: Reference, client: MlflowClient) -> ModelFiles:
    _, version = find_version(client, reference)
    if version.model_id:
        try:
            found = client.get_logged_model(version.model_id)
        except Exception as error:
            if getattr(error, "error_code", "") != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise ModelNotFoundError(
                f"{version.reference} was registered from the logged model {version.model_id}, which was deleted"
            ) from error
        return logged_models.files_of(found, version.reference)
    location = client.get_model_version_download_uri(version.name, str(version.version))
    return ModelFiles(version.reference, str(location), run_id=version.run_id)


def _logged_model(model_id: str, client: MlflowClient) -> ModelFiles:
    try:
        return logged_models.files_of(client.get_logged_model(model_id))
    except Exception as error:
        if getattr(error, "error_code", "") != "RESOURCE_DOES_NOT_EXIST":
            raise
    # A registered model may be called like this too.
    return _registered(Reference(model_id), client)


def _of_run(text: str, client: MlflowClient) -> ModelFiles:
    run_id, _, path = text.removeprefix("runs:/").strip("/").partition("/")
    if not run_id:
        raise UsageProblem(f"{text!r} names no run. For example: runs:/RUN_ID/model")
    run = queries.find_run(run_id)
    models = logged_models.models_of(client, run)
    if not models and (files := _artifact(client, run.info.run_id, path)) is not None:
        return files
    chosen = logged_models.choose(models, path or None, run, how=f"runs:/{run_id}/NAME")
    return replace(logged_models.files_of(chosen), title=f"the model {chosen.name!r} of the run {run.info.run_name!r}")


def _artifact(client: MlflowClient, run_id: str, path: str) -> ModelFiles | None:
    """Return a model that an older MLflow logged as artifacts of its run, or None if there is none at *path*."""
    if not path or ".." in path.split("/"):
        return None
    if f"{path}/MLmodel" not in {file.path for file in client.list_artifacts(run_id, path)}:
        return None
    run = client.get_run(run_id)
    return ModelFiles(
        f"the model {path!r} of the run {run.info.run_name!r}", f"{run.info.artifact_uri}/{path}", run_id=run_id
    )
