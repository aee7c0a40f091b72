"""Mix 64-bit words into hashes by a few vectorised integer operations, which no library release can change.

One round is the finaliser of splitmix64 with the constants of Stafford's "Mix13"
(http://zimbry.blogspot.com/2011/09/better-bit-mixing-improving-on.html); a keyed hash is two rounds with a key before
each. The sides of a split depend on every constant here: `SCHEME` is incremented if and only if one changes.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

SCHEME = 1
"""The version of the hashes, recorded with each split."""

WORDS_AT_ONCE = 1 << 15  # 256 KB, which fits into the private cache of a core with the scratch space
_WORTH_THREADS = 1 << 20
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB


@dataclass(frozen=True)
class HashKeys:
    """The two 64-bit keys of a hash.

    >>> HashKeys.of("salt", "") == HashKeys.of("salt", ""), HashKeys.of("salt", "") == HashKeys.of("seed", "")
    (True, False)
    """

    before: int
    between: int

    @classmethod
    def of(cls, purpose: str, text: str) -> HashKeys:
        """Derive keys from *text* and a *purpose* of at most 16 bytes."""
        digest = hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"), digest_size=16, person=purpose.encode()
        ).digest()
        return cls(int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little"))


def keyed(words: Words, keys: HashKeys) -> Words:
    """Return the hash of each word, of shape ``words.shape``; for each key it is a permutation of the 64-bit words.

    >>> import numpy as np
    >>> [hex(x) for x in keyed(np.arange(2, dtype=np.uint64), HashKeys(1, 2))]
    ['0xef30b01c2974aeeb', '0xdbd238973a2b148a']
    """
    import numpy as np

    hashes = np.empty(len(words), np.uint64)
    before, between = np.uint64(keys.before), np.uint64(keys.between)

    def work(start: int, stop: int, scratch: Words) -> None:
        part = hashes[start:stop]
        np.bitwise_xor(words[start:stop], before, out=part)
        mix(part, scratch)
        part += between
        mix(part, scratch)

    in_chunks(len(words), work)
    return hashes


def mix(words: Words, scratch: Words) -> None:
    """Do one round on *words* in place; *scratch* must be at least as long."""
    import numpy as np

    free = scratch[: len(words)]
    np.right_shift(words, np.uint64(30), out=free)
    words ^= free
    words *= np.uint64(_FIRST)
    np.right_shift(words, np.uint64(27), out=free)
    words ^= free
    words *= np.uint64(_SECOND)
    np.right_shift(words, np.uint64(31), out=free)
    words ^= free


def in_chunks(count: int, work: Callable[[int, int, Words], None], at_once: int = WORDS_AT_ONCE) -> None:
    """Call ``work(start, stop, scratch)`` for consecutive pieces of ``range(count)``, in threads if it is long.

    NumPy releases the GIL while it works on a piece.
    """
    import numpy as np

    def run(first: int, last: int) -> None:
        scratch = np.empty(at_once, np.uint64)
        for start in range(first, last, at_once):
            work(start, min(start + at_once, last), scratch)

    threads = min(os.cpu_count() or 1, 8)
    if count < _WORTH_THREADS or threads == 1:
        run(0, count)
        return
    edges = [count * number // threads for number in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, edges[:-1], edges[1:]))
