"""The life of a run, in order: open it, watch its code, collect what the code left, end it, show it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.recording import open_runs
from mlmagic.recording.active_run import Logged
from mlmagic.recording.inferred import autologged, previous
from mlmagic.recording.summary import MetricLine, RunSummary
from mlmagic.session.interrupts import deferred
from mlmagic.snapshot.randomness.generators import untouched
from mlmagic.snapshot.secrets import redaction
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.store import tracking_uri
from mlmagic.store.query.light_runs import INCOMPLETE
from mlmagic.tracking import collecting, ending, opening
from mlmagic.user_objects import one_line
from mlmagic.views.show import show_summary

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator, Mapping

    from mlmagic.recording.cell_capture import CellCapture
    from mlmagic.recording.options import Origin, TrackOptions
    from mlmagic.recording.summary import Status
    from mlmagic.tracking.open_run import OpenRun

_ENDED: Mapping[str, Status] = {"FINISHED": "FINISHED", "FAILED": "FAILED", "KILLED": "KILLED"}


def open_run(options: TrackOptions, origin: Origin) -> OpenRun:
    """Open a run, or continue one, and make it the active one.

    Raises
    ------
    MLMagicError
        If the options name something that does not exist, or the store refuses. Nothing is left open then.
    """
    run = opening.open_run(options, origin)
    if origin.log_entry is not None:
        origin.log_entry.runs.append(run.run_id)
    return run


def abandon(run: OpenRun, error: BaseException) -> None:
    """Undo the opening of *run*, whose cell was rejected because of *error* after it was opened: its code never ran."""
    opening.abandon(run, error)


def watch(run: OpenRun, tree: ast.Module) -> ast.Module:
    """Watch the code of a tracked cell from here on; return the tree to run. Never raises."""
    watched = run.origin.watch
    if watched is None:
        return tree
    try:
        rewritten = watched.begin(tree)
        watched.calls.on_end = partial(ending.reopen, run)
        if not run.captures:
            run.captures = _new_captures()
            for capture in run.captures:
                capture.before(run)
    except KeyboardInterrupt:
        raise
    except SyntaxError:  # `return` parses and does not compile: the cell fails with it
        return tree
    except BaseException as error:  # noqa: BLE001  # no error of mlmagic may reach the user's cell
        run.notices.warn(f"parameters and metrics of this cell are not recorded: {one_line(error)}")
        return tree
    return rewritten


def _new_captures() -> tuple[CellCapture, ...]:
    from mlmagic.config.capture import ConfigCapture
    from mlmagic.data.capture import DataCapture
    from mlmagic.models.capture import ModelCapture
    from mlmagic.models.cross_validations import CrossValidationCapture
    from mlmagic.models.studies import StudyCapture

    return (ConfigCapture(), DataCapture(), ModelCapture(), StudyCapture(), CrossValidationCapture())


def finish(
    run: OpenRun, error: BaseException | None, value: Any = None, show: Callable[[RunSummary], None] | None = None
) -> RunSummary:
    """Close *run* and show its summary.

    Parameters
    ----------
    error
        What its code raised.
    value
        The value of the cell's last expression.
    show
        Shows the summary in place of the usual way.
    """
    with untouched():
        summary = close(run, error, value=value)
        open_runs.note_last(run.run_id)
        with deferred():
            if show is not None:
                show(summary)
            else:
                show_summary(summary, quiet=run.options.quiet)
    return summary


def close(run: OpenRun, error: BaseException | None, *, value: Any = None) -> RunSummary:
    """Record what the code left behind and end the run. Never raises: a failure becomes a notice."""
    duration = run.duration_s
    status = status_of(error)
    run.error = error
    figures: list[str] = []
    try:
        status = _collect_values(run, error, value) or status
        _collect_captures(run)
        figures = _collect_files(run, error, status, duration)
    except KeyboardInterrupt:
        run.notices.warn("interrupted while the run was being recorded: what came after is missing")
        run.recorder.tag(INCOMPLETE, "interrupted while it was being recorded")
    finally:
        open_runs.leave(run)
        try:
            with _told(run, "everything"):
                ending.end(run, status, error, duration)
        except KeyboardInterrupt:
            run.notices.warn("interrupted while the run was being delivered: that goes on in the background")
    return _summary(run, status, error, duration=duration, figures=figures)


def _collect_values(run: OpenRun, error: BaseException | None, value: Any) -> Status | None:
    """Record parameters and metrics; return the status that the user's code itself gave the run, or None."""
    status = None
    with _told(run, "loops left open"):
        run.recorder.finish()
    run.capture.stop()
    with _told(run, "system metrics"):
        if run.sampler:
            run.sampler.stop()
    with _told(run, "parameters and metrics"):
        run.logged = _logged_in(run)
        status = run.logged.status if error is None else None
        collecting.record_asked(run)
        own = collecting.record_automatic(run, value, error)
        collecting.record_seed(run, own)
    return status


