"""The difference of runs as plain text, for terminals and for reading without colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.views.differences.sections import letter
from mlmagic.views.rendering import columns, pad, shorten, took
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.comparison.diffs.difference import Difference
    from mlmagic.views.differences.sections import Section, ShownDiff, Value

_WIDEST = 48
_MOST_LINES = 80


def difference_text(found: Difference, sections: Sequence[Section]) -> str:
    """Return *found* as lines of text: differing sections in full, the other sections by name and count."""
    lines = [f"{len(found.runs)} runs, compared with {letter(0)}"]
    rows = [
        [
            letter(at),
            shorten(run.name, _WIDEST),
            shorten(run.status, _WIDEST).lower(),
            took(run.duration_s, run.span_s),
            clean(run.id[:8]),
        ]
        for at, run in enumerate(found.runs)
    ]
    lines += _aligned(rows)
    for section in sections:
        if section.differs:
            lines += ["", f"{section.title}: {section.told}", *_differing(section, len(found.runs))]
    same = [f"{section.title.lower()} ({section.told})" for section in sections if section.differs is False]
    none = [f"{section.title.lower()} ({clean(section.told)})" for section in sections if section.differs is None]
    if same or none:
        lines.append("")
    lines += [f"The same: {', '.join(same)}"] if same else []
    lines += [f"Not compared: {', '.join(none)}"] if none else []
    lines += [f"! {shorten(notice, 300)}" for notice in found.notices]
    return "\n".join(lines)


def _differing(section: Section, runs: int) -> Iterable[str]:
    if section.rows:
        head = ["", *(letter(at) for at in range(runs))]
        names = [f"{shorten(row.name.text, _WIDEST)} {row.goal} {row.which}".rstrip() for row in section.rows]
        values = [list(map(_value, row.values)) for row in section.rows]
        yield from _aligned([head, *([name, *row] for name, row in zip(names, values, strict=True))])
    if section.rows_left_out:
        yield f"  {section.rows_left_out:,} more differ"
    for diff in section.diffs:
        yield from _diff(diff)
    for figure in section.figures:
        if figure.differs is not False:
            told = ", ".join(
                f"{letter(at)} {_figure(at, path, like)}"
                for at, (path, like) in enumerate(zip(figure.paths, figure.alike, strict=True))
            )
            yield f"  {shorten(figure.name, _WIDEST)}: {told}"
    for remark in section.remarks:
        yield f"  {remark}"


def _figure(at: int, path: str | None, like: int | None) -> str:
    if path is None:
        return "has none"
    return (
        "has one that was not read" if like is None else "has its own" if like == at else f"has that of {letter(like)}"
    )


def _value(value: Value) -> str:
    text = shorten("; ".join(line.text for line in value.lines), _WIDEST * 2)
    return " ".join(part for part in (text, value.remark, "*best*" if value.is_best else "") if part)


def _diff(diff: ShownDiff) -> Iterable[str]:
    yield f"  {diff.title}: {diff.told}"
    left = _MOST_LINES
    for skipped, lines in diff.hunks:
        if skipped:
            yield f"      @ {skipped:,} equal line{'s' * (skipped != 1)}"
        for line in lines[: max(left, 0)]:
            number = line.new if line.old is None else line.old
            yield f"    {number:>4} {line.sign} {''.join(text for text, _ in line.pieces)}".rstrip()
        left -= len(lines)
    more = diff.left_out + max(-left, 0)
    if more:
        yield f"      … {more:,} more lines"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(columns(text) for text in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(pad(text, width) for text, width in zip(row, widths, strict=True)).rstrip()
