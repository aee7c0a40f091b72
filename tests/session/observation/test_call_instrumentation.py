"""A rewritten cell does what the cell does, and what it is given and returns is seen."""

from __future__ import annotations

import ast
import contextlib

import pytest
from hypothesis import given
from random_cells import CODE, outcome

from mlmagic.session.observation import sites
from mlmagic.session.observation.call_instrumentation import Instrumenter


class Seen:
    """Takes note of what is seen, in order."""

    def __init__(self):
        self.log = []

    def calls(self, site, callee):
        self.log.append(("calls", site.kind, site.name))

    def given(self, argument, value):
        self.log.append(("given", argument.text, value))

    def returned(self, site, value):
        self.log.append(("returned", site.kind, site.name or site.names, value))


def rewritten(source, seen):
    tree = ast.parse(source)
    instrumenter = Instrumenter(measures=lambda name: name in {"measure", "fun", "a"}, modules={"metrics"}, sees=seen)
    return ast.fix_missing_locations(instrumenter.visit(tree)), instrumenter


@pytest.fixture(autouse=True, scope="module")
def _installed():
    remove = sites.install()
    yield
    remove()


@given(CODE)
def test_a_rewritten_cell_leaves_and_raises_the_same_at_the_same_line(source):
    tree, instrumenter = rewritten(source, Seen())
    try:
        assert outcome(tree) == outcome(ast.parse(source)), source
    finally:
        instrumenter.forget()


MEASURE = "def measure(a, b=0): return (a + b) / 2\n"
CASES = {
    "a call": (
        "x = measure(1, b=y)",
        [
            ("calls", "function", "measure"),
            ("given", "y", 3),
            ("returned", "function", "measure", 2.0),
            ("returned", "assignment", "x", 2.0),
        ],
    ),
    "stars": ("measure(*[1, 2])", [("given", "[1, 2]", [1, 2]), ("returned", "function", "measure", 1.5)]),
    "several names": ("p, q = y, 1", [("returned", "assignment", ("p", "q"), (3, 1))]),
    "a chain": (
        "p = q = y * 1",
        [("returned", "assignment", "p", 3), ("returned", "assignment", "q", 3)],
    ),
    "a literal": ("p = 5", [("returned", "literal", "p", 5)]),
    "a key": ("d = {}; d['k'] = y * 1", [("returned", "item", ("d",), 3), ("returned", "key", "d", "k")]),
    "a slice is left": ("d = [1, 2]; d[:1] = [y]", []),
    "a sum in a loop": (
        "s = 0\nfor i in range(2): s += y",
        [("returned", "assignment", "s", 3), ("returned", "assignment", "s", 6)],
    ),
    "a counter is left": ("s = 0\nfor i in range(2): s += 1", [("returned", "literal", "s", 0)]),
    "a list in a loop": (
        "h = {'loss': []}\nfor i in range(1): h['loss'].append(y / 2)",
        [("returned", "item", "h.loss", 1.5)],
    ),
    "a deeper loop is left": ("for i in range(1):\n  for j in range(1): z = y * 1", []),
    "a walrus": ("print(w := y * 1)", [("returned", "assignment", "w", 3)]),
    "functions are left": ("def f(): return measure(1)\nf()", []),
    "a lambda is left": ("f = lambda: measure(1)\nf()", []),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_seen(name):
    code, expected = CASES[name]
    seen = Seen()
    tree, instrumenter = rewritten(code, seen)
    namespace = {"y": 3}
    exec(MEASURE, namespace)
    with contextlib.redirect_stdout(None):
        exec(compile(tree, "<cell>", "exec"), namespace)
    instrumenter.forget()
    log = [entry for entry in seen.log if entry in expected]
    assert log == expected, seen.log
    if not expected:
        assert [entry for entry in seen.log if entry[1] not in {"assignment", "literal"}] == []


def test_nothing_is_seen_once_the_cell_has_ended():
    seen = Seen()
    tree, instrumenter = rewritten("x = y * 1", seen)
    instrumenter.forget()
    namespace = {"y": 3}
    exec(compile(tree, "<cell>", "exec"), namespace)
    assert (namespace["x"], seen.log) == (3, [])
