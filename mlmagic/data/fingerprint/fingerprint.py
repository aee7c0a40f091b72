"""A fingerprint of a dataset's whole content, the same in every process and under every release of a library."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.content import SCHEME, Content, hashed, schema_digest
from mlmagic.data.fingerprint.readers import arrays, sparse, tables
from mlmagic.data.fingerprint.readers.objects import Encoder
from mlmagic.data.fingerprint.readers.plan import OutOfTimeError, ReadPlan
from mlmagic.data.kinds import Selection, class_of
from mlmagic.errors import UsageProblem
from mlmagic.snapshot.secrets.cuts import beginning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.data.fingerprint.readers.columns import DataColumn
    from mlmagic.data.fingerprint.readers.tables import Table

_READERS = {
    "pandas.DataFrame": tables.of_pandas_frame,
    "pandas.Series": tables.of_pandas_series,
    "polars.DataFrame": tables.of_polars_frame,
    "polars.Series": tables.of_polars_series,
    "numpy.ndarray": arrays.of_numpy,
    "torch.Tensor": arrays.of_torch,
    "scipy.sparse": sparse.of_scipy,
}


@dataclass(frozen=True)
class Fingerprint:
    """The digests that identify a dataset's content, each of 32 hexadecimal digits.

    Attributes
    ----------
    digest
        Equal exactly when names, types, values, their order and the index are. pandas and polars are no types: frames
        of equal content have equal digests, and so have an array and a tensor.
    kind
        Which library's object it was, such as ``"pandas.DataFrame"``.
    shape
        Its shape; that of a series or array as the library has it.
    order_free
        Equal when at most the order of the rows differs; an index of whole numbers without a name does not count. None
        where it was not computed: of a sample, and of an array whose rows take megabytes each.
    schema
        Names and types alone.
    index
        The index of a pandas object, None for the default one.
    columns
        The digest of each column, by its name as text; a name that stands twice gets ``#2``. Empty for arrays.
    types
        The type of each column, by the same names.
    sampled
        The time budget ran out: all digests but `schema` are those of a sample, and equal none of a whole.
    seconds
        How long it took.
    row_hashes
        The smallest 64-bit hashes of rows, which show whether another dataset has the same rows; empty where
        `order_free` is None, and of data with one column.
    unhashed
        What has no fingerprint, in words. Such a dataset equals no other, not even itself.
    """

    digest: str
    kind: str
    shape: tuple[int, ...]
    order_free: str | None
    schema: str
    index: str | None
    columns: Mapping[str, str]
    types: Mapping[str, str]
    sampled: bool
    seconds: float
    row_hashes: bytes = b""
    unhashed: tuple[str, ...] = ()


def fingerprint(obj: Any, *, budget_s: float | None = None) -> Fingerprint:
    """Return the fingerprint of *obj*: a DataFrame, series, array, tensor, sparse array, or a `Selection` of rows.

    The whole content is hashed, unless that takes more than *budget_s* seconds: then an evenly spread sample of up to
    65,536 rows is hashed. The choice of rows depends only on the shape and the size of a row.

    Raises
    ------
    UsageProblem
        *obj* is no dataset.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame({"x": [1.0, 2.0], "y": ["a", None]})
    >>> found, shuffled = fingerprint(frame), fingerprint(frame[::-1])
    >>> found.digest == shuffled.digest, found.order_free == shuffled.order_free
    (False, True)
    >>> fingerprint(np.zeros(3)).digest == fingerprint(-np.zeros(3, ">f8")).digest
    True
    """
    started = time.perf_counter()
    kind = class_of(obj.source if isinstance(obj, Selection) else obj)
    if kind is None:
        raise UsageProblem(
            f"a value of type {type(obj).__name__!r} is no dataset. Give a DataFrame or Series of pandas or polars, "
            "a NumPy array, a SciPy sparse array or a torch tensor."
        )
    try:
        return _computed(obj, kind, ReadPlan(None if budget_s is None else started + budget_s), started)
    except OutOfTimeError:
        return _computed(obj, kind, ReadPlan(sample=True), started)


def table_of(obj: Any, plan: ReadPlan) -> Table:
    """Return the columns of a dataset, read by *plan*."""
    kind = class_of(obj.source if isinstance(obj, Selection) else obj)
    return _READERS[str(kind)](obj, plan)


def _computed(obj: Any, kind: str, plan: ReadPlan, started: float) -> Fingerprint:
    table = table_of(obj, plan)
    in_order = Content(table)
    in_order.read(plan)
    schema = schema_digest(table)
    names = _keys([name for name, _ in table.columns]) if table.family == "table" else []
    columns = [digest.hex() for digest in in_order.columns()]
    index = hashed(*in_order.index()).hex() if table.index else None
    size = repr(table.shape).encode()
    part = b"sample" if plan.sample else b"whole"
    digest = hashed(SCHEME, part, schema, size, (index or "").encode(), *map(str.encode, columns))
    total = None if in_order.sums is None else hashed(SCHEME, schema, size, repr(in_order.sums).encode()).hex()
    return Fingerprint(
        digest=digest.hex(),
        kind=kind,
        shape=tuple(map(int, table.shape)),
        order_free=total,
        schema=schema.hex(),
        index=index,
        columns=dict(zip(names, columns, strict=False)),
        types=dict(zip(names, (column.logical for _, column in table.columns), strict=False)),
        sampled=plan.sample,
        seconds=time.perf_counter() - started,
        row_hashes=in_order.smallest.to_bytes() if total is not None and _has_wide_rows(table) else b"",
        unhashed=_unhashed(table),
    )


def _has_wide_rows(table: Table) -> bool:
    return len(table.columns) > 1 or math.prod(table.shape[1:]) > 1


def _keys(names: list[Any]) -> list[str]:
    """Return a unique string for each name.

    >>> _keys(["a", "a", 0, "0"])
    ['a', 'a#2', '0', '0#2']
    """
    keys: dict[str, None] = {}
    for name in names:
        text, number = str(name), 1
        while (key := text if number == 1 else f"{text}#{number}") in keys:
            number += 1
        keys[key] = None
    return list(keys)


def _unhashed(table: Table) -> tuple[str, ...]:
    def told(name: Any, column: DataColumn) -> list[str]:
        where = "its values" if name is None else f"column {beginning(str(name), 80)!r}"
        return [f"{where}: {count:,} of type {kind!r} cannot be identified" for kind, count in column.unhashed.items()]

    return tuple(line for name, column in (*table.columns, *table.index) for line in told(name, column))


def _digest_of_part(dataset: Any) -> bytes:
    """Return the digest of a dataset within a value, such as a frame in a list."""
    found = fingerprint(dataset)
    if found.unhashed:
        raise TypeError(found.unhashed[0])
    return bytes.fromhex(found.digest)


Encoder.digest_of_dataset = staticmethod(_digest_of_part)
