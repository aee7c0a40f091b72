"""The nearest valid word for a mistyped one, as the end of an error message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_COMPARED = 80
_MOST_CHANGES = 6
_SHORTEST_PART = 3
_OTHER_BEGINNING = 0.5
"""What another first letter counts, in changes: it decides between words that are equally near otherwise."""


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the valid word nearest to *word*, or an empty string.

    The nearest is the one with the fewest letters changed, of several the first with the same first letter; if all
    differ by more than a third of *word*, it is the shortest one that contains it. The comparison's widget counts in
    the same way.

    >>> did_you_mean("acuracy", ["accuracy", "loss"])
    " Did you mean 'accuracy'?"
    >>> did_you_mean("loss", ["accuracy", "val_loss"])
    " Did you mean 'val_loss'?"
    >>> did_you_mean("zzz", ["accuracy"]), did_you_mean("--bogus", ["--no-figures"])
    ('', '')
    """
    wanted = _letters(word)
    if not wanted or len(wanted) > _LONGEST_COMPARED:
        return ""
    words = list(valid)
    found, most = "", min(max(1, len(wanted) // 3), _MOST_CHANGES, len(wanted) - 1)
    least = most + 1.0
    for one in words:
        other = _letters(one)
        if abs(len(other) - len(wanted)) > most:
            continue
        distance = _changes(wanted, other, most + 1) + (0.0 if other[:1] == wanted[0] else _OTHER_BEGINNING)
        if distance < least:
            found, least = one, distance
    if not found and len(wanted) >= _SHORTEST_PART:
        found = min((one for one in words if wanted in _letters(one)), key=len, default="")
    return f" Did you mean '{clean(found)}'?" if found else ""


def _letters(word: str) -> str:
    """Return what is compared of *word*: leading dashes would make all options look similar."""
    return word.lstrip("-").lower()


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
