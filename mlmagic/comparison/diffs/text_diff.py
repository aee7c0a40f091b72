"""Compares two texts: hunks of changed lines with context, and the changed words within a line."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONTEXT = 3
_SEARCHED_UP_TO = 250_000
"""Pairs of lines that are searched between two anchors; a larger piece is treated as replaced."""
_PAIRED_UP_TO = 60
"""Lines of a changed block in which changed words are marked."""
_WORDS_UP_TO = 400
_ALIKE = 0.5
_TOKEN = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\w+|\s+|[^\w\s]")  # a number is one word


@dataclass(frozen=True)
class Span:
    """A piece of a line; *changed* if it differs from the corresponding line of the other text."""

    text: str
    changed: bool


@dataclass(frozen=True)
class DiffLine:
    """A line with its number in the base (*old*) and in the other text (*new*), from 1, or None if it is not there."""

    sign: Literal[" ", "+", "-"]
    old: int | None
    new: int | None
    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True)
class Hunk:
    """Neighbouring changes with up to three equal lines around them; *skipped* equal lines precede the hunk."""

    skipped: int
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True)
class TextDiff:
    """The changes from the base to the other text: line counts and hunks; *skipped* equal lines follow the last one."""

    added: int
    removed: int
    hunks: tuple[Hunk, ...]
    skipped: int

    def __bool__(self) -> bool:
        return bool(self.hunks)


def text_diff(base: str, other: str) -> TextDiff:
    r"""Return the difference of two texts. Only ``\n`` ends a line, so that no character is lost.

    >>> found = text_diff("lr = 0.1\nfit(lr)", "lr = 0.2\nfit(lr)")
    >>> [line.sign + line.text for line in found.hunks[0].lines]
    ['-lr = 0.1', '+lr = 0.2', ' fit(lr)']
    >>> found.hunks[0].lines[1].spans
    (Span(text='lr = ', changed=False), Span(text='0.2', changed=True))
    >>> found.added, found.removed, bool(text_diff("a", "a"))
    (1, 1, False)
    """
    if base == other:
        return TextDiff(0, 0, (), base.count("\n") + 1)
    old, new = base.split("\n"), other.split("\n")
    matcher = _PatienceMatcher(old, new)
    hunks: list[Hunk] = []
    end = 0
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        start = group[0][1]
        hunks.append(Hunk(start - end, tuple(line for opcode in group for line in _lines(opcode, old, new))))
        end = group[-1][2]
    changes = [(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]
    return TextDiff(
        added=sum(new_lines for _, new_lines in changes),
        removed=sum(old_lines for old_lines, _ in changes),
        hunks=tuple(hunks),
        skipped=len(old) - end,
    )


class _PatienceMatcher(SequenceMatcher[str]):
    """difflib's matcher, with the equal stretches of `_equal_stretches`."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, old, new, autojunk=False)
        self._blocks = [Match(*stretch) for stretch in (*_equal_stretches(old, new), (len(old), len(new), 0))]

    def get_matching_blocks(self) -> list[Match]:
        return self._blocks


