"""Collect what the code of a run left behind: each function records one kind of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlmagic.journal import signing
from mlmagic.recording.inferred import inferred_values
from mlmagic.recording.inferred.autologged import holds_history, holds_metric
from mlmagic.recording.tags import source_tags
from mlmagic.recording.tracebacks import traceback_text
from mlmagic.replay.order import order_of, saved_cells
from mlmagic.session.notebook_session import seeding
from mlmagic.session.output.figures import FailedFigure
from mlmagic.snapshot.environment import environment, redacted_files
from mlmagic.snapshot.randomness import seeding as randomness
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import shared_parts
from mlmagic.store.keys import slug, unused
from mlmagic.user_objects import guarded, one_line, text_of
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.recording.summary import Status
    from mlmagic.session.log_storage import StoredLog
    from mlmagic.tracking.open_run import OpenRun

_WAIT_FOR_GIT_S = 10.0
_ENVIRONMENT, _REQUIREMENTS = "mlmagic/environment.json", "mlmagic/requirements.txt"
_PATCH = "mlmagic/uncommitted.patch"
_metrics_of_the_session: set[str] = set()
"""Names that hold results: the user's namespace keeps them after `%reload_ext`."""


def record_asked(run: OpenRun) -> None:
    """Record ``-p`` and ``-m``, but never under a key that the user's own code logged."""
    names = run.origin.namespace
    earlier = set(run.recorder.params)
    for name in run.options.params:
        if name not in names:
            run.notices.warn(f"-p {name}: there is no such name when the cell ends")
        elif name not in run.logged.params or name in earlier:
            run.recorder.param(name, names[name])
    by_user = metrics_logged(run)
    for name in run.options.metrics:
        if name not in names:
            run.notices.warn(f"-m {name}: the cell does not bind it")
        elif not _changed(run, name):
            run.notices.warn(f"-m {name}: the cell does not bind it; the value of an earlier cell was not recorded")
        elif name not in by_user and name not in run.recorder.metrics:
            run.recorder.metric(name, names[name])


def record_seed(run: OpenRun, own: frozenset[str]) -> None:
    """Record the seed that ``%seed`` set as the parameter ``seed``, unless it is among the cell's *own* parameters."""
    seed = randomness.current()
    if seed is None:
        _standing(run, "seed", f"no seed set: {seeding(42)} makes a run repeatable")
        return
    _standing(run, "seed")
    if "seed" not in run.logged_params | own | {*run.options.params}:
        run.recorder.param("seed", seed.value)


def record_automatic(run: OpenRun, value: Any, error: BaseException | None) -> frozenset[str]:
    """Record the parameters and metrics inferred from the cell, except under keys that were logged already.

    Return the names of the parameters.
    """
    watch = run.origin.watch
    if watch is None:
        return frozenset()
    watch.end(error)
    known = _metrics_of_the_session
    found = inferred_values.find(watch, run.origin.namespace, result=value, known_metrics=known)
    options, recorder = run.options, run.recorder
    left_out = options.exclude | run.logged_params | {*options.metrics}
    own = frozenset(found.params.keys() - left_out)
    for name, setting in found.params.items():
        if name in own:
            recorder.param(name, setting)
    _record_metrics(run, found, metrics_logged(run))
    for note in found.notes:
        run.notices.info(note)
    return own


def _record_metrics(run: OpenRun, found: inferred_values.InferredValues, logged: Mapping[str, float]) -> None:
    """Record the metrics that were *found*, except those of evaluations and those that autologging has *logged*."""
    evaluated = {id(value) for one in run.evaluations for value in one["metrics"].values()}
    left_out = run.options.exclude | {*logged, *run.recorder.metrics, *run.options.params}
    names = run.origin.namespace
    of_folds = {name for name, held in run.of_folds.items() if name in names and held.is_(names[name])}
    autologged = []
    for name, curve in found.metrics.items():
        if name in left_out or name.partition(".")[0] in of_folds:
            continue
        if all(id(number) in evaluated for number in curve):  # recorded by the evaluation, under the metric's own name
            _metrics_of_the_session.add(name)
            continue
        theirs = name in found.measures and holds_metric(found.measures[name], curve, logged)
        if theirs or (name in found.histories and holds_history(found.histories[name], curve, logged)):
            autologged.append(name)
            continue
        _metrics_of_the_session.add(name)
        first = _first_step(run, name)
        for step, number in zip(found.steps.get(name, range(len(curve))), curve, strict=True):
            run.recorder.metric(name, number, first + step)
    if autologged:
        run.autologged.append(f"metrics {', '.join(autologged)}")


