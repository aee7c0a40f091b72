"""Find the single differences of two sources of one cell, and write the source with some of them from the second.

Python is compared as a syntax tree, statement by statement: what an assignment, a keyword or a key of a dict is given
is a difference of its own, with its name. Other changed statements are one difference for each stretch. Other texts,
such as the YAML below ``%%hydra``, are compared line by line.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from mlmagic.replay.explaining.cell_text import CellText, source_of
from mlmagic.replay.explaining.source_difference import (
    NOT_GIVEN,
    Kind,
    SourceDifference,
    first_line,
    names_a_seed,
    stretches,
)
from mlmagic.replay.explaining.tree_merging import merged_statements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KEYED_LINE = re.compile(r"^(\s*[\w.@/-]+)(\s*[:=]\s*)(.*)$")
_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*'|["'])+""")
_KEYED_WORD = re.compile(r"^([+~]*[\w.@/]+)=(.*)$", re.DOTALL)


def source_differences(before: str, after: str) -> list[SourceDifference]:
    r"""Return the single differences of two sources of a cell, in the order of the code.

    Examples
    --------
    >>> found = source_differences("lr = 0.1\nmodel = Net(lr, width=8)", "lr = 0.2\nmodel = Net(lr, width=16)")
    >>> [(one.name, one.before, one.after) for one in found]
    [('lr', '0.1', '0.2'), ('width', '8', '16')]
    """
    found: list[SourceDifference] = []

    def collect(one: SourceDifference) -> bool:
        if one not in found:
            found.append(one)
        return False

    _merge(before, after, collect)
    return found


def merged_source(before: str, after: str, taken: Callable[[SourceDifference], bool]) -> str:
    r"""Return *before* with the differences for which *taken* is true from *after*.

    Examples
    --------
    >>> merged_source("a = 1\nb = 2", "a = 5\nb = 6", lambda one: one.name == "b")
    'a = 1\nb = 6'
    """
    return _merge(before, after, taken)


def _merge(before: str, after: str, taken: Callable[[SourceDifference], bool]) -> str:
    first, second = CellText.of(before), CellText.of(after)
    if [one.split()[0] for one in first.headers] != [one.split()[0] for one in second.headers]:
        one = SourceDifference("code", "the cell", first_line(before), first_line(after))
        return after if taken(one) else before
    headers = [_merged_header(one, other, taken) for one, other in zip(first.headers, second.headers, strict=True)]
    trees = first.tree(), second.tree()
    if first.body.rstrip() == second.body.rstrip() or (
        trees[0] is not None and trees[1] is not None and ast.dump(trees[0]) == ast.dump(trees[1])
    ):
        return CellText(headers, first.body).text
    if trees[0] is None or trees[1] is None:
        return CellText(headers, _merged_lines(first.body, second.body, taken)).text
    return CellText(headers, source_of(merged_statements(trees[0].body, trees[1].body, taken))).text


def _merged_header(before: str, after: str, taken: Callable[[SourceDifference], bool]) -> str:
    """Merge two header lines: each ``key=value`` is a difference of its own. The name of a run makes none."""
    words, others = _words(before), _words(after)
    keyed, others_keyed = (
        {match[1]: match[2] for word in line if (match := _KEYED_WORD.match(word))} for line in (words, others)
    )
    rest, others_rest = ([word for word in line if not _KEYED_WORD.match(word)] for line in (words, others))
    if _without_run_name(rest) != _without_run_name(others_rest):
        return after if taken(SourceDifference("code", words[0], before, after)) else before
    given = dict(keyed)
    for key in dict.fromkeys([*keyed, *others_keyed]):
        old, new = keyed.get(key), others_keyed.get(key)
        kind: Kind = "seed" if names_a_seed(key) else "parameter"
        if old == new or not taken(SourceDifference(kind, key, old or NOT_GIVEN, new or NOT_GIVEN)):
            continue
        if new is None:
            del given[key]
        else:
            given[key] = new
    return " ".join([*rest, *(f"{key}={value}" for key, value in given.items())]) if given != keyed else before


def _words(line: str) -> list[str]:
    """Return the words of a line; a quoted part is of one word."""
    return _WORD.findall(line)


def _without_run_name(words: Sequence[str]) -> list[str]:
    is_named = len(words) > 1 and words[0] == "%%track" and not words[1].startswith("-")
    return [words[0], *words[2:]] if is_named else list(words)


def _merged_lines(before: str, after: str, taken: Callable[[SourceDifference], bool]) -> str:
    lines, others = before.splitlines(), after.splitlines()
    merged: list[str] = []
    for _, i1, i2, j1, j2 in stretches(lines, others):
        old, new = lines[i1:i2], others[j1:j2]
        pairs = [(_KEYED_LINE.match(one), _KEYED_LINE.match(other)) for one, other in zip(old, new, strict=False)]
        if old == new:
            merged += old
        elif len(old) == len(new) and all(one and other and one[1] == other[1] for one, other in pairs):
            for line, other_line, (one, other) in zip(old, new, pairs, strict=True):
                assert one is not None  # noqa: S101  # checked above
                assert other is not None  # noqa: S101
                name = one[1].strip()
                kind: Kind = "seed" if names_a_seed(name) else "parameter"
                is_new = line != other_line and taken(SourceDifference(kind, name, one[3].strip(), other[3].strip()))
                merged.append(other_line if is_new else line)
        else:
            one_change = SourceDifference("code", "the cell", first_line("\n".join(old)), first_line("\n".join(new)))
            merged += new if taken(one_change) else old
    return "\n".join(merged)
