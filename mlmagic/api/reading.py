"""Read what was recorded: the last run, tables of runs, and runs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.arguments import require_text, require_text_or_none
from mlmagic.errors import NoActiveRunError
from mlmagic.recording import open_runs
from mlmagic.session.interrupts import whole_imports

if TYPE_CHECKING:
    from mlmagic.comparison.diffs.difference import Difference
    from mlmagic.comparison.widget import CompareWidget
    from mlmagic.store.query.direction import MetricValue
    from mlmagic.store.query.run import Run
    from mlmagic.views.tables.runs_frame import RunsFrame


def has_last_run() -> bool:
    """Return whether a run has ended in this process."""
    return open_runs.last_id() is not None


def last_run() -> Run:
    """Return the last run that ended in this process.

    Raises
    ------
    NoActiveRunError
        If no run has ended.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.last_run.status  # doctest: +SKIP
    'FINISHED'
    """
    from mlmagic.store.query.run import Run

    last = open_runs.last_id()
    if last is None:
        raise NoActiveRunError("mlmagic.last_run: no run has ended in this session yet. %runs lists earlier ones.")
    return Run(last)


@whole_imports()
def runs(
    filter: str = "",  # noqa: A002  # MLflow's word
    *,
    experiment: str | None = None,
    n: int | None = None,
    sort: str | None = None,
    value: MetricValue | None = None,
    nested: bool = False,
    archived: bool = False,
) -> RunsFrame:
    """Return the recorded runs as a DataFrame, newest first: all of them, where ``%runs`` lists the last 20.

    A notebook shows the first 20 rows of it, and says how many there are.

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
        The maximum number of runs; by default all up to 10,000, and the table says if there are more.
    sort
        A metric, param or column to sort by instead. Of a metric, the best runs come first, by the direction that its
        name implies, else the highest; ``"loss asc"`` puts the lowest first. Runs without a value come last. A metric
        with steps ranks by its best value; a run with others below it, such as a sweep, by its best point: the mean
        over runs that differ in their seeds only.
    value
        Which value of metrics with steps to add: ``"best"``, ``"min"`` or ``"max"``, in the columns ``loss (best)``
        and ``loss (best step)``. ``"last"`` adds none, and ranks by the last value. By default the best one is added
        for the metric that ranks, if it is not the last one for each run. ``loss`` itself is always the last value.
    nested
        Whether to list the runs below others too: trials of sweeps, folds, nested runs. A filter, or an order by
        anything but a metric, lists them in any case.
    archived
        Whether archived runs are listed too. A filter that names the tag ``archived`` finds them anyway.

    Returns
    -------
    RunsFrame
        A DataFrame with one row per run, which a notebook shows as a table of runs: ``run_id``, ``name``, ``status``,
        ``started`` (local time), ``duration`` (seconds, NaN while it runs), then params and metrics. Deleted runs are
        not in it.

    Raises
    ------
    UsageProblem
        If the filter cannot be read, the filter or *sort* names nothing that a run has, the experiment does not exist
        or was deleted, or *n* is less than 1.
    StoreError
        If the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> frame = mlmagic.runs("accuracy > 0.9", sort="accuracy")  # doctest: +SKIP
    """
    from mlmagic.store.query.run_list import RunsRequest
    from mlmagic.views.tables.runs_frame import runs_frame

    require_text("mlmagic.runs", "mlmagic.runs('accuracy > 0.9'), mlmagic.runs() for all", filter=filter)
    require_text_or_none(
        "mlmagic.runs", "mlmagic.runs(experiment='churn', sort='accuracy')", experiment=experiment, sort=sort
    )
    return runs_frame(RunsRequest(filter, experiment, n, sort, value, nested, archived))


@whole_imports()
def compare(
    *what: Any,
    experiment: str | None = None,
    metric: str | None = None,
    group_by: str | None = None,
    view: str | None = None,
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
    view
        The name of a view that ``widget.save_view`` kept with the experiment: filter, columns, order, groups, charts.

    Returns
    -------
    A widget. ``widget.selected`` has the ids of the selected runs, ``widget.to_dataframe()`` returns the runs, and
    ``widget.save("report.html")`` writes a page that shows them without a kernel.

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
    >>> widget = mlmagic.compare("forest", "boosting")  # doctest: +SKIP
    """
    from mlmagic.adapters.optional import require

    example = "mlmagic.compare('accuracy > 0.9', experiment='churn', group_by='seed')"
    require_text_or_none("mlmagic.compare", example, experiment=experiment, group_by=group_by, view=view)
    require("anywidget", "mlmagic.compare")
    from mlmagic.comparison import stored_views
    from mlmagic.comparison.selecting import select
    from mlmagic.comparison.widget import CompareWidget
    from mlmagic.views.comparison import still_of
    from mlmagic.views.comparison_page import save_comparison
    from mlmagic.views.differences.difference import difference_json

    selected = select(what, experiment=experiment, metric=metric, group_by=group_by)
    stored = None
    if view is not None and (stored := stored_views.load(selected, view)) is None:
        print(f"The view {view!r} in the store cannot be read: save it again.")  # noqa: T201  # a notice of the widget
    return CompareWidget(selected, still=still_of, told=difference_json, write=save_comparison, view=stored)


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
    <Difference of 'forest', 'boosting'; metrics: 1>
    """
    from mlmagic.comparison.comparing import compare_runs

    require_text_or_none("mlmagic.diff", "mlmagic.diff('first', 'second', experiment='churn')", experiment=experiment)
    return compare_runs(runs, experiment=experiment)
