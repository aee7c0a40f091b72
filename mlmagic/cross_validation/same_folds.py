"""Refuses two cross-validations that a paired test cannot compare, and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.comparison.diffs.data_diff import data_rows
from mlmagic.comparison.diffs.run_record import DatasetRecord
from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from mlmagic.comparison.diffs.data_diff import DataChange
    from mlmagic.cross_validation.recorded_folds import RecordedFolds

_WHY = (
    "A paired test compares the two models fold by fold: on other rows it takes the rows' difference for the models'."
)


def require_same_folds(first: RecordedFolds, second: RecordedFolds) -> list[str]:
    """Return what to know of the comparison of two cross-validations, which must have the same rows in each fold.

    Other columns of the same rows are no obstacle: they are a part of what is compared.

    Raises
    ------
    UsageProblem
        The number of folds, the splitter, the data, or the rows of the folds differ.
    """
    if len(first.scores) != len(second.scores):
        counts = f"{first.name!r} has {len(first.scores)} folds and {second.name!r} {len(second.scores)}"
        raise UsageProblem(f"{counts}. {_WHY} Validate both with the same splitter.")
    if first.digest == second.digest:
        return _require_same_data(first, second)
    if first.splitter != second.splitter:
        raise UsageProblem(
            f"{first.name!r} was validated with {first.splitter} and {second.name!r} with {second.splitter}. {_WHY} "
            "Validate both with the same splitter and random_state."
        )
    _require_same_data(first, second)
    raise UsageProblem(
        f"the folds of {first.name!r} and {second.name!r} have other rows, though both are of {first.splitter}. {_WHY} "
        "Give the splitter a random_state, or set %seed before both."
    )


def _require_same_data(first: RecordedFolds, second: RecordedFolds) -> list[str]:
    notes: list[str] = []
    differing: list[str] = []
    for name in dict.fromkeys([*first.data, *second.data]):
        one, other = first.data.get(name), second.data.get(name)
        if one == other:
            continue
        change = _change(first, second, name)
        if change is not None and _has_other_columns_only(change):
            notes.append(f"{name} has other columns: {'; '.join(change.told)}")
        else:
            told = f" ({'; '.join(change.told)})" if change is not None and change.told else ""
            differing.append(f"{name}{told}")
    if differing:
        raise UsageProblem(
            f"{first.name!r} and {second.name!r} divided other data: {', '.join(differing)} is not the same. {_WHY} "
            f"What differs: %diff {first.run_id[:8]} {second.run_id[:8]}"
        )
    return notes


def _change(first: RecordedFolds, second: RecordedFolds, name: str) -> DataChange | None:
    """Return how the profiles of the two datasets differ, None if one was not recorded."""
    found = [one.datasets.get(one.data.get(name, "")) for one in (first, second)]
    if None in found:
        return None
    (row,) = data_rows([[DatasetRecord(name, one.digest, one.profile or "")] for one in found if one is not None])
    return row.changes[0]


def _has_other_columns_only(change: DataChange) -> bool:
    return (
        change.verdict == "changed"
        and bool(change.columns)
        and all(one.what in {"added", "removed"} for one in change.columns)
    )
