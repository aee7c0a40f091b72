"""Chunks of a column in canonical form: the hashed bytes are equal if and only if the values are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.readers.instants import NOT_A_TIME, nanoseconds
from mlmagic.data.hashing.row_multiset_hash import MISSING_WORD, WIDEST, joined
from mlmagic.data.hashing.splitmix64 import HashKeys
from mlmagic.data.hashing.text_hash import hash_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.fingerprint.readers.objects import Encoder
    from mlmagic.data.hashing.row_multiset_hash import Words

    Mask = NDArray[np.bool_]

_TEXT_KEYS = HashKeys(5, 6)
_PART_BITS = 64


@dataclass(frozen=True)
class Chunk:
    """Consecutive values of a column.

    Each of the *streams* is hashed across all chunks, so chunk boundaries do not affect the hash. *values* holds the
    numbers of a numeric column. *missing* marks the missing values; missing floats are NaN instead.
    """

    streams: tuple[Any, ...]
    values: NDArray[Any] | None = None
    missing: Mask | None = None
    hashes: Words | None = None

    def words(self) -> Words:
        """Return a 64-bit word for each value: the value itself if it fits, else a hash."""
        import numpy as np

        if self.hashes is not None:
            return self.hashes
        if self.values is None:
            raise ValueError("a chunk has either values or hashes")
        words = _words(self.values)
        if self.missing is not None:
            words = np.where(self.missing, np.uint64(MISSING_WORD), words)
        return words


def of_numbers(values: NDArray[Any], missing: Mask | None, first: int) -> Chunk:
    """Return a chunk of bools, integers, floats or complex numbers that begins at position *first*.

    Missing floats and all NaNs become one NaN, and ``-0.0`` becomes ``0.0``. Byte order and strides do not matter.

    >>> import numpy as np
    >>> one = of_numbers(np.array([0.0, np.nan]), None, 0)
    >>> other = of_numbers(np.array([-0.0, 7.0], ">f8"), np.array([False, True]), 0)
    >>> [bytes(stream) for stream in one.streams] == [bytes(stream) for stream in other.streams]
    True
    """
    import numpy as np

    if missing is not None and not missing.any():
        missing = None
    if values.dtype.kind in "fc":
        clean = _clean_floats(values)
        if missing is not None:
            clean[missing] = np.nan
        return Chunk((clean.reshape(-1).view(np.uint8),), clean)
    # A bool whose byte is neither 0 nor 1 is still true.
    plain = values.view(np.uint8) != 0 if values.dtype.kind == "b" else values
    clean = np.ascontiguousarray(plain, dtype=plain.dtype.newbyteorder("<"))
    places = np.zeros(0, "<i8")
    if missing is not None:
        clean = clean.copy()
        clean[missing] = 0
        places = (np.flatnonzero(missing) + first).astype("<i8", copy=False)
    return Chunk((clean.view(np.uint8), places.view(np.uint8)), clean, missing)


def of_instants(values: NDArray[Any], missing: Mask | None, first: int) -> Chunk:
    """Return a chunk of datetime64 or timedelta64 values of any unit, converted to nanoseconds."""
    import numpy as np
    import xxhash

    whole, beyond = nanoseconds(values)
    if missing is not None and missing.any():
        whole = np.where(missing, NOT_A_TIME, whole)
        beyond = {at: text for at, text in beyond.items() if not missing[at]}
    whole = np.ascontiguousarray(whole, dtype="<i8")
    gone = whole == NOT_A_TIME
    words = np.where(gone, np.uint64(MISSING_WORD), whole.view("<u8"))
    for at, text in beyond.items():
        words[at] = xxhash.xxh3_64_intdigest(text.encode())
    exact = "".join(f"{at + first}:{text};" for at, text in beyond.items()).encode()
    return Chunk((whole.view(np.uint8), exact), whole, gone if gone.any() else None, words)


def of_text(array: Any) -> Chunk:
    """Return a chunk of a pyarrow array of large strings or binaries: lengths in bytes (-1 for null), and the bytes."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if missing is not None:  # a null slot may contain bytes
        array = array.fill_null(b"" if pa.types.is_large_binary(array.type) else "")
    lengths = pc.binary_length(array).to_numpy(zero_copy_only=False).astype("<i8")
    words = hash_text(array, _TEXT_KEYS)
    _, offsets, held = array.buffers()
    content: Any = b""
    if held is not None and len(array):
        first, last = np.frombuffer(offsets, "<i8")[[array.offset, array.offset + len(array)]].tolist()
        content = memoryview(held)[first:last]
    if missing is not None:
        lengths = np.where(missing, np.int64(-1), lengths)
        words = np.where(missing, np.uint64(MISSING_WORD), words)
    return Chunk((lengths.view(np.uint8), content), missing=missing, hashes=words)


