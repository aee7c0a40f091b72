"""What ``import mlmagic`` offers beyond the magics: each function is what a magic does, for scripts and cells."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

    The same run as ``%%track name`` makes, for scripts and for a part of a cell.

    Parameters
    ----------
    name, experiment, tags, description, parent, system, figures, quiet
        As the options of ``%%track``.
    resume
        As ``--continue``: an id or name to go on with, or ``""`` for the last run.
    config
        A config, such as ``@hydra.main`` gives: its values are recorded as parameters, all of it as a file.

    Returns
    -------
    A context manager; within it ``mlmagic.log`` and MLflow's own functions write to the run.

    Examples
    --------
    >>> import mlmagic
    >>> with mlmagic.track("example", quiet=True) as run:  # doctest: +SKIP
    ...     mlmagic.log(accuracy=0.9)
    """
    from mlmagic.recording.options import TrackOptions

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
    """Return what the caller calls *thing*."""
    names = [*frame.f_locals.items(), *frame.f_globals.items()]
    return next((name for name, value in names if value is thing and not name.startswith("_")), "config")


def log(metrics: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any) -> None:
    """Record metrics of the active run: keywords, or a mapping for keys that are no Python names.

    Parameters
    ----------
    step
        The step that these values belong to. Without it each metric counts its own steps from 0.
    metrics, more
        Numbers: Python or NumPy scalars, tensors of one element; lists of numbers are curves, dicts of numbers
        become dotted keys. A value that is none of these becomes a line in the summary, never an exception.

    Raises
    ------
    NoActiveRunError
        Outside a run.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.log(loss=0.3, step=4)
    Traceback (most recent call last):
    mlmagic.errors.NoActiveRunError: mlmagic.log was called where no run is active, ...
    """
    recorder = active.require_active("mlmagic.log").recorder
    for name, value in ({**metrics, **more} if metrics else more).items():
        recorder.metric(str(name), value, step)


