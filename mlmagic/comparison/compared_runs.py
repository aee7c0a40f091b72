"""The runs of a comparison, their columns, and their groups."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from mlmagic.comparison.columns import columns_of
from mlmagic.store.changes.run_changes import is_archived
from mlmagic.store.query.families import PARENT, is_repetition
from mlmagic.store.query.histories.extremes import has_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow.entities import Run
    from pandas import DataFrame

    from mlmagic.comparison.columns import Column
    from mlmagic.store.query.direction import Direction
    from mlmagic.store.query.histories.extremes import Extremes

CONFIGURATION = "configuration"
"""The group of runs that differ only in their seeds."""
ENDED_EARLY = ("FAILED", "KILLED")
"""The statuses of runs that logged a part of their values, which neither rank nor count in means."""


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
    their names. ``query`` is the name of the experiment and the filter that found the runs, None if they were named.
    ``is_named`` says that the runs were named one by one, so that archived ones are shown too. ``again`` reads the runs
    anew; ``whole`` are the ids of the experiments of which these are the newest runs, if they were not chosen in
    another way. ``extremes`` has those of metrics with steps, as far as they were read, by run id and metric.
    """

    runs: Sequence[Run]
    title: str
    total: int | None = None
    notice: ComparisonNotice | None = None
    metric: str | None = None
    goal: Direction | None = None
    group: str = ""
    experiments: Mapping[str, str] = field(default_factory=dict)
    query: tuple[str, str] | None = None
    is_named: bool = False
    again: Callable[[], Comparison] | None = None
    whole: Sequence[str] = ()
    extremes: Mapping[tuple[str, str], Extremes] = field(default_factory=dict)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns of the table: run attributes, metrics, params, data and tags."""
        return columns_of(self.runs, metric=self.metric, goal=self.goal, experiments=self.experiments)

    @property
    def main_metric(self) -> Column | None:
        """The column of the main metric: the named one, else preferably one that differs and has a direction."""
        metrics = [column for column in self.columns if column.kind == "metric"]
        if self.metric is None:
            bounds = {end for column in metrics for end in column.ends or ()}
            metrics = [column for column in metrics if column.id not in bounds]
            metrics.sort(key=lambda column: (not column.differs, column.goal is None))
        return metrics[0] if metrics else None

    @property
    def is_ranked_by_best(self) -> bool:
        """Whether the best values of the main metric rank: not if there were too many to read them."""
        main = self.main_metric
        key = main.label if main else ""
        return any(metric == key for _, metric in self.extremes) or not any(has_steps(run, key) for run in self.runs)

    def best_first(self) -> list[int]:
        """Return the rows in order of the main metric; unsorted if there is no metric.

        Failed and killed runs come after the others, and those without a value last.
        """
        main = self.main_metric
        if main is None or main.numbers is None:
            return list(range(len(self.runs)))
        sign = 1 if main.goal == "min" else -1
        values = [
            (math.isnan(value), run.info.status in ENDED_EARLY, sign * value)
            for run, value in zip(self.runs, main.numbers.tolist(), strict=True)
        ]
        return sorted(range(len(values)), key=values.__getitem__)

    @cached_property
    def parents(self) -> list[int]:
        """The row of each run's parent, or -1 if the parent is not among the runs."""
        rows = {run.info.run_id: row for row, run in enumerate(self.runs)}
        return [rows.get(run.data.tags.get(PARENT, ""), -1) for run in self.runs]

    @cached_property
    def configurations(self) -> list[int]:
        """The configuration number of each run, shared by runs with equal params except seeds; -1 without params."""
        import numpy as np

        params = [
            column.codes
            for column in self.columns
            if column.kind == "param" and column.codes is not None and not is_repetition(column.label)
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

    def without_archived(self) -> Comparison:
        """Return the comparison without archived runs, unless all of them are, or they were named one by one."""
        kept = [run for run in self.runs if not is_archived(run.data.tags)]
        return replace(self, runs=kept) if not self.is_named and 0 < len(kept) < len(self.runs) else self

    def with_metrics(
        self, runs: Sequence[Run], columns: list[Column], extremes: Mapping[tuple[str, str], Extremes]
    ) -> Comparison:
        """Return the same comparison with *runs* and *columns* in which other values of metrics have been logged."""
        made = replace(self, runs=runs, extremes=extremes)
        # They are computed from all runs otherwise.
        vars(made).update(columns=columns, parents=self.parents, configurations=self.configurations)
        return made

    def to_dataframe(self) -> DataFrame:
        """Return one row per run as ``mlmagic.runs`` does: run_id, name, status, started, duration, params, metrics."""
        from mlmagic.store.query.frames import frame_of

        return frame_of(self.runs)
