"""Which runs are hidden because they are archived: all of them, unless the filter names the tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.store.changes.run_changes import ARCHIVED, is_archived
from mlmagic.store.query.filters.tree import Words, leaves

if TYPE_CHECKING:
    from mlflow.entities import Run

    from mlmagic.store.query.filters.tree import Expression


@dataclass
class Unarchived:
    """Return of a run whether it is listed; *left_out* counts those that are not."""

    with_archived: bool
    left_out: int = 0

    def __call__(self, run: Run) -> bool:
        """Return whether *run* is listed, and count it if it is not."""
        if self.with_archived or not is_archived(run.data.tags):
            return True
        self.left_out += 1
        return False


def asks_for_archived(expression: Expression | None) -> bool:
    """Return whether a filter names the tag of archived runs.

    >>> from mlmagic.store.query.filters.parser import parse
    >>> asks_for_archived(parse("archived = true")), asks_for_archived(parse("loss < 1 and archived is missing"))
    (True, True)
    >>> asks_for_archived(parse("loss < 1")), asks_for_archived(None)
    (False, False)
    """
    return any(not isinstance(one, Words) and one.name.key in {"archived", ARCHIVED} for one in leaves(expression))
