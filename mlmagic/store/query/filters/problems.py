"""The refusal of a filter: one line, the same as in the comparison's widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLE = "For example: val_loss < 0.2 and optimizer = adam"
_LONGEST_SHOWN = 60
_LONGEST_COMPARED = 80
_MOST_CHANGES = 6


def refused(message: str) -> UsageProblem:
    """Return the error to raise; what is quoted from the filter may hold line breaks."""
    return UsageProblem(clean(message))


def short(text: str) -> str:
    """Return the beginning of *text*, to be shown in a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the valid word with the fewest letters changed, or an empty string.

    It counts as the widget does, and unlike `mlmagic.errors.did_you_mean` stays quick among thousands of long names.

    >>> nearest("acuracy", ["loss", "accuracy"]), nearest("zzz", ["accuracy"])
    (" Did you mean 'accuracy'?", '')
    """
    if len(word) > _LONGEST_COMPARED:
        return ""
    wanted, found = word.lower(), ""
    least = min(max(1, len(wanted) // 3), _MOST_CHANGES) + 1
    for one in valid:
        if abs(len(one) - len(wanted)) < least and (changes := _changes(wanted, one.lower(), least)) < least:
            found, least = one, changes
    return f" Did you mean '{found}'?" if found else ""


def _changes(a: str, b: str, limit: int) -> int:
    """Return how many letters must be added, removed, replaced or swapped with their neighbour; *limit* if as many."""
    older: list[int] = []
    before = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        row = [i, *[limit] * len(b)]
        for j in range(max(1, i - limit), min(len(b), i + limit) + 1):  # others need as many changes as the limit
            other = b[j - 1]
            best = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                best = min(best, older[j - 2] + 1)
            row[j] = best
        if min(row) >= limit and min(before) >= limit:
            return limit
        older, before = before, row
    return before[-1]
