"""Columns of any library: canonical chunks, and a type name that all libraries share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.readers import chunks
from mlmagic.data.fingerprint.readers.objects import MISSING, Encoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.data.fingerprint.readers.chunks import Chunk
    from mlmagic.data.fingerprint.readers.plan import ReadPlan

OBJECTS_AT_ONCE = 8192
"""The number of Python values processed between two checks of the deadline."""


@dataclass(frozen=True)
class DataColumn:
    """Values of one type, whose name `logical` is the same in every library.

    `chunk` reads a range of rows in canonical form, `listed` as Python values. `unhashed` counts the values that could
    not be encoded, by type.
    """

    logical: str
    chunk: Callable[[int, int], Chunk]
    listed: Callable[[int, int], list[Any]]
    unhashed: dict[str, int]


def of_codes(codes: NDArray[Any], categories: DataColumn, count: int, plan: ReadPlan, *, ordered: bool) -> DataColumn:
    """Return the column of a categorical; its values are hashed, not its codes or unused categories.

    If it is ordered, the order of the categories that occur is part of the type.
    """
    import numpy as np
    import xxhash

    encode = Encoder()
    values: list[Any] = []
    encoded: list[bytes] = []
    for start in range(0, count, OBJECTS_AT_ONCE):
        plan.check()
        values += categories.listed(start, min(start + OBJECTS_AT_ONCE, count))
        encoded += map(encode, values[start:])
    encoded.append(MISSING)
    digests = np.frombuffer(b"".join(map(_digest, encoded)), "<u8").reshape(-1, 2)
    logical = f"category<{categories.logical}>"
    if ordered:
        used = np.unique(codes)
        order = xxhash.xxh3_64_hexdigest(digests[used[used >= 0]].tobytes())
        logical = f"category<{categories.logical}, ordered {order}>"

    def listed(start: int, stop: int) -> list[Any]:
        return [values[code] if code >= 0 else None for code in codes[start:stop].tolist()]

    return DataColumn(logical, lambda start, stop: chunks.of_codes(codes[start:stop], digests), listed, encode.unhashed)


def _digest(encoded: bytes) -> bytes:
    import xxhash

    return xxhash.xxh3_128_digest(encoded)
