"""Hash a column of text by its bytes, one 64-bit word of all rows at a time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mlmagic.data.hashing.splitmix64 import in_chunks, mix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.hashing.splitmix64 import HashKeys, Words

_ROWS_AT_ONCE = 1 << 14
_LENGTH = 0x9E3779B97F4A7C15  # the golden ratio, odd: texts that differ only in trailing NULs begin differently
_TEXT = 0xA0761D6478BD642F  # an empty text must not hash like the number 0
_LONGEST = 256
"""Texts of more bytes are hashed one by one, since too few rows are as long."""


def hash_text(array: Any, keys: HashKeys) -> Words:
    """Return a 64-bit hash of the bytes of each value of a pyarrow array of strings or binaries.

    The hash of a null is undefined.

    >>> import pyarrow as pa
    >>> from mlmagic.data.hashing.splitmix64 import HashKeys
    >>> [hex(word) for word in hash_text(pa.array(["a", "ab", "a"]), HashKeys(1, 2))]
    ['0xdeb141b38c59854f', '0x9dbb42405675854d', '0xdeb141b38c59854f']
    """
    import numpy as np

    offsets, content = _buffers(array)
    count = len(array)
    hashes = np.empty(count, np.uint64)

    def work(start: int, stop: int, scratch: Words) -> None:
        _hash_rows(offsets[start : stop + 1].astype(np.int64), content, hashes[start:stop], keys, scratch)

    in_chunks(count, work, _ROWS_AT_ONCE)
    return hashes


def _buffers(array: Any) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return the n + 1 offsets of the n values, and the bytes that they point into."""
    import numpy as np
    import pyarrow as pa

    wide = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    _, offsets, content = array.buffers()
    held = np.frombuffer(offsets, np.int64 if wide else np.int32) if offsets is not None else np.zeros(1, np.int64)
    found = held[array.offset : array.offset + len(array) + 1]
    return found, np.frombuffer(content, np.uint8) if content is not None else np.zeros(0, np.uint8)


def _hash_rows(
    offsets: NDArray[np.int64], content: NDArray[np.uint8], hashes: Words, keys: HashKeys, scratch: Words
) -> None:
    import numpy as np

    first, last = int(offsets[0]), int(offsets[-1])
    # Two words more than needed: each read takes the word in which the bytes begin, and the next one.
    block = np.zeros((last - first >> 3) + 2, np.dtype("<u8"))
    block.view(np.uint8)[: last - first] = content[first:last]
    starts = offsets[:-1] - first
    lengths = np.diff(offsets)
    hashes[:] = lengths.view(np.uint64)
    hashes *= np.uint64(_LENGTH)
    hashes ^= np.uint64(keys.before ^ _TEXT)
    mix(hashes, scratch)

    short = np.where(lengths <= _LONGEST, lengths, 0)
    least = int(short.min())
    for at in range(0, int(short.max(initial=0)), 8):
        if at < least:  # all rows have bytes left: no selection needed
            words = _words(block, starts + at, short - at if least < at + 8 else None)
            hashes ^= words
            mix(hashes, scratch)
            continue
        rows = np.flatnonzero(short > at)
        words = _words(block, starts[rows] + at, short[rows] - at)
        words ^= hashes[rows]
        mix(words, scratch)
        hashes[rows] = words
    long = np.flatnonzero(lengths > _LONGEST)
    if len(long):
        digests = [
            hashlib.blake2b(content[offsets[row] : offsets[row + 1]].data, digest_size=8).digest()
            for row in long.tolist()
        ]
        words = np.frombuffer(b"".join(digests), np.dtype("<u8")) ^ hashes[long]
        mix(words, scratch)
        hashes[long] = words
    hashes += np.uint64(keys.between)
    mix(hashes, scratch)


def _words(block: Words, starts: NDArray[np.int64], left: NDArray[np.int64] | None) -> Words:
    """Return the 8 bytes from each of *starts* as a word, with zeros beyond the *left* remaining bytes of a text."""
    import numpy as np

    at = starts >> 3
    starts &= 7  # from here on the number of bits to shift each word by, computed in place
    starts <<= 3
    shift = starts.view(np.uint64)
    words = block.take(at, mode="wrap")  # faster than with bounds checks
    words >>= shift
    at += 1
    following = block.take(at, mode="wrap")
    # A shift by 64 is undefined: shift by at most 63, then by 1 more.
    np.subtract(np.uint64(63), shift, out=shift)
    following <<= shift
    following <<= np.uint64(1)
    words |= following
    if left is not None:
        unused = np.maximum(8 - left, 0)
        unused <<= 3
        words &= np.uint64(2**64 - 1) >> unused.view(np.uint64)
    found: Words = words.astype(np.uint64, copy=False)
    return found
