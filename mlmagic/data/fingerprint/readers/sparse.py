"""Sparse arrays of SciPy and torch by their nonzero entries: format, entry order and stored zeros do not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.readers import chunks
from mlmagic.data.fingerprint.readers.columns import DataColumn
from mlmagic.data.fingerprint.readers.tables import Table
from mlmagic.data.hashing.row_multiset_hash import RowHashes, joined

if TYPE_CHECKING:
    from mlmagic.data.fingerprint.readers.chunks import Chunk
    from mlmagic.data.fingerprint.readers.plan import ReadPlan


def of_scipy(matrix: Any, plan: ReadPlan) -> Table:  # noqa: ARG001  # one signature for all
    """Return a sparse array by its nonzero entries: format, entry order and stored zeros do not matter."""
    import numpy as np

    if matrix.ndim == 2:  # noqa: PLR2004  # a matrix
        rows = matrix.tocsr()
        if not rows.has_canonical_format:
            rows = rows.copy()
            rows.sum_duplicates()
        lengths = np.diff(rows.indptr)
        places = np.repeat(np.arange(matrix.shape[0]), lengths)
        return _of_coordinates(matrix.shape, places, rows.indices, rows.data)
    found = matrix.tocoo(copy=True)
    found.sum_duplicates()
    return _of_coordinates(matrix.shape, *_two_axes(found.coords, found.shape), found.data)


def of_sparse_tensor(tensor: Any) -> Table:
    """Return a sparse torch tensor; it has the digest of a SciPy sparse array with the same content."""
    found = tensor.to_sparse_coo().coalesce().cpu()
    values = found.values()
    if values.ndim > 1:  # a hybrid tensor, whose entries are dense
        found = found.to_dense().to_sparse_coo().coalesce()
        values = found.values()
    coordinates = [axis.numpy() for axis in found.indices()]
    return _of_coordinates(tuple(found.shape), *_two_axes(coordinates, tuple(found.shape)), values.numpy())


def _two_axes(coordinates: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Return the coordinates on the first axis, and the flattened positions on all other axes."""
    import numpy as np

    rows = np.asarray(coordinates[0])
    if len(shape) == 1:
        return rows, np.zeros_like(rows)
    return rows, np.ravel_multi_index(tuple(map(np.asarray, coordinates[1:])), shape[1:])


def _of_coordinates(shape: tuple[int, ...], rows: Any, places: Any, values: Any) -> Table:
    import numpy as np

    held = values != 0  # NaN counts as nonzero
    if not held.all():
        rows, places, values = rows[held], places[held], values[held]
    order = np.lexsort((places, rows))
    rows, places, values = rows[order], places[order].astype("<i8"), values[order]
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])

    def chunk(start: int, stop: int) -> Chunk:
        first, last = int(ends[start]), int(ends[stop])
        part = chunks.of_numbers(values[first:last], None, first)
        lengths = np.diff(ends[start : stop + 1]).astype("<i8")
        where = np.ascontiguousarray(places[first:last])
        single = RowHashes(last - first)
        single.add(where.view("<u8"))
        single.add(part.words())
        # The sum of each row is the difference of two running sums; both wrap around modulo 2^64.
        running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(single.mixed(), dtype=np.uint64)])
        bounds = ends[start : stop + 1] - first
        hashes = joined(np.stack([running[bounds[1:]] - running[bounds[:-1]], lengths.view(np.uint64)], axis=-1))
        streams = (lengths.view(np.uint8), where.view(np.uint8), *part.streams)
        return chunks.Chunk(streams, part.values, hashes=hashes)

    column: DataColumn = DataColumn(f"{values.dtype.name}", chunk, lambda start, stop: [None] * (stop - start), {})
    form = ",".join(map(str, shape[1:]))
    size = max(1, len(values) // max(shape[0], 1)) * 16
    return Table("sparse", shape, [(None, column)], form=form, row_bytes=size)
