"""The slice of a session gives what the whole session gives, on histories that are made up by the thousand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmagic.replay.slicing import slice_of
from mlmagic.session.log import LoggedCell

NAMES = "abcd"
name = st.sampled_from(NAMES)
number = st.integers(0, 9)
STATEMENTS = st.one_of(
    st.builds("{0} = [{1}]".format, name, number),
    st.builds("{0} = {1}".format, name, name),
    st.builds("{0} = {1}[:]".format, name, name),
    st.builds("{0} = {1} + {2}".format, name, name, name),
    st.builds("{0}.append({1})".format, name, number),
    st.builds("{0} += {1}".format, name, name),
    st.builds("{0}[0] = {1}".format, name, number),
    st.builds("{0}, {1} = {1}, {0}".format, name, name),
    st.builds("del {0}[1:]".format, name),
    st.builds("for {0} in [{1}]:\n    {0}.append({2})".format, name, name, number),
    st.builds("def f(x):\n    x.append({1})\n    return {0}\nf({2})".format, name, number, name),
    st.builds("def g():\n    global {0}\n    {0} = {1}\ng()".format, name, name),
    st.builds("{0} = [x for x in {1}]".format, name, name),
    st.builds("if len({0}) > 1:\n    {1} = {2}".format, name, name, name),
    st.builds("{0} = (lambda: {1})()".format, name, name),
    st.builds("holder = {{'k': {0}}}\nholder['k'].append({1})".format, name, number),
    st.builds("print({0})".format, name),
    st.builds("len({0}); raise ValueError".format, name),
    st.builds("{0}.append({1}); raise ValueError".format, name, number),
    st.builds("{0} = [{1}]; raise ValueError".format, name, number),
    st.builds("it = iter({0}); {1} = list(it)".format, name, name),
    st.builds("exec('{0} = {1}')".format, name, name),
)


def _run(source, names):
    try:
        exec(source, names)  # the statements above
    except ValueError:
        return "error"
    except (IndexError, NameError):
        return "error"
    return "ok"


def _recorded(sources):
    names = {one: [at] for at, one in enumerate(NAMES)} | {"print": lambda *_: None}
    first = LoggedCell(1, "\n".join(f"{one} = [{at}]" for at, one in enumerate(NAMES)), "ok", record={"bound": {}})
    cells = [first]
    for at, source in enumerate(sources, 2):
        before = {key: id(value) for key, value in names.items()}
        status = _run(source, names)
        bound = {key: None for key, value in names.items() if before.get(key) != id(value) and key != "__builtins__"}
        cells.append(LoggedCell(at, source, status, record={"bound": bound}))
    return cells


def _result(cells, used):
    names = {"print": lambda *_: None}
    for cell in cells:
        _run(cell.source, names)
    return names.get("score"), used


@settings(max_examples=500)
@given(st.lists(STATEMENTS, max_size=10), name)
def test_a_slice_gives_what_all_cells_give(sources, used):
    cells = _recorded([*sources, f"score = repr({used})"])
    chosen = slice_of(cells)
    assert chosen is not None
    assert _result([cells[at] for at in chosen], chosen) == _result(cells, chosen)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["x = 1", "y = 2", "score = x"], [0, 2]),
        (["x = 1", "x = 2", "score = x"], [1, 2]),
        (["import numpy as np", "x = np.ones(3)", "y = np.zeros(3)", "score = x.sum()"], [0, 1, 3]),
        (["import numpy as np", "np.random.seed(1)", "y = 2", "score = 3"], [0, 1, 3]),
        (["%load_ext mlmagic", "x = 1", "score = 2"], [0, 2]),
        (["def f():\n    return x", "x = 1", "unused = f()", "score = f()"], [0, 1, 3]),
        (["x = []", "print(x)", "x.append(1)", "score = len(x)"], [0, 2, 3]),
        (["x = 1", "%config Application.x = 2", "score = x"], [0, 1, 2]),
    ],
)
def test_a_slice_has_the_cells_that_matter_only(sources, expected):
    cells = [LoggedCell(at, source, "ok", record={"bound": {}}) for at, source in enumerate(sources, 1)]
    assert slice_of(cells) == expected


def test_no_slice_is_made_where_the_numbers_of_cells_count():
    cells = [LoggedCell(at, source, "ok", record={"bound": {}}) for at, source in enumerate(["1", "score = Out[1]"], 1)]
    assert slice_of(cells) is None


def test_no_slice_is_made_of_cells_that_an_older_version_recorded():
    assert slice_of([LoggedCell(1, "x = 1", "ok"), LoggedCell(2, "score = x", "ok", record={"bound": {}})]) is None


def test_a_cell_that_draws_before_another_one_is_part_of_the_slice():
    def cell(at, source, **record):
        return LoggedCell(at, source, "ok", record={"bound": {}, **record})

    draws = {"random": {"numpy": "x"}}
    cells = [
        cell(1, "import numpy as np"), cell(2, "junk = np.random.rand()", **draws),
        cell(3, "x = np.random.rand()", **draws), cell(4, "more = np.random.rand()", **draws), cell(5, "score = x"),
    ]  # fmt: skip
    assert slice_of(cells) == [0, 1, 2, 4]


def test_a_cell_that_writes_what_a_later_one_reads_is_part_of_the_slice():
    cells = [
        LoggedCell(1, "save(1)", "ok", record={"bound": {}, "written": ["/a"]}),
        LoggedCell(2, "other(1)", "ok", record={"bound": {}, "written": ["/b"]}),
        LoggedCell(3, "x = load()", "ok", record={"bound": {"x": None}, "read": {"/a": ["00", 1]}}),
        LoggedCell(4, "score = x", "ok", record={"bound": {}}),
    ]
    assert slice_of(cells) == [0, 2, 3]
