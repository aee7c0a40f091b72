"""The nearest valid word for a mistyped one, as the end of an error message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_COMPARED = 80
_MOST_CHANGES = 6


def did_you_mean(value: str, valid: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the valid word nearest to *value*, or an empty string.

    >>> did_you_mean("acuracy", ["accuracy", "loss"])
    " Did you mean 'accuracy'?"
    >>> did_you_mean("zzz", ["accuracy"]), did_you_mean("--bogus", ["--no-figures"])
    ('', '')
    """
    import difflib  # only now: this module is imported with everything, and errors are rare

    # Leading dashes would make all options look similar.
    words = {word.lstrip("-") or word: word for word in valid}
    near = difflib.get_close_matches(value.lstrip("-"), words, n=1)
    return f" Did you mean {words[near[0]]!r}?" if near else ""


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the valid word with the fewest letters changed, or an empty string.

    It counts as the comparison's widget does, and unlike `did_you_mean` stays quick among thousands of long names.

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