def log_params(params: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """Record parameters of the active run: a mapping (nested ones become dotted keys), keywords, or both.

    Raises
    ------
    NoActiveRunError
        Outside a run.
    """
    recorder = active.require_active("mlmagic.log_params").recorder
    for name, value in {**(params or {}), **more}.items():
        recorder.param(str(name), value)


def tag(tags: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """Set tags of the active run: keywords, or a mapping for keys that are no Python names.

    Raises
    ------
    NoActiveRunError
        Outside a run.
    """
    recorder = active.require_active("mlmagic.tag").recorder
    for name, value in {**(tags or {}), **more}.items():
        recorder.tag(str(name), value)


def log_figure(figure: Any, name: str | None = None) -> None:
    """Record a matplotlib, Plotly or Altair figure of the active run, as it is now, under ``figures/``.

    Something that is no figure becomes a line in the summary, never an exception.

    Raises
    ------
    NoActiveRunError
        Outside a run.
    """
    from mlmagic.session.output.figures import render
    from mlmagic.store.keys import slug, unused

    run = active.require_active("mlmagic.log_figure")
    try:
        picture = render(figure)
    except BaseException as error:  # noqa: BLE001  # a picture that fails must not end the user's cell
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

    It is copied at once. Where nothing lies at *path*, that becomes a line in the summary, never an exception.

    Raises
    ------
    NoActiveRunError
        Outside a run.
    """
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
        When there was none.
    """
    from mlmagic.store.query.run import Run

    last = active.last_id()
    if last is None:
        raise NoActiveRunError("mlmagic.last_run: no run has ended in this session yet. %runs lists earlier ones.")
    return Run(last)


@whole_imports()
def sync(*, anew: bool = False, foreign: Sequence[ForeignJournal] = ()) -> SyncReport:
    """Deliver what waits in journals: runs recorded while the store was away, and those of kernels that died.

    A run that a dead kernel left open is ended as KILLED, with all that it had. Journals of other processes that live
    are not touched. Delivering twice changes nothing.

    Parameters
    ----------
    anew
        Create runs that waiting records belong to again, where they were deleted from the store meanwhile, or its
        database is another; with all that their journals hold.
    foreign
        Journals to deliver in place of the user's own: some of those that `foreign_journals` returns. They become runs
        of the current store with the tag ``mlmagic.foreign``.

    Returns
    -------
    The runs that were delivered, and what was not, with the reason.

    Raises
    ------
    UsageProblem
        When the setting ``offline`` is on.
    """
    from mlmagic.tracking import recovery

    return recovery.sync_foreign(foreign) if foreign else recovery.sync(anew=anew)


@whole_imports()
def foreign_journals() -> list[ForeignJournal]:
    """Return the journals that wait here and were not recorded by this user in this folder.

    They came with a repository or an archive, belong to another user, or are of an earlier version, which signed
    nothing. They are never delivered unasked; ``mlmagic.sync(foreign=...)`` does.

    Returns
    -------
    What each holds, as far as it can be read: ``path``, ``name``, ``records``, ``files``, and why it is foreign.
    """
    from mlmagic.journal import foreign

    return foreign.foreign_journals()


@whole_imports()
def sync_foreign(*, yes: bool = False) -> SyncReport | None:
    """Show the journals of others and where they would go, ask, and deliver them; return None if nothing was done.

    Parameters
    ----------
    yes
        Do not ask.

    Raises
    ------
    UsageProblem
        If nobody can be asked.
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
    """List recorded runs, the newest first: what ``%runs`` shows, as a DataFrame.

    Parameters
    ----------
    filter
        Conditions on metrics, params, tags and columns, joined by ``and``, ``or``, ``not`` and parentheses:
        ``accuracy > 0.9 and optimizer = adam``. There are ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``~`` and ``!~``
        (a part of a text, in any case), ``like``, ``ilike``, ``in (a, b)``, ``not in``, ``is missing`` and
        ``is not missing``. Words without an operator are searched in names, params and tags. MLflow's own filter
        syntax works too.
    experiment
        Its name or id; without it the one that new runs go to.
    n
        The most runs to list.
    sort
        A metric to sort by instead.
    """
    from mlmagic.views.runs_frame import runs_frame

    return runs_frame(filter, experiment=experiment, n=n, sort=sort)


@whole_imports()
def compare(
    *what: Any, experiment: str | None = None, metric: str | None = None, group_by: str | None = None
) -> CompareWidget:
    """Show runs side by side: a table, their curves, and what differs between them; what ``%compare`` shows.

    Parameters
    ----------
    what
        Nothing: the newest 10,000 runs of the experiment. A filter with an operator, as ``mlmagic.runs`` takes it. Or
        names, ids or beginnings of ids of runs, `mlmagic.Run` objects, frames of runs, and names of experiments.
    experiment
        Name or id of the experiment to look in; by default the one that runs go to.
    metric
        The metric that matters: it comes first and orders the runs. ``"score min"`` or ``"score max"`` where its name
        does not tell which is better.
    group_by
        ``"seed"`` puts runs together that differ in nothing but their seed; the name of a param, tag or column those
        that are equal in it.

    Returns
    -------
    A widget. ``widget.selected`` holds the ids of the selected runs, ``widget.to_dataframe()`` returns the runs.

    Raises
    ------
    MissingPackageError
        Without the package anywidget.
    RunNotFoundError, UsageProblem, StoreError
        When a run, experiment, metric or param is not there, or the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> widget = mlmagic.compare("accuracy > 0.9", metric="accuracy")  # doctest: +SKIP
    >>> mlmagic.compare("forest", "boosting")  # doctest: +SKIP
    """
    from mlmagic.adapters.optional import require

    require("anywidget", "mlmagic.compare")
    from mlmagic.comparison.selecting import select
    from mlmagic.comparison.widget import CompareWidget
    from mlmagic.views.comparison import still_of
    from mlmagic.views.differences.difference import difference_json

    selected = select(what, experiment=experiment, metric=metric, group_by=group_by)
    return CompareWidget(selected, still=still_of, told=difference_json)


@whole_imports()
def diff(*runs: Any, experiment: str | None = None) -> Difference:
    """Tell how runs differ from the first of them: code, parameters, metrics, data, environment, git and figures.

    Parameters
    ----------
    runs
        Two or more: names, ids or beginnings of ids, `mlmagic.Run` objects, or rows of the table of ``mlmagic.runs``.
    experiment
        Where names are looked for, by name or id.

    Returns
    -------
    The difference, which a notebook shows; ``difference.to_json()`` is all of it as plain data.

    Raises
    ------
    UsageProblem
        When there are fewer than two runs, or one is named twice.
    RunNotFoundError, StoreError
        When a run is not there, or the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.diff("forest", "boosting")  # doctest: +SKIP
    """
    from mlmagic.comparison.comparing import compare_runs

    return compare_runs(runs, experiment=experiment)
