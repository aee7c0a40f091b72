"""The last runs of an experiment, or the best ones, as a table."""

from __future__ import annotations

import itertools
import re
import sys
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.store import connection, experiments, tracking_uri
from mlmagic.store.changes.run_changes import ARCHIVED
from mlmagic.store.query import bulk, ordering, queries
from mlmagic.store.query.direction import VALUES, MetricValue, direction_of
from mlmagic.store.query.families import PARENT, fold
from mlmagic.store.query.filters.archived import Unarchived, asks_for_archived
from mlmagic.store.query.filters.division import divide
from mlmagic.store.query.filters.names import Keys, needs_keys
from mlmagic.store.query.filters.parser import parse
from mlmagic.store.query.filters.tree import Condition, Value, Words, leaves, with_conditions
from mlmagic.store.query.frames import frame_of, urls_of
from mlmagic.store.query.histories.extremes import are_last, has_steps, of_column, read_extremes
from mlmagic.store.query.histories.ranking import rank
from mlmagic.store.refusals import refused_by
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.store.query.filters.division import DividedFilter
    from mlmagic.store.query.histories.extremes import Measured

_NO_KEYS = Keys()
_OWN_ID = re.compile(r"[0-9a-f]{32}")
MOST_RUNS = 10_000
"""So many runs are listed where the user asks for all."""
_SHOWN = 20
"""So many of all runs a table shows."""
_ALL = "all"
_MOST_READ = 20_000
"""So many runs of a database are read to find those that match, and to count them."""


@dataclass(frozen=True)
class RunsRequest:
    """Which runs are asked for, as `runs` describes it: *n* of them, or with None all up to `MOST_RUNS`.

    *columns* is how many columns a table shows, ``"all"`` or a number.
    """

    filter: str = ""
    experiment: str | None = None
    n: int | None = _SHOWN
    sort: str | None = None
    value: MetricValue | None = None
    nested: bool = False
    archived: bool = False
    columns: str | None = None

    @property
    def most(self) -> int:
        """How many runs at most."""
        return MOST_RUNS if self.n is None else self.n

    def check(self) -> None:
        """Raise `UsageProblem` for what is wrong whatever the store holds."""
        if self.n is not None and (isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 1):
            raise UsageProblem(f"n is how many runs to show, 1 or more, not {self.n!r}: %runs -n 20")
        if self.value is not None and self.value not in VALUES:
            raise UsageProblem(
                f"value is one of {', '.join(VALUES)}, not {self.value!r}.{did_you_mean(str(self.value), VALUES)}"
            )
        if self.columns is not None and self.columns != _ALL and not (self.columns.isdecimal() and int(self.columns)):
            raise UsageProblem(f"--columns is all or a number such as 12, not {self.columns!r}: %runs --columns all")
        parse(self.filter)
        ordering.parse(self.sort)


@dataclass(frozen=True)
class FoundRuns:
    """The *runs* of an experiment that match a filter, in *order*; *more* says whether there are others.

    *total* is how many match, those below others aside if these are not listed; None if that is not known.

    *measured* has, by metric, the value asked for of a run and its step, and *value* says which value that is. *below*
    counts the runs below a run that are not listed themselves, *archived* those that are hidden. *note* says what could
    not be done.
    """

    runs: Sequence[Run]
    experiment: str
    order: ordering.Order
    more: bool
    measured: Mapping[str, Measured] = field(default_factory=dict)
    value: MetricValue = "last"
    below: Mapping[str, int] = field(default_factory=dict)
    archived: int = 0
    note: str = ""
    total: int | None = None


def runs(request: RunsRequest) -> pd.DataFrame:
    """Return the last runs of an experiment as a DataFrame, one row per run, as `mlmagic.runs` describes it."""
    found = find_runs(request)
    table: dict[str, int] = {"rows": _SHOWN} if request.n is None else {}
    if request.columns is not None:
        table["columns"] = sys.maxsize if request.columns == _ALL else int(request.columns)
    return frame_of(
        found.runs,
        sort=(found.order.entity, found.order.key) if found.order.entity else None,
        measured=found.measured,
        value=found.value,
        ascending=found.order.ascending,
        experiment=found.experiment,
        filter=request.filter.strip(),
        more=found.more,
        total=found.total,
        listed=len(found.runs),
        urls=urls_of(found.runs),
        below=found.below,
        unfold="--nested lists them",
        archived=found.archived,
        note=found.note,
        **table,
    )


