import ast
import builtins
import symtable
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_cells import CODE, SIMPLE, Context, run_through

from mlmagic.session.observation.scopes import names_of


def bound_names(tree):
    return set(names_of(tree).bound)


def compiles(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<cell>", "exec")
    except SyntaxError:
        return False
    return True


def names_after(source):
    """Return the names that running *source* in an empty namespace binds, or None when it cannot run."""
    namespace = {
        "__builtins__": vars(builtins), "context": Context, "decorator": lambda *_: lambda kind: kind, "run": run_through,
    }  # fmt: skip
    before = set(namespace)
    try:
        exec(compile(source, "<cell>", "exec"), namespace)  # generated above
    except (SyntaxError, NameError, TypeError, ZeroDivisionError, ValueError):
        if not namespace.keys() - before:
            return None
    return set(namespace) - before - {"__annotations__"}


@given(CODE)
def test_no_name_that_a_cell_binds_is_missed(source):
    bound = names_after(source)
    if bound is None or not compiles(source):
        return
    found = bound_names(ast.parse(source))
    if "from math import *" in source:
        bound -= set(dir(__import__("math")))
    assert bound <= found, source


@given(st.lists(SIMPLE, min_size=1, max_size=4).map("\n".join))
def test_nothing_else_is_found_in_straight_code(source):
    if "del " in source or " if 1 else " in source or (bound := names_after(source)) is None:
        return
    try:
        compile(source, "<cell>", "exec")
        exec(source, {})  # what fails half way binds less
    except (SyntaxError, NameError, TypeError, ValueError):
        return
    assert bound_names(ast.parse(source)) <= bound, source


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("[y := f(x) for x in z]", "y"),
        ("{k: (v := k) for k in z if (w := k)}", "v w"),
        ("a, (b, *c), d.e, f[0] = g", "a b c"),
        ("with a as (b, c), d as e.f: pass", "b c"),
        ("async def m():\n  pass", "m"),
        ("async for a in b:\n  async with c as d: e = 1", "a d e"),
        ("try: pass\nexcept E as a: b = 1", "a b"),
        ("try: pass\nexcept* E as a: b = 1", "a b"),
        ("match x:\n  case [a, *b]: pass\n  case {'k': c, **d}: pass\n  case P(e, f=g) as h: pass\n  case i: pass", "a b c d e g h i"),
        ("match x:\n  case _: a = 1", "a"),
        ("x: int", ""),
        ("x: (y := int)", "y"),
        ("x.a: int\nx[0]: int = 2", ""),
        ("x: int = 1", "x"),
        ("x += 1; x.y += 1; z[0] += 1", "x"),
        ("import a.b.c, d as e\nfrom f.g import h, i as j\nfrom . import k", "a e h j k"),
        ("from a import *", ""),
        ("def f(a, b=(c := 1), *d, e: (g := int) = 2, **h) -> (i := int): j = 1", "f c g i"),
        ("@(a := deco)\ndef f(): pass", "a f"),
        ("@deco(a := 1)\nclass C(b := object, metaclass=(m := type)): c = 1", "a b m C"),
        ("lambda a, b=(c := 1): (d := a)", "c"),
        ("def f():\n  global a\n  a = b = 1\n  def g():\n    global c\n    nonlocal b\n    c = b = 2", "f a c"),
        ("class C:\n  global a\n  a = 1\n  def f(self):\n    global b\n    b = 1", "C a b"),
        ("f'{(a := 1)} {b!r:{(c := 2)}}'", "a c"),
        ("x = y = (z := 1)", "x y z"),
        ("print(a := 1, *(b := [2]), **(c := {}))", "a b c"),
        ("del a", "a"),
        ("while (a := f()): pass\nelse: b = 1", "a b"),
        ("for a[0], b.c, d in e: pass\nelse: f = 1", "d f"),
        ("if (a := 1): b = 2\nelif c: d = 3\nelse: e = 4", "a b d e"),
        ("assert (a := 1), (b := 2)", "a b"),
        ("x[(a := 1)] = 2", "a"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_form_of_binding(source, names):
    assert bound_names(ast.parse(source)) == set(names.split())


def read_by_symtable(table, *, top=True):
    """Return the globals that code reads, as the standard library's symbol tables tell."""
    here = {one.get_name() for one in table.get_symbols() if one.is_referenced() and (top or one.is_global())}
    return here.union(*(read_by_symtable(child, top=False) for child in table.get_children()))


@given(CODE)
def test_what_is_read_is_what_symtable_says(source):
    if not compiles(source):
        return
    found = names_of(ast.parse(source))
    grown = {node.target.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.AugAssign)}
    taken = {*found.read, *found.read_later, *found.read_inside} - {"__annotations__", "__name__"}
    assert taken <= grown | read_by_symtable(symtable.symtable(source, "<cell>", "exec")), source


@pytest.mark.parametrize(
    ("source", "read", "inside"),
    [
        ("class Net:\n  def __init__(self, hidden, lr): self.h = hidden * lr\n  def forward(self, X): return X @ self.h", "", ""),
        ("def f(a):\n  def g(b): return a + b + c\n  return lambda d: d + e", "", "c e"),
        ("f = lambda x, *y, **z: x + w", "", "w"),
        ("try: a()\nexcept E as e: print(e)", "a E print", ""),
        ("match v:\n  case {'k': k, **r} if k > t: use(k, r)", "v t use", ""),
        ("[x * s for x in xs for y in x if y]", "s xs", ""),
        ("{k: v for k, v in d.items()}; sum(i for i in n)", "d sum n", ""),
        ("class C:\n  x = x\n  y = x", "x", ""),
        ("class C:\n  x = [a for i in b]\n  def f(self, d=e): return g\n  class D(h): j = k", "a b e h k", "g"),
        ("class C:\n  x = [a for i in b]\n  y = lambda: x", "b a", "x"),
        ("x = 1\nclass C: y = x", "", ""),
        ("if a:\n  x = 1\n  class C: y = x", "a", ""),
        ("class C:\n  __p = 1\n  def f(self): return __p", "", "_C__p"),
        ("df = df[df.x > limit]", "df limit", ""),
        ("s = [s * i for i in r]", "s r", ""),
        ("for i in range(n): total += i", "range n total", ""),
        ("with open(p) as f, g(f) as h: pass", "open p g", ""),
        ("async with a as b: await c(b)", "a c", ""),
        ("x: int = y", "int y", ""),
        ("print(f'{a!r:{b}}', (c := d))", "print a b d", ""),
        ("def f(a=b, *, c: d = e) -> g: pass", "b e d g", ""),
        ("@a(b)\ndef f(): return x\n@c\nclass D(e, metaclass=h): y = z", "a b c e h z", "x"),
        ("global a\nprint(a)", "print a", ""),
    ],
)  # fmt: skip
def test_what_a_form_reads_before_it_is_bound(source, read, inside):
    found = names_of(ast.parse(source))
    odd = {"__name__", "__annotations__"}
    assert (set(found.read) - odd, set(found.read_inside) - odd) == (set(read.split()), set(inside.split()))


def test_the_compiler_warns_once_about_code_and_not_for_us():
    tree = ast.parse("x = 1\nx is 1\nassert (x, 'always')")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        names_of(tree)
        assert (seen, warnings.filters) == ([], filters)


@pytest.mark.parametrize("source", ["+".join("1" * 900), "x" + ".f()" * 400, "if a: b = 1\n" + "elif a: b = 1\n" * 300])
def test_long_code_is_read_to_its_end(source):
    names_of(ast.parse(source))
