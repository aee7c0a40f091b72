"""Reads a recorded cross-validation back: the scores of each fold, and how its rows were divided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.models.cross_validations import DIVISION, FOLD, FOLDS
from mlmagic.store import connection, tracking_uri
from mlmagic.store.foreign_json import read_json
from mlmagic.store.query import queries
from mlmagic.store.query.filters.division import divide
from mlmagic.store.query.filters.names import Keys
from mlmagic.store.query.filters.tree import Condition, Name, Value
from mlmagic.store.refusals import refused_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow.entities import Run

_SIZES = ("fold.train_rows", "fold.val_rows")
_HOW = "Validate it with mlmagic.folds or mlmagic.cross_validate."


@dataclass(frozen=True)
class RecordedFolds:
    """The folds of a run.

    Attributes
    ----------
    run_id, name
        The run above the folds.
    scores
        The metrics of each fold, in the order of the folds.
    sizes
        The number of rows that each fold trained on, and held out.
    splitter
        The splitter with its settings, as in ``KFold(n_splits=5, shuffle=True)``.
    digest
        The fingerprint of all positions.
    data
        The digests of X and y.
    datasets
        The datasets of the run, by digest.
    """

    run_id: str
    name: str
    scores: Sequence[Mapping[str, float]]
    sizes: Sequence[tuple[int, int]]
    splitter: str
    digest: str
    data: Mapping[str, str]
    datasets: Mapping[str, Any]


def read_folds(run: Run) -> RecordedFolds:
    """Return the folds that were recorded below *run*.

    Raises
    ------
    UsageProblem
        The run has no folds, not all of them, those of several cross-validations, or does not say which rows they have.
    StoreError
        The store cannot be read.
    """
    name, tags = str(run.info.run_name or run.info.run_id[:8]), run.data.tags
    children = _below(run)
    by_number = {_number(one): one for one in children}
    if not by_number:
        raise UsageProblem(f"{name!r} has no folds: it is the run of no cross-validation. {_HOW}")
    if len(by_number) < len(children):
        raise UsageProblem(
            f"{name!r} has {len(children)} folds of several cross-validations: give each model a tracked cell of its "
            "own."
        )
    division = read_json(tags.get(DIVISION, ""), dict)
    if FOLDS not in tags or not division:
        raise UsageProblem(
            f"{name!r} does not say which rows its folds have: its splitter shuffles without a random_state, is the "
            f"user's own, or was recorded before mlmagic told. {_HOW}"
        )
    data = division.get("data")
    if not isinstance(data, dict) or not data:
        raise UsageProblem(
            f"{name!r} has no fingerprint of the data that was divided: it was recorded with --no-data, or from "
            "lists. Run it again, with X and y as tables or arrays."
        )
    folds = [by_number[number] for number in sorted(by_number)]
    if len(folds) != division.get("folds") or any(str(one.info.status) != "FINISHED" for one in folds):
        ended = sum(str(one.info.status) == "FINISHED" for one in folds)
        raise UsageProblem(
            f"{name!r} has {ended} of {division.get('folds')} folds as runs that ended well: the test "
            "needs all of them. A loop that ends early has fewer, and of more than 100 folds the first 100 are runs."
        )
    return RecordedFolds(
        run_id=run.info.run_id,
        name=name,
        scores=[dict(one.data.metrics) for one in folds],
        sizes=[_sizes(one) for one in folds],
        splitter=str(division.get("splitter", "")),
        digest=tags[FOLDS],
        data={str(key): str(value) for key, value in data.items()},
        datasets={one.dataset.digest: one.dataset for one in (run.inputs.dataset_inputs if run.inputs else ())},
    )


def _below(run: Run) -> list[Run]:
    parent = Condition(Name("tags", "mlflow.parentRunId"), "=", (Value(run.info.run_id, quoted=True),))

    def read() -> list[Run]:
        with refused_by(tracking_uri.current_uri()):
            found = queries.search(connection.connect(), [run.info.experiment_id], divide(parent, Keys()))
            return [one for one in found if _number(one) >= 0]

    return connection.ask(read)


def _number(fold: Run) -> int:
    text = fold.data.tags.get(FOLD, "")
    return int(text) if text.isascii() and text.isdigit() else -1


def _sizes(fold: Run) -> tuple[int, int]:
    train, val = (fold.data.params.get(key, "") for key in _SIZES)
    if not (train.isdigit() and val.isdigit()):
        raise UsageProblem(f"{fold.info.run_name!r} does not say how many rows it trained on and held out. {_HOW}")
    return int(train), int(val)
