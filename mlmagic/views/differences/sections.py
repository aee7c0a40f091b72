"""Divides the difference of runs into sections for text and HTML, with differing sections first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlmagic.views.rendering import difference, numbers
from mlmagic.views.run_summary import SummaryCell, cell
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlmagic.comparison.diffs.data_diff import DataRow
    from mlmagic.comparison.diffs.difference import Difference
    from mlmagic.comparison.diffs.figure_diff import FigureRow
    from mlmagic.comparison.diffs.recorded_text import TextChange
    from mlmagic.comparison.diffs.text_diff import DiffLine, TextDiff
    from mlmagic.comparison.diffs.value_diff import MetricRow, ValueRow

MISSING = "\N{EN DASH}"
_LONGEST_NAME = 60
_LONGEST_VALUE = 80
_LONGEST_SENTENCE = 300
_LONGEST_LINE = 1000
_MOST_ROWS = 200
_MOST_LINES = 400
_MOST_NAMED = 20
_LARGEST_PERCENTAGE = 100
_NOT_RECORDED = "not recorded"
_TITLES = {
    "metrics": "Metrics", "params": "Parameters", "code": "Code", "data": "Data", "figures": "Figures", "git": "Git",
    "environment": "Environment", "tags": "Tags",
}  # fmt: skip
_GOALS = {"min": "\N{DOWNWARDS ARROW}", "max": "\N{UPWARDS ARROW}", None: ""}
_SIGNS = {"same": "= ", "order": "\N{UPWARDS ARROW LEFTWARDS OF DOWNWARDS ARROW} ", "changed": "\N{NOT EQUAL TO} "}


@dataclass(frozen=True)
class Value:
    """A value in a run's column: lines of text, a remark, whether it equals the base's, and whether it is the best."""

    lines: tuple[SummaryCell, ...]
    remark: str = ""
    is_base: bool = False
    is_best: bool = False


@dataclass(frozen=True)
class Row:
    """A row of differing values: a name, an arrow in the better direction, and the value of each run.

    *which* says which of a metric's values is compared: the last one.
    """

    name: SummaryCell
    goal: str
    values: tuple[Value, ...]
    which: str = ""


@dataclass(frozen=True)
class ShownLine:
    """A line of a diff: its sign, its line numbers, and pieces of text with a flag whether each changed."""

    sign: str
    old: int | None
    new: int | None
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class ShownDiff:
    """The diff of one run's text, with a one-line summary; each hunk has the number of equal lines before it."""

    title: str
    told: str
    hunks: tuple[tuple[int, tuple[ShownLine, ...]], ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Section:
    """A section of the difference; *differs* is True, False, or None if there is nothing to compare."""

    key: str
    title: str
    told: str
    differs: bool | None
    rows: tuple[Row, ...] = ()
    rows_left_out: int = 0
    equal: tuple[tuple[SummaryCell, SummaryCell], ...] = ()
    remarks: tuple[str, ...] = ()
    diffs: tuple[ShownDiff, ...] = ()
    figures: tuple[FigureRow, ...] = ()


def letter(place: int) -> str:
    """Return the letter of a run in the tables; the base is A.

    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'A2')
    """
    return chr(ord("A") + place % 26) + (str(place // 26 + 1) if place >= 26 else "")  # noqa: PLR2004  # the alphabet


def sections_of(found: Difference) -> list[Section]:
    """Return the sections, differing ones first."""
    made = [
        _section(found, "metrics", found.metrics, _metric_row),
        _section(found, "params", found.params, _value_row),
        _texts(found, "code", found.code),
        _section(found, "data", found.data, _data_row, equal=lambda row: (row.name, _alike(row))),
        _figures(found),
        _git(found),
        _environment(found),
        _section(found, "tags", found.tags, _value_row),
    ]
    return sorted(made, key=lambda section: (not section.differs, section.differs is None))


def _section(
    found: Difference,
    key: str,
    rows: Sequence[MetricRow] | Sequence[ValueRow] | Sequence[DataRow],
    shown: Callable[..., Row],
    *,
    equal: Callable[..., tuple[str, str]] = lambda row: (row.name, str(row.values[0])),
) -> Section:
    told, differs = _counted(found, key)
    differing = [row for row in rows if row.differs or _is_unknown(row)]
    return Section(
        key,
        _TITLES[key],
        told,
        differs,
        rows=tuple(shown(row) for row in differing[:_MOST_ROWS]),
        rows_left_out=max(len(differing) - _MOST_ROWS, 0),
        equal=_equal(equal(row) for row in rows if not (row.differs or _is_unknown(row))),
    )


def _counted(found: Difference, key: str) -> tuple[str, bool | None]:
    """Return a summary of how much of a section differs, and whether any of it differs."""
    count = next(one for one in found.counts if one.section == key)
    every = count.differing + count.equal + count.unknown
    if not every:
        return _NOT_RECORDED, None
    if count.differing:
        return f"{count.differing:,} of {every:,} differ{'s' * (count.differing == 1)}", True
    return ("nothing to compare", None) if not count.equal else (f"{count.equal:,} the same", False)


def _is_unknown(row: object) -> bool:
    return any(change.verdict == "unknown" for change in getattr(row, "changes", ()) if hasattr(change, "verdict"))


def _equal(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[SummaryCell, SummaryCell], ...]:
    return tuple((cell(name, _LONGEST_NAME), cell(value, _LONGEST_VALUE)) for name, value in pairs)


def _value_row(row: ValueRow) -> Row:
    base = row.values[0]
    return Row(
        cell(row.name, _LONGEST_NAME),
        "",
        tuple(Value((_value(value),), is_base=at > 0 and value == base) for at, value in enumerate(row.values)),
    )


def _value(value: str | None) -> SummaryCell:
    if value is None:
        return SummaryCell(MISSING, "not recorded")
    return cell(value, _LONGEST_VALUE) if value.strip() else SummaryCell(repr(value)[:_LONGEST_VALUE])


def _metric_row(row: MetricRow) -> Row:
    texts = iter(numbers([value for value in row.values if value is not None]))
    values = []
    for at, value in enumerate(row.values):
        if value is None:
            values.append(Value((SummaryCell(MISSING, "not recorded"),)))
            continue
        shown = (SummaryCell(next(texts), repr(value)),)
        values.append(Value(shown, _remark(row, at, value), is_best=at in row.best))
    return Row(cell(row.name, _LONGEST_NAME), _GOALS[row.goal], tuple(values), which="last")


def _remark(row: MetricRow, at: int, value: float) -> str:
    base = row.values[0]
    if at == 0 or base is None:
        return ""
    part = row.relative[at]
    told = "" if part is None or abs(part) >= _LARGEST_PERCENTAGE or not part else f" ({part:+.1%})"
    return difference(value, base) + told


def _data_row(row: DataRow) -> Row:
    values = [Value((cell(row.shapes[0] or row.digests[0] or MISSING, _LONGEST_VALUE),), _digest(row.digests[0]))]
    for at, change in enumerate(row.changes, 1):
        sign = _SIGNS.get(change.verdict, "")
        sentences = change.told or ({"same": "the same", "absent": MISSING}.get(change.verdict, change.verdict),)
        told = [f"{'' if number else sign}{text}" for number, text in enumerate(sentences)]
        lines = tuple(cell(text, _LONGEST_SENTENCE) for text in told)
        values.append(Value(lines, _digest(row.digests[at]), is_base=change.verdict == "same"))
    return Row(cell(row.name, _LONGEST_NAME), "", tuple(values))


def _digest(digest: str | None) -> str:
    return clean(digest[:8]) if digest else ""


def _alike(row: DataRow) -> str:
    remarks = dict.fromkeys(text for change in row.changes for text in change.told)
    return ", ".join([row.shapes[0] or "", *remarks]).strip(", ")


def _texts(found: Difference, key: str, changes: Sequence[TextChange]) -> Section:
    verdicts = {change.verdict for change in changes}
    differs = True if "changed" in verdicts else None if verdicts <= {"absent", "unknown"} else False
    told = changes[0].told if len({change.told for change in changes}) == 1 else _counted(found, key)[0]
    return Section(key, _TITLES[key], told, differs, diffs=_diffs(changes) if len(verdicts) > 1 or differs else ())


def _diffs(changes: Sequence[TextChange], what: str = "") -> tuple[ShownDiff, ...]:
    return tuple(_diff(change, at, what) for at, change in enumerate(changes, 1))


def _diff(change: TextChange, at: int, what: str) -> ShownDiff:
    title = f"{what}{letter(0)} \N{RIGHTWARDS ARROW} {letter(at)}"
    if change.like is not None:
        return ShownDiff(title, f"{change.told}, as in {letter(change.like)}")
    if change.diff is None:
        return ShownDiff(title, clean(change.told))
    lines = sum(len(hunk.lines) for hunk in change.diff.hunks)
    return ShownDiff(title, change.told, tuple(_hunks(change.diff)), max(lines - _MOST_LINES, 0))


def _hunks(diff: TextDiff) -> Iterable[tuple[int, tuple[ShownLine, ...]]]:
    left = _MOST_LINES
    for hunk in diff.hunks:
        if left <= 0:
            return
        yield hunk.skipped, tuple(_line(line) for line in hunk.lines[:left])
        left -= len(hunk.lines)


def _line(line: DiffLine) -> ShownLine:
    left = _LONGEST_LINE
    pieces = []
    for span in line.spans:
        if left > 0:
            pieces.append((_visible(span.text[:left]), span.changed))
        left -= len(span.text)
    if left < 0:
        pieces.append(("\N{HORIZONTAL ELLIPSIS}", False))
    return ShownLine(line.sign, line.old, line.new, tuple(pieces))


def _visible(text: str) -> str:
    r"""Return a piece of code without control characters except tabs; a carriage return becomes visible.

    >>> _visible("\tx = 1\r")
    '\tx = 1␍'
    """
    return "\t".join(clean(part) for part in text.replace("\r", "\N{SYMBOL FOR CARRIAGE RETURN}").split("\t"))


def _figures(found: Difference) -> Section:
    told, differs = _counted(found, "figures")
    rows = sorted(found.figures, key=lambda row: not row.differs)
    return Section("figures", _TITLES["figures"], told, differs, figures=tuple(rows))


def _git(found: Difference) -> Section:
    git = found.git
    facts = _section(found, "git", git.facts, _value_row)
    changed = any(change.verdict in {"changed", "unknown"} for change in git.patches)
    return replace(
        facts,
        told=_told_of(found, facts, git.missing),
        diffs=_diffs(git.patches, "uncommitted changes, ") if changed and facts.differs else (),
    )


def _environment(found: Difference) -> Section:
    environment = found.environment
    rows = [*environment.facts, *environment.imported, *environment.installed]
    section = _section(found, "environment", rows, _value_row)
    equal = environment.equal_packages if section.differs is not None else 0
    return replace(
        section,
        told=_told_of(found, section, environment.missing),
        remarks=(f"{equal:,} package{'s' * (equal != 1)} of the same version",) if equal else (),
    )


def _told_of(found: Difference, section: Section, missing: Sequence[int]) -> str:
    """Return the summary of a section for which the *missing* runs recorded nothing."""
    if not missing:
        return section.told
    if len(missing) == len(found.runs):
        return _NOT_RECORDED
    named = ", ".join(letter(place) for place in missing[:_MOST_NAMED])
    told = f"{_NOT_RECORDED} of {named}" + " and others" * (len(missing) > _MOST_NAMED)
    return told if section.differs is None else f"{section.told}, {told}"
