"""MLflow's stack of active runs: push a tracked cell's run on it, and find what the cell left there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.snapshot.secrets.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow.entities import Run


def new_name() -> str:
    """Return a generated name for a run without a name, like MLflow's.

    MLflow would generate it in the background, from the random numbers of the user's code.
    """
    from mlflow.utils import name_utils

    return str(name_utils._generate_random_name())


def with_context(tags: Mapping[str, str]) -> dict[str, str]:
    """Return *tags* with those that MLflow adds to every run, such as the user's name; MLflow's are redacted."""
    from mlflow.tracking.context import registry

    return {**{key: redact(str(value))[0] for key, value in registry.resolve_tags().items()}, **tags}


def active_run() -> Any | None:
    """Return MLflow's active run of the calling thread."""
    import mlflow

    return mlflow.active_run()


def active_id() -> str | None:
    """Return the id of MLflow's active run of the calling thread."""
    run = active_run()
    return None if run is None else str(run.info.run_id)


def open_runs() -> dict[str, tuple[int, list[Any], Any]]:
    """Return MLflow's active runs of all threads, by run id: (thread, the thread's stack, run)."""
    from mlflow.tracking import fluent

    # Private, and the only place where MLflow keeps the runs of other threads; a test guards it.
    stacks = fluent._active_run_stack.get_all_thread_values()
    found = [(thread, stack, run) for thread, stack in stacks.items() for run in list(stack)]
    return {run.info.run_id: (thread, stack, run) for thread, stack, run in found if not is_unused(run)}


def run_within(run_id: str) -> str | None:
    """Return the id of the run that the user's code has opened within the run *run_id*, or None."""
    from mlflow.tracking import fluent

    stack = fluent._active_run_stack.get()
    if not stack or is_unused(stack[-1]):
        return None
    ids = [str(run.info.run_id) for run in stack if not is_unused(run)]
    return ids[-1] if run_id in ids[:-1] else None


def is_unused(run: Any) -> bool:
    """Return whether *run* was activated by `activate_when_used`, and no code has asked for it yet."""
    return getattr(type(run), "is_of_mlmagic", False) and run.found is None


def activate_when_used(find: Callable[[], Run | None]) -> Callable[[], None] | None:
    """Make a run MLflow's active run of the calling thread that is looked for when code first asks for it.

    Parameters
    ----------
    find
        Waits for the run, and returns it; None if the store does not answer, and the enclosing run is used instead.

    Returns
    -------
    A function that removes the run; None if no run encloses it, so that nothing was activated.
    """
    import mlflow
    from mlflow.tracking import fluent

    stack = fluent._active_run_stack.get()
    if not stack:
        return None
    around = stack[-1]

    class Found(mlflow.ActiveRun):  # type: ignore[misc]  # MLflow's type is not known here
        """MLflow's run, which is asked for its parts; none of them is known before it is used."""

        is_of_mlmagic = True

        def __init__(self) -> None:
            self.found: Run | None = None

        def _run(self) -> Run:
            if self.found is None:
                self.found = find() or around
            return self.found

        def __reduce__(self) -> tuple[Any, ...]:
            return mlflow.ActiveRun, (self._run(),)

        info = property(lambda self: self._run().info)
        data = property(lambda self: self._run().data)
        inputs = property(lambda self: self._run().inputs)
        outputs = property(lambda self: self._run().outputs)

    run = Found()
    stack.append(run)
    return lambda: stack.remove(run) if any(one is run for one in stack) else None


def activate(run: Run) -> None:
    """Make *run* MLflow's active run of the calling thread, on top of those that are open.

    ``mlflow.start_run`` would query the store, which may have become unavailable since the run was created.
    """
    import mlflow
    from mlflow.environment_variables import MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING
    from mlflow.tracking import fluent

    fluent._active_run_stack.get().append(mlflow.ActiveRun(run))
    if MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING.get():
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        monitor = SystemMetricsMonitor(run.info.run_id)
        fluent.run_id_to_system_metrics_monitor[run.info.run_id] = monitor
        monitor.start()


def deactivate(run_id: str) -> None:
    """Remove a run from MLflow's stack of active runs, whichever thread it is on; its status does not change."""
    from mlflow.tracking import fluent

    held = open_runs().get(run_id)
    if held is not None:
        _, stack, run = held
        stack.remove(run)
    fluent._last_active_run_id.set(run_id)
    monitor = fluent.run_id_to_system_metrics_monitor.pop(run_id, None)
    if monitor is not None:
        monitor.finish()


def terminate(run_id: str, status: str) -> None:
    """End one of the user's runs in the store."""
    from mlflow import MlflowClient

    MlflowClient().set_terminated(run_id, status)