def _equal_stretches(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return (position in *old*, position in *new*, length) of each equal stretch.

    Lines that occur once in each text are matched first (Cohen's patience diff). The result is more readable than
    difflib's longest match, and difflib only has to match short pieces, which is fast.
    """
    equal: list[tuple[int, int]] = []
    i = j = 0
    for at_old, at_new in (*_anchors(old, new), (len(old), len(new))):
        inner = _matched(old[i:at_old], new[j:at_new])
        equal += [(i + one, j + other) for one, other in inner]
        if at_old < len(old):
            equal.append((at_old, at_new))
        i, j = at_old + 1, at_new + 1
    stretches: list[tuple[int, int, int]] = []
    for at_old, at_new in equal:
        start_old, start_new, size = stretches[-1] if stretches else (0, 0, -1)
        if size >= 0 and (start_old + size, start_new + size) == (at_old, at_new):
            stretches[-1] = (start_old, start_new, size + 1)
        else:
            stretches.append((at_old, at_new, 1))
    return stretches


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of lines that occur once in each text: the longest sequence in the same order in both."""
    times_old, times_new = Counter(old), Counter(new)
    place = {line: at for at, line in enumerate(new)}
    tails: list[int] = []
    ends: list[int] = []
    pairs = [(at, place[line]) for at, line in enumerate(old) if times_old[line] == 1 == times_new[line]]
    before: list[int] = []
    for number, (_, at_new) in enumerate(pairs):
        length = bisect_left(tails, at_new)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [at_new]
        ends[length : length + 1] = [number]
    chain: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]


def _matched(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of equal lines between two anchors: from both ends, and by difflib in between."""
    shortest = min(len(old), len(new))
    head = next((at for at in range(shortest) if old[at] != new[at]), shortest)
    left = shortest - head
    tail = next((at for at in range(left) if old[-1 - at] != new[-1 - at]), left)
    found = [(at, at) for at in range(head)]
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if 0 < len(inner_old) * len(inner_new) <= _SEARCHED_UP_TO:
        blocks = SequenceMatcher(None, inner_old, inner_new, autojunk=False).get_matching_blocks()
        found += [(head + one + at, head + other + at) for one, other, size in blocks for at in range(size)]
    return found + [(len(old) - at, len(new) - at) for at in range(tail, 0, -1)]


def _lines(opcode: tuple[str, int, int, int, int], old: Sequence[str], new: Sequence[str]) -> Iterator[DiffLine]:
    tag, i1, i2, j1, j2 = opcode
    if tag == "equal":
        for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
            yield DiffLine(" ", i + 1, j + 1, (Span(old[i], changed=False),))
        return
    before, after = old[i1:i2], new[j1:j2]
    marked = {pair: _words(before[pair[0]], after[pair[1]]) for pair in _pairs(before, after)}
    was = {i: spans[0] for (i, _), spans in marked.items()}
    became = {j: spans[1] for (_, j), spans in marked.items()}
    for at, text in enumerate(before):
        yield DiffLine("-", i1 + at + 1, None, was.get(at, (Span(text, changed=False),)))
    for at, text in enumerate(after):
        yield DiffLine("+", None, j1 + at + 1, became.get(at, (Span(text, changed=False),)))


def _pairs(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Pair removed lines with similar added lines, without crossings, so that the total similarity is largest."""
    if not before or not after or max(len(before), len(after)) > _PAIRED_UP_TO:
        return []
    old, new = [_bag(line) for line in before], [_bag(line) for line in after]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            alike = _alike(old[i], new[j])
            paired = alike + best[i + 1][j + 1] if alike >= _ALIKE else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            found.append((i, j))
            i, j = i + 1, j + 1
    return found


def _bag(line: str) -> Counter[str]:
    return Counter(token for token in _TOKEN.findall(line) if not token.isspace())


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """Return the share of words that two lines have in common, from 0 to 1."""
    size = one.total() + other.total()
    return 2 * (one & other).total() / size if size else 0.0


def _words(before: str, after: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if max(len(old), len(new)) > _WORDS_UP_TO:
        return (Span(before, changed=False),), (Span(after, changed=False),)
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return (
        _spans([("".join(old[i1:i2]), tag != "equal") for tag, i1, i2, _, _ in opcodes]),
        _spans([("".join(new[j1:j2]), tag != "equal") for tag, _, _, j1, j2 in opcodes]),
    )


def _spans(pieces: Sequence[tuple[str, bool]]) -> tuple[Span, ...]:
    """Return the non-empty pieces as spans; changed pieces with only whitespace between them are merged."""
    held = [(text, changed) for text, changed in pieces if text]
    joined: list[tuple[str, bool]] = []
    for at, (text, own) in enumerate(held):
        between = text.isspace() and 0 < at < len(held) - 1 and held[at - 1][1] and held[at + 1][1]
        changed = own or between
        if joined and joined[-1][1] == changed:
            joined[-1] = (joined[-1][0] + text, changed)
        else:
            joined.append((text, changed))
    return tuple(Span(text, changed) for text, changed in joined)
