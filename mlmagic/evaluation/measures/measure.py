"""A metric of one model on one set of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.evaluation.statistics.summaries import Summary
    from mlmagic.store.query.direction import Direction


@dataclass(frozen=True, eq=False)
class Measure:
    """A metric whose values on many resamples are computed at once.

    ``finish`` computes them from the summary of the weighted rows. ``direction`` says whether more or less is better,
    None if that is not known. ``is_share`` is set if the metric is the share of rows that are right.
    """

    name: str
    summary: Summary
    finish: Callable[[Any], NDArray[Any]]
    direction: Direction | None = None
    is_share: bool = False

    def negative(self, name: str) -> Measure:
        """Return the metric with the opposite sign, as scikit-learn's ``neg_`` scorers have it."""
        finish = self.finish
        return Measure(name, self.summary, lambda summary: -finish(summary), "max")