def _first_step(run: OpenRun, name: str) -> int:
    """Return the step after the last one that the earlier cells of a continued run recorded."""
    earlier = run.target.earlier
    return earlier.last_steps.get(name, -1) + 1 if earlier is not None else 0


def metrics_logged(run: OpenRun) -> dict[str, float]:
    """Return the metrics that were logged with MLflow in this cell, without those of a run's earlier cells."""
    before = run.metrics_before
    return {name: value for name, value in run.logged.metrics.items() if name not in before or before[name] != value}


def _changed(run: OpenRun, name: str) -> bool:
    """Return whether the cell bound *name* to another object, or changed the list or dict that it was."""
    value, watch = run.origin.namespace[name], run.origin.watch
    if watch.bound.is_bound(name) if watch is not None else name in run.origin.binds:
        return True
    before, copied = run.before.get(name, (None, None))
    return before is None or not before.is_(value) or (copied is not None and differs(value, copied))


@guarded(default=True)
def differs(value: object, other: object) -> bool:
    """Return whether two objects are unequal; objects that cannot be compared count as unequal."""
    return bool(value != other)


def record_output(run: OpenRun, error: BaseException | None) -> None:
    """Record what was printed, and the traceback of a failed cell."""
    output = run.capture.transcript.text()
    if output:
        run.recorder.text("mlmagic/output.txt", output, after=_between(run))
    if run.capture.transcript.dropped:
        run.notices.warn(
            f"the output is long: {run.capture.transcript.dropped:,} characters of its middle were not recorded"
        )
    if error is None:
        return
    run.recorder.tag("mlmagic.error", one_line(error))
    run.recorder.text("mlmagic/traceback.txt", traceback_text(error), after=_between(run))
    text = text_of(error)
    if "mlflow.end_run()" in text and "is already active" in text:
        run.notices.warn("this cell is a run already: write mlflow.start_run(nested=True) for a run within it")


def record_figures(run: OpenRun) -> list[str]:
    """Record the figures, and return their names."""
    if run.capture.figures is None:
        return []
    taken = run.figure_names
    first = len(taken)
    names = []
    for number, figure in enumerate(run.capture.figures.finish(), first + 1):
        if isinstance(figure, FailedFigure):
            title = run.recorder.name(figure.title, "names of figures")[:60]
            run.notices.warn(f"the figure {title or number!r} could not be rendered: {figure.reason}")
            continue
        title = run.recorder.name(figure.title, "names of figures")
        name = unused(slug(title) or f"figure_{number}", taken)
        run.recorder.data(f"figures/{name}.{figure.extension}", figure.content)
        if figure.digest:
            run.figure_digests[f"{name}.{figure.extension}"] = figure.digest
        names.append(name)
    return names


def record_source(run: OpenRun, status: Status, duration: float) -> None:
    """Record the cell as typed, and the execution log up to it."""
    origin, before, after = run.origin, "", None
    if run.target.earlier is not None:
        before = f"# %%{_numbered(*run.previous_cells[:1])}\n"
        after = f"\n\n# %%{_numbered(origin.number)} {status} {duration:.2f} s\n"
    run.recorder.text("mlmagic/cell.py", origin.source, after=after, before=before)
    if run.previous_cells and origin.number is not None:
        run.recorder.tag("mlmagic.cell", json.dumps([*run.previous_cells, origin.number]))
    if origin.log is not None:
        _record_log(run, origin.log.up_to(origin.log_entry))


