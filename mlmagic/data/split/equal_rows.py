"""Hash whole rows to find equal ones; hashes are comparable within one object and one process only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.data.hashing.splitmix64 import WORDS_AT_ONCE, HashKeys, in_chunks, mix
from mlmagic.data.ids.columns import plain
from mlmagic.data.ids.id_hash import hash_values
from mlmagic.data.ids.plain_values import UnhashableError
from mlmagic.data.split.shared_rows import ALL_UP_TO, sample_limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.hashing.splitmix64 import Words

_KEYS = HashKeys.of("mlmagic row", "")
_LOOK_AT = 1_000
_ODD = 0x9E3779B97F4A7C15  # the golden ratio


def hash_rows(item: Any, without: Iterable[str] = ()) -> Words | None:
    """Return a hash for each row of *item* over all columns except those named in *without*.

    Return None if equal rows would mean nothing, since no column is left, or a single one of numbers.

    A value of another dtype may have another hash, so compare only rows of one object.

    Raises
    ------
    UnhashableError
        A column holds values such as lists; the message names it.
    """
    import numpy as np

    torch, sparse = sys.modules.get("torch"), sys.modules.get("scipy.sparse")
    if torch is not None and isinstance(item, torch.utils.data.Dataset):
        if not isinstance(item, torch.utils.data.TensorDataset):
            raise UnhashableError("reading each item of a Dataset may take long.")
        item = item.tensors[0]
    if sparse is not None and sparse.issparse(item):
        return _hash_sparse(item)
    if hasattr(item, "detach"):
        item = item.detach().cpu().numpy()
    left_out = set(without)
    if isinstance(item, np.ndarray) and item.dtype.kind in "iufb" and item.ndim > 1 and not left_out:
        return _hash_matrix(item.reshape(len(item), -1))
    columns = [(name, values) for name, values in columns_of(item) if name not in left_out]
    if not columns or (len(columns) == 1 and not _is_telling(columns[0][1])):
        return None
    total = np.zeros(len(columns[0][1]), np.uint64)
    for number, (name, values) in enumerate(columns):
        try:
            words = _words(values)
        except UnhashableError as error:
            which = f"the values of {name!r}" if len(columns) > 1 else "its values"
            raise UnhashableError(f"{which} cannot be compared.") from error
        _add(total, words, HashKeys.of("mlmagic column", str(number)).before)
    return total


def sample_rows(item: Any, without: Iterable[str] = ()) -> NDArray[np.intp] | None:
    """Return the positions of a sample of very many rows, by the column with most distinct values; None: all rows.

    Raises
    ------
    UnhashableError
        A column holds values such as lists.
    """
    import numpy as np

    left_out = set(without)
    columns = [values for name, values in columns_of(item) if name not in left_out]
    if not columns or not _is_table(item) or len(columns[0]) <= ALL_UP_TO:
        return None
    step = len(columns[0]) // _LOOK_AT
    words = _words(max(columns, key=lambda values: len(np.unique(_words(values[::step])))))
    chosen = np.empty(len(words), bool)
    limit = np.uint64(sample_limit(len(words)))

    def work(start: int, stop: int, scratch: Words) -> None:
        part = words[start:stop] ^ np.uint64(_KEYS.between)
        mix(part, scratch)
        np.less(part, limit, out=chosen[start:stop])

    in_chunks(len(words), work)
    return np.flatnonzero(chosen)


def _is_table(item: Any) -> bool:
    return not hasattr(item, "tocsr") and hasattr(item, "__len__") and getattr(item, "ndim", 2) <= 2  # noqa: PLR2004 - rows and columns


def columns_of(item: Any) -> list[tuple[str, Any]]:
    """Return the name and values of each column of a table; a Series or list is a single column."""
    if hasattr(item, "iloc") and hasattr(item, "columns"):
        return [(str(name), item.iloc[:, at]) for at, name in enumerate(item.columns)]
    if hasattr(item, "get_column") or hasattr(item, "column_names"):
        get = getattr(item, "get_column", None) or item.column
        return [(str(name), get(name)) for name in getattr(item, "column_names", None) or item.columns]
    if names := getattr(getattr(item, "dtype", None), "names", None):  # a structured array
        return [(name, item[name]) for name in names]
    if getattr(item, "ndim", 1) == 2 and not hasattr(item, "tocsr"):  # noqa: PLR2004 - rows and columns
        return [(str(at), item[:, at]) for at in range(item.shape[1])]
    return [(str(getattr(item, "name", None) or "the values"), item)]


def _is_telling(values: Any) -> bool:
    """Return whether equal values of one column suggest equal rows, as those of texts do and numbers do not."""
    kind = str(getattr(values, "dtype", "object")).lower()
    return not kind.startswith(("int", "uint", "float", "bool", "date", "torch"))


def _words(values: Any) -> Words:
    """Return a 64-bit word for each value: the bits of a number, else a hash."""
    import numpy as np

    found = plain(values)
    if found.form in {"whole", "real"} and found.null is None:
        held = np.ascontiguousarray(found.held)
        kept: Words = _bits(held)
        return kept
    return hash_values(found, _KEYS)


def _bits(held: NDArray[Any]) -> Words:
    """Return the bits of numbers as words; equal floats, zeros of both signs and all NaNs have the same."""
    import numpy as np

    if held.dtype.kind == "c":
        return _bits(held.real) * np.uint64(_ODD) + _bits(held.imag)
    floats = held.astype(np.float64) if held.dtype.itemsize > 8 else None  # noqa: PLR2004 - bytes of a word
    numbers: NDArray[Any] = held if floats is None else floats
    if numbers.dtype.kind == "f":
        numbers = numbers + numbers.dtype.type(0)
        if numbers.size and np.isnan(numbers.max()):
            numbers[np.isnan(numbers)] = np.nan
    words: Words = np.ascontiguousarray(numbers).view(f"u{numbers.dtype.itemsize}").astype(np.uint64, copy=False)
    return words


def _add(total: Words, words: Words, key: int) -> None:
    """Add the mixed *words* to *total*; with a sum, the columns of a row need not be contiguous in memory."""
    import numpy as np

    def work(start: int, stop: int, scratch: Words) -> None:
        part = words[start:stop] ^ np.uint64(key)
        mix(part, scratch)
        total[start:stop] += part

    in_chunks(len(total), work)


def _hash_matrix(matrix: NDArray[Any]) -> Words:
    import numpy as np

    width = matrix.shape[1]
    total = np.zeros(len(matrix), np.uint64)
    if not width:
        return total
    keys = np.arange(width, dtype=np.uint64)
    keys += np.uint64(_KEYS.between)
    mix(keys, np.empty_like(keys))
    at_once = max(WORDS_AT_ONCE // width, 1)

    def work(start: int, stop: int, _scratch: Words) -> None:
        block = _bits(np.ascontiguousarray(matrix[start:stop])) ^ keys
        mix(block.reshape(-1), np.empty(block.size, np.uint64))
        total[start:stop] = block.sum(axis=1)

    in_chunks(len(matrix), work, at_once)
    return total


def _hash_sparse(item: Any) -> Words:
    """Hash the nonzero entries, each with its column, and sum the hashes of each row."""
    import numpy as np

    rows = item.tocsr(copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    words = _bits(np.ascontiguousarray(rows.data)) ^ np.uint64(_KEYS.before)
    mix(words, np.empty_like(words))
    words += rows.indices.astype(np.uint64)
    mix(words, np.empty_like(words))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(words, dtype=np.uint64)])
    totals: Words = sums[rows.indptr[1:]] - sums[rows.indptr[:-1]]
    return totals
