"""Random cells: every form in which Python binds and reads names, nested."""

from __future__ import annotations

import builtins
import contextlib
import warnings

from hypothesis import strategies as st

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
    """A context manager that the cells use."""

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


def outcome(tree):
    """Return what running *tree* leaves: names with their values as text, and what it raised."""
    namespace = {
        "__builtins__": vars(builtins), "context": Context, "decorator": lambda *_: lambda kind: kind, "run": run_through,
    }  # fmt: skip
    given = set(namespace)
    raised = None
    with warnings.catch_warnings(), contextlib.redirect_stdout(None):
        warnings.simplefilter("ignore")
        try:
            code = compile(tree, "<cell>", "exec")
        except SyntaxError as error:
            return "no Python", type(error)
        try:
            exec(code, namespace)
        except Exception as error:  # noqa: BLE001  # whatever a random cell raises
            line = error.__traceback__.tb_next.tb_lineno if error.__traceback__.tb_next else 0
            raised = type(error), str(error).partition(" object at ")[0], line
    kept = {name: value for name, value in namespace.items() if name not in given}
    return {name: value if type(value) in {int, str, float} else type(value) for name, value in kept.items()}, raised
