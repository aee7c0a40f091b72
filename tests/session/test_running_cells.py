import threading
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.session.running_cells import RunningCells


def info(source="x = 1", *, history=True):
    return SimpleNamespace(raw_cell=source, store_history=history, cell_id=None)


def result(of):
    return SimpleNamespace(info=of)


@pytest.fixture
def cells():
    return RunningCells()


def test_a_cell_is_known_from_its_begin_to_its_end(cells):
    one = info()
    cell = cells.begin(one, 7)
    assert (cell.number, cell.source, cell.nested) == (7, "x = 1", False)
    assert cells.current() is cell
    assert cells.end(result(one)) == [cell]
    assert cells.current() is None


def test_a_cell_outside_the_history_has_no_number(cells):
    assert cells.begin(info(history=False), 7).number is None


def test_a_nested_cell_ends_before_the_one_around_it(cells):
    outer_info, inner_info = info("outer"), info("inner")
    outer, inner = cells.begin(outer_info, 1), cells.begin(inner_info, 1)
    assert (outer.nested, inner.nested) == (False, True)
    assert cells.end(result(inner_info)) == [inner]
    assert cells.current() is outer
    assert cells.end(result(outer_info)) == [outer]


def test_no_result_ends_the_innermost_cell_only(cells):
    outer, inner = cells.begin(info("outer"), 1), cells.begin(info("inner"), 1)
    assert cells.end(None) == [inner]
    assert cells.end(None) == [outer]
    assert cells.end(None) == []


def test_a_cell_that_never_got_its_own_end_ends_with_the_one_around_it(cells):
    outer_info = info("outer")
    outer, inner = cells.begin(outer_info, 1), cells.begin(info("inner"), 1)
    assert cells.end(result(outer_info)) == [inner, outer]
    assert cells.current() is None


def test_a_cell_that_runs_its_own_source_again_is_not_mistaken_for_it(cells):
    outer_info = info("same")
    outer, inner = cells.begin(outer_info, 1), cells.begin(info("same"), 1)
    assert cells.end(result(outer_info)) == [inner, outer]
    assert cells.current() is None


def test_a_new_info_with_the_same_source_ends_the_cell(cells):
    cell = cells.begin(info("x = 1"), 1)
    assert cells.end(result(info("x = 1"))) == [cell]


@pytest.mark.parametrize("unseen", [result(info("never begun")), result(None), SimpleNamespace()])
def test_the_end_of_a_cell_that_nobody_saw_begin_ends_no_other(cells, unseen):
    cell = cells.begin(info("x = 1"), 1)
    assert cells.end(unseen) == []
    assert cells.current() is cell


def test_cells_of_other_threads_are_theirs(cells):
    one = info("main")
    cells.begin(one, 1)
    seen = []

    def subshell():
        other = info("subshell")
        cell = cells.begin(other, 2)
        seen.append((cells.current() is cell, cell.nested, len(cells.busy_elsewhere())))
        seen.append(cells.end(result(one)))
        seen.append(cells.end(result(other)) == [cell])

    thread = threading.Thread(target=subshell)
    thread.start()
    thread.join()
    assert seen == [(True, False, 1), [], True]
    assert cells.busy_elsewhere() == set()
    assert len(cells.end(result(one))) == 1


@given(st.lists(st.booleans(), max_size=30), st.data())
def test_every_cell_that_begins_ends_exactly_once(begins, data):
    """Cells nest in any way; some ends never come, some come without a result."""
    cells, open_cells, ended = RunningCells(), [], []
    for begin in begins:
        if begin or not open_cells:
            open_cells.append(cells.begin(info(data.draw(st.sampled_from("ab"))), 1))
            continue
        at = data.draw(st.integers(0, len(open_cells) - 1))
        got = cells.end(result(open_cells[at].info))
        assert got == open_cells[at:][::-1]
        ended += got
        del open_cells[at:]
    while (last := cells.end(None)) != []:
        ended += last
    assert len(ended) == len({id(cell) for cell in ended})
    assert cells.current() is None
