"""What changed since the previous run of a cell."""

import pytest

from mlmagic.recording.inferred.previous import changed_lines, changes_of


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"lr": "1"}, {"lr": "1"}, []),
        ({"lr": "1"}, {"lr": "1.0"}, ["lr 1 1.0"]),
        ({}, {"lr": "1"}, ["lr None 1"]),
        ({"lr": "1"}, {}, ["lr 1 None"]),
        ({"n": "1", "tree.n_trees": "1"}, {"n": "2", "tree.n_trees": "2"}, ["n 1 2"]),
        ({"tree.a": "1", "tree.b": "1"}, {"tree.a": "2", "tree.b": "2"}, ["tree.a 1 2", "tree.b 1 2"]),
        ({"n": "1", "tree.depth": "1"}, {"n": "2", "tree.depth": "3"}, ["n 1 2", "tree.depth 1 3"]),
    ],
)
def test_parameters(before, after, expected):
    assert [f"{one.name} {one.before} {one.after}" for one in changes_of(before, after)] == expected


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("%%track a\nx = 1", "%%track b\nx = 1", 0),
        ("%%track\nx = 1", "%%track\n\nx = 1  ", 0),
        ("%%track\nx = 1", "%%track\nx = 2", 1),
        ("%%track\na\nb\nc", "%%track\na\nc", 1),
        ("%%track\na\nb", "%%track\nb\na", 2),
        ("a\nb", "a\n%%track\nb", 1),
        ("\n".join(map(str, range(3000))), "\n".join(map(str, range(3001))), 3001),
    ],
)
def test_lines_of_the_code(before, after, lines):
    assert changed_lines(before, after) == lines
