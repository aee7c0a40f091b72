"""The rows of each value of a column, for the drift of each of these groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.drift.columns import match
from mlmagic.monitoring.drift.sources.values import MOST_LEVELS, Levels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.monitoring.drift.sources.tables import Table

FEWEST_ROWS = 30
_LONGEST = 80


@dataclass(frozen=True, eq=False)
class Group:
    """A value with the rows that have it on both sides; *note* says why these are not compared."""

    value: str
    rows: tuple[NDArray[Any], NDArray[Any]]
    note: str = ""

    @property
    def counts(self) -> tuple[int, int]:
        """The numbers of rows."""
        return len(self.rows[0]), len(self.rows[1])


def groups_by(by: str, reference: Table, current: Table, note: Callable[[str], None]) -> list[Group]:
    """Return the groups of the column *by*, the largest first: at most 20.

    Raises
    ------
    UsageProblem
        If the column has no values by which rows can be divided.
    """
    import numpy as np

    found = match(by, reference.read(by), current.read(by))
    if found.reason:
        raise UsageProblem(f"by: {by!r} cannot divide rows: {found.reason}")
    first, second = found.reference, found.current
    if not isinstance(first, Levels) or not isinstance(second, Levels):
        raise UsageProblem(
            f"by: {by!r} has numbers or dates of more than {MOST_LEVELS} different values: divide them first, as with "
            "pd.cut"
        )
    counts = first.counts() + second.counts()
    order = np.argsort(-counts, kind="stable")
    if len(order) > MOST_LEVELS:
        note(f"{by} has {len(order):,} values: the {MOST_LEVELS} most frequent ones are compared")
    groups = []
    for code in order[:MOST_LEVELS].tolist():
        rows = np.flatnonzero(first.codes == code), np.flatnonzero(second.codes == code)
        too_few = min(len(one) for one in rows) < FEWEST_ROWS
        groups.append(Group(first.labels[code][:_LONGEST], rows, f"fewer than {FEWEST_ROWS} rows" if too_few else ""))
    return groups
