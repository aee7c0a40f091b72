"""The smallest hashes of rows: a sample by which two datasets show how many rows they share, whatever their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

KEPT = 512
_BYTES = 8


@dataclass(frozen=True)
class SharedRows:
    """How many of the compared rows another dataset has, and what share of that one's rows occurs more than once."""

    shared: int
    compared: int
    repeated: float

    @property
    def share(self) -> float:
        """The share of the rows that the other dataset has."""
        return self.shared / self.compared if self.compared else 0.0


class SmallestHashes:
    """The `KEPT` smallest hashes of the rows that were added; a row that occurs twice counts twice.

    >>> import numpy as np
    >>> kept = SmallestHashes()
    >>> kept.add(np.array([5, 3, 9], np.uint64))
    >>> shared_rows(kept.to_bytes(), np.array([3, 4], "<u8").tobytes())
    SharedRows(shared=1, compared=2, repeated=0.0)
    """

    def __init__(self) -> None:
        import numpy as np

        self._kept = np.empty(0, np.uint64)

    def add(self, words: Words) -> None:
        """Add the hashes of more rows."""
        import numpy as np

        if len(self._kept) == KEPT:
            words = words[words < self._kept[-1]]
        if len(words) > KEPT:
            words = np.partition(words, KEPT - 1)[:KEPT]
        if len(words):
            self._kept = np.sort(np.concatenate([self._kept, words]))[:KEPT]

    def to_bytes(self) -> bytes:
        """Return the hashes in ascending order, 8 bytes each, the lowest first."""
        return self._kept.astype("<u8").tobytes()


def shared_rows(known: bytes, rows: bytes) -> SharedRows:
    """Return how many of *rows* a dataset with the smallest hashes *known* has, as far as both samples reach.

    >>> shared_rows(b"", b"")
    SharedRows(shared=0, compared=0, repeated=0.0)
    """
    import numpy as np

    first, second = (np.frombuffer(one[: len(one) // _BYTES * _BYTES], "<u8") for one in (known, rows))
    if not len(first) or not len(second):
        return SharedRows(0, 0, 0.0)
    # A sample that is not full has all rows, so it reaches as far as any hash.
    ends = [int(one[-1]) for one in (first, second) if len(one) >= KEPT]
    end = np.uint64(min(ends, default=2**64 - 1))
    first, second = first[first <= end], second[second <= end]
    values, counts = np.unique(first, return_counts=True)
    repeated = float(counts[counts > 1].sum() / max(len(first), 1))
    return SharedRows(int(np.isin(second, values).sum()), len(second), repeated)
