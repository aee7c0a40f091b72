"""A tracked cell computes exactly what the plain one does: names, order of evaluation, exceptions, lines and columns."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys

import pytest
from hypothesis import given
from program_world import Outcome, compiled, execute, outcome, place, shown, start, world
from random_programs import PROGRAMS

from mlmagic.session.observation import sites
from mlmagic.session.observation.cell_observer import CellObserver


@pytest.fixture(autouse=True, scope="module")
def _installed():
    remove = sites.install()
    yield
    remove()


def observed(source, names=None):
    """Run *source* as a tracked cell, and return what it left and its observer."""
    events = []
    given_names = world(events)
    namespace = {**given_names, **(start() if names is None else names)}
    watch = CellObserver(namespace)
    error = execute(compiled(watch.begin(ast.parse(source))), namespace)
    watch.end(error)
    kept = {name: shown(value) for name, value in namespace.items() if name not in given_names}
    return Outcome(kept, events, place(error)), watch


@given(PROGRAMS)
def test_a_program_does_the_same_when_it_is_observed(source):
    plain = outcome(source)
    if plain is None:
        return
    found, watch = observed(source)
    assert found == plain, source
    assert watch.calls.problems == {}, source


@given(PROGRAMS)
def test_a_program_whose_observation_has_ended_does_the_same(source):
    """Of a cell that is interrupted, a thread may still run the instrumented code."""
    plain = outcome(source)
    if plain is None:
        return
    events = []
    given_names = world(events)
    namespace = {**given_names, **start()}
    watch = CellObserver(namespace)
    code = compiled(watch.begin(ast.parse(source)))
    watch.end(None)
    error = execute(code, namespace)
    kept = {name: shown(value) for name, value in namespace.items() if name not in given_names}
    assert Outcome(kept, events, place(error)) == plain, source


@given(PROGRAMS)
def test_nothing_of_an_observation_is_left_behind(source):
    before = dict(sites._sites), dict(sites._arguments), set(sites._ran)
    if compiled(source) is not None:
        observed(source)
    assert (sites._sites, sites._arguments, sites._ran) == before


ORDER = {
    "function, arguments, keywords": "pick('f')(pick(1), *pick([2]), k=pick(3), **pick({'m': 4}))",
    "receiver, method, arguments": "pick(box).fit(pick(1)).score(pick(2), pick(3))",
    "value, holder, key": "pick(box)[pick(1)] = pick(2)",
    "value before each target": "box[pick(1)] = box[pick(2)] = measure(pick(3), pick(4))",
    "old value, then new": "box[1] = 5\nbox[pick(1)] += pick(2)",
    "unpacked into items": "box[pick(1)], box[pick(2)] = pick((3, 4))",
    "items of a dict": "found = {pick('a'): measure(pick(1), 2), **pick({}), pick('b'): pick(2)}",
    "a chain of comparisons": "found = pick(1) < measure(pick(2), 0) < pick(3)",
    "a conditional": "found = measure(pick(1), 0) if pick(0) else measure(pick(2), 0)",
    "a short circuit": "found = pick(0) and measure(pick(1), 0) or pick(2)",
    "a comprehension": "found = [measure(pick(i), j) for i in pick([1, 2]) if pick(i) for j in pick([3])]",
    "an f-string": "found = f'{measure(pick(1), 2)!r:>{pick(9)}} {pick(3)}'",
    "a slice": "rows[pick(0):pick(1)] = pick([measure(pick(2), 3)])",
    "an assertion": "assert measure(pick(1), 2), pick(3)",
    "a subject, a guard": "match measure(pick(1), 2):\n    case a if pick(a): box[pick(3)] = a",
    "a context": "with Context(measure(pick(1), 2)) as box[pick(3)]: pick(4)",
    "a delayed default": "def late(a=measure(pick(1), 2)): return pick(3)\npick(late())",
    "a decorator, a base, a body": "@pick(same)(pick(1))\nclass Late(pick(Point)):\n    pick(2)",
    "a generator is run later": "late = (measure(pick(i), 0) for i in pick([1, 2]))\npick(3)\nlist(late)",
    "an annotation": "found: pick(int) = measure(pick(1), 2)",
    "deleted items": "box[1] = 2\ndel rows[pick(0)]",
}  # fmt: skip


@pytest.mark.parametrize("name", ORDER)
def test_the_parts_of_an_expression_are_evaluated_in_pythons_order(name):
    source = (
        "picked = []\ndef pick(value):\n    picked.append(value)\n    return note if value == 'f' else value\n"
        + ORDER[name]
    )
    plain = outcome(source)
    assert plain.error is None
    assert observed(source)[0] == plain


RAISING = {
    "in the call": "x = measure(1)",
    "in an argument": "x = measure(\n    1,\n    box.bad(2),\n)",
    "in a keyword": "x = measure(1,\n    other=1 / 0)",
    "a method on a line of its own": "x = (box\n    .fit(1)\n    .bad(2)\n    .score(3))",
    "a function of a module on a line of its own": "x = (metrics\n    .bad(1)\n)",
    "a function that trains, likewise": "x = (model\n    .inner\n    .train(1))",
    "arguments that are unpacked": "x = (metrics\n    .bad(*[1]))",
    "keywords that are unpacked": "x = (metrics\n    .bad(**{'value': 1}))",
    "a class that represents data": "x = (metrics\n    .DataLoader\n    (1))",
    "an umlaut before the call": "x = ('äöü', metrics\n    .bad(1))",
    "a function that does not exist": "x = (metrics\n    .no_such(1))",
    "a value that cannot be unpacked": "x, y = (\n    measure(1, 2)\n)",
    "an item that cannot be set": "rows[\n    9] = measure(1, 2)",
    "in a loop": "for i in range(3):\n    x = measure(1, 1 / (2 - i))",
    "in a sum": "x = 0.5\nfor i in range(3):\n    x += box.bad(\n        i)",
    "in a list": "for i in range(3):\n    rows.append(\n        1 / (2 - i))",
    "in a comprehension": "x = [measure(1, 1 /\n    i) for i in (1, 0)]",
    "in a nested function": "def f(v):\n    return box.bad(v)\nx = measure(f(\n    1), 2)",
    "in a generator": "def f():\n    yield 1\n    yield 1 / 0\nx = [measure(v, 1) for v in f()]",
    "in a coroutine": "async def f():\n    return await later(\n        box.bad(1))\nx = measure(await f(), 2)",
    "in an asynchronous comprehension": "x = [measure(1, 1 / v) async for v in arrive([1, 0])]",
    "after a finally": "try:\n    x = box.bad(1)\nfinally:\n    y = measure(1, 2)",
    "while another is handled": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    x = metrics.bad(1)",
    "with a cause": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError(measure(1, 2)) from error",
    "in a group": "try:\n    raise ExceptionGroup('g', [ValueError(measure(1, 2)), TypeError()])\nexcept* ValueError:\n    x = box.bad(1)",
    "an assertion": "assert measure(1,\n    2) > 9, f'{measure(1, 2)}'",
    "a name that is not bound": "x = measure(1, missing)",
    "a name that was deleted": "x = measure(1, 2)\ndel x\nx += measure(1, 2)",
}  # fmt: skip


@pytest.mark.parametrize("name", RAISING)
def test_an_exception_has_the_type_message_line_and_columns_that_it_has_in_the_plain_cell(name):
    plain = outcome(RAISING[name])
    assert plain.error is not None
    assert observed(RAISING[name])[0] == plain


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit", "GeneratorExit"])
def test_what_is_no_exception_passes_through(error):
    source = f"x = 1.5 * 1\ndef f(): raise {error}('now')\ny = measure(\n    f(), 2)"
    namespace = world([])
    watch = CellObserver(namespace)
    code = compiled(watch.begin(ast.parse(source)))
    with pytest.raises(getattr(builtins, error), match="now") as raised:
        exec(code, namespace)
    watch.end(raised.value)
    assert place(raised.value)[2][0][:2] == ("<module>", 4)
    assert (namespace["x"], "y" in namespace) == (1.5, False)


def test_code_within_the_cell_sees_its_own_frames_only():
    source = (
        "import sys, traceback\ndef who(*_): return [f.name for f in traceback.extract_stack() if f.filename == '<cell>']\n"
        "found = measure(who(), box.fit(who(1))) and who()\nscope = [n for n in dir() if n.startswith('__mlmagic')]"
    )
    namespace = world([])
    exec(compiled(CellObserver(namespace).begin(ast.parse(source))), namespace)
    assert namespace["found"] == ["<module>", "who"]
    assert namespace["scope"] == []


def test_functions_of_a_tracked_cell_can_be_sent_to_a_process_without_mlmagic():
    import cloudpickle

    source = "def score(a, b):\n    return measure(a, b)\ndef measure(a, b):\n    total = a\n    for i in range(b): total += i\n    return total\nx = score(1, 3)"
    namespace = {"__name__": "__main__"}
    exec(compiled(CellObserver(namespace).begin(ast.parse(source))), namespace)
    assert namespace["x"] == 4
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(1, 4), 'mlmagic' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], input=cloudpickle.dumps(namespace["score"]), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"7", b"False"]
