"""The refusal of a filter: one line, the same as in the comparison's widget."""

from __future__ import annotations

from mlmagic.errors import UsageProblem
from mlmagic.visible import clean

EXAMPLE = "For example: val_loss < 0.2 and optimizer = adam"
_LONGEST_SHOWN = 60


def refused(message: str) -> UsageProblem:
    """Return the error to raise; what is quoted from the filter may hold line breaks."""
    return UsageProblem(clean(message))


def short(text: str) -> str:
    """Return the beginning of *text*, to be shown in a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
