"""What to know about an evaluation: what was assumed, changed or left out, and what few rows cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.evaluation.evaluation import Note

if TYPE_CHECKING:
    from mlmagic.evaluation.outcomes.outcome import Outcome
    from mlmagic.evaluation.scoring import Scores

_FEW_ROWS = 30


@dataclass
class EvaluationNotes:
    """Collects notes, each once."""

    found: dict[str, Note] = field(default_factory=dict)

    def info(self, text: str) -> None:
        """Note what is good to know."""
        self.found.setdefault(text, Note(text))

    def warn(self, text: str) -> None:
        """Note what was not done as asked, or tells less than it seems."""
        self.found[text] = Note(text, "warning")


def note_left_out(scores: Scores, notes: EvaluationNotes) -> None:
    """Note which metrics were left out, with those that have the same reason."""
    reasons: dict[str, list[str]] = {}
    for name, why in scores.left_out.items():
        reasons.setdefault(why, []).append(name)
    for why, left_out in reasons.items():
        notes.warn(f"{', '.join(left_out)} {'was' if len(left_out) == 1 else 'were'} left out: {why}")


def note_few(outcome: Outcome, scores: Scores, notes: EvaluationNotes) -> None:
    """Note what few rows can tell, and what they cannot."""
    if len(outcome) >= _FEW_ROWS:
        return
    interval = next(iter(scores.intervals.values()))
    name = next(iter(scores.intervals))
    known = f"; {name} may lie from {interval.low:.2f} to {interval.high:.2f}" if interval.is_known else ""
    notes.warn(
        f"{len(outcome)} row{'s' * (len(outcome) > 1)} only: a gross error shows, a difference between models does not"
        f"{known}. Bootstrap intervals of so few rows are too narrow"
    )
