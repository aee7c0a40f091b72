"""The result of a reproduction: the verdict, what was compared, and why it differs or cannot run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.replay.comparing import ComparedResult


REPRODUCES = "mlmagic.reproduces"
"""The tag of the run that records a reproduction: the original run's id. It is a run below the original."""


class Verdict(StrEnum):
    """Whether a run came back to the same numbers."""

    IDENTICAL = "IDENTICAL"
    EQUIVALENT = "EQUIVALENT"
    DIFFERENT = "DIFFERENT"
    CANNOT_RUN = "CANNOT RUN"


_EXIT_CODES = {Verdict.IDENTICAL: 0, Verdict.EQUIVALENT: 0, Verdict.DIFFERENT: 1, Verdict.CANNOT_RUN: 2}


@dataclass(frozen=True)
class Cause:
    """What may explain a difference: the strongest evidence first. ``cell`` is the number of the cell concerned."""

    what: str
    evidence: str
    cell: int | None = None


@dataclass(frozen=True)
class Reproduction:
    """A run that was run again.

    Attributes
    ----------
    run_id, name
        The original run.
    verdict
        IDENTICAL: all results are equal bit for bit, and models predict the same. EQUIVALENT: within the rounding of
        sums, or the noise that two replays have too. DIFFERENT: a result differs; ``causes`` says why. CANNOT RUN:
        ``reason`` says what is missing.
    results
        Each result of both runs.
    causes
        What may explain the difference, the strongest evidence first.
    cells, of_cells
        How many cells were run, of how many in the session.
    seconds, original_seconds
        How long the replay took, and how long these cells took originally.
    first_different
        The number of the first cell that left something else behind than originally.
    notes
        What else the reader should know.
    reproduced_by
        The id of the run that records the reproduction.
    figures
        The figures that differ, by name: the original's and the replay's file.
    objects
        The objects of the replay that were asked for, by name.
    """

    run_id: str
    name: str
    verdict: Verdict
    results: Sequence[ComparedResult] = ()
    causes: Sequence[Cause] = ()
    reason: str = ""
    cells: int = 0
    of_cells: int = 0
    seconds: float = 0.0
    original_seconds: float = 0.0
    first_different: int | None = None
    notes: Sequence[str] = ()
    reproduced_by: str | None = None
    figures: dict[str, tuple[bytes, bytes]] = field(default_factory=dict, repr=False)
    objects: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def exit_code(self) -> int:
        """0 if identical or equivalent, 1 if different, 2 if it cannot run."""
        return _EXIT_CODES[self.verdict]

    def __str__(self) -> str:
        """Return the run's name and the verdict."""
        return f"{self.name}: {self.verdict}"
