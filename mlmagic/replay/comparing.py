"""Compare the results of a replay with those of the original run: bit for bit, then within the noise of two replays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlmagic.replay.evidence.clock import measures_clock
from mlmagic.replay.evidence.compared_data import columns_of_clock
from mlmagic.replay.predictions.closeness import closeness
from mlmagic.replay.predictions.differences import judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlmagic.replay.results import RunResults

State = Literal["identical", "equivalent", "different", "missing", "not compared"]


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
    found += _models(original, replayed, again)
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
    noise = None
    if again is not None and [step for step, _ in again] == [step for step, _ in other]:
        noise = [value for _, value in again]
    found = closeness([value for _, value in series], [value for _, value in other], noise)
    return ComparedResult("metric", name, found.state, _last(series), _last(other), found.largest, found.note)


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


def _models(original: RunResults, replayed: RunResults, again: RunResults | None) -> Iterator[ComparedResult]:
    """Compare models by their files, and where these differ by what both predict on stored rows, if they were asked."""
    for name, model in original.models.items():
        other = replayed.models.get(name)
        if other is None:
            yield ComparedResult("model", name, "missing")
        elif model.is_same(other):
            yield ComparedResult("model", name, "identical")
        else:
            noise = again.predictions.get(name) if again is not None else None
            found = judge(original.predictions.get(name), replayed.predictions.get(name), noise)
            yield ComparedResult("model", name, found.state, difference=found.largest, note=found.note)
