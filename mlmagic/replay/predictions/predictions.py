"""What a model predicts on stored rows, as plain arrays in files that hold no code."""

from __future__ import annotations

import json
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_LARGEST = 200_000_000
"""The most bytes of predictions that are read: a few rows of a model that makes pictures."""


@dataclass(frozen=True)
class Predictions:
    """What a model predicts on stored rows.

    Attributes
    ----------
    rows
        How many rows there are.
    outputs
        What each of the model's methods returns, such as ``predict`` and ``predict_proba``.
    is_steady
        Whether the model returns the same when it is asked again, with the same random seed.
    raised
        What the model raised on these rows.
    problem
        Why the model was not asked; the other attributes are empty then.
    """

    rows: int = 0
    outputs: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    is_steady: bool = True
    raised: str = ""
    problem: str = ""


def write(found: Predictions, folder: Path, name: str) -> None:
    """Write *found* to *folder*, under *name*; it is there as a whole or not at all."""
    import numpy as np

    with (folder / f"{name}.npz").open("wb") as file:
        np.savez(file, *found.outputs.values())
    about = {
        "rows": found.rows,
        "outputs": list(found.outputs),
        "is_steady": found.is_steady,
        "raised": found.raised,
        "problem": found.problem,
    }
    part = folder / f"{name}.part"
    part.write_text(json.dumps(about), "utf-8")
    part.replace(folder / f"{name}.json")


def read(folder: Path, name: str) -> Predictions | None:
    """Return what `write` wrote, None if it has not; no object is unpickled.

    Raises
    ------
    ValueError
        If the files are damaged, or too large.
    """
    import numpy as np

    if not (folder / f"{name}.json").is_file():
        return None
    if (folder / f"{name}.npz").stat().st_size > _LARGEST:
        raise ValueError("its predictions are too many to compare")
    about = json.loads((folder / f"{name}.json").read_text("utf-8"))
    with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
        outputs = {str(key): arrays[f"arr_{at}"] for at, key in enumerate(about["outputs"])}
    return Predictions(
        int(about["rows"]), outputs, bool(about["is_steady"]), str(about["raised"]), str(about["problem"])
    )


def as_arrays(value: Any, name: str) -> dict[str, NDArray[Any]]:
    """Return what a model returned as arrays that a file can hold without a pickle, by name.

    A mapping, and a list of arrays, become one array for each item. Numbers, texts and dates stay as they are; other
    objects become their text.

    >>> list(as_arrays([[0.5, 1.5]], "predict")), list(as_arrays({"a": [1], "b": [2]}, "it"))
    (['predict'], ["it['a']", "it['b']"])
    """
    from mlmagic.models.saving.agreement import as_array

    if isinstance(value, Mapping):
        return _joined((item, f"{name}[{key!r}]") for key, item in value.items())
    if isinstance(value, list | tuple) and any(hasattr(item, "shape") or isinstance(item, Mapping) for item in value):
        return _joined((item, f"{name}[{at}]") for at, item in enumerate(value))
    return {name: _plain(as_array(value))}


def _joined(items: Any) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    for item, name in items:
        found |= as_arrays(item, name)
    return found


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    if values.dtype.kind in "biufcMmUS":
        return values
    items = values.ravel()
    if all(isinstance(one, numbers.Real) for one in items):
        return values.astype(float)
    texts = [one if isinstance(one, str) else repr(one) for one in items]
    return np.asarray(texts, dtype=str).reshape(values.shape)
