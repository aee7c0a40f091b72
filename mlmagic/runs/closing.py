"""Closing a run: what the cell left behind is recorded, the run is ended, and what is to be shown is returned."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.runs import active, previous, store
from mlmagic.runs.keys import slug, unused
from mlmagic.runs.summary import MetricLine, RunSummary
from mlmagic.runs.tags import source_tags
from mlmagic.session.cells import running
from mlmagic.session.figures import FailedFigure
from mlmagic.snapshot import environment, randomness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Run

    from mlmagic.runs.active import ActiveRun
    from mlmagic.runs.summary import Status

_WAIT_FOR_GIT_S = 10.0


def status_of(error: BaseException | None) -> Status:
    """Return the status of a run whose code ended with *error*."""
    if error is None:
        return "FINISHED"
    # An interrupt of an async cell arrives as a cancelled task.
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError":
        return "KILLED"
    return "FAILED"


def close_run(run: ActiveRun, error: BaseException | None) -> RunSummary:
    """Record what the code left behind and end the run. Never raises: what fails becomes a notice."""
    duration = time.time() - run.started
    status = status_of(error)
    figures: list[str] = []
    stored: Run | None = None
    try:
        run.capture.stop()
        with _told(run, "system metrics"):
            if run.sampler:
                run.sampler.stop()
        with _told(run, "parameters and metrics"):
            stored = run.client.get_run(run.run_id)
            _record_asked(run, stored)
        with _told(run, "the output"):
            _record_output(run, error)
        with _told(run, "figures"):
            figures = _record_figures(run)
        with _told(run, "the source"):
            _record_source(run, status, duration)
        with _told(run, "the environment"):
            _record_environment(run)
        with _told(run, "git"):
            _record_git(run)
        with _told(run, "runs left open"):
            _close_strays(run, status, error)
        _tell_redactions(run)
    except KeyboardInterrupt:
        run.notices.warn("interrupted while the run was being recorded: what came after is missing")
    finally:
        active.leave(run)
        _end(run, status)
    return _summary(run, status, error, duration=duration, figures=figures, stored=stored)


@contextlib.contextmanager
def _told(run: ActiveRun, what: str) -> Iterator[None]:
    """Turn whatever fails within into one line: no fault of ours may reach the user's cell."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # this is where every fault of ours ends
        reason = (str(error).strip().splitlines() or [""])[0][:200]
        run.notices.warn(f"{what} could not be recorded: {type(error).__name__}: {reason}")


def _end(run: ActiveRun, status: Status) -> None:
    with _told(run, "everything"):
        for problem in run.sink.close(status):
            run.notices.warn(problem)


def _record_asked(run: ActiveRun, stored: Run) -> None:
    """Record ``-p`` and ``-m``, and the seed: never under a key that the user's own code logged."""
    names = run.origin.namespace
    for name in run.options.params:
        if name not in names:
            run.notices.warn(f"-p {name}: there is no such name when the cell ends")
        elif name not in stored.data.params:
            run.recorder.param(name, names[name])
    for name in run.options.metrics:
        if name not in names:
            run.notices.warn(f"-m {name}: the cell does not bind it")
        elif name not in run.origin.binds and names[name] is run.held_before.get(name):
            run.notices.warn(f"-m {name}: the cell does not bind it; the value of an earlier cell was not recorded")
        elif name not in stored.data.metrics and name not in run.recorder.metrics:
            run.recorder.metric(name, names[name])
    seed = randomness.current()
    if seed is None:
        run.notices.info("no seed set: %seed 42 makes a run repeatable")
    elif "seed" not in stored.data.params and "seed" not in run.recorder.params:
        run.recorder.param("seed", seed.value)


def _record_output(run: ActiveRun, error: BaseException | None) -> None:
    output = run.capture.transcript.text()
    if output:
        run.recorder.text("mlmagic/output.txt", _after_earlier(run, "mlmagic/output.txt", output))
    if run.capture.transcript.dropped:
        run.notices.warn(
            f"the output is long: {run.capture.transcript.dropped:,} characters of its middle were not recorded"
        )
    if error is None:
        return
    run.recorder.tag("mlmagic.error", _one_line(error))
    run.recorder.text("mlmagic/traceback.txt", _after_earlier(run, "mlmagic/traceback.txt", _traceback(error)))
    if "mlflow.end_run()" in str(error) and "is already active" in str(error):
        run.notices.warn("this cell is a run already: write mlflow.start_run(nested=True) for a run within it")


