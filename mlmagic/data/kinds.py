"""What counts as a dataset, and what stands behind a loader: told without importing any library."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST_ELEMENTS = 2
MOST_PARTS = 20
"""Datasets that one value may stand for: a loader over hundreds of files would drown the rest."""
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
    """The rows of an array or tensor that a Subset names, in its order; nothing is copied.

    Its fingerprint is that of ``source[indices]``.
    """

    source: Any
    indices: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the selected rows."""
        return (len(self.indices), *map(int, self.source.shape[1:]))


def kind_of(value: Any) -> str | None:
    """Return which kind of dataset *value* is, such as ``"pandas.DataFrame"``, or None.

    A lazy frame is none: collecting it may take hours. Nor is a scalar, an array or series of fewer than 2 elements,
    a parameter of a torch module, or a tensor without data.

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
    """Return the datasets that *value* is or stands for, each with a suffix for its name.

    A plain one has the suffix ``""``. Behind a torch DataLoader, Subset, TensorDataset or ConcatDataset stand the
    tensors, ``[0]``, ``[1]``; behind a dataset of the user's own the datasets that its public attributes hold,
    ``.images``. At most 20; an empty list for what is none.

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
    """Return the class of dataset that *value* belongs to, however small it is, or None.

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
    """Return how many values there are; 1 where there is no axis."""
    if getattr(value, "is_nested", False) is True:  # a tensor of tensors has no one shape
        return int(value.numel())
    count = 1
    for length in value.shape:
        count *= int(length)
    return count


def _behind(value: Any, suffix: str, indices: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield what stands behind *value*; *indices* are the rows of it that are meant, None for all."""
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
            # Only what has a row for each item can be narrowed down to a subset's rows.
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
