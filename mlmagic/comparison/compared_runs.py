"""The runs of a comparison, their columns, and their groups."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from mlmagic.comparison.columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow.entities import Run
    from pandas import DataFrame

    from mlmagic.comparison.columns import Column
    from mlmagic.store.query.direction import Direction

SEEDS = frozenset({"seed", "random_state", "random_seed"})
"""The last parts of the names of seed parameters, which may differ between repetitions of a configuration."""
CONFIGURATION = "configuration"
"""The group of runs that differ only in their seeds."""
_PARENT = "mlflow.parentRunId"


@dataclass(frozen=True)
class ComparisonNotice:
    """Explains an empty comparison in *text*, with what to do in *hint*."""

    text: str
    hint: str


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs to compare.

    ``title`` describes the runs; ``total`` is the number of all runs if these are not all, else None. ``metric`` is the
    main metric if the user named one, ``goal`` its direction. ``group`` is the grouping: the id of a column,
    ``configuration`` (all params except seeds), or empty. ``experiments`` maps the ids of the runs' experiments to
    their names. ``again`` reads the runs anew; ``whole`` are the ids of the experiments of which these are the newest
    runs, if they were not chosen in another way.
    """

    runs: Sequence[Run]
    title: str
    total: int | None = None
    notice: ComparisonNotice | None = None
    metric: str | None = None
    goal: Direction | None = None
    group: str = ""
    experiments: Mapping[str, str] = field(default_factory=dict)
    again: Callable[[], Comparison] | None = None
    whole: Sequence[str] = ()

    @cached_property
    def columns(self) -> list[Column]:
        """The columns of the table: run attributes, metrics, params, data and tags."""
        return columns_of(self.runs, metric=self.metric, goal=self.goal, experiments=self.experiments)

    @property
    def main_metric(self) -> Column | None:
        """The column of the main metric: the named one, else preferably one that differs and has a direction."""
        metrics = [column for column in self.columns if column.kind == "metric"]
        if self.metric is None:
            metrics.sort(key=lambda column: (not column.differs, column.goal is None))
        return metrics[0] if metrics else None

    def best_first(self) -> list[int]:
        """Return the rows in order of the main metric, those without a value last; unsorted if there is no metric."""
        main = self.main_metric
        if main is None or main.numbers is None:
            return list(range(len(self.runs)))
        sign = 1 if main.goal == "min" else -1
        values = [(math.isnan(value), sign * value) for value in main.numbers.tolist()]
        return sorted(range(len(values)), key=values.__getitem__)

    def families(self) -> list[tuple[int, int]]:
        """Return (row, nesting depth) pairs: runs below their parents, the family of the best run first.

        Families, and the runs within a family, are in the order of `best_first`.
        """
        best = self.best_first()
        below: dict[int, list[int]] = {}
        for row in best:
            below.setdefault(self.parents[row], []).append(row)
        depths: dict[int, int] = {}
        for row in best:
            waiting = [] if row in depths else [(self._oldest(row), 0)]
            while waiting:
                one, depth = waiting.pop()
                if one not in depths:
                    depths[one] = depth
                    waiting.extend((child, depth + 1) for child in reversed(below.get(one, ())))
        return list(depths.items())

    def _oldest(self, row: int) -> int:
        """Return the topmost ancestor. Tags may form a cycle of parents; the walk then stops at one of its runs."""
        seen = {row}
        while (parent := self.parents[row]) >= 0 and parent not in seen:
            seen.add(parent)
            row = parent
        return row

    @cached_property
    def parents(self) -> list[int]:
        """The row of each run's parent, or -1 if the parent is not among the runs."""
        rows = {run.info.run_id: row for row, run in enumerate(self.runs)}
        return [rows.get(run.data.tags.get(_PARENT, ""), -1) for run in self.runs]

    @cached_property
    def configurations(self) -> list[int]:
        """The configuration number of each run, shared by runs with equal params except seeds; -1 without params."""
        import numpy as np

        params = [
            column.codes
            for column in self.columns
            if column.kind == "param" and column.codes is not None and not is_seed(column.label)
        ]
        if not params:
            return [-1] * len(self.runs)
        codes = np.stack(params, axis=1)
        rows = np.flatnonzero((codes >= 0).any(axis=1))
        _, first, inverse = np.unique(codes[rows], axis=0, return_index=True, return_inverse=True)
        in_order = np.empty(len(first), dtype=np.int64)
        in_order[np.argsort(first)] = np.arange(len(first))  # numbered from 0 in order of appearance
        numbers = np.full(len(self.runs), -1)
        numbers[rows] = in_order[inverse.reshape(-1)]
        found: list[int] = numbers.tolist()
        return found

    def with_metrics(self, runs: Sequence[Run], columns: list[Column]) -> Comparison:
        """Return the same comparison with *runs* and *columns* in which other values of metrics have been logged."""
        made = replace(self, runs=runs)
        # They are computed from all runs otherwise.
        vars(made).update(columns=columns, parents=self.parents, configurations=self.configurations)
        return made

    def to_dataframe(self) -> DataFrame:
        """Return one row per run as ``mlmagic.runs`` does: run_id, name, status, started, duration, params, metrics."""
        from mlmagic.store.query.frames import frame_of

        return frame_of(self.runs)


def is_seed(param: str) -> bool:
    """Return whether a parameter is a seed, by the last part of its name.

    >>> is_seed("model.random_state"), is_seed("seed_size")
    (True, False)
    """
    return param.rpartition(".")[2].lower() in SEEDS
