"""The difference of two texts, by line and by word."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlmagic.comparison.diffs.text_diff import text_diff

LINES = st.lists(st.sampled_from(["", "a", "b", "x = 1", "x = 2", "  y", "\t", "\r", "ü"]), max_size=40).map("\n".join)


def applied(base, diff):
    """Return the text that *diff* makes of *base*, from the hunks alone and the equal lines between them."""
    left, made = base.split("\n"), []
    for hunk in diff.hunks:
        made += left[: hunk.skipped]
        left = left[hunk.skipped :]
        for line in hunk.lines:
            if line.sign != "+":
                assert left.pop(0) == line.text
            if line.sign != "-":
                made.append(line.text)
    assert len(left) == diff.skipped
    return "\n".join(made + left)


def marked(line):
    return line.sign + "".join(f"[{span.text}]" if span.changed else span.text for span in line.spans)


def shown(base, other):
    return [marked(line) for hunk in text_diff(base, other).hunks for line in hunk.lines]


@given(LINES, LINES)
@example("", "a")
@example("a", "a\n")
@example("a\r\nb", "a\nb")
def test_the_hunks_applied_to_the_base_give_the_other_text_exactly(base, other):
    diff = text_diff(base, other)
    assert applied(base, diff) == other
    assert bool(diff) == (base != other)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_kept_character_by_character(base, other):
    assert applied(base, text_diff(base, other)) == other


@given(LINES, LINES)
def test_line_numbers_and_counts_are_those_of_the_texts(base, other):
    diff = text_diff(base, other)
    old, new = base.split("\n"), other.split("\n")
    lines = [line for hunk in diff.hunks for line in hunk.lines]
    assert all(old[line.old - 1] == line.text for line in lines if line.old)
    assert all(new[line.new - 1] == line.text for line in lines if line.new)
    assert (diff.added, diff.removed) == (sum(li.sign == "+" for li in lines), sum(li.sign == "-" for li in lines))
    assert len(new) - len(old) == diff.added - diff.removed


def test_the_changed_words_of_a_line_are_marked():
    assert shown("model = Forest(depth=6, trees=10)", "model = Forest(depth=8, trees=10, seed=1)") == [
        "-model = Forest(depth=[6], trees=10)",
        "+model = Forest(depth=[8], trees=10[, seed=1])",
    ]


def test_an_inserted_line_does_not_shift_which_lines_are_paired():
    before = "fit(X, y, lr=0.1)\nscore(X, y, k=3)"
    after = "warm_up()\nfit(X, y, lr=0.2)\nscore(X, y, k=5)"
    assert shown(before, after) == [
        "-fit(X, y, lr=[0.1])",
        "-score(X, y, k=[3])",
        "+warm_up()",
        "+fit(X, y, lr=[0.2])",
        "+score(X, y, k=[5])",
    ]


def test_lines_that_have_nothing_in_common_have_no_marks():
    assert shown("import os", "x = 3.5 + 2") == ["-import os", "+x = 3.5 + 2"]


def test_changes_far_apart_are_hunks_of_their_own_with_three_lines_around_each():
    lines = [f"line {number}" for number in range(100)]
    changed = [*lines]
    changed[10], changed[80] = "ten", "eighty"
    first, second = text_diff("\n".join(lines), "\n".join(changed)).hunks
    assert [line.old for line in first.lines if line.sign != "+"] == [8, 9, 10, 11, 12, 13, 14]
    assert (first.skipped, second.skipped) == (7, 77 - 14)


def test_changes_close_to_each_other_are_one_hunk():
    lines = [f"line {number}" for number in range(20)]
    changed = [*lines]
    changed[5], changed[10] = "five", "ten"
    assert len(text_diff("\n".join(lines), "\n".join(changed)).hunks) == 1


@pytest.mark.parametrize("repeated", ["", "}"])
def test_long_texts_of_one_repeated_line_end(repeated):
    base = "\n".join(f"{repeated}\n{number}" for number in range(15_000))
    other = "\n".join(f"{repeated}\n{number + number % 7}" for number in range(15_000))
    assert applied(base, text_diff(base, other)) == other
    assert applied(base, text_diff(base, repeated + "\n" + repeated * 3)) == repeated + "\n" + repeated * 3


def test_a_line_of_a_million_characters_is_not_searched_for_words():
    diff = text_diff("x " * 500_000, "y " * 500_000)
    assert (diff.added, diff.removed) == (1, 1)