def _collect_captures(run: OpenRun) -> None:
    for capture in run.captures:
        with _told(run, capture.what):
            capture.after(run)
    run.recorder.yields = False
    for line in run.origin.watch.skips.lines() if run.origin.watch else ():
        run.notices.warn(line)
    if run.autologged:
        run.notices.info(autologged.told(run.autologged))


def _collect_files(run: OpenRun, error: BaseException | None, status: Status, duration: float) -> list[str]:
    """Record the output, figures, source, environment and git state; return the names of the figures."""
    figures: list[str] = []
    with _told(run, "the output"):
        collecting.record_output(run, error)
    with _told(run, "figures"):
        figures = collecting.record_figures(run)
    with _told(run, "the source"):
        collecting.record_source(run, status, duration)
    with _told(run, "the order of cells"):
        collecting.record_order(run)
    with _told(run, "the environment"):
        collecting.record_environment(run)
    with _told(run, "git"):
        collecting.record_git(run)
    collecting.tell_redactions(run)
    return figures


def status_of(error: BaseException | None) -> Status:
    """Return the status of a run whose code ended with *error*."""
    if error is None:
        return "FINISHED"
    # An interrupt of an async cell arrives as a cancelled task.
    if issubclass(type(error), KeyboardInterrupt) or type(error).__name__ == "CancelledError":
        return "KILLED"
    return "FAILED"


@contextlib.contextmanager
def _told(run: OpenRun, what: str) -> Iterator[None]:
    """Turn any error within into one line: no error of mlmagic may reach the user's cell."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # every error of mlmagic ends here
        run.notices.warn(f"{what} could not be recorded: {beginning(one_line(error), 250)}")


def _summary(
    run: OpenRun,
    status: Status,
    error: BaseException | None,
    *,
    duration: float,
    figures: list[str],
) -> RunSummary:
    metrics = {name: MetricLine(name, value) for name, value in run.logged.metrics.items()}
    metrics |= run.recorder.metrics
    params = {**run.logged.params, **run.recorder.params}
    before = None
    with _told(run, "the comparison with the previous run"):
        before = previous.exchange(run, params, {name: line.value for name, line in metrics.items()})
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
        params=params,
        metrics=tuple(lines),
        datasets=tuple(run.datasets),
        models=tuple(run.models),
        figures=tuple(figures),
        notices=run.notices.all(),
        error=redaction.redact(one_line(error))[0] if error is not None else None,
        url=tracking_uri.url(run.run_id, run.experiment_id) if run.delivery.run_id else None,
        previous_name=before.name if before else None,
        changes=previous.changes_of(before.params, params) if before else (),
        changed_lines=previous.changed_lines(before.source, run.origin.source) if before else 0,
    )


def _span_s(run: OpenRun, duration: float) -> float:
    """Return the seconds from the start of a continued run to its end, as stored."""
    return (run.delivery.began.started - run.began) / 1000 + duration


def _logged_in(run: OpenRun) -> Logged:
    """Return what the store has of *run*; if it cannot be queried, later records give way to what the user logged."""
    client = run.target.client
    if not run.in_mlflow or client is None:
        return Logged()
    try:
        stored = run.patience.ask(lambda: client.get_run(run.run_id))
    except Exception:  # noqa: BLE001  # each store raises its own; the end of the run reports it
        run.recorder.yields = True
        return Logged()
    models = stored.outputs.model_outputs if stored.outputs is not None else ()
    ids = tuple(model.model_id for model in models)
    ended = _ENDED.get(str(stored.info.status))
    return Logged(dict(stored.data.params), dict(stored.data.metrics), ids, ended)