def find_runs(request: RunsRequest) -> FoundRuns:
    """Return the runs that `runs` lists, as MLflow runs."""
    request.check()  # errors that need no look at a run are raised without asking the store
    return connection.ask(partial(_find_runs, request))


def _find_runs(request: RunsRequest) -> FoundRuns:
    client = connection.connect()
    with refused_by(tracking_uri.current_uri()):
        wanted = ordering.parse(request.sort)
        expression = parse(request.filter)
        found = experiments.find(client, request.experiment)
        if found is None:
            experiments.require_known_id()
        named = found.name if found else experiments.default_name()
        keys = queries.keys_of(client, found) if needs_keys(expression) or wanted.needs_keys else _NO_KEYS
        # If there are no runs, there are no names to check against: the result is empty, and no name is an error.
        if found is None or not (keys is _NO_KEYS or keys.tags):
            return FoundRuns([], named, ordering.Order(), more=False)
        order = wanted.among(keys)
        if expression := parse(request.filter, keys.is_name):
            expression = with_conditions(expression, partial(_with_stored_id, client))
        hidden = Unarchived(request.archived or asks_for_archived(expression))
        listing = _Listing(client, found.experiment_id, divide(expression, keys), order, request, hidden)
        return replace(listing.found(), experiment=named, archived=hidden.left_out)


