"""What ran of a cell is known: it alone, run again, leaves the same names and raises the same."""

from __future__ import annotations

import ast
import copy

import pytest
from hypothesis import given
from random_cells import CODE, outcome

from mlmagic.session.observation import sites
from mlmagic.session.observation.cell_observer import CellObserver
from mlmagic.session.observation.executed import Executed, failed_place


@pytest.fixture(autouse=True, scope="module")
def _installed():
    remove = sites.install()
    yield
    remove()


def executed(source, namespace):
    """Run *source* with its blocks marked; return what ran of it, as text."""
    tree = ast.parse(source)
    marked_tree = copy.deepcopy(tree)
    marked = Executed(tree, marked_tree)
    failed_at = None
    try:
        exec(compile(marked_tree, "<cell>", "exec"), namespace)
    except Exception as error:  # noqa: BLE001  # whatever the cell raises
        failed_at = failed_place(error.__traceback__, namespace)
    marked.end(failed_at)
    return ast.unparse(marked.ran)


@given(CODE)
def test_marks_change_nothing_and_what_ran_does_the_same(source):
    tree = ast.parse(source)
    marked_tree = copy.deepcopy(tree)
    marked = Executed(tree, marked_tree)
    expected = outcome(ast.parse(source))
    assert outcome(marked_tree) == expected
    if expected[0] == "no Python":
        return
    line = expected[1][2] if isinstance(expected[1], tuple) else None
    marked.end((line, None) if line else None)
    names, raised = outcome(ast.fix_missing_locations(marked.ran))
    assert {**names, "__annotations__": 0} == {
        **expected[0],
        "__annotations__": 0,
    }  # made by a line that did not run, too
    assert not isinstance(raised, tuple) or raised[:2] == expected[1][:2]


