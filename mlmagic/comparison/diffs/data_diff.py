"""Compares the datasets of runs by their digests and profiles only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.store.foreign_json import read_json
from mlmagic.store.keys import unused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlmagic.comparison.diffs.run_record import DatasetRecord

Verdict = Literal["same", "order", "changed", "unknown", "added", "removed", "absent"]

_FACTS = ("nulls", "min", "max", "mean", "n_unique")
_WORDS = {"n_unique": "distinct values"}
_TOLD_BY_NAME = 8


@dataclass(frozen=True)
class ColumnChange:
    """A change of a column; *detail* describes it: ``int64 → float64``, ``mean 51.2 → 49.8``."""

    name: str
    what: Literal["values", "type", "added", "removed"]
    detail: str = ""


@dataclass(frozen=True)
class DataChange:
    """How a dataset of one run differs from that of the base.

    ``order`` means that at most the order of the rows differs, ``unknown`` that the records are insufficient,
    ``absent`` that neither run has the dataset. *told* describes the change in sentences.
    """

    verdict: Verdict
    told: tuple[str, ...] = ()
    columns: tuple[ColumnChange, ...] = ()


@dataclass(frozen=True)
class DataRow:
    """A dataset by name: its digest and shape (``100 by 3``) in each run, and *changes* of each run but the base."""

    name: str
    differs: bool
    digests: tuple[str | None, ...]
    shapes: tuple[str | None, ...]
    changes: tuple[DataChange, ...]


@dataclass(frozen=True)
class _Known:
    """A dataset with its parsed profile; *own* if mlmagic made the profile."""

    digest: str
    profile: Mapping[str, Any]
    own: bool

    @property
    def shape(self) -> list[int] | None:
        shape = self.profile.get("shape")
        if isinstance(shape, list) and all(isinstance(size, int) for size in shape):
            return shape
        rows = self.profile.get("num_rows")
        return [rows] if isinstance(rows, int) else None


def data_rows(runs: Sequence[Iterable[DatasetRecord]]) -> tuple[DataRow, ...]:
    """Return a row for each dataset name.

    >>> from mlmagic.comparison.diffs.run_record import DatasetRecord
    >>> before, after = DatasetRecord("X", "1f", '{"num_rows": 100}'), DatasetRecord("X", "2e", '{"num_rows": 120}')
    >>> data_rows([[before], [after]])[0].changes[0].told
    ('100 → 120 rows', 'MLflow recorded digests only, which do not tell what else changed')
    """
    known = [_by_name(run) for run in runs]
    return tuple(_row(name, known) for name in dict.fromkeys(name for run in known for name in run))


def shape_of(dataset: DatasetRecord) -> str | None:
    """Return the shape of a dataset in words, None if it was not recorded.

    >>> from mlmagic.comparison.diffs.run_record import DatasetRecord
    >>> shape_of(DatasetRecord("X", "1f", '{"num_rows": 100}')), shape_of(DatasetRecord("X", "1f", "{"))
    ('100 rows', None)
    """
    return _shown_shape(_read(dataset))


def _by_name(datasets: Iterable[DatasetRecord]) -> dict[str, _Known]:
    taken: set[str] = set()
    return {unused(one.name, taken): _read(one) for one in datasets}


def _read(dataset: DatasetRecord) -> _Known:
    profile: dict[str, Any] = read_json(dataset.profile, dict) or {}  # MLflow accepts any text
    return _Known(dataset.digest, profile, own={"kind", "order_free", "schema"} <= set(profile))


def _row(name: str, runs: Sequence[Mapping[str, _Known]]) -> DataRow:
    found = [run.get(name) for run in runs]
    changes = tuple(_change(found[0], other, runs[0], run) for other, run in zip(found[1:], runs[1:], strict=True))
    return DataRow(
        name=name,
        differs=any(change.verdict not in {"same", "absent", "unknown"} for change in changes),
        digests=tuple(one.digest if one else None for one in found),
        shapes=tuple(_shown_shape(one) if one else None for one in found),
        changes=changes,
    )


def _shown_shape(known: _Known) -> str | None:
    if known.shape is None:
        return None
    if not isinstance(known.profile.get("shape"), list):
        return _counted(known.shape[0], "row")
    return " by ".join(f"{size:,}" for size in known.shape) or "a single value"


def _change(
    base: _Known | None, other: _Known | None, of_base: Mapping[str, _Known], of_other: Mapping[str, _Known]
) -> DataChange:
    if base is None or other is None:
        return _one_missing(base, other, of_base, of_other)
    if base.own != other.own:
        told = "mlmagic recorded one and MLflow the other: their digests cannot be compared"
        return DataChange("unknown", (*_rows_told(base, other), told))
    if base.digest == other.digest:
        if not base.own:
            return DataChange("same", ("the same digest, by MLflow, which looks at the first 10,000 rows",))
        return DataChange("same", ("the same in a sample of its rows",) if base.profile.get("sampled") else ())
    if not base.own:
        told = "MLflow recorded digests only, which do not tell what else changed"
        return DataChange("changed", (*_rows_told(base, other), told))
    return _change_of_profiles(base, other)


def _one_missing(
    base: _Known | None, other: _Known | None, of_base: Mapping[str, _Known], of_other: Mapping[str, _Known]
) -> DataChange:
    held, elsewhere, where = (other, of_base, "the base") if base is None else (base, of_other, "this run")
    if held is None:
        return DataChange("absent")
    if not elsewhere:
        return DataChange("unknown", (f"no data of {where} is recorded",))
    renamed = [name for name, one in elsewhere.items() if one.digest == held.digest]
    told = "the base has none of this name" if base is None else "this run has none of this name"
    also = [f"{where} has the same content as {renamed[0]}"] if renamed else []
    return DataChange("added" if base is None else "removed", (told, *also))


def _change_of_profiles(base: _Known, other: _Known) -> DataChange:
    """Compare two profiles made by mlmagic."""
    old, new = base.profile, other.profile
    told = list(_rows_told(base, other))
    if bool(old.get("sampled")) != bool(new.get("sampled")):
        told.append("one was recorded by a sample of its rows, so that contents cannot be compared")
        return DataChange("changed" if len(told) > 1 else "unknown", tuple(told))
    if old.get("unhashed") or new.get("unhashed"):
        told.append("it holds values that have no fingerprint, which never count as the same")
    before, after = _columns(old), _columns(new)
    same_rows = base.shape is not None and other.shape is not None and base.shape[:1] == other.shape[:1]
    columns = _column_changes(before, after, with_values=same_rows)
    same_values = bool(before) and not columns and list(before) == list(after)
    if old.get("order_free") and old.get("order_free") == new.get("order_free"):
        only_index = same_values and old.get("index") != new.get("index")
        return DataChange("order", ("only the index changed" if only_index else "only the order of the rows changed",))
    if before or after:
        told += _columns_told(columns, before, after)
        if not told and same_values and old.get("index") != new.get("index"):
            told.append("the index changed")
    else:
        told += _values_told(old.get("values"), new.get("values"), same_shape=base.shape == other.shape)
    if not told:
        left_out = old.get("columns_left_out") or new.get("columns_left_out")
        told.append("a column that its profile leaves out changed" if left_out else "its content changed")
    return DataChange("changed", tuple(told), tuple(columns))


def _rows_told(base: _Known, other: _Known) -> list[str]:
    """Describe a change of the number of rows, or of the shape."""
    old, new = base.shape, other.shape
    if not old or not new:
        return []
    told = [f"{old[0]:,} → {_counted(new[0], 'row')}"] if old[0] != new[0] else []
    of_arrays = "values" in base.profile and "values" in other.profile
    if of_arrays and old[1:] != new[1:]:
        told = [f"shape {_shown_shape(base)} → {_shown_shape(other)}"]
    return told


def _columns(profile: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    taken: set[str] = set()  # shortening or redaction may make two names equal
    listed = profile.get("columns")
    columns = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {unused(str(one.get("name")), taken): one for one in columns}


def _column_changes(
    before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]], *, with_values: bool
) -> list[ColumnChange]:
    """Return the changes of all columns; values are compared only *with_values*, if the number of rows is the same."""
    found = []
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            found.append(ColumnChange(name, "removed", str(old.get("type", ""))))
        elif old.get("type") != new.get("type"):
            found.append(ColumnChange(name, "type", f"{old.get('type')} → {new.get('type')}"))
        elif with_values and old.get("digest") != new.get("digest"):
            found.append(ColumnChange(name, "values", _facts_told(old, new)))
    added = [(name, new) for name, new in after.items() if name not in before]
    return found + [ColumnChange(name, "added", str(new.get("type", ""))) for name, new in added]


def _columns_told(
    columns: Sequence[ColumnChange], before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]
) -> list[str]:
    told = []
    changed = [one for one in columns if one.what == "values"]
    shared = [name for name in before if name in after]
    if len(changed) == len(shared) > 1:
        told.append("the values of every column changed, or those of some and the order of the rows")
    elif changed:
        told.append(f"{_named(changed)} changed" + (f": {changed[0].detail}" if _one_told(changed) else ""))
    retyped = [one for one in columns if one.what == "type"]
    told += [f"column {one.name} is {one.detail.replace(' → ', ', now ')}" for one in retyped[:_TOLD_BY_NAME]]
    if len(retyped) > _TOLD_BY_NAME:
        told.append(f"{len(retyped) - _TOLD_BY_NAME} more columns are of another type")
    for what in ("added", "removed"):
        if those := [one for one in columns if one.what == what]:
            told.append(f"{_named(those)} {what}")
    if shared != [name for name in after if name in before]:
        told.append("the order of the columns changed")
    return told


def _one_told(changed: Sequence[ColumnChange]) -> bool:
    return len(changed) == 1 and bool(changed[0].detail)


def _named(columns: Sequence[ColumnChange]) -> str:
    names = [one.name for one in columns]
    more = f" and {len(names) - _TOLD_BY_NAME} more" if len(names) > _TOLD_BY_NAME else ""
    return f"column{'s' * (len(names) > 1)} {', '.join(names[:_TOLD_BY_NAME])}{more}"


def _values_told(old: Any, new: Any, *, same_shape: bool) -> list[str]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return []
    if old.get("type") != new.get("type"):
        return [f"its values are {old.get('type')}, now {new.get('type')}"]
    if not same_shape:
        return []
    facts = _facts_told(old, new)
    return [f"its values changed{f': {facts}' if facts else ''}"]


def _facts_told(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    told = [
        f"{_WORDS.get(fact, fact)} {_short(old.get(fact))} → {_short(new.get(fact))}"
        for fact in _FACTS
        if old.get(fact) != new.get(fact)
    ]
    return ", ".join(told)


def _short(value: Any) -> str:
    """Format a fact of a profile: floats with six digits, a dash if it is missing."""
    if value is None:
        return "\N{EN DASH}"
    return f"{value:.6g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"
