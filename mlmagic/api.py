"""The functions of ``import mlmagic``, which do in scripts and cells what the magics do."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described, require_mapping, require_text, require_text_or_none
from mlmagic.errors import NoActiveRunError, UsageProblem
from mlmagic.recording import active
from mlmagic.session.interrupts import whole_imports
from mlmagic.tracking.block import TrackedBlock
from mlmagic.user_objects import one_line, reraise_interrupt
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from pandas import DataFrame

    from mlmagic.comparison.diffs.difference import Difference
    from mlmagic.comparison.widget import CompareWidget
    from mlmagic.journal.foreign import ForeignJournal
    from mlmagic.recording.sync_report import SyncReport
    from mlmagic.store.query.run import Run


def track(
    name: str | None = None,
    *,
    experiment: str | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    parent: str | None = None,
    resume: str | None = None,
    system: bool = False,
    figures: bool = True,
    quiet: bool = False,
    config: Any = None,
) -> TrackedBlock:
    """Record a block of code as an MLflow run: ``with mlmagic.track("name") as run:``.

    Records the same run as ``%%track name``, for scripts and for a part of a cell.

    Parameters
    ----------
    name, experiment, tags, description, parent, system, figures, quiet
        The same as the options of ``%%track``.
    resume
        The same as ``--continue``: the id or name of a run to continue, or ``""`` for the last run.
    config
        A config, such as the one from ``@hydra.main``. Its values are recorded as parameters, and the config as a file.

    Returns
    -------
    A context manager. Within it, ``mlmagic.log`` and MLflow's own functions write to the run.

    Examples
    --------
    >>> import mlmagic
    >>> with mlmagic.track("example", quiet=True) as run:  # doctest: +SKIP
    ...     mlmagic.log(accuracy=0.9)
    """
    from mlmagic.recording.options import TrackOptions

    example = "mlmagic.track('forest', experiment='churn')"
    texts = {"name": name, "experiment": experiment, "description": description, "parent": parent, "resume": resume}
    require_text_or_none("mlmagic.track", example, **texts)
    if tags is not None and not isinstance(tags, Mapping):
        raise UsageProblem(f"mlmagic.track: tags is a mapping such as {{'team': 'search'}}, got {tags!r}.")
    options = TrackOptions(
        name=name,
        experiment=experiment,
        tags=tags or {},
        description=description,
        parent=parent,
        resume=resume,
        system=system,
        figures=figures,
        quiet=quiet,
        config=None if config is None else (_name_of(config, sys._getframe(1)), config),
    )
    return TrackedBlock(options, sys._getframe(1))


def _name_of(thing: object, frame: FrameType) -> str:
    """Return the caller's variable name of *thing*, or ``"config"``."""
    names = [*frame.f_locals.items(), *frame.f_globals.items()]
    return next((name for name, value in names if value is thing and not name.startswith("_")), "config")


def log(metrics: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any) -> None:
    """Record metrics of the active run, as keywords, or as a mapping for keys that are not Python names.

    Parameters
    ----------
    step
        The step of these values. Without it, each metric counts its own steps from 0.
    metrics, more
        Numbers: Python or NumPy scalars, or tensors of one element. Lists of numbers are recorded as curves, dicts of
        numbers under dotted keys. Any other value becomes a line in the summary, never an exception.

    Raises
    ------
    NoActiveRunError
        If no run is active.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.log(loss=0.3, step=4)
    Traceback (most recent call last):
    mlmagic.errors.NoActiveRunError: mlmagic.log was called where no run is active, ...
    """
    require_mapping("mlmagic.log", "mlmagic.log(loss=0.3) or mlmagic.log({'val/loss': 0.3})", metrics)
    recorder = active.require_active("mlmagic.log").recorder
    for name, value in ({**metrics, **more} if metrics else more).items():
        recorder.metric(str(name), value, step)


