"""Converts runs to the columns of the table, in the form in which they are sent to the browser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.store.query.direction import Direction, direction_of, interval_ends
from mlmagic.store.query.durations import duration_s, span_s
from mlmagic.store.query.filters.values import number_or_none
from mlmagic.store.query.infinities import as_logged
from mlmagic.store.query.shown_tags import TOLD_TAGS, VERDICTS, telling_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from mlflow.entities import Run

Kind = Literal["run", "param", "metric", "tag", "data"]
Format = Literal["number", "text", "moment", "duration", "status"]

_FEW = 4
"""Columns of metrics and params in which fewer than a quarter of the runs have a value stand behind the others."""
_ORDER: tuple[Kind, ...] = ("metric", "param", "data", "tag")


@dataclass(frozen=True, eq=False)
class Column:
    """One column: ``numbers`` (float64) with a mask ``missing``, or ``codes`` (int32, -1 if missing) into ``words``.

    ``goal`` is the direction in which a metric is better, ``differs`` whether the runs differ in it, ``shown`` whether
    it is shown initially. ``ends`` are the ids of the columns of the bounds of a metric's interval.
    """

    id: str
    kind: Kind
    label: str
    format: Format
    differs: bool
    numbers: np.ndarray[Any, Any] | None = None
    missing: np.ndarray[Any, Any] | None = None
    codes: np.ndarray[Any, Any] | None = None
    words: Sequence[str] = ()
    goal: Direction | None = None
    shown: bool = True
    ends: tuple[str, str] | None = None


def columns_of(
    runs: Sequence[Run],
    *,
    metric: str | None = None,
    goal: Direction | None = None,
    experiments: Mapping[str, str] | None = None,
) -> list[Column]:
    """Return the columns of *runs*, each with one value per run: run attributes, metrics, params, data and tags.

    *metric* comes first among the metrics; *goal* is its direction if its name does not imply one. *experiments* maps
    the ids of experiments to their names.

    Params are words, as they were logged. Their column has the format of numbers if each word is a number.
    """
    by_kind: dict[Kind, dict[str, dict[int, Any]]] = {"metric": {}, "param": {}, "data": {}, "tag": {}}
    for row, run in enumerate(runs):
        for kind, values in _values(run):
            columns = by_kind[kind]
            for key, value in values.items():
                if key in columns:
                    columns[key][row] = value
                else:
                    columns[key] = {row: value}
    found = {(kind, key): values for kind, columns in by_kind.items() for key, values in columns.items()}
    main = ("metric", metric)
    order = sorted(found, key=lambda column: (_ORDER.index(column[0]), column != main))
    made = [_column(*column, found[column], len(runs), goal=goal if column == main else None) for column in order]
    ends = interval_ends(by_kind["metric"])
    made = [
        replace(column, ends=(f"metric:{ends[column.label][0]}", f"metric:{ends[column.label][1]}"))
        if column.kind == "metric" and column.label in ends
        else column
        for column in made
    ]
    # What tells the runs apart stands first; what all of them share is there when it is asked for.
    made.sort(key=lambda column: _place(column, len(runs), column.id == f"metric:{metric}"))
    name, *rest = _columns_of_info(runs, experiments or {})
    tags = sum(column.kind == "tag" for column in made)
    return [name, *made[: len(made) - tags], *rest, *made[len(made) - tags :]]


def _place(column: Column, count: int, is_main: bool) -> tuple[int, bool, bool]:  # private
    """Return what orders columns: their kind, whether runs differ in them, and whether many runs have a value."""
    is_same = column.kind != "metric" and not column.differs
    is_sparse = column.kind in {"metric", "param"} and _FEW * _given(column, count) < count
    return _ORDER.index(column.kind), is_same, is_sparse and not is_main


def _given(column: Column, count: int) -> int:
    """Return how many of *count* runs have a value."""
    if column.codes is not None:
        return int((column.codes >= 0).sum())
    return count if column.missing is None else count - int(column.missing.sum())


def _values(run: Run) -> Iterable[tuple[Kind, Mapping[str, Any]]]:
    yield "metric", run.data.metrics
    yield "param", run.data.params
    yield "data", {one.dataset.name: one.dataset.digest for one in (run.inputs.dataset_inputs if run.inputs else ())}
    yield "tag", telling_tags(run.data.tags)


def _columns_of_info(runs: Sequence[Run], names: Mapping[str, str]) -> list[Column]:
    """Return the columns of run attributes: the name, and those after metrics, params and data."""
    every = range(len(runs))
    experiments = {run.info.experiment_id for run in runs}
    first = [
        _words("run", "name", "name", {row: runs[row].info.run_name or "" for row in every}, len(runs)),
        _words("run", "status", "status", {row: runs[row].info.status for row in every}, len(runs), form="status"),
        _numbers(
            "run", "duration", "duration",
            {row: took for row in every if (took := duration_s(runs[row])) is not None}, len(runs), form="duration",
        ),
    ]  # fmt: skip
    if spans := {row: span for row in every if (span := span_s(runs[row])) is not None}:
        first.append(_numbers("run", "span", "start to end", spans, len(runs), form="duration"))
    if len(experiments) > 1:
        named = {row: names.get(one := runs[row].info.experiment_id, one) for row in every}
        first.append(_words("run", "experiment", "experiment", named, len(runs)))
    moments = {row: at for row in every if (at := runs[row].info.start_time) is not None}
    return [*first, _numbers("run", "started", "started", moments, len(runs), form="moment")]


def _column(kind: Kind, key: str, values: Mapping[int, Any], count: int, *, goal: Direction | None) -> Column:
    if kind == "metric":
        return _numbers(kind, key, key, values, count, goal=goal or direction_of(key))
    if kind == "tag":
        made = _words(kind, key, TOLD_TAGS.get(key, key), values, count, shown=key not in TOLD_TAGS)
        return replace(made, shown=made.differs) if key in VERDICTS else made
    are_numbers = kind == "param" and all(number_or_none(word) is not None for word in set(values.values()))
    made = _words(kind, key, key, values, count, form="number" if are_numbers else "text")
    return made if made.differs or count == 1 else replace(made, shown=False)


def _numbers(
    kind: Kind,
    key: str,
    label: str,
    values: Mapping[int, Any],
    count: int,
    *,
    form: Format = "number",
    goal: Direction | None = None,
) -> Column:
    import numpy as np

    numbers = np.full(count, np.nan)
    numbers[list(values)] = as_logged(np.array(list(values.values()), dtype=np.float64))
    missing = None
    if len(values) < count:
        missing = np.ones(count, dtype=np.uint8)
        missing[list(values)] = 0
    differs = _do_differ(numbers, missing)
    return Column(f"{kind}:{key}", kind, label, form, differs, numbers=numbers, missing=missing, goal=goal)


def with_values(column: Column, values: Mapping[int, float]) -> Column:
    """Return a column of numbers with other *values* in some of the rows that have one."""
    import numpy as np

    numbers = np.array(column.numbers)
    numbers[list(values)] = as_logged(np.array(list(values.values()), dtype=np.float64))
    return replace(column, numbers=numbers, differs=_do_differ(numbers, column.missing))


def _do_differ(numbers: np.ndarray[Any, Any], missing: np.ndarray[Any, Any] | None) -> bool:
    import numpy as np

    given = numbers if missing is None else numbers[missing == 0]
    return len(numbers) > 1 and (missing is not None or len(np.unique(given)) > 1)


def _words(
    kind: Kind,
    key: str,
    label: str,
    values: Mapping[int, str],
    count: int,
    *,
    form: Format = "text",
    shown: bool = True,
) -> Column:
    import numpy as np

    number_of = {word: number for number, word in enumerate(dict.fromkeys(values.values()))}
    codes = np.full(count, -1, dtype=np.int32)
    codes[list(values)] = [number_of[word] for word in values.values()]
    differs = count > 1 and (len(values) < count or len(number_of) > 1)
    return Column(f"{kind}:{key}", kind, label, form, differs, codes=codes, words=list(number_of), shown=shown)
