"""What the code of a run left behind: each function records one kind of it."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

from mlmagic.runs import automatic, store
from mlmagic.runs.keys import slug, unused
from mlmagic.runs.tags import source_tags
from mlmagic.session.figures import FailedFigure
from mlmagic.settings import settings
from mlmagic.snapshot import environment, randomness

if TYPE_CHECKING:
    from mlflow.entities import Run

    from mlmagic.runs.active import ActiveRun
    from mlmagic.runs.summary import Status

_WAIT_FOR_GIT_S = 10.0
_metrics_of_the_session: set[str] = set()


def record_asked(run: ActiveRun, stored: Run) -> None:
    """Record ``-p`` and ``-m``, and the seed: never under a key that the user's own code logged."""
    names = run.origin.namespace
    earlier = set(run.recorder.params)
    for name in run.options.params:
        if name not in names:
            run.notices.warn(f"-p {name}: there is no such name when the cell ends")
        elif name not in stored.data.params or name in earlier:
            run.recorder.param(name, names[name])
    logged = metrics_logged(run, stored)
    for name in run.options.metrics:
        if name not in names:
            run.notices.warn(f"-m {name}: the cell does not bind it")
        elif name not in run.origin.binds and not _changed(run, name):
            run.notices.warn(f"-m {name}: the cell does not bind it; the value of an earlier cell was not recorded")
        elif name not in logged and name not in run.recorder.metrics:
            run.recorder.metric(name, names[name])
    seed = randomness.current()
    if seed is None:
        _standing(run, "seed", "no seed set: %seed 42 makes a run repeatable")
        return
    _standing(run, "seed")
    if "seed" not in stored.data.params and "seed" not in run.recorder.params:
        run.recorder.param("seed", seed.value)


def record_automatic(run: ActiveRun, stored: Run, value: Any) -> None:
    """Record the parameters and metrics that the cell shows by itself, under keys that nothing was logged under."""
    watch = run.origin.watch
    if watch is None:
        return
    watch.end()
    found = automatic.find(watch, run.origin.namespace, result=value, known_metrics=_metrics_of_the_session)
    options, recorder = run.options, run.recorder
    left_out = options.exclude | {*stored.data.params, *recorder.params, *options.metrics}
    for name, setting in found.params.items():
        if name not in left_out:
            recorder.param(name, setting)
    left_out = options.exclude | {*metrics_logged(run, stored), *recorder.metrics, *options.params}
    for name, curve in found.metrics.items():
        if name in left_out:
            continue
        _metrics_of_the_session.add(name)
        for step, number in enumerate(curve):
            recorder.metric(name, number, step)
    for note in found.notes:
        run.notices.info(note)


def metrics_logged(run: ActiveRun, stored: Run) -> set[str]:
    """Return the metrics that the user's code logged with MLflow in this cell, not those of a run's earlier cells."""
    before = run.metrics_before
    return {name for name, value in stored.data.metrics.items() if name not in before or before[name] != value}


def _changed(run: ActiveRun, name: str) -> bool:
    """Tell whether the cell gave *name* another object, or filled the list or dict that it was."""
    held, copied = run.held_before.get(name, (None, None))
    value = run.origin.namespace[name]
    return value is not held or (copied is not None and value != copied)


def record_output(run: ActiveRun, error: BaseException | None) -> None:
    """Record what was printed, and the traceback of a failed cell."""
    output = run.capture.transcript.text()
    if output:
        run.recorder.text("mlmagic/output.txt", _after_earlier(run, "mlmagic/output.txt", output))
    if run.capture.transcript.dropped:
        run.notices.warn(
            f"the output is long: {run.capture.transcript.dropped:,} characters of its middle were not recorded"
        )
    if error is None:
        return
    run.recorder.tag("mlmagic.error", one_line(error))
    run.recorder.text("mlmagic/traceback.txt", _after_earlier(run, "mlmagic/traceback.txt", _traceback(error)))
    if "mlflow.end_run()" in str(error) and "is already active" in str(error):
        run.notices.warn("this cell is a run already: write mlflow.start_run(nested=True) for a run within it")


def one_line(error: BaseException) -> str:
    """Return type and first line of *error*."""
    try:
        text = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001  # an exception of the user's whose text raises
        text = []
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def _traceback(error: BaseException) -> str:
    """Format *error* from the user's first frame on, without those of IPython around it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and _is_machinery(trace.tb_frame.f_globals):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def _is_machinery(frame_globals: dict[str, Any]) -> bool:
    return str(frame_globals.get("__name__", "")).partition(".")[0] in {"IPython", "ipykernel", "mlmagic"}


def record_figures(run: ActiveRun) -> list[str]:
    """Record the figures, and return their names."""
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


def record_source(run: ActiveRun, status: Status, duration: float) -> None:
    """Record the cell as typed, and the execution log up to it."""
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


def record_environment(run: ActiveRun) -> None:
    """Record what the code ran on."""
    found = environment.capture()
    run.recorder.json("mlmagic/environment.json", found.to_dict())
    run.recorder.text("mlmagic/requirements.txt", found.requirements())


def record_git(run: ActiveRun) -> None:
    """Record the patch of what is not committed, and the tags that git was too slow for when the run was opened."""
    state = run.git.result(_WAIT_FOR_GIT_S)
    if state is None:
        run.notices.warn("git did not answer: commit and uncommitted changes are not recorded")
        return
    for key, value in source_tags(run.origin, state).items():
        if run.tags.get(key) != value:
            run.recorder.tag(key, value)
    if state.patch:
        run.recorder.text("mlmagic/uncommitted.patch", state.patch)
    kept = "kept in mlmagic/uncommitted.patch" if state.patch else "not recorded"
    _standing(run, "git", *state.notices, *([f"uncommitted changes: {kept}"] if state.dirty else []))


def _standing(run: ActiveRun, topic: str, *texts: str) -> None:
    run.notices.standing(topic, *texts, shown=not (run.options.quiet or settings.quiet))


def _after_earlier(run: ActiveRun, path: str, text: str) -> str:
    """Return *text* after what the earlier cells of a continued run left under *path*."""
    earlier = _stored_text(run, path) if run.previous_cells else None
    return text if earlier is None else f"{earlier.rstrip()}\n# %% [{run.origin.number}]\n{text}"


def _stored_text(run: ActiveRun, path: str) -> str | None:
    return store.read_text(run.sink.artifact_uri, path)