@dataclass(frozen=True)
class _Listing:
    """One look at the runs of an experiment."""

    client: MlflowClient
    experiment_id: str
    selection: DividedFilter
    order: ordering.Order
    request: RunsRequest
    is_shown: Unarchived

    @property
    def is_folded(self) -> bool:
        """Whether runs below others are not listed: not if the user asks for them, or looks for certain runs."""
        return not self.request.nested and not self.request.filter.strip() and self.order.entity in {None, "metric"}

    def found(self) -> FoundRuns:
        """Return the runs that are asked for, with the values of their metrics."""
        if self.order.entity == "metric":
            return self._ranked()
        return self._measured(self._newest() if self.is_folded else self._in_order())

    def _first(self, runs: Sequence[Run], below: Mapping[str, int], *, total: int | None = None) -> FoundRuns:
        """Return as many of *runs* as are asked for; without a *total* there may be others than these."""
        is_cut = len(runs) > self.request.most
        known = total if total is not None or is_cut else len(runs)
        more = is_cut if known is None else known > self.request.most
        return FoundRuns(runs[: self.request.most], "", self.order, more=more, below=below, total=known)

    def _in_order(self) -> FoundRuns:
        """Return the first runs in the order of the store, or of a look at all of them."""
        if (every := bulk.every_run(self.client, [self.experiment_id], most=_MOST_READ)) is not None:
            found = self.order.sorted(run for run in every if self.selection.matches(run) and self.is_shown(run))
            return self._first(found, {}, total=len(found))
        most = self.request.most + 1
        size = min(most, queries.PAGE) if self.order.by_store and self.selection.is_narrow else queries.PAGE
        return self._first(self.order.first(self._matching(size), most), {})

    def _matching(self, size: int) -> Iterator[Run]:
        found = queries.search(self.client, [self.experiment_id], self.selection, self.order, size=size)
        return filter(self.is_shown, found)

    def _newest(self) -> FoundRuns:
        """Return the newest runs that are not below another one, and how many are below each."""
        most = self.request.most + 1
        hidden = None if self.is_shown.with_archived else ARCHIVED
        if (known := bulk.newest_top_runs(self.client, self.experiment_id, most, without=hidden)) is not None:
            self.is_shown.left_out = known.hidden
            return self._first(known.runs, known.below, total=known.total)
        first = list(itertools.islice(self._matching(min(most, queries.PAGE)), most))
        if not any(PARENT in run.data.tags for run in first):
            return self._first(first, {})
        self.is_shown.left_out = 0
        seen: list[Run] = []
        for run in self._matching(queries.PAGE):
            seen.append(run)
            most -= PARENT not in run.data.tags
            if not most:
                break
        older = {run.data.tags.get(PARENT, "") for run in seen} - {run.info.run_id for run in seen} - {""}
        parents = bulk.named_runs(self.client, sorted(older)).runs
        here = [run for run in parents if run.info.experiment_id == self.experiment_id]
        top, below = fold([*seen, *here])
        return self._first(top, {run_id: len(found) for run_id, found in below.items()})

    def _ranked(self) -> FoundRuns:
        """Return the best runs by a metric."""
        key, value = self.order.key, self.request.value or "best"
        matching, is_cut = self._every()
        extremes = {} if value == "last" else read_extremes(self.client, matching, [key])
        ranked = rank(matching, self.order, value, extremes, folded=self.is_folded)
        notes = [f"ranked among the {queries.PAGE:,} runs whose last {key} is best"] if is_cut else []
        if extremes and self.request.filter and _names_metric(self.request.filter, key):
            notes.append(f"the filter compares the last {key}, and its {value} value ranks")
        if extremes is None:
            notes.append(f"ranked by the last {key}: a server is asked for the history of each run, too many here")
        below = {run_id: len(found) for run_id, found in ranked.below.items()}
        listed = replace(self._first(ranked.runs, below, total=len(ranked.runs)), note="; ".join(notes))
        listed = replace(listed, more=True, total=None) if is_cut else listed
        return self._measured(listed, ranked.measured)

    def _every(self) -> tuple[list[Run], bool]:
        """Return all runs that match; of a server only the first page, and whether there are more."""
        every = bulk.every_run(self.client, [self.experiment_id])
        if every is not None:
            return [run for run in every if self.selection.matches(run) and self.is_shown(run)], False
        found = list(itertools.islice(self._matching(queries.PAGE), queries.PAGE + 1))
        return found[: queries.PAGE], len(found) > queries.PAGE

    def _measured(self, listed: FoundRuns, ranked: Measured | None = None) -> FoundRuns:
        """Add the values that are asked for of metrics with steps; by default only of that which ranks, if they differ.

        *ranked* are the values by which the runs are ranked, whose steps may not have been read yet.
        """
        value, asked = self.request.value or "best", self.request.value is not None
        if value == "last" and ranked is None:
            return listed
        runs, own = listed.runs, self.order.key if ranked is not None else None
        names = dict.fromkeys(key for run in runs for key in run.data.metrics if has_steps(run, key))
        keys = [key for key in names if key == own or (asked and value != "last")]
        extremes = read_extremes(self.client, runs, keys)
        if extremes is None and ranked is None:
            told = "metrics have their last values: a server is asked for the history of each run, too many here"
            return replace(listed, note="; ".join(filter(None, [listed.note, told])))
        extremes = extremes or {}
        measured: dict[str, Measured] = {}
        for key in keys if own in keys or own is None else [own, *keys]:
            goal = self.order.goal if key == own else direction_of(key)
            found = of_column(runs, key, extremes, value, goal)
            if ranked is not None and key == own:
                by_rank = {run.info.run_id: ranked[run.info.run_id] for run in runs if run.info.run_id in ranked}
                found = by_rank | {run_id: one for run_id, one in found.items() if one[0] == by_rank[run_id][0]}
                if (value == "last" or not asked) and are_last(runs, key, found):
                    continue
            measured[key] = found
        return replace(listed, measured=measured, value=value)


def _names_metric(text: str, key: str) -> bool:
    """Return whether a filter has a condition on the metric *key*."""
    return any(not isinstance(one, Words) and one.name.key == key for one in leaves(parse(text)))


def _with_stored_id(client: MlflowClient, condition: Condition) -> Condition:
    """Return ``run_id = ID`` with MLflow's id of the run where ID is the run's own."""
    is_id = condition.name.key == "run_id" and condition.operator == "=" and _OWN_ID.fullmatch(condition.value.text)
    known = queries.by_id(client, condition.value.text) if is_id else None
    return condition if known is None else replace(condition, values=(Value(known.info.run_id, quoted=True),))
