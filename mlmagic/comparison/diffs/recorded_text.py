"""Compares a recorded text of each run, its code or a patch, with that of the base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlmagic.comparison.diffs.text_diff import TextDiff, text_diff

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class TextChange:
    """How the text of one run differs from that of the base.

    ``absent`` means that neither run has a text, ``unknown`` that one is missing or was not read. *told* describes the
    change in words. *like* is the position of an earlier run with the same text, and therefore the same *diff*.
    """

    verdict: Literal["same", "changed", "unknown", "absent"]
    told: str
    diff: TextDiff | None = None
    like: int | None = None


def text_changes(
    texts: Sequence[str | None], *, problems: Sequence[str | None], same: str, none: str
) -> tuple[TextChange, ...]:
    """Compare each text but the first with the first.

    Parameters
    ----------
    texts
        The text of each run, or None if it has none or it was not read.
    problems
        Why each text was not read, or None.
    same, none
        The description if the texts are equal, and if a run has no text.

    Examples
    --------
    >>> [first, second] = text_changes(["a", "a", "b"], problems=[None] * 3, same="the same code", none="no source")
    >>> first.told, second.told
    ('the same code', '1 line added, 1 removed')
    """
    found: list[TextChange] = []
    base = texts[0]
    for at, text in enumerate(texts[1:], 1):
        if base is None or text is None:
            found.append(_unknown(base, text, problems[0], problems[at], none))
            continue
        diff = text_diff(base, text)
        if not diff:
            found.append(TextChange("same", same))
            continue
        like = texts.index(text)
        told = f"{diff.added} line{'s' * (diff.added != 1)} added, {diff.removed} removed"
        found.append(TextChange("changed", told, None, like) if like < at else TextChange("changed", told, diff))
    return tuple(found)


def _unknown(base: str | None, text: str | None, of_base: str | None, of_other: str | None, none: str) -> TextChange:
    told = [*([f"the base: {of_base}"] if of_base else []), *([of_other] if of_other else [])]
    if told:
        return TextChange("unknown", "; ".join(told))
    if base is None and text is None:
        return TextChange("absent", none)
    return TextChange("unknown", none if text is None else f"the base: {none}")