def of_objects(values: Sequence[Any], encode: Encoder) -> Chunk:
    """Return a chunk of Python values, each as its canonical bytes."""
    import numpy as np
    import xxhash

    encoded = [encode(value) for value in values]
    lengths = np.fromiter(map(len, encoded), "<i8", len(encoded))
    words = np.fromiter(map(xxhash.xxh3_64_intdigest, encoded), np.uint64, len(encoded))
    missing = np.fromiter((one == b"N" for one in encoded), bool, len(encoded))
    return Chunk((lengths.view(np.uint8), b"".join(encoded)), missing=missing, hashes=words)


def of_codes(codes: NDArray[Any], digests: Words) -> Chunk:
    """Return a chunk of a categorical: the digest of each value, looked up in the *digests* of the categories.

    *digests* has the shape ``(categories + 1, 2)``; the last row is for missing values, whose code is -1.
    """
    import numpy as np

    missing = codes < 0
    rows = np.ascontiguousarray(digests[codes])
    return Chunk((rows.view(np.uint8).reshape(-1),), missing=missing if missing.any() else None, hashes=rows[:, 0])


def grouped(chunk: Chunk, width: int) -> Chunk:
    """Return *chunk* with one word for each row of *width* values."""
    import numpy as np
    import xxhash

    if width > WIDEST and chunk.values is not None:
        # Hash the bytes: the words of small numbers would take eight times the memory.
        content = memoryview(chunk.streams[0])
        size = width * chunk.values.itemsize
        starts = range(0, len(content), size)
        hashes = np.fromiter((xxhash.xxh3_64_intdigest(content[at : at + size]) for at in starts), np.uint64)
    else:
        hashes = joined(chunk.words().reshape(-1, width))
    return Chunk(chunk.streams, chunk.values, chunk.missing, hashes)


def _clean_floats(values: NDArray[Any]) -> NDArray[Any]:
    """Return a little-endian copy with a single NaN and zero; a long double becomes a pair of doubles."""
    import numpy as np

    if values.dtype.kind == "c":
        parts = np.ascontiguousarray(values).view(values.real.dtype)
        clean = _clean_floats(parts)
        return clean.view(np.complex64 if clean.dtype == np.float32 else np.complex128)
    with np.errstate(all="ignore"):
        if values.dtype.itemsize * 8 > _PART_BITS:
            high = values.astype("<f8")
            low = np.where(np.isfinite(high), values - high, 0).astype("<f8")
            return _clean_floats(np.stack([high, low], axis=-1).reshape(-1)).view(np.complex128)
        clean = np.add(values, values.dtype.type(0))  # -0.0 + 0.0 is 0.0
        clean = np.ascontiguousarray(clean, dtype=clean.dtype.newbyteorder("<"))
        # The maximum is NaN if any value is; this is faster than isnan on all values.
        if clean.size and np.isnan(clean.max()):
            clean[np.isnan(clean)] = np.nan
    return clean


def _words(values: NDArray[Any]) -> Words:
    import numpy as np

    size = values.dtype.itemsize
    if size > _PART_BITS // 8:
        return joined(values.view(np.uint64).reshape(-1, 2))
    if size == _PART_BITS // 8:
        return values.view("<u8")
    return values.view(f"<u{size}").astype(np.uint64)
