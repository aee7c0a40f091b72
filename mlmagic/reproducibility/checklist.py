"""The checklist of a run: eight items, each with its state, the evidence, and the code that would mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ItemState = Literal["passed", "failed", "not applicable", "not recorded"]
TITLES = (
    "Seeds set",
    "Splits seeded or hashed",
    "Data fingerprinted",
    "Package versions recorded",
    "Preprocessing in the model",
    "Code under version control",
    "Settings, not constants",
    "Cells in order",
)
"""The titles of the eight items, in their order."""


@dataclass(frozen=True)
class ChecklistItem:
    """An item of the checklist: what was found, and the code that would mend it, if it failed.

    An item that is not applicable counts as passed. One that was not recorded does not.
    """

    number: int
    title: str
    state: ItemState
    evidence: tuple[str, ...] = ()
    fix: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the item counts for the score."""
        return self.state in {"passed", "not applicable"}


@dataclass(frozen=True)
class Checklist:
    """How reproducible a run is, by what is recorded of it.

    ``note`` says something about the run as a whole, such as that it failed; ``problem`` why the score is not its tag.

    >>> Checklist("forest", "3f2a91c0", (item(4, "passed"), item(6, "failed", "no commit"))).score
    '1/2'
    """

    run: str
    run_id: str
    items: tuple[ChecklistItem, ...]
    note: str = ""
    problem: str = ""

    @property
    def passed(self) -> int:
        """How many items count as passed."""
        return sum(one.is_good for one in self.items)

    @property
    def score(self) -> str:
        """The score, such as ``7/8``."""
        return f"{self.passed}/{len(self.items)}"

    def __repr__(self) -> str:
        """Return the run and its score; a notebook shows the items."""
        return f"<Checklist of {self.run!r}: {self.score}>"


def item(number: int, state: ItemState, *evidence: str, fix: str = "") -> ChecklistItem:
    """Return the item of this number."""
    return ChecklistItem(number, TITLES[number - 1], state, tuple(evidence), fix)
