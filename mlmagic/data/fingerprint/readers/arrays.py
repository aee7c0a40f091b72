"""NumPy arrays and torch tensors as one column in canonical form, with one row per item of the first axis."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.readers.numpy_columns import of_array
from mlmagic.data.fingerprint.readers.python_columns import of_values
from mlmagic.data.fingerprint.readers.sparse import of_sparse_tensor
from mlmagic.data.fingerprint.readers.tables import Table
from mlmagic.data.kinds import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlmagic.data.columns.column import Read
    from mlmagic.data.fingerprint.readers.plan import ReadPlan

_WIDEST_ROW = 4 << 20
"""Rows of more bytes are read in parts."""


def of_numpy(array: Any, plan: ReadPlan) -> Table:
    """Return an array as one column, or a structured array as one column per field.

    Masked values are missing values.
    """
    import numpy as np

    source, indices = (array.source, array.indices) if isinstance(array, Selection) else (array, None)
    mask = np.ma.getmaskarray(source) if np.ma.is_masked(source) else None
    plain = np.asarray(source)
    if plain.dtype.names is not None:
        return _of_structured(plain if indices is None else plain[indices], mask, plan)
    return _of_rows(
        plain.dtype, array.shape, plan, _Rows(plain, indices), None if mask is None else _Rows(mask, indices)
    )


def of_torch(tensor: Any, plan: ReadPlan) -> Table:
    """Return a tensor on any device as one column; it is copied to the CPU one piece at a time."""
    import numpy as np
    import torch

    source, indices = (tensor.source, tensor.indices) if isinstance(tensor, Selection) else (tensor, None)
    source = source.detach().resolve_conj().resolve_neg()
    if source.is_nested:
        parts = list(source.unbind())
        return Table("array", (len(parts),), [(None, of_values(lambda i, j: parts[i:j], len(parts), plan))])
    if str(source.layout).startswith("torch.sparse"):
        return of_sparse_tensor(source if indices is None else source.index_select(0, torch.as_tensor(indices)))
    if source.layout != torch.strided:
        source = source.to_dense()
    form = ""
    if source.is_quantized:
        form = _quantisation(source)
        source = source.int_repr()
    name = str(source.dtype).removeprefix("torch.")
    numpy_dtype = _NUMPY_TYPES.get(name, name)

    def as_numpy(part: Any) -> NDArray[Any]:
        if name in _NUMPY_TYPES:
            part = part.to(getattr(torch, numpy_dtype))
        return np.asarray(part.cpu().numpy())

    table = _of_rows(np.dtype(numpy_dtype), tensor.shape, plan, _Rows(source, indices, as_numpy))
    [(_, column)] = table.columns
    return replace(table, columns=[(None, replace(column, logical=name))], form=table.form + form)


_NUMPY_TYPES = {
    "bfloat16": "float32", "complex32": "complex64",
    "float8_e4m3fn": "float32", "float8_e5m2": "float32", "float8_e4m3fnuz": "float32", "float8_e5m2fnuz": "float32",
    "float8_e8m0fnu": "float32",
}  # fmt: skip
"""Dtypes of torch that NumPy lacks, each with a wider dtype that represents every value exactly."""


class _Rows:
    """Read rows of an array or tensor, or of a selection of it, in pieces."""

    def __init__(self, source: Any, indices: Any = None, convert: Callable[[Any], NDArray[Any]] | None = None) -> None:
        self.source, self.indices = source, indices
        self.convert = convert or (lambda part: part)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the values of the rows from *start* to *stop*, flattened in C order."""
        if self.source.ndim == 0:
            return self.convert(self.source).reshape(-1)
        if self.indices is None:
            return self.convert(self.source[start:stop]).reshape(-1)
        return self.convert(self.source[self.indices[start:stop]]).reshape(-1)

    def listed(self, start: int, stop: int) -> list[Any]:
        """Return the rows from *start* to *stop* as Python values."""
        values: list[Any] = self.source[start:stop].tolist()
        return values

    def flat(self) -> Read:
        """Return a function that reads single values by their position in C order."""
        import numpy as np

        source = self.source if self.indices is None else self.source[self.indices]
        if isinstance(source, np.ndarray):
            whole: Any = source.reshape(-1) if source.flags.c_contiguous else source.flat
        else:
            whole = source.reshape(-1)

        def read(start: int, stop: int) -> NDArray[Any]:
            return self.convert(whole[start:stop])

        return read


def _of_rows(dtype: Any, shape: tuple[int, ...], plan: ReadPlan, rows: _Rows, masked: _Rows | None = None) -> Table:
    shape = tuple(map(int, shape))
    inner = shape[1:] if shape else ()
    form = ",".join(map(str, inner)) if shape else "scalar"
    width = math.prod(inner)
    if not math.prod(shape):
        column = of_array(dtype, rows.read, 0, plan)
        return Table("array", shape, [(None, column)], form=form, read_rows=0)
    row_bytes = width * dtype.itemsize
    if row_bytes <= _WIDEST_ROW:
        count = shape[0] if shape else 1
        mask: Read | None = None if masked is None else masked.read
        column = of_array(dtype, rows.read, count, plan, mask=mask, width=width)
        return Table("array", shape, [(None, column)], form=form, read_rows=count, row_bytes=row_bytes)
    size = math.prod(shape)
    mask = None if masked is None else masked.flat()
    column = of_array(dtype, rows.flat(), size, plan, mask=mask)
    return Table(
        "array", shape, [(None, column)], form=form, rows_too_wide=True, read_rows=size, row_bytes=dtype.itemsize
    )


def _of_structured(array: NDArray[Any], mask: Any, plan: ReadPlan) -> Table:
    """Return one column per field; a field that is a subarray or structured is a single column too."""
    parts = []
    for name in array.dtype.names or ():
        field = array[name].reshape(array.size, -1) if array.size else array[name].reshape(0, 1)
        if field.dtype.names is None:
            hidden = None if mask is None else _Rows(mask[name].reshape(field.shape)).read
            column = of_array(field.dtype, _Rows(field).read, array.size, plan, mask=hidden, width=field.shape[1])
            if inner := array.dtype[name].shape:
                column = replace(column, logical=f"{column.logical}[{','.join(map(str, inner))}]")
        else:
            column = of_values(_Rows(field[:, 0]).listed, array.size, plan)
        parts.append((name, column))
    form = "" if array.ndim == 1 else ",".join(map(str, array.shape))
    return Table("table", (*array.shape, len(parts)), parts, form=form, read_rows=array.size, row_bytes=array.itemsize)


def _quantisation(tensor: Any) -> str:
    if tensor.qscheme() in _per_tensor():
        return f" scale={tensor.q_scale()!r} zero_point={tensor.q_zero_point()!r}"
    scales, points = tensor.q_per_channel_scales().tolist(), tensor.q_per_channel_zero_points().tolist()
    return f" scales={scales!r} zero_points={points!r} axis={tensor.q_per_channel_axis()}"


def _per_tensor() -> set[Any]:
    import torch

    return {torch.per_tensor_affine, torch.per_tensor_symmetric}
