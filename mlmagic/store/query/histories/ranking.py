"""The order of runs by a metric: with steps by its best value, and of a sweep by its best point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.store.query.families import best_point, fold
from mlmagic.store.query.histories.extremes import of_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow.entities import Run

    from mlmagic.store.query.direction import MetricValue
    from mlmagic.store.query.histories.extremes import Extremes, Measured
    from mlmagic.store.query.ordering import Order


@dataclass(frozen=True)
class Ranked:
    """The *runs* in their order, the value by which each ranks and its step (*measured*), and the runs *below* each."""

    runs: Sequence[Run]
    measured: Measured
    below: Mapping[str, Sequence[Run]]


def rank(
    runs: Sequence[Run],
    order: Order,
    value: MetricValue = "last",
    extremes: Mapping[tuple[str, str], Extremes] | None = None,
    *,
    folded: bool = False,
) -> Ranked:
    """Return *runs* in the *order* of a metric, by the *value* of its steps that is asked for.

    *extremes* are those of the metric, of the runs in which it has steps. *folded* leaves out the runs below others of
    *runs*: a run ranks by its own value, or by the best point below it if it has none.
    """
    measured = of_column(runs, order.key, extremes or {}, value, order.goal)
    values = {run_id: one for run_id, (one, _) in measured.items()}
    below: dict[str, list[Run]] = {}
    if folded:
        runs, below = fold(runs)
        for run_id, found in below.items():
            if math.isnan(values.get(run_id, math.nan)):
                best = best_point(found, values, lowest=order.ascending)
                if best is not None:
                    values[run_id], measured[run_id] = best, (best, None)
    return Ranked(order.sorted(runs, values), measured, below)
