"""The view of a reproduction as text and HTML: the verdict, what differs and why, and what was compared."""

from __future__ import annotations

import base64
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.replay.reproduction import Verdict
from mlmagic.views.rendering import MimeBundle, columns, duration, number, numbers, pad, render, shorten
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.replay.comparing import ComparedResult
    from mlmagic.replay.reproduction import Reproduction

_STATUS = {
    Verdict.IDENTICAL: "finished",
    Verdict.EQUIVALENT: "finished",
    Verdict.DIFFERENT: "killed",
    Verdict.CANNOT_RUN: "failed",
}
_LARGEST_PICTURE = 400_000
_MOST_PICTURES = 4
_LONGEST = 500
_SIGNS = {"identical": "=", "equivalent": "≈", "different": "≠", "missing": "-", "not compared": " "}
_WORDS = {"data": "dataset"}


@dataclass(frozen=True)
class ResultRow:
    """A result as it is shown; ``is_listed`` even where the report lists what differs only."""

    sign: str
    kind: str
    name: str
    original: str
    replayed: str
    note: str
    is_listed: bool


@dataclass(frozen=True)
class Pictures:
    """A figure of both runs, as data URIs."""

    name: str
    original: str
    replayed: str


def reproduction_bundle(found: Reproduction) -> MimeBundle:
    """Return *found* as HTML and as plain text.

    Examples
    --------
    >>> from mlmagic.replay.comparing import ComparedResult
    >>> from mlmagic.replay.reproduction import Reproduction
    >>> same = [ComparedResult("metric", "accuracy", "identical", "0.9", "0.9", 0.0)]
    >>> same += [ComparedResult("model", "rf", "identical", note="predicts the same on 5 stored rows")]
    >>> found = Reproduction("3f2a91c0" * 4, "forest", Verdict.IDENTICAL, same, cells=3, of_cells=5, seconds=2.5)
    >>> print(reproduction_bundle(found)["text/plain"])
    IDENTICAL  forest (3f2a91c0)
      = model rf  predicts the same on 5 stored rows
      1 metric is equal bit for bit
      3 of 5 cells in 2.50 s
    """
    rows = result_rows(found.results)
    listed = [row for row in rows if row.is_listed]
    return {
        "text/html": render(
            "reproduction_report.html",
            found=found,
            status=_STATUS[found.verdict],
            headline=_headline(found),
            equal=_equal(found),
            listed=listed,
            rest=[row for row in rows if not row.is_listed],
            pictures=_pictures(found),
            footer=_footer(found),
        ),
        "text/plain": "\n".join(_plain(found, listed)),
    }


def result_rows(results: Iterable[ComparedResult]) -> list[ResultRow]:
    """Return the rows of a table of *results*; the two numbers of a row show as many digits as tell them apart."""
    return [_row(one) for one in results]


def _row(one: ComparedResult) -> ResultRow:
    original, replayed = _pair(one)
    return ResultRow(
        _SIGNS[one.state], one.kind, one.name, original, replayed, _note(one),
        is_listed=_is_listed(one),
    )  # fmt: skip


def _is_listed(one: ComparedResult) -> bool:
    """Return whether a result has a line of its own: it differs, needs a remark, or is a model without comparison."""
    if one.state == "not compared":
        return one.kind == "model"
    return one.state != "identical" or bool(one.note)


def _pair(one: ComparedResult) -> tuple[str, str]:
    if one.kind == "data":
        return one.original[:8], one.replayed[:8]
    try:
        values = [float(one.original), float(one.replayed)]
    except ValueError:
        return shorten(one.original), shorten(one.replayed)
    shown = numbers(values)
    if shown[0] == shown[1] and values[0] != values[1]:
        return repr(values[0]), repr(values[1])
    return shown[0], shown[1]


def _note(one: ComparedResult) -> str:
    if one.state == "missing":
        return "not in the replay"
    if one.state == "not compared" and one.kind == "model":
        return f"not compared: {one.note}"
    apart = ""
    if one.kind == "metric" and one.difference and math.isfinite(one.difference):
        apart = f"{number(one.difference)} apart"
    return ", ".join(part for part in (apart, one.note) if part)


def _headline(found: Reproduction) -> str:
    if found.verdict is Verdict.CANNOT_RUN:
        return found.reason
    if found.verdict is Verdict.EQUIVALENT:
        return "equal within the rounding of sums or the noise of two replays"
    return ""


def _equal(found: Reproduction) -> str:
    """Return in words how many results of each kind are equal: ``3 metrics, 1 figure are equal bit for bit``."""
    plainly = [one.kind for one in found.results if one.state == "identical" and not one.note]
    counts = Counter(_WORDS.get(kind, kind) for kind in plainly)
    if not plainly:
        has_none = all(one.state == "not compared" for one in found.results) and found.verdict is not Verdict.CANNOT_RUN
        return "the cell ended as it did; the run has no results to compare" if has_none else ""
    words = [f"{count} {kind}{'s' * (count != 1)}" for kind, count in counts.items()]
    return f"{', '.join(words)} {'is' if len(plainly) == 1 else 'are'} equal bit for bit"


def _footer(found: Reproduction) -> str:
    if not found.cells:
        return ""
    then = f", {duration(found.original_seconds)} originally" if found.original_seconds else ""
    return f"{found.cells} of {found.of_cells} cells in {duration(found.seconds)}{then}"


def _pictures(found: Reproduction) -> list[Pictures]:
    pairs = [
        (name, pair)
        for name, pair in found.figures.items()
        if name.endswith(".png") and max(map(len, pair)) <= _LARGEST_PICTURE
    ]
    return [Pictures(name, _uri(pair[0]), _uri(pair[1])) for name, pair in pairs[:_MOST_PICTURES]]


def _uri(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _plain(found: Reproduction, listed: Sequence[ResultRow]) -> list[str]:
    lines = [f"{found.verdict}  {shorten(found.name)} ({found.run_id[:8]})"]
    if headline := _headline(found):
        lines.append(f"  {shorten(headline, _LONGEST)}")
    names = [f"{row.kind} {shorten(row.name)}" for row in listed]
    width = max(map(columns, names), default=0)
    for row, name in zip(listed, names, strict=True):
        values = f"{row.original} → {row.replayed}" if row.replayed else row.original
        parts = [pad(name, width), clean(values), shorten(row.note, _LONGEST)]
        lines.append(f"  {row.sign} {'  '.join(part for part in parts if part)}".rstrip())
    if equal := _equal(found):
        lines.append(f"  {equal}")
    for at, cause in enumerate(found.causes, 1):
        where = f" (cell [{cause.cell}])" if cause.cell is not None else ""
        told = f"{shorten(cause.what, _LONGEST)}: {shorten(cause.evidence, _LONGEST)}{where}"
        lines.append(f"  {'why' if at == 1 else 'or '} {told}")
    lines += [f"  note {shorten(note, _LONGEST)}" for note in found.notes]
    if footer := _footer(found):
        lines.append(f"  {footer}")
    return lines