CASES = {
    "all of it": ("if y: a = 1\nb = 2", "if y: a = 1\nb = 2"),
    "the other branch": ("if y: a = 1\nelse: b = 2", "if y: a = 1"),
    "neither branch": ("if not y: a = 1\nb = 2", "if not y: pass\nb = 2"),
    "a loop over nothing": ("for i in []: a = 1\nelse: b = 2", "for _ in []: pass\nelse: b = 2"),
    "a branch in a loop": ("for i in range(3):\n  if i > 5: a = 1\n  b = i", "for i in range(3):\n  if i > 5: pass\n  b = i"),
    "a while loop": ("while not y: a = 1", "while not y: pass"),
    "after a caught exception": (
        "try:\n  a = 1\n  1 / 0\n  b = 2\nexcept ZeroDivisionError: c = 3\nelse: d = 4\nfinally: e = 5",
        "try:\n  a = 1\n  1 / 0\nexcept ZeroDivisionError: c = 3\nfinally: e = 5",
    ),
    "another handler": (
        "try: 1 / 0\nexcept KeyError: a = 1\nexcept ZeroDivisionError: b = 2",
        "try: 1 / 0\nexcept KeyError: pass\nexcept ZeroDivisionError: b = 2",
    ),
    "another case": ("match y:\n  case 1: a = 1\n  case _: b = 2", "match y:\n  case 1: pass\n  case _: b = 2"),
    "after the exception": ("a = 1\nf()\nb = 2", "a = 1\nf()"),
    "after the exception in a block": ("if y:\n  a = 1\n  f()\n  b = 2\nc = 3", "if y:\n  a = 1\n  f()"),
    "an exception in a later turn": (
        "for i in range(3):\n  if i == 2: f()\n  a = i\nb = 2",
        "for i in range(3):\n  if i == 2: f()\n  a = i",
    ),
    "after continue": (
        "for i in range(3):\n  if y: continue\n  a = 1\nb = 2",
        "for i in range(3):\n  if y: continue\nb = 2",
    ),
    "after break in an inner loop": (
        "for i in range(2):\n  for j in range(2):\n    if y: break\n    a = 1\n  b = 2",
        "for i in range(2):\n  for j in range(2):\n    if y: break\n  b = 2",
    ),
    "after break in an inner loop's else": (
        "for i in range(2):\n  for j in []: pass\n  else: break\n  a = 1\nb = 2",
        "for i in range(2):\n  for _ in []: pass\n  else: break\nb = 2",
    ),
    "after continue in with in a loop": (
        "for i in range(2):\n  with manager: continue\n  a = 1\nb = 2",
        "for i in range(2):\n  with manager: continue\nb = 2",
    ),
    "after continue in try": (
        "for i in range(2):\n  try:\n    if y: continue\n    a = 1\n  finally: b = 2",
        "for i in range(2):\n  try:\n    if y: continue\n  finally: b = 2",
    ),
    "after break in with": (
        "while y:\n  with manager:\n    if y: break\n    a = 1",
        "while y:\n  with manager:\n    if y: break",
    ),
    "an exception in a block of try": (
        "try:\n  if y:\n    f()\n    a = 1\nexcept ZeroDivisionError: b = 2",
        "try:\n  if y:\n    f()\nexcept ZeroDivisionError: b = 2",
    ),
    "an exception in a loop in try": (
        "try:\n  for i in range(3):\n    f()\n    a = 1\nexcept ZeroDivisionError: b = 2",
        "try:\n  for i in range(3):\n    f()\nexcept ZeroDivisionError: b = 2",
    ),
    "an exception that with suppresses": ("with quiet:\n  f()\n  a = 1\nb = 2", "with quiet:\n  f()\nb = 2"),
    "within with": ("with manager:\n  a = 1\n  f()\n  b = 2", "with manager:\n  a = 1\n  f()"),
    "a loop over nothing binds nothing": ("for i, (j, k) in []: a = i\nb = 2", "for _ in []: pass\nb = 2"),
    "a handler that did not run binds nothing": (
        "try: a = 1\nexcept KeyError as e: b = 2\nc = 3",
        "try: a = 1\nexcept KeyError: pass\nc = 3",
    ),
    "a case that did not match binds nothing": (
        "match y:\n  case [p, *q]: a = 1\n  case {'k': r, **s}: a = 2\n  case str() as t: a = 3\n  case int(v): b = v",
        "match y:\n  case [_, *_]: pass\n  case {'k': _}: pass\n  case str(): pass\n  case int(v): b = v",
    ),
    "a case before whose guard names are bound": (
        "match y:\n  case p if p > 3: a = 1\n  case _: b = 2",
        "match y:\n  case p if p > 3: pass\n  case _: b = 2",
    ),
    "on one line with the exception": ("a = 1; f(); b = 2", "a = 1; f()"),
    "the first statement of a line": ("f(); a = 1; b = 2", "f()"),
    "after an umlaut on the line": ("a = 'äöü'; f(a=1); b = 2", "a = 'äöü'; f(a=1)"),
    "a block on the line of the exception": ("if y: a = 1; f(); b = 2", "if y: a = 1; f()"),
    "functions and classes are left": ("def g():\n  if 0: a = 1\nclass C:\n  if 0: b = 2\nf()\nc = 1", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_did_not_run_is_left_out(name):
    source, expected = CASES[name]
    if expected is None:
        expected = source.partition("\nc = 1")[0]
    import contextlib

    namespace = {
        "y": 3,
        "f": lambda: 1 / 0,
        "manager": contextlib.nullcontext(),
        "quiet": contextlib.suppress(Exception),
    }
    assert executed(source, namespace) == ast.unparse(ast.parse(expected))


@pytest.mark.parametrize(
    ("line", "left"),
    [(None, "a = 1\nif y:\n    b = 2\n    c = 3\nd = 4"), (1, "a = 1"), (3, "a = 1\nif y:\n    b = 2"), (5, "a = 1\nif y:\n    b = 2\n    c = 3\nd = 4")],
)  # fmt: skip
def test_without_columns_a_cell_ran_up_to_the_line_of_its_exception(line, left):
    """Python keeps no columns with ``-X no_debug_ranges``."""
    tree = ast.parse("a = 1\nif y:\n  b = 2\n  c = 3\nd = 4")
    copied = copy.deepcopy(tree)
    marked = Executed(tree, copied)
    exec(compile(copied, "<cell>", "exec"), {"y": 1})
    marked.end(None if line is None else (line, None))
    assert ast.unparse(marked.ran) == left


def test_what_a_branch_that_was_not_taken_reads_is_not_read():
    namespace = {"flag": False, "n": 1, "unused": 2, "config": {"lr": 0.1, "decay": 0.5}, "train": lambda depth: depth}
    exec("def train(depth): return depth + scale\nscale = 4", namespace)
    source = "if flag: print(unused, config['decay']); train(depth=9)\nelse: x = n * config['lr']"
    watch = CellObserver(namespace)
    exec(compile(watch.begin(ast.parse(source)), "<cell>", "exec"), namespace)
    assert {"unused", "scale"} <= watch.reads.keys()  # until it has ended
    watch.end()
    assert watch.reads.keys() == {"flag", "n", "config"}
    assert watch.unread == {"unused", "train", "scale"}
    assert watch.items_read == {("config", "lr"): 0.1}
    assert watch.keywords == []


def test_a_name_that_only_a_branch_not_taken_binds_was_read():
    namespace = {"flag": False, "lr": 0.1}
    watch = CellObserver(namespace)
    exec(compile(watch.begin(ast.parse("if flag: lr = 0.9\ny = lr * 2")), "<cell>", "exec"), namespace)
    watch.end()
    assert watch.values_read() == {"flag": False, "lr": 0.1}
