"""Recognise datasets, and those behind data loaders, without importing any library."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST_ELEMENTS = 2
MOST_PARTS = 20
"""The most datasets taken from one value: a loader over hundreds of files would crowd out the rest."""
_DEEPEST = 8

_CLASSES = (
    ("pandas", "DataFrame"),
    ("pandas", "Series"),
    ("polars", "DataFrame"),
    ("polars", "Series"),
    ("numpy", "ndarray"),
    ("torch", "Tensor"),
)


@dataclass(frozen=True)
class Selection:
    """The rows of an array or tensor that a Subset selects, in its order, without a copy.

    Its fingerprint is that of ``source[indices]``.
    """

    source: Any
    indices: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the selected rows."""
        return (len(self.indices), *map(int, self.source.shape[1:]))


def kind_of(value: Any) -> str | None:
    """Return the kind of dataset that *value* is, such as ``"pandas.DataFrame"``, or None.

    A lazy frame is not a dataset, since collecting it may take hours. Nor is a scalar, an array or series of fewer
    than 2 elements, a parameter of a torch module, or a meta tensor.

    >>> import numpy as np
    >>> kind_of(np.zeros((3, 2))), kind_of(np.float64(3)), kind_of([1, 2])
    ('numpy.ndarray', None, None)
    """
    if isinstance(value, Selection):
        kind = kind_of(value.source)
        return kind if _elements(value) >= FEWEST_ELEMENTS else None
    if (kind := class_of(value)) is None:
        return None
    if kind.endswith("DataFrame") or kind == "scipy.sparse":
        return kind
    if kind == "torch.Tensor" and (_is_instance(value, "torch.nn", "Parameter") or value.is_meta):
        return None
    return kind if _elements(value) >= FEWEST_ELEMENTS else None


def datasets_in(value: Any) -> list[tuple[str, Any]]:
    """Return the datasets that *value* is or wraps, each with a suffix for its name.

    A dataset itself has the suffix ``""``. A torch DataLoader, Subset, TensorDataset or ConcatDataset yields its
    tensors (``[0]``, ``[1]``), and a user-defined Dataset the datasets in its public attributes (``.images``). The list
    has at most 20 items, and is empty for any other value.

    >>> import numpy as np
    >>> [(suffix, array.shape) for suffix, array in datasets_in(np.zeros((3, 2)))]
    [('', (3, 2))]
    >>> datasets_in("text")
    []
    """
    if kind_of(value) is not None:
        return [("", value)]
    if "torch.utils.data" not in sys.modules:
        return []
    found = []
    for part in _behind(value, "", None, _DEEPEST):
        found.append(part)
        if len(found) == MOST_PARTS:
            break
    return found


def class_of(value: Any) -> str | None:
    """Return the dataset class of *value*, whatever its size, or None.

    >>> import numpy as np
    >>> class_of(np.zeros(1)), class_of([1, 2])
    ('numpy.ndarray', None)
    """
    for module, name in _CLASSES:
        if _is_instance(value, module, name):
            return f"{module}.{name}"
    sparse = sys.modules.get("scipy.sparse")
    is_sparse = getattr(sparse, "issparse", None)  # absent while another thread imports it
    return "scipy.sparse" if is_sparse is not None and is_sparse(value) else None


def _is_instance(value: Any, module: str, name: str) -> bool:
    found = getattr(sys.modules.get(module), name, None)
    return isinstance(found, type) and isinstance(value, found)


def _elements(value: Any) -> int:
    """Return the number of elements; 1 for a scalar."""
    if getattr(value, "is_nested", False) is True:  # a nested tensor has no single shape
        return int(value.numel())
    count = 1
    for length in value.shape:
        count *= int(length)
    return count


def _behind(value: Any, suffix: str, indices: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the datasets that *value* wraps; *indices* selects rows of it, None all."""
    import numpy as np

    def is_a(name: str) -> bool:
        return _is_instance(value, "torch.utils.data", name)

    if depth == 0:
        return
    if kind_of(value) is not None:
        selected = value if indices is None else _select(value, indices)
        if kind_of(selected) is not None:
            yield suffix, selected
    elif is_a("DataLoader"):
        yield from _behind(value.dataset, suffix, indices, depth - 1)
    elif is_a("Subset"):
        chosen = np.asarray(value.indices, dtype=np.int64).reshape(-1)
        yield from _behind(value.dataset, suffix, chosen if indices is None else chosen[indices], depth - 1)
    elif is_a("TensorDataset"):
        names = [""] if len(value.tensors) == 1 else [f"[{number}]" for number in range(len(value.tensors))]
        for name, tensor in zip(names, value.tensors, strict=True):
            yield from _behind(tensor, suffix + name, indices, depth - 1)
    elif is_a("ConcatDataset"):
        start, total = 0, value.cumulative_sizes[-1]
        indices = indices if indices is None else np.where(indices < 0, indices + total, indices)
        for number, (part, stop) in enumerate(zip(value.datasets, value.cumulative_sizes, strict=True)):
            rows = None if indices is None else indices[(indices >= start) & (indices < stop)] - start
            yield from _behind(part, f"{suffix}.{number}", rows, depth - 1)
            start = stop
    elif is_a("Dataset"):
        for name, held in vars(value).items():
            # Only an attribute with one row per item can be reduced to a subset's rows.
            if not name.startswith("_") and (indices is None or _rows(held) == _length(value) is not None):
                yield from _behind(held, f"{suffix}.{name}", indices, depth - 1)


def _select(value: Any, indices: Any) -> Any:
    kind = kind_of(value) or ""
    if kind.startswith("pandas"):
        return value.iloc[indices]
    return value[indices] if kind.startswith(("polars", "scipy")) else Selection(value, indices)


def _rows(value: Any) -> int | None:
    return int(value.shape[0]) if kind_of(value) is not None else _length(value)


@guarded(default=None)
def _length(value: Any) -> int | None:
    return len(value)
