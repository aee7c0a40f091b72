"""The value of a metric by which a trial is judged: the best one over its steps, as ``%runs`` ranks runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.journal.records import Metric
from mlmagic.store.query.histories.extremes import RunningExtremes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlmagic.journal.records import Record
    from mlmagic.store.query.direction import Direction
    from mlmagic.store.query.histories.extremes import Extremes


def extremes_in(records: Iterable[Record]) -> dict[str, Extremes]:
    """Return the extremes of the metrics that a trial logged with steps."""
    found, last = RunningExtremes(), dict[str, int]()
    for one in records:
        if isinstance(one, Metric):
            found.add("", one.key, one.step, one.value)
            last[one.key] = max(one.step, last.get(one.key, one.step))
    return {key: one for (_, key), one in found.extremes().items() if last[key]}


def best_value(
    metric: str, last: Mapping[str, float], extremes: Mapping[str, Extremes], goal: Direction | None
) -> tuple[float | None, int | None]:
    """Return the best value of *metric* and its step; the *last* one of a metric without steps or direction.

    >>> from mlmagic.store.query.histories.extremes import Extremes
    >>> curves = {"loss": Extremes(0.2, 0.9, 7, 0)}
    >>> best_value("loss", {"loss": 0.3}, curves, "min"), best_value("error", {"error": 0.5}, curves, "min")
    ((0.2, 7), (0.5, None))
    """
    known = extremes.get(metric)
    return (known and known.chosen("best", goal)) or (last.get(metric), None)
