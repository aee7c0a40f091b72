"""64-bit row hashes, computed column by column, and their sum, which does not depend on the order of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.data.hashing.splitmix64 import mix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

MISSING_WORD = 0xA5B3C1D7E9F20461
"""The word of a missing value."""
WIDEST = 64
"""The most words per row that are mixed column by column; a wider row is hashed as one block of memory."""

_START = 0x243F6A8885A308D3  # the first digits of pi
_ODD = 0x9E3779B97F4A7C15  # the golden ratio


class RowHashes:
    """The hashes of some rows, to which columns are added one after the other.

    For each word, a step permutes the hashes, so that rows that differ in only one column always have different hashes.

    >>> import numpy as np
    >>> left, right = np.array([1, 2], np.uint64), np.array([3, 4], np.uint64)
    >>> forwards, backwards = RowHashes(2), RowHashes(2)
    >>> for column in (left, right):
    ...     forwards.add(column)
    ...     backwards.add(column[::-1])
    >>> forwards.sums() == backwards.sums()
    True
    """

    def __init__(self, rows: int) -> None:
        import numpy as np

        self.words: Words = np.full(rows, np.uint64(_START))
        self._scratch = np.empty_like(self.words)

    def add(self, words: Words) -> None:
        """Mix in one word for each row."""
        import numpy as np

        self.words ^= words
        np.right_shift(self.words, np.uint64(32), out=self._scratch)
        self.words ^= self._scratch
        self.words *= np.uint64(_ODD)

    def mixed(self) -> Words:
        """Return the final hashes, each bit of which depends on every word; no column can be added afterwards."""
        mix(self.words, self._scratch)
        return self.words

    def sums(self) -> tuple[int, int]:
        """Return the sums of the hashes and of their squares, modulo 2^64; no column can be added afterwards."""
        return sums_of(self.mixed())


def sums_of(words: Words) -> tuple[int, int]:
    """Return the sums of final hashes and of their squares, modulo 2^64."""
    import numpy as np

    return int(words.sum()), int(np.dot(words, words))


def joined(words: Words) -> Words:
    """Return one word for each row of *words*, of shape ``(rows, width)``.

    >>> import numpy as np
    >>> joined(np.zeros((2, 3), np.uint64)).shape
    (2,)
    """
    import numpy as np

    rows, width = words.shape
    if width == 1:
        return words[:, 0]
    if width > WIDEST:
        import xxhash

        content = np.ascontiguousarray(words, dtype="<u8").tobytes()
        starts = range(0, len(content), 8 * width)
        return np.fromiter((xxhash.xxh3_64_intdigest(content[at : at + 8 * width]) for at in starts), np.uint64, rows)
    hashes = RowHashes(rows)
    for column in range(width):
        hashes.add(words[:, column])
    return hashes.words
