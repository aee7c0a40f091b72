"""Assign each row of a split to a side: by the hash of an id, by a draw with a seed, or by time.

No random number generator is used: a seed, like a salt, is a key of the hash in `mlmagic.data.hashing.splitmix64`, so
that no release of NumPy can move a row to another side. Sides are 0 for train, 1 for val and 2 for test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.data.hashing.splitmix64 import HashKeys, keyed
from mlmagic.data.ids.id_hash import combine, hash_values
from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.hashing.splitmix64 import Words
    from mlmagic.data.split.split_columns import Key

    Sides = NDArray[np.int8]

TRAIN, VAL, TEST = 0, 1, 2


@dataclass(frozen=True)
class Fractions:
    """The requested shares of val and test in all rows."""

    test: float
    val: float = 0.0

    def counts(self, rows: int) -> tuple[int, int]:
        """Return the rounded numbers of rows of val and test."""
        return int(rows * self.val + 0.5), int(rows * self.test + 0.5)


def salt_keys(salt: str) -> HashKeys:
    """Return the hash keys for a salt."""
    return HashKeys.of("mlmagic salt", salt)


def seed_keys(seed: int) -> HashKeys:
    """Return the hash keys for a seed."""
    return HashKeys.of("mlmagic seed", str(seed))


def hash_key(key: Key, keys: HashKeys) -> Words:
    """Return one hash per row."""
    return combine([hash_values(column, keys) for column in key.columns])


def sides_by_hash(hashes: Words, fractions: Fractions) -> Sides:
    """Assign the rows in the lowest *test* fraction of the hash range to test, and those in the next *val* to val.

    So a row stays in test if test grows, or if val and train are divided in another way.
    """
    import numpy as np

    end = int(fractions.test * 2**64)
    sides = np.multiply((hashes < np.uint64(end)).view(np.int8), np.int8(TEST))
    if fractions.val:
        before_train = hashes < np.uint64(min(end + int(fractions.val * 2**64), 2**64 - 1))
        sides = np.maximum(sides, before_train.view(np.int8))  # a hash before the end of test lies before that of val
    return sides


def count_sides(sides: Sides) -> list[int]:
    """Return the numbers of rows of train, val and test."""
    import numpy as np

    return [int(np.count_nonzero(sides == number)) for number in (TRAIN, VAL, TEST)]


def sides_drawn(rows: int, fractions: Fractions, seed: int) -> Sides:
    """Draw exactly the rounded numbers of rows: those whose position has the smallest hashes."""
    import numpy as np

    order = keyed(np.arange(rows, dtype=np.uint64), seed_keys(seed))
    val, test = fractions.counts(rows)
    sides = np.zeros(rows, np.int8)
    chosen = np.argpartition(order, (test, val + test) if val else test)
    sides[chosen[:test]] = TEST
    sides[chosen[test : test + val]] = VAL
    return sides


def sides_of_groups(codes: NDArray[np.intp], order: Words, fractions: Fractions) -> Sides:
    """Draw whole groups, in the order of *order*, until test and then val have their requested number of rows.

    A group that no longer fits is left for the next side. Each side gets at least one group.

    Parameters
    ----------
    codes
        The group of each row, from 0 on.
    order
        A hash for each group; there are as many groups as sides, or more.
    """
    import numpy as np

    sizes = np.bincount(codes, minlength=len(order))
    side_of = np.zeros(len(order), np.int8)
    val, test = fractions.counts(len(codes))
    left = np.argsort(order, kind="stable")
    wanted = [(TEST, test), (VAL, val)] if fractions.val else [(TEST, test)]
    for after, (side, target) in zip(range(len(wanted), 0, -1), wanted, strict=True):
        fits = _that_fit(sizes[left], target)
        if not fits.any():
            fits[np.argmin(sizes[left])] = True
        fits[np.flatnonzero(fits)[len(left) - after :]] = False  # leave a group for each remaining side
        side_of[left[fits]] = side
        left = left[~fits]
    sides: Sides = side_of[codes]
    return sides


def _that_fit(sizes: NDArray[np.intp], target: int) -> NDArray[np.bool_]:
    """Return which groups, in order, fit into *target* rows, and one that exceeds it if that comes nearer."""
    import numpy as np

    first = int(np.searchsorted(np.cumsum(sizes), target, side="right"))
    fits = np.zeros(len(sizes), bool)
    fits[:first] = True
    free = target - int(sizes[:first].sum())
    smallest = int(sizes.min())
    for at, size in enumerate(sizes[first:].tolist(), first):
        if free < smallest:
            break
        if size <= free:
            fits[at] = True
            free -= size
    over = np.where(fits, 2 * free, sizes)
    nearest = int(np.argmin(np.abs(over - free)))
    fits[nearest] |= over[nearest] < 2 * free
    return fits


def sides_by_time(times: NDArray[np.generic], fractions: Fractions) -> tuple[Sides, list[object]]:
    """Assign the latest rows to test and those before to val; rows of one moment stay on one side.

    Returns
    -------
    The sides, and the moments with which val, where there is one, and test begin.

    Raises
    ------
    UsageProblem
        There are fewer moments than sides.
    """
    import numpy as np

    needed = 3 if fractions.val else 2
    ordered = np.sort(times)
    moments = int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1
    if moments < needed:
        raise UsageProblem(
            f"time: {moments} different moment{'s' * (moments > 1)} cannot be divided into {needed} sides, since rows "
            "of one moment stay together; give a column with finer times, or split by seed."
        )
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    val, test = fractions.counts(len(times))
    sides = np.zeros(len(times), np.int8)
    # A cut lies where a moment other than the first begins, and leaves each side at least one moment.
    at = _nearest(begins, len(times) - test, needed - 1, len(begins) - 1)
    cuts = [ordered[begins[at]]]
    if fractions.val:
        before = _nearest(begins, int(begins[at]) - val, 1, at - 1)
        cuts.insert(0, ordered[begins[before]])
        sides[times >= cuts[0]] = VAL
    sides[times >= cuts[-1]] = TEST
    return sides, cuts


def _nearest(begins: NDArray[np.intp], wanted: int, first: int, last: int) -> int:
    """Return the index of the item of ``begins[first:last + 1]`` nearest to *wanted*, the earlier of two."""
    import numpy as np

    return first + int(np.argmin(np.abs(begins[first : last + 1] - wanted)))
