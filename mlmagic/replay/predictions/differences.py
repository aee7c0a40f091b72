"""Compare what the models of a run and of its replay predict on the rows that are stored with the original's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.replay.predictions.closeness import Closeness, beyond_rounding, closeness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlmagic.replay.predictions.predictions import Predictions

_SCORES = {"predict_proba": "probabilities", "decision_function": "scores"}
"""Outputs beside the prediction itself, by the method, with the word for them."""
NOT_ASKED = "its file differs, and its predictions were not compared"
_TEXT_KINDS = frozenset("biumMUS")
"""Kinds of arrays that hold labels: these are the same or not, without rounding."""


@dataclass(frozen=True)
class Judgement:
    """How two models compare by their predictions, the reason in words, and the largest difference of two numbers."""

    state: Literal["identical", "equivalent", "different", "not compared"]
    note: str
    largest: float | None = None


@dataclass(frozen=True)
class _Output:
    """How one output compares; ``rows`` are the numbers of those that differ, None if it has no value for each row."""

    name: str
    close: Closeness
    rows: frozenset[int] | None
    is_number: bool


def judge(original: Predictions | None, replayed: Predictions | None, again: Predictions | None = None) -> Judgement:
    """Return how the predictions of a model and of its replay compare; *again* are those of a second replay."""
    if original is not None and original.problem:
        return Judgement("not compared", original.problem)
    if original is None or replayed is None:
        return Judgement("not compared", NOT_ASKED)
    early = _without_outputs(original, replayed) or _other_form(original, replayed)
    return early or _by_outputs(original, replayed, again)


def _by_outputs(original: Predictions, replayed: Predictions, again: Predictions | None) -> Judgement:
    found = [_compared(name, original, replayed, again) for name in original.outputs]
    if all(one.close.state == "identical" for one in found):
        return Judgement("identical", f"predicts the same on {_rows(original.rows)}", 0.0)
    largest = max((one.close.largest for one in found if one.is_number), default=None)
    differing = [one for one in found if one.close.state == "different"]
    if not differing:
        why = next(one.close.note for one in found if one.close.note)
        return Judgement("equivalent", f"predicts the same on {_rows(original.rows)}, within {_noise(why)}", largest)
    if not (original.is_steady and replayed.is_steady):
        return Judgement("not compared", "it predicts otherwise each time it is asked")
    return Judgement("different", _sentence(differing, original.rows), largest)


def _without_outputs(original: Predictions, replayed: Predictions) -> Judgement | None:
    """Return how two models compare of which one was not asked, or raised; None if both have predicted."""
    if replayed.problem:
        return Judgement("not compared", f"of the replay's model: {replayed.problem}")
    if original.raised:
        return Judgement("not compared", f"it fails on the rows that are stored with it: {original.raised}")
    if replayed.raised:
        return Judgement("different", f"the replay's model fails on the stored rows: {replayed.raised}")
    return None


def _other_form(original: Predictions, replayed: Predictions) -> Judgement | None:
    """Return how two models differ in the form of their outputs, None if these can be compared."""
    if original.outputs.keys() != replayed.outputs.keys():
        names = [", ".join(sorted(one.outputs)) for one in (original, replayed)]
        return Judgement("different", f"it returns {names[0]}, in the replay {names[1]}")
    for name, values in original.outputs.items():
        other = replayed.outputs[name]
        if values.shape != other.shape:
            return Judgement("different", f"{name} returns the shape {values.shape}, {other.shape} in the replay")
        if _family(values) != _family(other):
            return Judgement("different", f"{name} returns {values.dtype.name}, {other.dtype.name} in the replay")
    return None


def _compared(name: str, original: Predictions, replayed: Predictions, again: Predictions | None) -> _Output:
    values, other = original.outputs[name], replayed.outputs[name]
    if not _is_number(values) or {values.dtype.kind, other.dtype.kind} <= _TEXT_KINDS:
        differs = (values != other) & ~(_is_missing(values) & _is_missing(other))
        state: Literal["identical", "different"] = "different" if differs.any() else "identical"
        return _Output(name, Closeness(state), _rows_of(differs, original.rows), is_number=False)
    noise = again.outputs.get(name) if again is not None else None
    is_noise = noise is not None and noise.shape == other.shape and _is_number(noise)
    close = closeness(_real(values), _real(other), _real(noise) if is_noise else None)
    differs = beyond_rounding(_real(values), _real(other))
    return _Output(name, close, _rows_of(differs, original.rows), is_number=True)


def _family(values: NDArray[Any]) -> str:
    return "number" if _is_number(values) else values.dtype.kind


def _is_number(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "biufc"


def _is_missing(values: NDArray[Any]) -> NDArray[Any]:
    """Return where a date is missing, which differs from itself."""
    import numpy as np

    found: NDArray[Any] = np.isnat(values) if values.dtype.kind in "mM" else np.zeros(values.shape, dtype=bool)
    return found


def _real(values: Any) -> NDArray[Any]:
    """Return numbers as floats; a complex one as two."""
    import numpy as np

    found: NDArray[Any] = np.asarray(values)
    if found.dtype.kind == "c":
        return np.stack([found.real, found.imag], axis=-1).astype(np.float64)
    return found.astype(np.float64)


def _rows_of(differs: NDArray[Any], rows: int) -> frozenset[int] | None:
    if not differs.ndim or len(differs) != rows:
        return None
    return frozenset(at for at, row in enumerate(differs.reshape(rows, -1)) if row.any())


def _noise(note: str) -> str:
    return note if note.startswith("rounding") else f"noise: {note}"


def _sentence(differing: Sequence[_Output], rows: int) -> str:
    """Return in how many rows the outputs differ, and how far: ``3 of 5 stored predictions differ, by up to 0.02``."""
    scores = [one for one in differing if _method(one) in _SCORES]
    labels = [one for one in differing if one not in scores]
    parts = []
    if labels:
        count = _count(labels)
        whose = f"its predictions on {_rows(rows)}" if count is None else f"{count} of {rows} stored predictions"
        parts.append(f"{whose} differ{_how_far(labels)}")
    if scores:
        count = None if labels else _count(scores)
        of = "" if count is None else f" of {count} of {rows} stored rows"
        parts.append(f"the {_SCORES[_method(scores[0])]}{of} differ{_how_far(scores)}")
    return ", and ".join(parts)


def _method(output: _Output) -> str:
    return output.name.partition("[")[0]


def _count(outputs: Sequence[_Output]) -> int | None:
    """Return in how many rows one of *outputs* differs, None if an output has no value for each row."""
    found = [one.rows for one in outputs if one.rows is not None]
    return len(frozenset().union(*found)) if len(found) == len(outputs) else None


def _how_far(outputs: Sequence[_Output]) -> str:
    largest = max((one.close.largest for one in outputs if one.is_number), default=0.0)
    if not math.isfinite(largest):
        return ", where a value is missing or infinite in one of them"
    return f", by up to {largest:.2g}" if largest else ""


def _rows(count: int) -> str:
    return f"{count} stored row{'s' * (count != 1)}"
