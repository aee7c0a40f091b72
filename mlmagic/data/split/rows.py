"""Count the rows of a data container, and take some of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_TAKEN = "pandas, polars and Arrow tables and columns, NumPy arrays, torch tensors, SciPy's csr arrays, and lists"


def common_length(data: Sequence[Any], names: Sequence[str], what: str = "split") -> int:
    """Return the number of rows that all of *data* have; *what* takes them, for messages.

    Raises
    ------
    UsageProblem
        There are none, something has no rows to choose from, or the numbers differ.
    """
    if not data:
        raise UsageProblem("split needs data: mlmagic.split(df, by='user_id'), or %split df --by user_id")
    lengths = [_length(item, name, what) for item, name in zip(data, names, strict=True)]
    if len(set(lengths)) > 1:
        told = ", ".join(f"{name} has {length:,}" for name, length in zip(names, lengths, strict=True))
        together = "split together" if what == "split" else f"given to {what}"
        raise UsageProblem(f"what is {together} must have one number of rows: {told}.")
    if not lengths[0]:
        raise UsageProblem(f"{names[0]} has no rows: there is nothing to split.")
    return lengths[0]


def _length(item: Any, name: str, what: str) -> int:
    if hasattr(item, "collect") and not hasattr(item, "shape"):
        raise UsageProblem(f"{name} is of type {_kind(item)}, which is lazy: collect it first, split {name}.collect().")
    if _is_sparse(item) and item.format not in {"csr", "csc", "lil", "dok"}:
        raise UsageProblem(f"{name} is of type {_kind(item)}, of which no rows can be taken: split {name}.tocsr().")
    if isinstance(item, str | bytes | dict | set | frozenset) or not _has_rows(item):
        raise UsageProblem(f"{name} is of type {_kind(item)}, which has no rows to take; {what} takes {_TAKEN}.")
    shape = getattr(item, "shape", None)
    return int(shape[0] if shape is not None else len(item))


def _has_rows(item: Any) -> bool:
    shape = getattr(item, "shape", None)
    if shape is not None:
        return len(shape) > 0
    return hasattr(item, "__len__") and hasattr(item, "__getitem__")


def _kind(item: Any) -> str:
    kind = type(item)
    package = kind.__module__.partition(".")[0]
    return kind.__name__ if package == "builtins" else f"{kind.__name__} of {package}"


def _is_sparse(item: Any) -> bool:
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(item))


def take(item: Any, positions: NDArray[np.intp]) -> Any:
    """Return the rows of *item* at *positions* in the same type (a Subset of a torch Dataset), in order, with index.

    >>> import numpy as np
    >>> take(["a", "b", "c"], np.array([0, 2]))
    ['a', 'c']
    """
    pandas, torch = sys.modules.get("pandas"), sys.modules.get("torch")
    if isinstance(item, list | tuple):
        rows = [item[at] for at in positions.tolist()]
        return rows if isinstance(item, list) else tuple(rows)
    if pandas is not None and isinstance(item, pandas.DataFrame | pandas.Series | pandas.Index):
        return item.take(positions)
    if torch is not None and isinstance(item, torch.Tensor):
        return item[torch.from_numpy(positions).to(item.device)]
    if torch is not None and isinstance(item, torch.utils.data.Dataset):
        return torch.utils.data.Subset(item, positions.tolist())
    return _taken_by_narwhals(item, positions)


def _taken_by_narwhals(item: Any, positions: NDArray[np.intp]) -> Any:
    """Return rows of polars, Arrow and other tables; other objects, such as arrays, are indexed directly."""
    import narwhals as nw

    if type(item).__module__.partition(".")[0] == "pyarrow" and not hasattr(item, "chunks"):  # an array, or a batch
        return item.take(positions)
    frame = nw.from_native(item, eager_only=True, allow_series=True, pass_through=True)
    return item[positions] if frame is item else nw.to_native(frame[positions])
