"""Closing a run: what the cell left behind is recorded, the run is ended, and what is to be shown is returned."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.snapshot.secrets import redaction
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.store import connection
from mlmagic.store.query.light_runs import INCOMPLETE
from mlmagic.tracking import active, collecting, ending
from mlmagic.tracking.inferred import autologged, previous
from mlmagic.tracking.logged import Logged
from mlmagic.tracking.recording.summary import MetricLine, RunSummary
from mlmagic.user_objects import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmagic.tracking.active import ActiveRun
    from mlmagic.tracking.recording.summary import Status

_ENDED: Mapping[str, Status] = {"FINISHED": "FINISHED", "FAILED": "FAILED", "KILLED": "KILLED"}


def status_of(error: BaseException | None) -> Status:
    """Return the status of a run whose code ended with *error*."""
    if error is None:
        return "FINISHED"
    # An interrupt of an async cell arrives as a cancelled task.
    if issubclass(type(error), KeyboardInterrupt) or type(error).__name__ == "CancelledError":
        return "KILLED"
    return "FAILED"


def close_run(run: ActiveRun, error: BaseException | None, *, value: Any = None) -> RunSummary:
    """Record what the code left behind and end the run. Never raises: what fails becomes a notice.

    *value* is that of the cell's last expression.
    """
    duration = run.duration_s
    status = status_of(error)
    figures: list[str] = []
    try:
        with _told(run, "loops left open"):
            run.recorder.finish()
        run.capture.stop()
        with _told(run, "system metrics"):
            if run.sampler:
                run.sampler.stop()
        with _told(run, "parameters and metrics"):
            run.logged = _logged_in(run)
            status = run.logged.status if error is None and run.logged.status else status
            collecting.record_asked(run)
            collecting.record_automatic(run, value, error)
        for what, collect in run.collectors:
            with _told(run, what):
                collect(run)
        run.recorder.yields = False
        for line in run.origin.watch.skips.lines() if run.origin.watch else ():
            run.notices.warn(line)
        if run.autologged:
            run.notices.info(autologged.told(run.autologged))
        with _told(run, "the output"):
            collecting.record_output(run, error)
        with _told(run, "figures"):
            figures = collecting.record_figures(run)
        with _told(run, "the source"):
            collecting.record_source(run, status, duration)
        with _told(run, "the environment"):
            collecting.record_environment(run)
        with _told(run, "git"):
            collecting.record_git(run)
        collecting.tell_redactions(run)
    except KeyboardInterrupt:
        run.notices.warn("interrupted while the run was being recorded: what came after is missing")
        run.recorder.tag(INCOMPLETE, "interrupted while it was being recorded")
    finally:
        active.leave(run)
        try:
            with _told(run, "everything"):
                ending.end(run, status, error, duration)
        except KeyboardInterrupt:
            run.notices.warn("interrupted while the run was being delivered: that goes on in the background")
    return _summary(run, status, error, duration=duration, figures=figures)


@contextlib.contextmanager
def _told(run: ActiveRun, what: str) -> Iterator[None]:
    """Turn whatever fails within into one line: no fault of ours may reach the user's cell."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # this is where every fault of ours ends
        run.notices.warn(f"{what} could not be recorded: {beginning(one_line(error), 250)}")


def _summary(
    run: ActiveRun,
    status: Status,
    error: BaseException | None,
    *,
    duration: float,
    figures: list[str],
) -> RunSummary:
    metrics = {name: MetricLine(name, value) for name, value in run.logged.metrics.items()}
    metrics |= run.recorder.metrics
    before = None
    with _told(run, "the comparison with the previous run"):
        before = previous.exchange(run, {name: line.value for name, line in metrics.items()})
    lines = [
        replace(line, previous=before.metrics.get(name) if before else None)
        for name, line in metrics.items()
        if not name.startswith("system/")
    ]
    return RunSummary(
        run_id=run.run_id,
        name=run.name,
        experiment=run.experiment,
        status=status,
        duration_s=run.seconds_before + duration,
        span_s=None if run.target.earlier is None else _span_s(run, duration),
        params={**run.logged.params, **run.recorder.params},
        metrics=tuple(lines),
        datasets=tuple(run.datasets),
        models=tuple(run.models),
        figures=tuple(figures),
        notices=run.notices.all(),
        error=redaction.redact(one_line(error))[0] if error is not None else None,
        url=connection.url(run.run_id, run.experiment_id) if run.delivery.run_id else None,
        previous_name=before.name if before and lines else None,
    )


def _span_s(run: ActiveRun, duration: float) -> float:
    """Return the seconds from the start of a continued run to its end, as they are stored."""
    return (run.delivery.began.started - run.began) / 1000 + duration


def _logged_in(run: ActiveRun) -> Logged:
    """Return what the store holds of *run*; when it cannot be asked, what is recorded from here on yields to that."""
    client = run.target.client
    if not run.in_mlflow or client is None:
        return Logged()
    try:
        stored = run.patience.ask(lambda: client.get_run(run.run_id))
    except Exception:  # noqa: BLE001  # every store raises its own kinds; that it is away is told when the run is ended
        run.recorder.yields = True
        return Logged()
    models = stored.outputs.model_outputs if stored.outputs is not None else ()
    ids = tuple(model.model_id for model in models)
    ended = _ENDED.get(str(stored.info.status))
    return Logged(dict(stored.data.params), dict(stored.data.metrics), ids, ended)