def log_params(params: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """Record parameters of the active run, as a mapping (nested ones become dotted keys), keywords, or both.

    Raises
    ------
    NoActiveRunError
        If no run is active.
    """
    require_mapping("mlmagic.log_params", "mlmagic.log_params(lr=0.1) or mlmagic.log_params({'model.lr': 0.1})", params)
    recorder = active.require_active("mlmagic.log_params").recorder
    for name, value in {**(params or {}), **more}.items():
        recorder.param(str(name), value)


def tag(tags: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """Set tags of the active run, as keywords, or as a mapping for keys that are not Python names.

    Raises
    ------
    NoActiveRunError
        If no run is active.
    """
    require_mapping("mlmagic.tag", "mlmagic.tag(team='risk') or mlmagic.tag({'data.version': '3'})", tags)
    recorder = active.require_active("mlmagic.tag").recorder
    for name, value in {**(tags or {}), **more}.items():
        recorder.tag(str(name), value)


def log_figure(figure: Any, name: str | None = None) -> None:
    """Record the current state of a matplotlib, Plotly or Altair figure in the active run, under ``figures/``.

    Any other object becomes a line in the summary, never an exception.

    Raises
    ------
    NoActiveRunError
        If no run is active.
    """
    from mlmagic.session.output.figures import render
    from mlmagic.store.keys import slug, unused

    run = active.require_active("mlmagic.log_figure")
    try:
        picture = render(figure)
    except BaseException as error:  # noqa: BLE001  # a failing picture must not end the user's cell
        reraise_interrupt(error)
        run.notices.warn(
            "mlmagic.log_figure takes a matplotlib, Plotly or Altair figure that can be drawn: "
            f"{one_line(error)}. A file is recorded with mlmagic.log_artifact(path)"
        )
        return
    if run.capture.figures:
        run.capture.figures.leave_out(figure)
    title = slug(run.recorder.name(name or picture.title, "names of figures")) or "figure"
    run.recorder.data(f"figures/{unused(title, run.figure_names)}.{picture.extension}", picture.content)


def log_artifact(path: str | Path, folder: str = "") -> None:
    """Record a file or a folder as artifacts of the active run, under *folder*.

    The file is copied immediately. If *path* does not exist, that becomes a line in the summary, never an exception.

    Raises
    ------
    NoActiveRunError
        If no run is active.
    """
    if not isinstance(path, str | os.PathLike):
        raise UsageProblem(
            f"mlmagic.log_artifact: path is text or a Path, not {described(path)}. "
            "For example: mlmagic.log_artifact('report.html')"
        )
    run = active.require_active("mlmagic.log_artifact")
    found = Path(path).absolute()
    if not found.exists():
        run.notices.warn(f"mlmagic.log_artifact: there is no file or folder {str(path)!r}")
        return
    run.recorder.copy(folder, found)


def has_last_run() -> bool:
    """Return whether a run has ended in this process."""
    return active.last_id() is not None


def last_run() -> Run:
    """Return the last run that ended in this process.

    Raises
    ------
    NoActiveRunError
        If no run has ended.
    """
    from mlmagic.store.query.run import Run

    last = active.last_id()
    if last is None:
        raise NoActiveRunError("mlmagic.last_run: no run has ended in this session yet. %runs lists earlier ones.")
    return Run(last)


@whole_imports()
def sync(*, anew: bool = False, foreign: Sequence[ForeignJournal] = ()) -> SyncReport:
    """Deliver the pending journals: runs recorded while the store was unreachable, and runs of kernels that died.

    A run that a dead kernel left open is ended as KILLED, with everything recorded so far. Journals of other live
    processes are not touched. Delivering twice changes nothing.

    Parameters
    ----------
    anew
        Create runs again, with everything in their journals, if they have pending records but were deleted from the
        store, or the store has a different database.
    foreign
        Journals to deliver instead of the user's own, from those that `foreign_journals` returns. They become runs of
        the current store with the tag ``mlmagic.foreign``.

    Returns
    -------
    The runs that were delivered, and those that were not, with the reasons.

    Raises
    ------
    UsageProblem
        If the setting ``offline`` is on.
    """
    from mlmagic.tracking import recovery

    return recovery.sync_foreign(foreign) if foreign else recovery.sync(anew=anew)


@whole_imports()
def foreign_journals() -> list[ForeignJournal]:
    """Return the pending journals in this folder that this user did not record here.

    They came with a repository or an archive, belong to another user, or were written by an earlier version that did
    not sign journals. They are delivered only on request, by ``mlmagic.sync(foreign=...)``.

    Returns
    -------
    The contents of each journal, as far as it can be read: ``path``, ``name``, ``records``, ``files``, and the
    ``reason`` why it is foreign.
    """
    from mlmagic.journal import foreign

    return foreign.foreign_journals()


@whole_imports()
def sync_foreign(*, yes: bool = False) -> SyncReport | None:
    """Show foreign journals and their target store, ask, and deliver them; return None if nothing was delivered.

    Parameters
    ----------
    yes
        Do not ask.

    Raises
    ------
    UsageProblem
        If the user cannot be asked.
    """
    from mlmagic.store import addresses, connection
    from mlmagic.views.foreign_journals import foreign_journals as view

    found = foreign_journals()
    credentials = [] if connection.is_local(connection.current_uri()) else addresses.credentials()
    print(view(found, connection.shown_uri(), credentials))  # noqa: T201
    usable = [journal for journal in found if journal.problem is None]
    count = len({journal.uid or str(journal.path) for journal in usable})
    runs = "1 run" if count == 1 else f"{count:,} runs"
    if not usable or not (yes or _confirmed(f"Deliver {runs} to {clean(connection.shown_uri())}? [y/N] ")):
        return None
    return sync(foreign=usable)


def _confirmed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except (EOFError, NotImplementedError) as error:  # ipykernel's own is a NotImplementedError
        raise UsageProblem("nobody can be asked here: add --yes once you have read the list") from error


@whole_imports()
def runs(filter: str = "", *, experiment: str | None = None, n: int = 20, sort: str | None = None) -> DataFrame:  # noqa: A002  # MLflow's word
    """Return the recorded runs as a DataFrame, newest first, as ``%runs`` does.

    Parameters
    ----------
    filter
        Conditions on metrics, params, tags and columns, joined by ``and``, ``or``, ``not`` and parentheses:
        ``accuracy > 0.9 and optimizer = adam``. There are ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``~`` and ``!~``
        (a part of a text, in any case), ``like``, ``ilike``, ``in (a, b)``, ``not in``, ``is missing`` and
        ``is not missing``. Words without an operator are searched in names, params and tags. MLflow's own filter
        syntax works too.
    experiment
        The experiment's name or id, by default the one to which new runs go.
    n
        The maximum number of runs.
    sort
        A metric to sort by instead.
    """
    from mlmagic.views.runs_frame import runs_frame

    require_text("mlmagic.runs", "mlmagic.runs('accuracy > 0.9'), mlmagic.runs() for all", filter=filter)
    require_text_or_none(
        "mlmagic.runs", "mlmagic.runs(experiment='churn', sort='accuracy')", experiment=experiment, sort=sort
    )
    return runs_frame(filter, experiment=experiment, n=n, sort=sort)


@whole_imports()
def compare(
    *what: Any, experiment: str | None = None, metric: str | None = None, group_by: str | None = None
) -> CompareWidget:
    """Show runs side by side, as ``%compare`` does: a table, their curves, and their differences.

    Parameters
    ----------
    what
        By default the newest 10,000 runs of the experiment. A filter with an operator, as for ``mlmagic.runs``; or
        names, ids or id prefixes of runs, `mlmagic.Run` objects, frames of runs, or names of experiments.
    experiment
        The name or id of the experiment to search, by default the one to which runs go.
    metric
        The main metric, which comes first and orders the runs; ``"score min"`` or ``"score max"`` if its name does not
        imply a direction.
    group_by
        ``"seed"`` groups the runs that differ only in their seed; the name of a param, tag or column groups the runs
        with equal values.

    Returns
    -------
    A widget. ``widget.selected`` has the ids of the selected runs, ``widget.to_dataframe()`` returns the runs.

    Raises
    ------
    MissingPackageError
        If anywidget is not installed.
    RunNotFoundError, UsageProblem, StoreError
        If a run, experiment, metric or param does not exist, or the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> widget = mlmagic.compare("accuracy > 0.9", metric="accuracy")  # doctest: +SKIP
    >>> mlmagic.compare("forest", "boosting")  # doctest: +SKIP
    """
    from mlmagic.adapters.optional import require

    example = "mlmagic.compare('accuracy > 0.9', experiment='churn', group_by='seed')"
    require_text_or_none("mlmagic.compare", example, experiment=experiment, group_by=group_by)
    require("anywidget", "mlmagic.compare")
    from mlmagic.comparison.selecting import select
    from mlmagic.comparison.widget import CompareWidget
    from mlmagic.views.comparison import still_of
    from mlmagic.views.differences.difference import difference_json

    selected = select(what, experiment=experiment, metric=metric, group_by=group_by)
    return CompareWidget(selected, still=still_of, told=difference_json)


@whole_imports()
def diff(*runs: Any, experiment: str | None = None) -> Difference:
    """Compare runs with the first of them: code, parameters, metrics, data, environment, git and figures.

    Parameters
    ----------
    runs
        Two or more names, ids, id prefixes, `mlmagic.Run` objects, or rows of the table of ``mlmagic.runs``.
    experiment
        The name or id of the experiment in which to look names up.

    Returns
    -------
    The difference, which a notebook displays; ``difference.to_json()`` returns it as plain data.

    Raises
    ------
    UsageProblem
        If there are fewer than two runs, or one is named twice.
    RunNotFoundError, StoreError
        If a run does not exist, or the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.diff("forest", "boosting")  # doctest: +SKIP
    """
    from mlmagic.comparison.comparing import compare_runs

    require_text_or_none("mlmagic.diff", "mlmagic.diff('first', 'second', experiment='churn')", experiment=experiment)
    return compare_runs(runs, experiment=experiment)
