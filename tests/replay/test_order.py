"""The tag ``mlmagic.order``: whether what a cell uses came from cells in order, and not since edited."""

from __future__ import annotations

import json

import pytest

from mlmagic.replay.order import order_of, saved_cells
from mlmagic.session.log import LoggedCell


def _cells(*pairs):
    return [
        LoggedCell(number, source, "ok", cell_id=cell_id, started=float(number), duration_s=0.1)
        for number, (cell_id, source) in enumerate(pairs, 1)
    ]


def _saved(tmp_path, pairs, time):
    import os

    file = tmp_path / "n.ipynb"
    file.write_text(json.dumps({"cells": [{"id": one, "source": [text]} for one, text in pairs]}))
    os.utime(file, (time, time))
    return saved_cells(file)


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ([("a", "x = 1"), ("b", "score = x")], "clean"),
        ([("a", "x = 1"), ("a", "x = 2"), ("b", "score = x")], "clean"),
        ([("a", "x = 1"), ("a", "y = 2"), ("b", "score = x")], "stale"),
        ([("a", "x = 1"), ("b", "y = x"), ("a", "x = 2"), ("c", "score = y")], "stale"),
        ([("a", "x = 1"), ("b", "y = x"), ("a", "x = 1"), ("c", "score = y")], "clean"),
        ([("c", "pass"), ("a", "x = 1"), ("c", "score = x")], "out-of-order"),
        ([("a", "import os"), ("a", "import sys"), ("b", "score = len(os.sep)")], "clean"),
        ([(None, "x = 1"), (None, "score = x")], "clean"),
    ],
)
def test_the_order_of_cells_without_a_saved_notebook(pairs, verdict):
    assert order_of(_cells(*pairs)).verdict == verdict


def test_the_saved_notebook_says_where_a_cell_stands(tmp_path):
    pairs = [("a", "x = 1"), ("b", "score = x")]
    assert order_of(_cells(*pairs), _saved(tmp_path, pairs[::-1], 0.5)).verdict == "out-of-order"
    assert order_of(_cells(*pairs), _saved(tmp_path, pairs, 0.6)).verdict == "clean"


def test_a_cell_that_the_saved_notebook_has_no_more_is_stale(tmp_path):
    cells = _cells(("a", "x = 1"), ("b", "score = x"))
    found = order_of(cells, _saved(tmp_path, [("b", "score = x")], 9.0))
    assert (found.verdict, found.reason) == ("stale", "x comes from cell [1], which was deleted")
    edited = order_of(cells, _saved(tmp_path, [("a", "x = 5"), ("b", "score = x")], 9.5))
    assert edited.reason == "x comes from cell [1], which was edited"


def test_a_notebook_that_was_not_saved_since_says_nothing_of_a_new_cell(tmp_path):
    cells = _cells(("a", "x = 1"), ("b", "score = x"))
    assert order_of(cells, _saved(tmp_path, [("b", "score = x")], 0.5)).verdict == "clean"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [{"id": "a"}]}', '{"cells": [1]}'])
def test_a_damaged_notebook_is_ignored(tmp_path, text):
    file = tmp_path / "n.ipynb"
    file.write_text(text)
    assert saved_cells(file) is None
