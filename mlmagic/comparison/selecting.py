"""Selects the runs to compare from references to runs, a filter, or experiments, with the metric and the groups."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.comparison.compared_runs import CONFIGURATION, Comparison, ComparisonNotice
from mlmagic.comparison.diffs.references import references_in
from mlmagic.comparison.extremes import with_extremes
from mlmagic.errors import MLMagicError, RunNotFoundError, UsageProblem
from mlmagic.store import connection, experiments, refusals, tracking_uri
from mlmagic.store.keys import key_among
from mlmagic.store.query import bulk, queries, run_list
from mlmagic.store.query.direction import split_direction
from mlmagic.store.query.families import SEEDS
from mlmagic.store.query.filters.parser import parse
from mlmagic.store.query.filters.tree import Condition, Name, Value, Words, leaves
from mlmagic.store.query.run_list import RunsRequest
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlmagic.comparison.diffs.references import Reference

MOST_RUNS = 10_000
_SHOWN_NAMES = 8
_MOST_OWN_IDS = 100
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_CONDITION = re.compile(
    r"[=<>~≤≥≠]|\s(?:i?like\s+['\"]|in\s*[(\[{]|in\s+\d|is\s+(?:not\s+)?(?:null|missing)[\s)])", re.IGNORECASE
)
_NOTHING_YET = ComparisonNotice("No runs yet.", "Put %%track on the first line of a cell and run it.")

_NONE_GIVEN = ComparisonNotice("No run was given.", "The runs of the experiment: %compare")
_GONE = ComparisonNotice(
    "These runs are not there any more.", "They were deleted, or are in another store. The last runs: %runs"
)


def select(
    what: Sequence[Any], *, experiment: str | None = None, metric: str | None = None, group_by: str | None = None
) -> Comparison:
    """Return the runs that *what* names as a comparison.

    Parameters
    ----------
    what
        Empty for the newest 10,000 runs of the experiment. A single string with an operator is a filter, as for
        ``%runs``. Otherwise names, ids or id prefixes of runs, `mlmagic.Run` objects, frames of runs (from
        ``mlmagic.runs``), names of experiments, or lists of these.
    experiment
        The name or id of the experiment to search, by default the one to which runs go.
    metric
        The main metric; ``"score min"`` or ``"score max"`` if its name does not imply a direction.
    group_by
        ``"seed"`` groups the runs that differ only in their seed; a param, tag or column groups the runs with equal
        values.

    Raises
    ------
    RunNotFoundError, UsageProblem, StoreError
        If a run, experiment, metric or param does not exist, or the store cannot be read.
    """
    references = list(references_in(what))
    first = references[0] if references else None
    if first is None and what:
        found = Comparison([], "no run", notice=_NONE_GIVEN)
    elif first is None:
        found = _whole(experiment)
    elif len(references) == 1 and not first.is_id and is_filter(first.text):
        found = _filtered(first.text, experiment)
    else:
        found = _named(references, experiment)
    return with_extremes(_looked_at(found, metric, group_by))


def is_filter(text: str) -> bool:
    """Return whether *text* is a filter, not a name: a filter has an operator outside of quotes.

    >>> is_filter("accuracy > 0.9"), is_filter("not (lr is missing)"), is_filter("my run in June"), is_filter("'lr=1'")
    (True, True, False, False)
    """
    return bool(_CONDITION.search(f"{_QUOTED.sub(_quotes, text)} "))


def _quotes(found: re.Match[str]) -> str:
    return found.group()[0] * 2


def _filtered(condition: str, experiment: str | None) -> Comparison:
    run_id = _called_like(condition, experiment)
    if run_id is not None:
        return connection.ask(partial(_read, [run_id]))
    try:
        found = run_list.find_runs(RunsRequest(condition, experiment, MOST_RUNS, archived=True))
    except UsageProblem:
        try:
            run = queries.find_run(condition, experiment=experiment)
        except MLMagicError:
            run = None
        if run is None:
            raise
        return connection.ask(partial(_read, [run.info.run_id]))
    title = f"experiment {found.experiment}: {condition.strip()}"
    notice = (
        None
        if found.runs
        else ComparisonNotice("No run matches.", f"Runs of the experiment: %runs -e {found.experiment!r}")
    )
    again = partial(_filtered, condition, found.experiment)
    return Comparison(found.runs, title, notice=notice, query=(found.experiment, condition.strip()), again=again)


def _called_like(condition: str, experiment: str | None) -> str | None:
    """Return the newest run with this name, which may hold signs: ``mlp lr=0.02`` is a word and a condition as well."""
    named = str(Condition(Name("attributes", "name"), "=", (Value(condition.strip(), quoted=True),)))
    try:
        has_words = any(isinstance(one, Words) for one in leaves(parse(condition)))
        found = run_list.find_runs(RunsRequest(named, experiment, 1, archived=True)).runs if has_words else ()
    except UsageProblem:
        return None
    return found[0].info.run_id if found else None


def _whole(experiment: str | None) -> Comparison:
    def read() -> Comparison:
        client = connection.connect()
        with refusals.refused_by(tracking_uri.current_uri()):
            home = experiments.find(client, experiment)
            if home is None:
                experiments.require_known_id()
            named = home.name if home else experiments.default_name()
            if home is None:
                return Comparison([], f"experiment {named}", notice=_NOTHING_YET, again=partial(_whole, named))
            return replace(_newest(f"experiment {named}", [home.experiment_id]), query=(named, ""))

    return connection.ask(read)


def _named(references: Sequence[Reference], experiment: str | None) -> Comparison:
    run_ids: dict[str, None] = {}
    whole: dict[str, str] = {}
    for text, is_id in references:
        if is_id:
            run_ids[text] = None
            continue
        try:
            run_ids[queries.find_run(text, experiment=experiment).info.run_id] = None
        except RunNotFoundError as unknown:
            if is_filter(text):
                raise UsageProblem(
                    f"{unknown} If it is a filter, it stands alone: %compare accuracy > 0.9 and optimizer = adam"
                ) from None
            if experiment is not None:
                raise
            experiment_id, name = connection.ask(partial(_experiment, text, str(unknown)))
            whole[experiment_id] = name
    if whole and run_ids:
        raise UsageProblem(
            f"{', '.join(map(repr, whole.values()))} is an experiment, the others are runs: compare one kind at a time."
        )
    if whole:
        title = ("experiment " if len(whole) == 1 else "experiments ") + ", ".join(whole.values())
        return connection.ask(partial(_newest, title, list(whole)))
    return connection.ask(partial(_read, list(run_ids)))


def _experiment(reference: str, no_run: str) -> tuple[str, str]:
    client = connection.connect()
    with refusals.refused_by(tracking_uri.current_uri()):
        try:
            found = experiments.existing(client, reference)
        except UsageProblem as neither:
            raise RunNotFoundError(f"{no_run}. {neither}") from None
    return found.experiment_id, found.name


def _newest(title: str, experiment_ids: list[str]) -> Comparison:
    again = partial(connection.ask, partial(_newest, title, experiment_ids))
    client = connection.connect()
    with refusals.refused_by(tracking_uri.current_uri()):
        read = bulk.newest_runs(client, experiment_ids, most=MOST_RUNS)
        names = _experiments(client, read.runs)
    if read.more:
        title += f", the newest {len(read.runs):,} runs"
    return Comparison(
        read.runs,
        title,
        total=read.total if read.more else None,
        notice=None if read.runs else _NOTHING_YET,
        experiments=names,
        again=again,
        whole=experiment_ids,
    )


def _read(run_ids: list[str]) -> Comparison:
    client = connection.connect()
    with refusals.refused_by(tracking_uri.current_uri()):
        found = {run.info.run_id: run for run in bulk.named_runs(client, run_ids).runs}
        for run_id in [run_id for run_id in run_ids if run_id not in found][:_MOST_OWN_IDS]:
            if run := queries.by_own_id(client, run_id):
                found[run_id] = run
        runs = [found[run_id] for run_id in run_ids if run_id in found]
        names = _experiments(client, runs)
    title = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    again = partial(connection.ask, partial(_read, run_ids))
    notice = None if runs else _GONE
    return Comparison(runs, title, notice=notice, experiments=names, is_named=True, again=again)


def _experiments(client: MlflowClient, runs: Iterable[Run]) -> dict[str, str]:
    return {one: experiments.name_of(client, one) for one in {run.info.experiment_id for run in runs}}


def _looked_at(found: Comparison, metric: str | None, group_by: str | None) -> Comparison:
    """Return *found* with its main metric and its groups, after checking that they exist."""
    if not found.runs:
        return found
    if metric is not None:
        if not isinstance(metric, str):
            raise UsageProblem(f"metric is one name, such as 'val_loss' or 'score max', not {metric!r}")
        name, goal = split_direction(metric)
        name = _require(name, (key for run in found.runs for key in run.data.metrics), "metric")
        found = replace(found, metric=name, goal=goal)
    if group_by:
        found = replace(found, group=_group(found, group_by))
    return found


def _group(found: Comparison, group_by: str) -> str:
    if group_by.lower() in {*SEEDS, CONFIGURATION}:
        return CONFIGURATION
    columns = [column for column in found.columns if column.kind != "metric"]
    label = _require(group_by, (column.label for column in columns), "param, tag or column")
    return next(column.id for column in columns if column.label == label)


def _require(name: str, known: Iterable[str], kind: str) -> str:
    """Return the *known* name that *name* means; raise `UsageProblem` if there is none."""
    names = dict.fromkeys(known)
    key = key_among(name, names)
    if key not in names:
        listed = ", ".join(list(names)[:_SHOWN_NAMES]) + (", …" if len(names) > _SHOWN_NAMES else "") or "none"
        raise UsageProblem(f"No run here has the {kind} {name!r}.{did_you_mean(name, names)} There are: {listed}.")
    return key
