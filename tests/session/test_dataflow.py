import ast
import builtins

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.session.dataflow import bound_names

NAMES = st.sampled_from("abcdefgh")
VALUES = st.recursive(
    st.sampled_from(["0", "[1, 2]", "()", "{}", "'s'", "(lambda: 0)()", "(lambda p=({n} := 1): p)()"])
    | st.builds("[{0} for {1} in [1, 2] if ({2} := {1})]".format, st.just("0"), st.sampled_from("xyz"), NAMES)
    | st.builds("({} := 1)".format, NAMES),
    lambda inner: (
        st.builds("[{}, {}]".format, inner, inner)
        | st.builds("{{1: {}}}".format, inner)
        | st.builds("f'{{{}!r}}'".format, inner.filter(lambda text: not set("'\\{") & set(text)))
        | st.builds("({} if 1 else {})".format, inner, inner)
        | st.builds("(lambda q={}: q)()".format, inner)
        | st.builds("[z for z in [0] if {}]".format, inner.filter(lambda text: ":=" not in text))
    ),
    max_leaves=3,
).map(lambda text: text.replace("{n}", "h"))

SIMPLE = (
    st.builds("{} = {}".format, NAMES, VALUES)
    | st.builds("{0}, (*{1}, {2}) = 1, [2, 3]".format, NAMES, NAMES, NAMES)
    | st.builds("{} = {} = {}".format, NAMES, NAMES, VALUES)
    | st.builds("{}: object = {}".format, NAMES, VALUES)
    | st.builds("{}: {}".format, NAMES, VALUES.filter(lambda text: ":=" not in text))
    | st.builds("import os.path as {}".format, NAMES)
    | st.sampled_from(["import os.path, json", "from os import path as a, sep", "from math import *", "pass"])
    | st.builds("{0} = 1; {0} += 1".format, NAMES)
    | st.builds("{0} = 1; del {0}".format, NAMES)
    | VALUES
)


def indented(lines):
    return "\n".join(f"    {line}" for block in lines for line in block.split("\n"))


def blocks(inner):
    body = st.lists(inner, min_size=1, max_size=3).map(indented)
    return (
        st.builds("if {}:\n{}\nelse:\n{}".format, VALUES, body, body)
        | st.builds("for {} in [1, 2]:\n{}".format, NAMES, body)
        | st.builds("for {}, *{} in [(1, 2)]:\n{}".format, NAMES, NAMES, body)
        | st.builds("while True:\n{}\n    break".format, body)
        | st.builds("try:\n{}\n    1 / 0\nexcept Exception as {}:\n{}".format, body, NAMES, body)
        | st.builds("try:\n{}\nfinally:\n{}".format, body, body)
        | st.builds("with context({}) as ({}, {}):\n{}".format, VALUES, NAMES, NAMES, body)
        | st.builds(
            "match [1, 2, {{'k': 3, 'm': 4}}]:\n    case [{}, *{}]:\n{}".format, NAMES, NAMES,
            body.map(lambda text: "\n".join(f"    {line}" for line in text.split("\n"))),
        )
        | st.builds("match {{'k': 3, 'm': 4}}:\n    case {{'k': int() as {}, **{}}} if True:\n        pass".format, NAMES, NAMES)
        | st.builds("def {}(p={}, *, q: {} = 1):\n    global {}\n{}\n{}({})".format, st.just("fun"), VALUES, VALUES, NAMES, body, st.just("fun"), st.just(""))
        | st.builds("@decorator({})\nclass {}(object):\n{}".format, VALUES, NAMES, body)
        | st.builds("async def co():\n    global {}\n{}\nrun(co())".format, NAMES, body)
    )  # fmt: skip


CODE = st.lists(st.recursive(SIMPLE, blocks, max_leaves=5), min_size=1, max_size=3).map("\n".join)


class Context:
    def __init__(self, *_):
        pass

    def __enter__(self):
        return 1, 2

    def __exit__(self, *_):
        return False


def run_through(coroutine):
    """Run a coroutine that awaits nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return


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
    if bound is None:
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
        ("del a", ""),
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


@pytest.mark.parametrize("source", ["+".join("1" * 900), "x" + ".f()" * 400, "if a: b = 1\n" + "elif a: b = 1\n" * 300])
def test_long_code_is_read_to_its_end(source):
    bound_names(ast.parse(source))
