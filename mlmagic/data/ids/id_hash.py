"""Hash ids so that the same id always has the same hash, in every library, dtype, row order and process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.hashing.splitmix64 import HashKeys, keyed, mix
from mlmagic.data.hashing.text_hash import hash_text
from mlmagic.data.ids.columns import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.hashing.splitmix64 import Words
    from mlmagic.data.ids.plain_values import Values

_REAL = 0x5851F42D4C957F2D
_TIME = 0x14057B7EF767814F
_NULL = 0xD1342543DE82EF95
_NEXT = 0x9E3779B97F4A7C15
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_TWO_TO_63, _TWO_TO_64 = 2.0**63, 2.0**64


def hash_ids(*columns: Any, salt: str = "") -> Words:
    """Return a 64-bit hash for each row of one column of ids, or of several that identify a row together.

    The hash depends on the value only. An integer of any width, an integral float (as in an integer column with
    nulls) and the same number as a Python object are one id; so are text in any dtype, category and library, an
    instant in any unit and time zone, and a UUID and its text. The number 7 and the text "7" are two ids. The hashes
    are the same in every process and with every release of every library.

    Parameters
    ----------
    columns
        Series of pandas or polars, NumPy or Arrow arrays, or lists, of n values each.
    salt
        Another salt gives independent hashes.

    Returns
    -------
    n words of 64 bits. Where a value is missing its hash is one and the same.

    Raises
    ------
    UnhashableError
        A column holds lists or other values that identify nothing.

    Examples
    --------
    >>> import numpy as np
    >>> [hex(word) for word in hash_ids(np.array([7, 8], "int32"))]
    ['0xae9953c921589118', '0x26fa86a22af0f0bd']
    >>> hex(hash_ids([7.0])[0]), hex(hash_ids(["7"])[0])
    ('0xae9953c921589118', '0xa6aad497f20c0207')
    """
    keys = HashKeys.of("mlmagic salt", salt)
    return combine([hash_values(plain(column), keys) for column in columns])


def combine(hashes: Sequence[Words]) -> Words:
    """Combine the hashes of several columns, in their order, into one hash for each row."""
    import numpy as np

    first, *others = hashes
    for other in others:
        first = first * np.uint64(_NEXT)
        first ^= other
        mix(first, np.empty_like(first))
    return first


def hash_values(values: Values, keys: HashKeys) -> Words:
    """Return the hash of each value."""
    import numpy as np

    match values.form:
        case "whole":
            hashes = keyed(_words(values.held), keys)
        case "real":
            hashes = keyed(_words_of_reals(values.held), keys)
        case "time":
            hashes = _hash_times(values.held, keys)
        case "text":
            hashes = hash_text(values.held, keys)
        case "coded":
            hashes = _hash_codes(values, keys)
        case "mixed":
            hashes = np.zeros(values.length, np.uint64)
            for positions, part in values.held:
                hashes[positions] = hash_values(part, keys)
    if values.null is not None:
        hashes[values.null] = np.uint64(_NULL ^ keys.before)
    return hashes


def _words(numbers: NDArray[Any]) -> Words:
    """Return integers as 64-bit words, negative ones in two's complement."""
    import numpy as np

    wide = np.uint64 if numbers.dtype.kind in "ub" else np.int64
    return np.ascontiguousarray(numbers, wide).view(np.uint64)


def _words_of_reals(numbers: NDArray[np.floating[Any]]) -> Words:
    """Return integral floats as integer words, and other floats by their float64 bits."""
    import numpy as np

    numbers = np.ascontiguousarray(numbers, np.float64)
    words = numbers.view(np.uint64) ^ np.uint64(_REAL)
    whole = numbers == np.floor(numbers)
    signed = whole & (numbers >= -_TWO_TO_63) & (numbers < _TWO_TO_63)
    words[signed] = numbers[signed].astype(np.int64).view(np.uint64)
    unsigned = whole & (numbers >= _TWO_TO_63) & (numbers < _TWO_TO_64)
    words[unsigned] = numbers[unsigned].astype(np.uint64)
    return words


def _hash_times(moments: NDArray[np.datetime64], keys: HashKeys) -> Words:
    """Hash datetimes by their seconds and nanoseconds, so that the unit does not matter."""
    import numpy as np

    unit = np.datetime_data(moments.dtype)[0]
    if unit not in _TICKS:
        moments = moments.astype("M8[ns]" if unit in {"ps", "fs", "as"} else "M8[s]")
        unit = np.datetime_data(moments.dtype)[0]
    moments = moments.astype(f"M8[{unit}]", copy=False)  # such as M8[25ns]
    ticks = _TICKS[unit]
    counts = np.ascontiguousarray(moments).view(np.int64)
    seconds = counts // ticks
    nanoseconds = (counts - seconds * ticks) * (10**9 // ticks)
    hashes = keyed(seconds.view(np.uint64) ^ np.uint64(_TIME), keys)
    hashes ^= nanoseconds.view(np.uint64)
    mix(hashes, np.empty_like(hashes))
    return hashes


def _hash_codes(values: Values, keys: HashKeys) -> Words:
    import numpy as np

    categories = values.categories
    if categories is None or not categories.length:
        return np.zeros(values.length, np.uint64)
    hashes: Words = hash_values(categories, keys)[values.held]
    return hashes
