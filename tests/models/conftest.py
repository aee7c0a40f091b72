"""A run in a real store, and a function that logs a model to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from logged import log_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from logged import LoggedModel

    from mlmagic.models.saving.save import Skipped


collect_ignore = ["make_models.py", "load_models.py", "load_flavours.py"]  # scripts that tests run


@pytest.fixture
def client(store_uri):
    from mlflow import MlflowClient

    return MlflowClient(store_uri)


@pytest.fixture
def run_id(client) -> str:
    run = client.create_run("0", tags={"mlflow.user": "ana"}, run_name="baseline")
    client.log_param(run.info.run_id, "lr", 0.1)
    return run.info.run_id


@pytest.fixture
def log(client, run_id) -> Callable[..., LoggedModel | Skipped]:
    def logs(model: Any, example: Any = None, *, name: str = "model", **more: Any) -> LoggedModel | Skipped:
        return log_model(
            model, name, client=client, run_id=run_id, input_example=example, requirements=["numpy"], **more
        )

    return logs
