"""The names that a cell reads and binds are those that a notebook sees when the cell runs: Python itself is the oracle."""

from __future__ import annotations

import ast
import builtins
import re

import pytest
from hypothesis import given
from program_world import compiled, execute, start, world
from random_programs import PROGRAMS, program

from mlmagic.session.observation import sites
from mlmagic.session.observation.cell_observer import CellObserver
from mlmagic.session.observation.reads import names_read
from mlmagic.session.observation.scopes import globals_bound, globals_read, names_of

# What is left out here is only known in part: whether a pattern before a guard has bound its names, which statements of
# a `try` did, and what a function binds that may not have been called.
UNSURE = re.compile(r"case .* if |except|finally|global |del ")
# A function counts as a whole, and so do an expression and a statement that raises.
WHOLE = re.compile(r"def |lambda|class |if .* else| and | or |assert| for |case .* if |except")


class Before(dict):
    """The builtins, and below them the names from before the cell: Python looks here for what the cell has not bound."""

    def __init__(self, notebook):
        super().__init__(vars(builtins))
        self.notebook, self.values, self.read = notebook, start(), set()

    def __missing__(self, name):
        if name in self.notebook.deleted or name not in self.values:
            raise KeyError(name)
        self.read.add(name)
        return self.values[name]


class Notebook(dict):
    """A namespace whose names from before the cell can be deleted."""

    def __init__(self, given):
        super().__init__(given)
        self.deleted = set()
        self["__builtins__"] = Before(self)

    def __delitem__(self, name):
        if name in self or name not in start() or name in self.deleted:
            super().__delitem__(name)
        self.deleted.add(name)


def seen_by_python(source):
    """Return the names that a run of *source* reads before it binds them, those that it binds, and its exception."""
    given = world([])
    notebook = Notebook(given)
    error = execute(compiled(source), notebook)
    bound = (notebook.keys() | notebook.deleted) - given.keys()
    return notebook["__builtins__"].read, bound - {"__annotations__"}, error


def seen_by_us(source):
    namespace = {**world([]), **start()}
    watch = CellObserver(namespace)
    watch.end(execute(compiled(watch.begin(ast.parse(source))), namespace))
    return watch, namespace


@pytest.fixture(autouse=True, scope="module")
def _installed():
    remove = sites.install()
    yield
    remove()


@given(PROGRAMS)
def test_every_name_that_a_program_binds_is_known_before_it_runs(source):
    if compiled(source) is not None:
        _, bound, _ = seen_by_python(source)
        assert bound <= set(names_of(ast.parse(source)).bound), source


@given(PROGRAMS)
def test_every_name_that_a_program_reads_is_known_after_it_ran(source):
    if compiled(source) is None or UNSURE.search(source):
        return
    read, _, _ = seen_by_python(source)
    watch, _ = seen_by_us(source)
    names = names_of(ast.parse(source))
    unsure = set(names.read_inside) & set(names.bound)  # whether a function ran before a later line bound the name
    assert read - unsure <= {*watch.reads, *watch.values_read()}, source


@given(PROGRAMS)
def test_nothing_that_a_program_did_not_read_counts_as_read(source):
    if compiled(source) is None or WHOLE.search(source):
        return
    read, _, error = seen_by_python(source)
    if error is None:
        watch, _ = seen_by_us(source)
        assert watch.reads.keys() & start().keys() <= read, source


@given(PROGRAMS)
def test_the_value_of_a_name_that_was_read_is_the_one_from_before_the_cell(source):
    if compiled(source) is not None:
        watch, _ = seen_by_us(source)
        before = start()
        for name, value in watch.values_read().items():
            assert name not in before or value == before[name], source


@given(PROGRAMS)
def test_the_names_that_a_program_has_bound_afterwards_hold_another_object_or_their_assignment_ran(source):
    if compiled(source) is None or "global " in source:  # Python lets no namespace intervene there
        return
    _, bound, _ = seen_by_python(source)
    watch, namespace = seen_by_us(source)
    found = set(watch.bound.names())
    assert found <= bound, source
    changed = {name for name, value in start().items() if name in namespace and namespace[name] is not value}
    assert changed <= found, source


def test_the_programs_have_every_statement_expression_and_pattern_of_this_python():
    kinds = {kind for base in (ast.stmt, ast.expr, ast.pattern) for kind in base.__subclasses__()}
    written = set()
    for seed in range(400):
        if compiled(source := program(seed, 4)) is not None:
            written |= {type(node) for node in ast.walk(ast.parse(source))}
    too_new = {"TemplateStr", "Interpolation"}  # of Python 3.14
    assert {kind.__name__ for kind in kinds - written} <= too_new


GLOBALS = {
    "a global": ("def f(): return a", "a", ""),
    "a parameter": ("def f(a, *b, c=1, **d): return a, b, c, d", "", ""),
    "an attribute": ("def f(a): return a.b.c", "", ""),
    "bound by it": ("def f():\n  global a\n  a = b", "b", "a"),
    "deleted by it": ("def f():\n  global a\n  del a", "", "a"),
    "grown by it": ("def f():\n  global a\n  a += 1", "a", "a"),
    "a loop over it": ("def f():\n  global a\n  for a in b: pass", "b", "a"),
    "imported by it": ("def f():\n  global a\n  import a.b", "", "a"),
    "a function in it": ("def f():\n  def g():\n    global a\n    a = b\n  return g", "b", "a"),
    "a class in it": ("def f():\n  class C:\n    x = a\n    y = x\n    def m(self): return b", "a b", ""),
    "a comprehension in it": ("def f(c): return [a * d for d in c if b]", "a b", ""),
    "a free variable": ("def f():\n  a = 1\n  return lambda: a + b", "b", ""),
    "a default is read outside": ("def f(x=a): return x", "", ""),
    "a generator": ("def f():\n  yield a\n  yield from b", "a b", ""),
    "a coroutine": ("async def f():\n  async with a as x: await b(x)", "a b", ""),
    "a walrus in a comprehension": ("def f():\n  global a\n  [a := x for x in b]", "b", "a"),
    "caught": ("def f():\n  global a\n  try: b()\n  except c as a: pass", "b c", "a"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "read", "bound"), GLOBALS.values(), ids=GLOBALS)
def test_the_globals_of_a_function_are_those_that_it_looks_up_and_binds(source, read, bound):
    namespace = dict.fromkeys("abcd")
    exec(source, namespace)
    code = namespace["f"].__code__
    assert sorted(set(globals_read(code)) - {"__name__", "__build_class__"}) == read.split()
    assert sorted(globals_bound(code)) == bound.split()


def test_more_names_than_fit_into_one_byte_are_read_right():
    many = [f"name_{number}" for number in range(700)]
    source = "\n".join(f"print({name})" for name in many) + "\ndef f(): return " + " + ".join(many)
    namespace = dict.fromkeys(many, 0)
    assert names_read(ast.parse(source), namespace) == many
    one_statement = f"last = [{', '.join(many)}]"
    assert list(names_of(ast.parse(one_statement)).read) == many
    exec(compile(source.replace("print", "str"), "<cell>", "exec"), namespace)
    assert list(globals_read(namespace["f"].__code__)) == many
