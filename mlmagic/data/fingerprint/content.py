"""Hash the columns and rows of a dataset in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.readers.objects import Encoder
from mlmagic.data.hashing.row_multiset_hash import RowHashes, sums_of
from mlmagic.data.hashing.smallest import SmallestHashes

if TYPE_CHECKING:
    from mlmagic.data.fingerprint.readers.plan import ReadPlan
    from mlmagic.data.fingerprint.readers.tables import Table

SCHEME = b"mlmagic fingerprint 1"
"""The version of the digests, incremented if the same content would get another digest."""

_BYTES_AT_ONCE = 1 << 20  # fits into the private cache of a core
_FEWEST_ROWS_AT_ONCE, _MOST_ROWS_AT_ONCE = 4096, 1 << 15


class Content:
    """The running hashes of a table's columns, and the sums and the smallest of its rows' hashes."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._parts = [column for _, column in (*table.index, *table.columns)]
        self._hashers: list[list[Any]] = [[] for _ in self._parts]
        self.sums: tuple[int, int] | None = (0, 0)
        self.smallest = SmallestHashes()

    def read(self, plan: ReadPlan) -> None:
        """Hash the rows of *plan* piece by piece, each column by column, so that a piece stays in the cache."""
        table = self._table
        if plan.sample or table.rows_too_wide:
            self.sums = None
        first_in_row = 0 if table.index_in_rows else len(table.index)
        pieces = plan.pieces(
            table.rows if self._parts else 0,
            at_once=rows_at_once(table), row_bytes=table.row_bytes, columns=len(self._parts),
        )  # fmt: skip
        for start, stop in pieces:
            rows = None if self.sums is None else RowHashes(stop - start)
            for number, column in enumerate(self._parts):
                plan.check()
                chunk = column.chunk(start, stop)
                self._update(number, chunk.streams)
                if rows is not None and number >= first_in_row:
                    rows.add(chunk.words())
            if rows is not None and self.sums is not None:
                words = rows.mixed()
                self.smallest.add(words)
                first, second = sums_of(words)
                self.sums = ((self.sums[0] + first) % 2**64, (self.sums[1] + second) % 2**64)

    def _update(self, number: int, streams: tuple[Any, ...]) -> None:
        import xxhash

        hashers = self._hashers[number]
        if not hashers:
            hashers.extend(xxhash.xxh3_128() for _ in streams)
        for hasher, stream in zip(hashers, streams, strict=True):
            hasher.update(stream)

    def index(self) -> list[bytes]:
        """Return the encoded name and the digest of each index column."""
        names = [Encoder()(name) for name, _ in self._table.index]
        return [part for pair in zip(names, self._digests()[: len(names)], strict=True) for part in pair]

    def columns(self) -> list[bytes]:
        """Return the digest of each column."""
        return self._digests()[len(self._table.index) :]

    def _digests(self) -> list[bytes]:
        return [
            hashed(column.logical.encode(), *(hasher.digest() for hasher in hashers))
            for column, hashers in zip(self._parts, self._hashers, strict=True)
        ]


def schema_digest(table: Table) -> bytes:
    """Return the digest of the names and types of all columns, and of the shape of an array's rows."""
    encode = Encoder()
    parts = [part for name, column in table.columns for part in (encode(name), column.logical.encode())]
    return hashed(SCHEME, table.family.encode(), table.form.encode(), *parts)


def hashed(*parts: bytes) -> bytes:
    """Return one digest of several parts, each prefixed with its length."""
    import xxhash

    hasher = xxhash.xxh3_128()
    for part in parts:
        hasher.update(len(part).to_bytes(8, "little") + part)
    return hasher.digest()


def rows_at_once(table: Table) -> int:
    """Return how many rows to read at once: as many as fit into the cache, but enough to be worth a call."""
    fitting = _BYTES_AT_ONCE // max(table.row_bytes, 1)
    fewest = _FEWEST_ROWS_AT_ONCE if len(table.columns) > 1 else 1
    return max(fewest, min(fitting, _MOST_ROWS_AT_ONCE))
