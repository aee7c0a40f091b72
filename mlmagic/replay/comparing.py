"""Compare the results of a replay with those of the original run: bit for bit, then within the noise of two replays."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlmagic.replay.evidence.clock import measures_clock
from mlmagic.replay.evidence.compared_data import columns_of_clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlmagic.replay.results import RunResults

State = Literal["identical", "equivalent", "different", "missing", "not compared"]
_ROUNDING = 1e-9
"""Relative differences up to this are those of sums in another order, on other threads or another processor."""
_NOISE_FACTOR = 4.0
"""How many times the difference of two replays the original may be away from one of them."""
_MOST_NOISE = 1e-4
"""The largest relative noise, so many times as above, that can come from sums in another order."""


@dataclass(frozen=True)
class ComparedResult:
    """One result of both runs, as text, with the largest ``difference`` of its values."""

    kind: str
    name: str
    state: State
    original: str = ""
    replayed: str = ""
    difference: float | None = None
    note: str = ""


def compare(original: RunResults, replayed: RunResults, again: RunResults | None = None) -> list[ComparedResult]:
    """Return how each result of *replayed* compares with *original*.

    Parameters
    ----------
    again
        The results of a second replay: the two replays' difference is the noise that no replay can be below.
    """
    found = [*_metrics(original, replayed, again)]
    found += _texts("parameter", original.params, replayed.params, again.params if again is not None else None)
    found += _data(original, replayed)
    found += _figures(original, replayed, again)
    found += _models(original, replayed)
    if original.error and original.error == replayed.error:
        found.append(ComparedResult("error", original.error, "identical"))
    elif original.error != replayed.error:
        found.append(ComparedResult("error", "", "different", original.error, replayed.error))
    return found


def _metrics(original: RunResults, replayed: RunResults, again: RunResults | None) -> Iterator[ComparedResult]:
    for name, series in original.metrics.items():
        other = replayed.metrics.get(name)
        shown = _last(series)
        if measures_clock(name):
            yield ComparedResult(
                "metric", name, "not compared", shown, _last(other or ()), note="measures time or memory"
            )
        elif other is None:
            yield ComparedResult("metric", name, "missing", shown)
        elif _same(series, other):
            yield ComparedResult("metric", name, "identical", shown, _last(other), 0.0)
        else:
            yield _compared_series(name, series, other, again.metrics.get(name) if again is not None else None)
    for name, series in replayed.metrics.items():
        if name not in original.metrics and not measures_clock(name):
            yield ComparedResult("metric", name, "different", "", _last(series), note="only in the replay")


def _compared_series(
    name: str,
    series: Sequence[tuple[int, float]],
    other: Sequence[tuple[int, float]],
    again: Sequence[tuple[int, float]] | None,
) -> ComparedResult:
    if [step for step, _ in series] != [step for step, _ in other]:
        note = f"{len(series)} values, {len(other)} in the replay"
        return ComparedResult("metric", name, "different", _last(series), _last(other), note=note)
    largest = _largest_difference(series, other)
    state: State = "different"
    note = ""
    if _is_rounding(series, other):
        state, note = "equivalent", "rounding of sums in another order"
    elif again is not None and [step for step, _ in again] == [step for step, _ in other]:
        noise = _largest_difference(other, again)
        scale = max((abs(value) for _, value in series if math.isfinite(value)), default=0.0)
        if largest <= _NOISE_FACTOR * noise <= _MOST_NOISE * scale:
            state, note = "equivalent", f"two replays differ by {noise:.2g} too"
    return ComparedResult("metric", name, state, _last(series), _last(other), largest, note)


def _same(series: Sequence[tuple[int, float]], other: Sequence[tuple[int, float]]) -> bool:
    """Return whether two series are equal bit for bit; NaN equals NaN."""
    return len(series) == len(other) and all(
        step == step_2 and (struct.pack("<d", value) == struct.pack("<d", value_2) or _are_nan(value, value_2))
        for (step, value), (step_2, value_2) in zip(series, other, strict=True)
    )


def _are_nan(value: float, other: float) -> bool:
    return math.isnan(value) and math.isnan(other)


def _is_rounding(series: Sequence[tuple[int, float]], other: Sequence[tuple[int, float]]) -> bool:
    scale = max((abs(value) for _, value in series if math.isfinite(value)), default=0.0)
    return all(
        value == value_2 or _are_nan(value, value_2) or abs(value - value_2) <= _ROUNDING * scale
        for (_, value), (_, value_2) in zip(series, other, strict=True)
    )


def _largest_difference(series: Sequence[tuple[int, float]], other: Sequence[tuple[int, float]]) -> float:
    differences = [
        abs(value - value_2) for (_, value), (_, value_2) in zip(series, other, strict=True) if value != value_2
    ]
    finite = [one for one in differences if math.isfinite(one)]
    return math.inf if len(finite) < len(differences) else max(finite, default=0.0)


def _last(series: Sequence[tuple[int, float]]) -> str:
    return repr(series[-1][1]) if series else ""


def _texts(
    kind: str, original: Mapping[str, str], replayed: Mapping[str, str], again: Mapping[str, str] | None = None
) -> Iterator[ComparedResult]:
    for name in dict.fromkeys([*original, *replayed]):
        before, after = original.get(name), replayed.get(name)
        if before == after:
            yield ComparedResult(kind, name, "identical", before or "", after or "")
        elif after is None:
            yield ComparedResult(kind, name, "missing", before or "")
        elif again is not None and again.get(name) != after:
            yield ComparedResult(kind, name, "not compared", before or "", after, note="differs from replay to replay")
        else:
            yield ComparedResult(kind, name, "different", before or "", after)


def _data(original: RunResults, replayed: RunResults) -> Iterator[ComparedResult]:
    for one in _texts("data", original.data, replayed.data):
        columns: list[str] = []
        if one.state == "different" and one.original:
            columns = columns_of_clock(one.name, original.datasets, replayed.datasets)
        if columns:
            note = f"it differs in {', '.join(columns)} only, which measures time or memory"
            yield replace(one, state="not compared", note=note)
        else:
            yield one


def _figures(original: RunResults, replayed: RunResults, again: RunResults | None) -> Iterator[ComparedResult]:
    for name, content in original.figures.items():
        other = replayed.figures.get(name)
        if other is None:
            yield ComparedResult("figure", name, "missing")
        elif content == other:
            yield ComparedResult("figure", name, "identical")
        elif name in original.figure_digests and original.figure_digests[name] == replayed.figure_digests.get(name):
            yield ComparedResult("figure", name, "identical", note="the same data, drawn in other pixels")
        elif again is not None and again.figures.get(name, other) != other:
            yield ComparedResult("figure", name, "equivalent", note="two replays differ too")
        else:
            share = _pixels_apart(content, other)
            note = "" if share is None else f"{share:.2%} of the pixels differ"
            yield ComparedResult(
                "figure", name, "identical" if share == 0 else "different", difference=share, note=note
            )


def _pixels_apart(content: bytes, other: bytes) -> float | None:
    """Return the share of pixels that differ between two PNG pictures, None if they have none to compare."""
    import io

    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        pixels, other_pixels = (np.asarray(Image.open(io.BytesIO(one)).convert("RGBA")) for one in (content, other))
    except (UnidentifiedImageError, OSError, ValueError):
        return None
    if pixels.shape != other_pixels.shape:
        return 1.0
    return float(np.any(pixels != other_pixels, axis=-1).mean())


def _models(original: RunResults, replayed: RunResults) -> Iterator[ComparedResult]:
    for name, digest in original.models.items():
        other = replayed.models.get(name)
        if other is None:
            yield ComparedResult("model", name, "missing")
        elif other == digest:
            yield ComparedResult("model", name, "identical")
        else:
            yield ComparedResult("model", name, "not compared", note="its file differs, and its metrics are compared")
