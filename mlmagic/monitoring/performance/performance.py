"""A metric of served rows, with its interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Performance:
    """A metric of served rows.

    Attributes
    ----------
    metric, value
        The name, and the value; NaN if it is not defined on these rows, for the reason in ``note``.
    low, high
        The confidence interval, NaN if there is none.
    rows
        The number of rows that it is computed from; of realized metrics those with a label.
    is_estimate
        Whether labels were missing, and the value follows from the model's probabilities (CBPE).
    greater_is_better
        False for errors and losses.
    note
        What to know about it, often empty.
    is_calibrated
        False for an estimate from probabilities of which too few labels say whether they are calibrated: it may be far
        off, and has no interval.
    """

    metric: str
    value: float
    low: float
    high: float
    rows: int
    is_estimate: bool = False
    greater_is_better: bool = True
    note: str = ""
    is_calibrated: bool = True
