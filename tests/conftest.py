"""What tests of several folders use: a real MLflow store, and runs in it."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Protocol

import hypothesis
import pytest
from databases import copy_new_database

from mlmagic import session_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from IPython.core.interactiveshell import InteractiveShell

# Nothing is judged by how long it takes: the machine may be busy.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ["MLMAGIC_STORE_TIMEOUT_S"] = "60"  # a busy machine is no slow store, also in kernels and scripts
# The key that signs journals is one of the tests' own, also in kernels and scripts that they start.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="mlmagic-state-")
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)


_LOSSES: list[tuple[str, int, int]] = []


@pytest.fixture
def losses() -> Callable[[str, int, int], None]:
    """Return a function that notes what was tried, how many records or runs were at stake, and how many were lost."""
    return lambda what, at_stake, lost: _LOSSES.append((what, at_stake, lost))


def pytest_sessionfinish(session):
    """Hand what a worker of pytest-xdist noted to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["losses"] = _LOSSES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    _LOSSES.extend(map(tuple, getattr(node, "workeroutput", {}).get("losses", ())))


def pytest_terminal_summary(terminalreporter):
    if not _LOSSES:
        return
    terminalreporter.section("losses")
    terminalreporter.write_line(f"{'at stake':>10}  {'lost':>5}  what was tried")
    for what, at_stake, lost in _LOSSES:
        terminalreporter.write_line(f"{at_stake:>10,}  {lost:>5,}  {what}")


@pytest.fixture(autouse=True)
def _nothing_waits_for_a_store():
    """Leave no delivery of this test to the next, nor where its journals lie: both would be in its reports."""
    yield
    if journals := sys.modules.get("mlmagic.journal.folder"):
        journals._home = None
    shipping = sys.modules.get("mlmagic.store.delivery.worker")
    for ships in shipping.delivery_workers() if shipping else ():
        for delivery in ships.deliveries():
            ships.remove(delivery)


@pytest.fixture(autouse=True)
def _a_session_of_its_own():
    """Let no test begin with what an earlier one left in the session, nor with the secrets that it learned."""
    session_state.reset()
    if values := sys.modules.get("mlmagic.snapshot.secrets.known_values"):
        values.forget_learned()


class MakeRun(Protocol):
    """Creates an ended run, one second after the one before, and returns its id."""

    def __call__(
        self,
        name: str,
        params: Mapping[str, object] = ...,
        metrics: Mapping[str, float] = ...,
        *,
        tags: Mapping[str, str] = ...,
        status: str = ...,
        experiment: str = ...,
        seconds: float | None = ...,
    ) -> str: ...


@pytest.fixture
def store_uri(tmp_path, monkeypatch) -> Iterator[str]:
    """An empty MLflow store of this test's own, which MLflow uses; the working folder is the test's too."""
    import mlflow
    from mlflow.tracking import fluent

    file = tmp_path / "mlflow.db"
    copy_new_database(file, artifacts=str(tmp_path / "mlruns/0"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "")
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID")
    monkeypatch.setattr(fluent, "_active_experiment_id", None)
    uri = f"sqlite:///{file}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    mlflow.set_tracking_uri(uri)
    yield uri
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)


@pytest.fixture
def make_run(store_uri) -> MakeRun:
    """Return a function that creates an ended run in the store of this test."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    client = MlflowClient(store_uri)
    starts = itertools.count(1_750_000_000_000, 1000)

    def make(name, params=(), metrics=(), *, tags=(), status="FINISHED", experiment="Default", seconds=0.5):
        found = client.get_experiment_by_name(experiment)
        experiment_id = found.experiment_id if found else client.create_experiment(experiment)
        start = next(starts)
        run_id = client.create_run(experiment_id, start_time=start, run_name=name).info.run_id
        client.log_batch(
            run_id,
            metrics=[Metric(key, value, start, 0) for key, value in dict(metrics).items()],
            params=[Param(key, str(value)) for key, value in dict(params).items()],
            tags=[RunTag(key, value) for key, value in dict(tags).items()],
        )
        if seconds is not None:
            client.set_terminated(run_id, status, end_time=start + int(seconds * 1000))
        return run_id

    return make


@pytest.fixture
def new_shell() -> Iterator[Callable[[], InteractiveShell]]:
    """Return a function that makes IPython shells, which leave no history file and nothing to do at exit."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    made = []

    def make():
        made.append(InteractiveShell(config=Config({"HistoryManager": {"hist_file": ":memory:"}})))
        return made[-1]

    yield make
    for shell in made:
        shell.history_manager.end_session()
        atexit.unregister(shell.atexit_operations)


@pytest.fixture
def shell(new_shell):
    """An IPython shell."""
    return new_shell()
