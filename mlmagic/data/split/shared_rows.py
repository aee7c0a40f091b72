"""Count the rows of one side that also occur in another, by their hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.data.hashing.splitmix64 import in_chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.hashing.splitmix64 import Words

_SLOTS_A_ROW = 4
_SHIFTS = (38, 12)  # the bits of a hash that index the two tables of slots do not overlap
_LEAST_SLOTS, _MOST_SLOTS = 1 << 10, 1 << 26
_FEW_VALUES = 10
_LOOK_AT = 20_000
_SAMPLED = 1_000_000
ALL_UP_TO = 4_000_000
"""The most rows that are all compared; of more, a sample of one to two times `_SAMPLED` rows is."""


@dataclass(frozen=True)
class Shared:
    """How many rows of one side equal a row of another."""

    side: str
    other: str
    rows: int
    of: int


def shared_rows(hashes: Words, sides: NDArray[np.int8], names: Sequence[str]) -> list[Shared]:
    """Return how many rows of each later side have a hash that also occurs in an earlier side.

    Parameters
    ----------
    hashes
        One for each of n rows.
    sides
        The side of each row, an index into *names*.

    Examples
    --------
    >>> import numpy as np
    >>> shared_rows(np.array([5, 6, 6, 7], "u8"), np.array([0, 0, 1, 1], "i1"), ["train", "test"])
    [Shared(side='test', other='train', rows=1, of=2)]
    """
    import numpy as np

    found = []
    for later in range(1, len(names)):
        mine = hashes[np.flatnonzero(sides == later)]
        for earlier in range(later):
            rows = _count_in(mine, hashes, sides == earlier)
            if rows:
                found.append(Shared(names[later], names[earlier], rows, len(mine)))
    return found


def _count_in(some: Words, hashes: Words, among: NDArray[np.bool_]) -> int:
    """Return how many of *some* are in ``hashes[among]``.

    Sorting ten million rows takes seconds. Two tables of slots, indexed by different bits of the hash, therefore first
    drop from each side the hashes that cannot occur in the other.
    """
    import numpy as np

    others = _kept(hashes, among, some, _SHIFTS[0])
    some = _kept(some, None, others, _SHIFTS[0])
    others = _kept(others, None, some, _SHIFTS[1])
    some = _kept(some, None, others, _SHIFTS[1])
    if not len(some) or not len(others):
        return 0
    others = np.sort(others)
    at = np.minimum(np.searchsorted(others, some), len(others) - 1)
    return int(np.count_nonzero(others[at] == some))


def _kept(words: Words, among: NDArray[np.bool_] | None, others: Words, shift: int) -> Words:
    """Return those of ``words[among]`` that share a slot with one of *others*, some of them by chance."""
    import numpy as np

    slots = min(max(1 << (len(others) * _SLOTS_A_ROW).bit_length(), _LEAST_SLOTS), _MOST_SLOTS)
    taken = np.zeros(slots, bool)
    kept = np.empty(len(words), bool)

    def slot(part: Words, scratch: Words) -> NDArray[np.int64]:
        free = scratch[: len(part)]
        np.right_shift(part, np.uint64(shift), out=free)
        free &= np.uint64(slots - 1)
        return free.view(np.int64)

    def mark(start: int, stop: int, scratch: Words) -> None:
        taken[slot(others[start:stop], scratch)] = True

    def look(start: int, stop: int, scratch: Words) -> None:
        taken.take(slot(words[start:stop], scratch), out=kept[start:stop], mode="wrap")  # "raise" would buffer `out`

    in_chunks(len(others), mark)
    in_chunks(len(words), look)
    if among is not None:
        kept &= among
    return words[np.flatnonzero(kept)]


def are_few(hashes: Words) -> bool:
    """Return whether each value occurs at least ten times on average, so that equal rows mean nothing."""
    import numpy as np

    sample = hashes[:: max(len(hashes) // _LOOK_AT, 1)]
    return len(np.unique(sample)) * _FEW_VALUES <= len(sample)


def sample(hashes: Words) -> NDArray[np.intp] | None:
    """Return the positions of a sample of many hashes, or None if they are few enough to compare all.

    The smallest hashes are chosen, so that of equal rows, which have equal hashes, all or none are in the sample.
    """
    import numpy as np

    if len(hashes) <= ALL_UP_TO:
        return None
    return np.flatnonzero(hashes < np.uint64(sample_limit(len(hashes))))


def sample_limit(rows: int) -> int:
    """Return the hash below which one to two million hashes of this many *rows* are expected."""
    return 1 << (64 - (rows // _SAMPLED).bit_length() + 1)
