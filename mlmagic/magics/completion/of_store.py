"""The runs, experiments and names of a filter that the store has, each asked for a moment only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError
from mlmagic.magics.completion.of_notebook import option_value
from mlmagic.visible import is_plain

if TYPE_CHECKING:
    from mlflow.entities import Run

    from mlmagic.store.query.filters.names import Keys

PATIENCE_S = 1.5
_MOST = 50
_WITH_NAME = ("--sort", "--metric", "--group-by")
_WITH_VALUE = ("-e", "--experiment", "-n", "--value", "--save", "--view", *_WITH_NAME)


def run_names() -> list[str]:
    """Return the names of the best runs by the main metric, then of the last ones, without those below others."""
    from mlmagic.store import connection

    # A name with an escape sequence must not be inserted into the user's line.
    names = (run.info.run_name or "" for run in connection.ask(_best_and_last, timeout_s=PATIENCE_S))
    return list(dict.fromkeys(name for name in names if name and is_plain(name)))


def _best_and_last() -> list[Run]:
    from mlmagic.comparison.compared_runs import Comparison
    from mlmagic.store.query.run_list import RunsRequest, find_runs

    last = find_runs(RunsRequest(n=_MOST)).runs
    main = Comparison(last, "").main_metric
    try:
        best = find_runs(RunsRequest(n=_MOST, sort=f"metrics.`{main.label}`")).runs if main else ()
    except MLMagicError:  # a name that cannot be written in a filter; the last runs are offered all the same
        best = ()
    return [*best, *last]


def experiments() -> list[str]:
    """Return the names of the experiments; none before MLflow is imported, which takes longer than Tab may."""
    if "mlflow" not in sys.modules:
        return []
    from mlmagic.store import connection

    found = connection.ask(lambda: connection.connect().search_experiments(max_results=_MOST), timeout_s=PATIENCE_S)
    return [experiment.name for experiment in found if is_plain(experiment.name)]


def views(experiment: str | None) -> list[str]:
    """Return the names of the views of the comparison that an experiment keeps."""
    from mlmagic.comparison import stored_views
    from mlmagic.store import connection

    return connection.ask(lambda: stored_views.stored_names(experiment), timeout_s=PATIENCE_S)


def monitored_models(words: list[str]) -> list[str]:
    """Return the names of the monitored models; none after an option that takes another value, or after a name."""
    from mlmagic.monitoring.records import reading
    from mlmagic.store import connection

    if len(words) > 1:
        return []
    found = connection.ask(lambda: reading.monitored_models(connection.connect()), timeout_s=PATIENCE_S)
    return [name for name in found if is_plain(name)]


def in_filter(magic: str, last: str, before: str) -> list[str] | None:
    """Return what may stand in a filter or after ``--sort``, ``--view`` and their like, None if none of it is typed."""
    from mlmagic.comparison.selecting import is_filter
    from mlmagic.magics.parsing import split_filter
    from mlmagic.store.query.filters.completions import following

    line = before.lstrip().partition(" ")[2]
    options, condition = split_filter(line, _WITH_VALUE)
    if last == "--view":
        return views(option_value(options, "-e", "--experiment"))
    is_name = last in _WITH_NAME
    if not is_name and (last in _WITH_VALUE or (magic == "compare" and not is_filter(condition))):
        return None
    keys = _keys(option_value(options, "-e", "--experiment"))
    return [one for one in (_named(last, keys) if is_name else following(condition, keys)) if is_plain(one)]


def metrics(experiment: str | None) -> list[str]:
    """Return the names of the metrics that the runs of an experiment have."""
    return [name for name in _named("--metric", _keys(experiment)) if is_plain(name)]


def _named(option: str, keys: Keys) -> list[str]:
    """Return the names that ``--sort``, ``--metric`` or ``--group-by`` takes, those first that it is for."""
    from mlmagic.store.query.filters.completions import names

    known = names(keys)
    of_metrics = [name for name in known if name in keys.metrics]
    others = [name for name in known if name not in keys.metrics]
    return {"--metric": of_metrics, "--group-by": others}.get(option, [*of_metrics, *others])


def _keys(experiment: str | None) -> Keys:
    from mlmagic.store import connection, experiments, refusals, tracking_uri
    from mlmagic.store.query import queries

    def ask() -> Keys:
        client = connection.connect()
        with refusals.refused_by(tracking_uri.current_uri()):
            return queries.keys_of(client, experiments.find(client, experiment))

    return connection.ask(ask, timeout_s=PATIENCE_S)
