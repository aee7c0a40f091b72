"""The parts of the test data that one column divides, and the metrics of each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Outcome

_MOST = 30
_MOST_NUMBERS = 12
_FEWEST_ROWS = 30
_FEWEST_OF_A_CLASS = 5
_QUARTERS = (0, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True, eq=False)
class RowsOfSlice:
    """The positions of the rows of one part."""

    value: str
    rows: NDArray[Any]


def divide(by: str, values: NDArray[Any], note: Callable[[str], None]) -> list[RowsOfSlice]:
    """Return the parts of the rows: one for each value, or quarters of a column of many numbers, in order.

    Examples
    --------
    >>> import numpy as np
    >>> [(one.value, len(one.rows)) for one in divide("city", np.array(["b", "a", "b"]), print)]
    [('a', 1), ('b', 2)]
    """
    import numpy as np
    import pandas as pd

    missing = np.asarray(pd.isna(values))
    distinct = pd.unique(values[~missing])
    if values.dtype.kind in "fiu" and len(distinct) > _MOST_NUMBERS:
        parts = _quarters(values, missing)
        note(f"by {by}: its {len(distinct):,} numbers are divided into quarters of the rows")
    else:
        texts = values.astype(str)
        ordered = distinct if values.dtype.kind in "fiub" else distinct.astype(str)
        parts = [RowsOfSlice(str(one), np.flatnonzero((texts == str(one)) & ~missing)) for one in np.unique(ordered)]
    if missing.any():
        parts.append(RowsOfSlice("missing", np.flatnonzero(missing)))
    if len(parts) > _MOST:
        note(f"by {by}: of {len(parts):,} values the {_MOST} with the most rows are evaluated")
        largest = sorted(range(len(parts)), key=lambda at: -len(parts[at].rows))[:_MOST]
        parts = [parts[at] for at in sorted(largest)]
    return parts


def _quarters(values: NDArray[Any], missing: NDArray[Any]) -> list[RowsOfSlice]:
    import numpy as np

    known = values[~missing]
    with np.errstate(invalid="ignore"):
        quantiles = np.quantile(known, _QUARTERS)
    # Between two infinite values a quantile is NaN; the least and the largest value are edges in any case.
    edges = np.unique([known.min(), *quantiles[~np.isnan(quantiles)], known.max()])
    parts = []
    for at, (low, high) in enumerate(itertools.pairwise(edges)):
        inside = (values >= low if at == 0 else values > low) & (values <= high) & ~missing
        parts.append(RowsOfSlice(f"{low:.4g} to {high:.4g}", np.flatnonzero(inside)))
    return parts


def warning_of(outcome: Outcome) -> str:
    """Return why the rows of a part tell little about it, or an empty text.

    A part needs 30 rows, and 5 of each class that it has.
    """
    import numpy as np

    rows = len(outcome)
    if rows < _FEWEST_ROWS:
        return f"only {rows} row{'s' if rows != 1 else ''}: too few to tell"
    if outcome.task in {"binary", "multiclass"}:
        counts = np.bincount(outcome.codes, minlength=len(outcome.classes))
        if (counts > 0).sum() == 1:
            return f"all rows have the class {str(outcome.classes[counts.argmax()])!r}"
        rare = [code for code, count in enumerate(counts) if 0 < count < _FEWEST_OF_A_CLASS]
        if rare:
            return f"only {counts[rare[0]]} rows of the class {str(outcome.classes[rare[0]])!r}"
    return ""