def record_order(run: OpenRun) -> None:
    """Record whether the run's inputs came from cells in order, and not since edited."""
    origin = run.origin
    if origin.log is None or origin.log_entry is None or origin.log_entry.nested:
        return
    cells = [cell for cell in origin.log.cells_up_to(origin.log_entry) if not cell.nested]
    found = order_of(cells, saved_cells(origin.notebook))
    run.recorder.tag("mlmagic.order", found.verdict)
    if found.reason:
        run.recorder.tag("mlmagic.order.reason", found.reason)
        run.notices.info(f"{found.verdict}: {found.reason}")


def _record_log(run: OpenRun, stored: StoredLog) -> None:
    content, parts = stored.content, stored.parts
    if run.other_kernels is not None:
        other = run.other_kernels.up_to()
        content, parts = content | {"earlier": [other.content]}, parts + other.parts
    entry = run.origin.log_entry
    if entry is not None and run.run_id in entry.runs:
        content = content | {"position": entry.runs.index(run.run_id)}
    if run.figure_digests:
        content = content | {"figures": run.figure_digests}
    content = content | {signing.SESSION_SIGNATURE: signing.of_session(content)}
    text = json.dumps(content, indent=1, ensure_ascii=False)
    run.recorder.redacted("mlmagic/session.json", text, stored.redacted[0])
    run.recorder.redacted("mlmagic/session.py", stored.script, stored.redacted[1])
    run.recorder.parts(parts, _stored_by(run))


def _stored_by(run: OpenRun) -> Callable[[str], bool]:
    """Return a function that returns whether this process has stored a part in the experiment of *run*."""
    return lambda digest: shared_parts.is_stored(run.delivery.uri, run.experiment_id, digest)


def record_environment(run: OpenRun) -> None:
    """Record the environment that the code ran in."""
    files = redacted_files.files_of(environment.capture())
    run.recorder.redacted(_ENVIRONMENT, files.environment.text, files.environment.count)
    run.recorder.redacted(_REQUIREMENTS, files.requirements.text, files.requirements.count)


def record_git(run: OpenRun) -> None:
    """Record the patch of uncommitted changes, and the tags for which git was too slow when the run was opened."""
    state = run.git.result(_WAIT_FOR_GIT_S)
    if state is None:
        run.notices.warn("git did not answer: commit and uncommitted changes are not recorded")
        return
    for key, value in source_tags(run.origin, state).items():
        if run.tags.get(key) != value:
            run.recorder.tag(key, value)
    kept = "not recorded"
    if state.patch == "":
        run.recorder.text(_PATCH, "")
        kept = "outputs of notebooks alone, which are not recorded"
    elif state.patch:
        is_whole = run.recorder.patch(_PATCH, state.patch, _stored_by(run))
        kept = f"kept in {_PATCH}{'' if is_whole else ', which does not apply where it was redacted'}"
    _standing(run, "git", *state.notices, *([f"uncommitted changes: {kept}"] if state.dirty else []))


def tell_redactions(run: OpenRun) -> None:
    """Report how many secrets were redacted and where; for what stays from cell to cell, only if that has changed."""
    for problem in redaction.problems():
        run.notices.warn(problem)
    where = run.recorder.redactions()
    surroundings = {place: count for place, count in where.items() if place in {_ENVIRONMENT, _REQUIREMENTS, _PATCH}}
    if of_the_cell := {place: count for place, count in where.items() if place not in surroundings}:
        run.notices.info(_redacted(of_the_cell))
    _standing(run, "redactions", *([_redacted(surroundings)] if surroundings else []))


def _redacted(where: Mapping[str, int]) -> str:
    places = ", ".join(place.removeprefix("mlmagic/") for place in sorted(where))
    count = sum(where.values())
    return f"{count} secret{'s' if count > 1 else ''} redacted in {places}"


def _standing(run: OpenRun, topic: str, *texts: str) -> None:
    run.notices.standing(topic, *texts, shown=not (run.options.quiet or settings.quiet))


def _between(run: OpenRun) -> str | None:
    """Return the separator between an earlier cell's text and this cell's, or None if the run is not continued."""
    return f"\n# %%{_numbered(run.origin.number)}\n" if run.target.earlier is not None else None


def _numbered(number: int | None = None) -> str:
    return "" if number is None else f" [{number}]"