def _one_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def _traceback(error: BaseException) -> str:
    """Format *error* from the user's first frame on, without those of IPython around it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and _is_machinery(trace.tb_frame.f_globals):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def _is_machinery(frame_globals: dict[str, Any]) -> bool:
    return str(frame_globals.get("__name__", "")).partition(".")[0] in {"IPython", "ipykernel", "mlmagic"}


def _record_figures(run: ActiveRun) -> list[str]:
    if run.capture.figures is None:
        return []
    taken = run.figure_names | (_stored_figures(run) if run.previous_cells else set())
    first = len(taken)
    names = []
    for number, figure in enumerate(run.capture.figures.finish(), first + 1):
        if isinstance(figure, FailedFigure):
            run.notices.warn(f"the figure {figure.title[:60] or number!r} could not be rendered: {figure.reason}")
            continue
        name = unused(slug(figure.title) or f"figure_{number}", taken)
        run.recorder.data(f"figures/{name}.{figure.extension}", figure.content)
        names.append(name)
    return names


def _stored_figures(run: ActiveRun) -> set[str]:
    listed = run.client.list_artifacts(run.run_id, "figures")
    return {file.path.rpartition("/")[2].rpartition(".")[0] for file in listed}


def _record_source(run: ActiveRun, status: Status, duration: float) -> None:
    origin, part = run.origin, run.origin.source
    earlier = _stored_text(run, "mlmagic/cell.py") if run.previous_cells else None
    if earlier is not None:
        if not earlier.startswith("# %% ["):
            earlier = f"# %% [{run.previous_cells[0]}]\n{earlier}"
        part = f"{earlier.rstrip()}\n\n# %% [{origin.number}] {status} {duration:.2f} s\n{part}"
    run.recorder.text("mlmagic/cell.py", part)
    if run.previous_cells and origin.number is not None:
        run.recorder.tag("mlmagic.cell", json.dumps([*run.previous_cells, origin.number]))
    if origin.log is not None:
        log = origin.log.snapshot(origin.log_entry)
        run.recorder.json("mlmagic/session.json", log.to_dict())
        run.recorder.text("mlmagic/session.py", log.to_script())


def _record_environment(run: ActiveRun) -> None:
    found = environment.capture()
    run.recorder.json("mlmagic/environment.json", found.to_dict())
    run.recorder.text("mlmagic/requirements.txt", found.requirements())


def _record_git(run: ActiveRun) -> None:
    state = run.git.result(_WAIT_FOR_GIT_S)
    if state is None:
        run.notices.warn("git did not answer: commit and uncommitted changes are not recorded")
        return
    for line in state.notices:
        run.notices.info(line)
    for key, value in source_tags(run.origin, state).items():
        if run.tags.get(key) != value:
            run.recorder.tag(key, value)
    if state.patch:
        run.recorder.text("mlmagic/uncommitted.patch", state.patch)
    if state.dirty:
        kept = "kept in mlmagic/uncommitted.patch" if state.patch else "not recorded"
        run.notices.info(f"uncommitted changes: {kept}")


def _close_strays(run: ActiveRun, status: Status, error: BaseException | None) -> None:
    """End the MLflow runs that the cell began and left open: on its own thread, and on those that it started."""
    busy = running.busy_elsewhere()
    for run_id, (thread, _, stray) in reversed(store.open_runs().items()):
        if run_id in run.others or run_id in active.open_ids() or thread in busy:
            continue
        if thread != threading.get_ident():
            run.notices.warn(
                f"the run {stray.info.run_name!r} began on another thread, which MLflow keeps apart: it was closed. "
                "mlmagic.log in a thread writes to the cell's run"
            )
        elif error is None:
            run.notices.warn(f"the run {stray.info.run_name!r} was left open: it was closed")
        store.end(run.client, run_id, status)


def _tell_redactions(run: ActiveRun) -> None:
    where = run.recorder.redactions()
    if where:
        places = ", ".join(place.removeprefix("mlmagic/") for place in sorted(where))
        count = sum(where.values())
        run.notices.info(f"{count} secret{'s' if count > 1 else ''} redacted in {places}")


def _after_earlier(run: ActiveRun, path: str, text: str) -> str:
    """Return *text* after what the earlier cells of a continued run left under *path*."""
    earlier = _stored_text(run, path) if run.previous_cells else None
    return text if earlier is None else f"{earlier.rstrip()}\n# %% [{run.origin.number}]\n{text}"


def _stored_text(run: ActiveRun, path: str) -> str | None:
    return store.read_text(run.sink.artifact_uri, path)


def _summary(
    run: ActiveRun,
    status: Status,
    error: BaseException | None,
    *,
    duration: float,
    figures: list[str],
    stored: Run | None,
) -> RunSummary:
    logged = stored.data if stored is not None else None
    metrics = {name: MetricLine(name, value) for name, value in (logged.metrics if logged else {}).items()}
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
        duration_s=duration,
        params={**(logged.params if logged else {}), **run.recorder.params},
        metrics=tuple(lines),
        figures=tuple(figures),
        notices=run.notices.all(),
        error=_one_line(error) if error is not None else None,
        url=store.url(run.run_id, run.experiment_id),
        previous_name=before.name if before and lines else None,
    )
