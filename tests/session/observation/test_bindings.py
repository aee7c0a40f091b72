"""How a cell's text binds its names, with Python as the oracle of what a literal is worth."""

from __future__ import annotations

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from program_world import compiled, execute, start, world
from random_programs import PROGRAMS

from mlmagic.session.observation.bindings import NOT_LITERAL, bindings, is_step, items, keys_of, literal


def expression(text):
    return ast.parse(text, mode="eval").body


def found(source):
    return bindings(ast.parse(source)).names


NUMBERS = st.integers(-20, 20).map(str) | st.floats(-4, 4).map(repr) | st.sampled_from(["True", "1e300", "2**63", "0"])
ARITHMETIC = st.recursive(
    NUMBERS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<<"]), inner)
        | st.builds("({}{})".format, st.sampled_from(["-", "+"]), inner)
    ),
    max_leaves=6,
)


@given(ARITHMETIC)
def test_arithmetic_on_literals_has_the_value_that_python_gives_it(text):
    value = literal(expression(text))
    if value is not NOT_LITERAL:  # Python may work for ever on any other: 9 ** 9 ** 9
        expected = eval(text)
        assert (type(value), repr(value)) == (type(expected), repr(expected)), text


SCALARS = {
    "1": 1, "-1.5": -1.5, "+2": 2, "'a'": "a", "'a' 'b'": "ab", "True": True, "None": None, "1_000": 1000, "0x10": 16, "2 ** -1": 0.5,
    "2.0 * 1e30": 2e30, "7 // 2": 3, "7 % 4": 3, "1 << 4": 16, "28 * 28": 784, "--1": 1, "1e400": math.inf, "2 ** 64": 2**64,
}  # fmt: skip
NO_SCALARS = [
    "a", "f()", "1j", "b'a'", "...", "f'a'", "not True", "~1", "-True", "1 + a", "True + 1", "'a' * 3", "'a' + 'b'", "1 / 0", "2 ** 65",
    "10 ** 400", "1001 ** 2.5", "1 << 1001", "(-8) ** 0.5", "1 if a else 2", "1 < 2", "1 and 2", "[1]", "(1,)", "{}", "2 << -1", "5 & 4",
]  # fmt: skip


@pytest.mark.parametrize("text", SCALARS)
def test_a_literal(text):
    value = literal(expression(text))
    assert (value, type(value)) == (SCALARS[text], type(SCALARS[text]))


@pytest.mark.parametrize("text", NO_SCALARS)
def test_no_literal(text):
    assert literal(expression(text)) is NOT_LITERAL


KINDS = {
    # source: the constant, whether it is computed, a loop's variable, a counter, bound in another way
    "a = 1": (1, False, False, False, False),
    "a = f()": (NOT_LITERAL, True, False, False, False),
    "a = 1\na = 2": (NOT_LITERAL, False, False, False, False),
    "a = 1\na = f()": (NOT_LITERAL, True, False, False, False),
    "a = b = 1": (1, False, False, False, False),
    "a, b = 1, 2": (1, False, False, False, False),
    "a, b = f()": (NOT_LITERAL, True, False, False, False),
    "a, *b = 1, 2": (NOT_LITERAL, True, False, False, False),
    "*a, b = 1, 2": (NOT_LITERAL, True, False, False, False),
    "(b, a), c = (1, 2), 3": (2, False, False, False, False),
    "b, (a, c) = f(), (1, 2)": (1, False, False, False, False),
    "[a, b] = [1, 2]": (1, False, False, False, False),
    "a: int = 1": (1, False, False, False, False),
    "a: int\na = 1": (1, False, False, False, False),
    "a += 1": (NOT_LITERAL, False, False, True, False),
    "a = 0\na += 1": (NOT_LITERAL, False, False, True, False),
    "a = f()\na += 1": (NOT_LITERAL, True, False, False, False),
    "a += f()": (NOT_LITERAL, True, False, False, False),
    "a = 1\na /= 2": (NOT_LITERAL, True, False, False, False),
    "a |= f()": (NOT_LITERAL, False, False, True, False),
    "a = 0\nfor i in x: a += f()": (NOT_LITERAL, True, False, False, False),
    "a = 0\nfor i in x:\n  for j in y: a += f()": (NOT_LITERAL, False, False, True, False),
    "a = f()\nfor i in x:\n  for j in y: a += f()": (NOT_LITERAL, False, False, True, False),
    "a = 0\nfor i in x:\n  for j in y: a += f()\n  a /= 2": (NOT_LITERAL, True, False, False, False),
    "a = 0\nfor i in x: a += 1": (NOT_LITERAL, False, False, True, False),
    "while x:\n  while y: a -= f()": (NOT_LITERAL, False, False, True, False),
    "for a in x: pass": (NOT_LITERAL, False, True, False, False),
    "for b, (a, *c) in x: pass": (NOT_LITERAL, False, True, False, False),
    "a = 1\nfor a in x: pass": (NOT_LITERAL, False, True, False, False),
    "for i in x: a = 1": (NOT_LITERAL, False, False, False, False),
    "for i in x: a = f()": (NOT_LITERAL, True, False, False, False),
    "while x: a = 1": (NOT_LITERAL, False, False, False, False),
    "if x: a = 1": (1, False, False, False, False),
    "if x: pass\nelif y: a = 1": (1, False, False, False, False),
    "if x: a = 1\nelse: a = 2": (NOT_LITERAL, False, False, False, False),
    "try: a = 1\nfinally: b = 2": (1, False, False, False, False),
    "try: b = 2\nexcept E: a = 1": (1, False, False, False, False),
    "try: b = 2\nexcept* E: a = 1": (1, False, False, False, False),
    "try: b = 2\nexcept E: pass\nelse: a = 1": (1, False, False, False, False),
    "with x: a = 1": (1, False, False, False, False),
    "match x:\n  case 1: a = 1": (1, False, False, False, False),
    "async def f(): a = 2\na = 1": (1, False, False, False, False),
    "print(a := 1)": (1, False, False, False, False),
    "if (a := 1): pass": (1, False, False, False, False),
    "with f(a := 1): pass": (1, False, False, False, False),
    "while (a := 1): pass": (NOT_LITERAL, False, False, False, False),
    "b = [a := f(i) for i in x]": (NOT_LITERAL, True, False, False, False),
    "b = lambda: (a := 1)": None,
    "def f(): a = 1": None,
    "class C: a = 1": None,
    "a.b = 1": None,
    "a[0] = 1": None,
    "import a": (NOT_LITERAL, False, False, False, True),
    "import b.c as a": (NOT_LITERAL, False, False, False, True),
    "import a.b": (NOT_LITERAL, False, False, False, True),
    "from b import c as a": (NOT_LITERAL, False, False, False, True),
    "def a(): pass": (NOT_LITERAL, False, False, False, True),
    "async def a(): pass": (NOT_LITERAL, False, False, False, True),
    "class a: pass": (NOT_LITERAL, False, False, False, True),
    "with x as a: pass": (NOT_LITERAL, False, False, False, True),
    "with x as (b, [a]): pass": (NOT_LITERAL, False, False, False, True),
    "try: pass\nexcept E as a: pass": (NOT_LITERAL, False, False, False, True),
    "match x:\n  case a: pass": (NOT_LITERAL, False, False, False, True),
    "match x:\n  case [1, *a] | {'k': a}: pass": (NOT_LITERAL, False, False, False, True),
    "match x:\n  case C(k=[int() as a]): pass": (NOT_LITERAL, False, False, False, True),
}  # fmt: skip


@pytest.mark.parametrize("source", KINDS)
def test_a_way_to_bind_a_name(source):
    binding = found(source).get("a")
    expected = KINDS[source]
    if expected is None:
        assert binding is None
        return
    assert (binding.constant, binding.computed, binding.loop_variable, binding.is_counter, binding.other) == expected


@given(PROGRAMS)
def test_a_name_that_is_bound_once_to_a_literal_has_that_value_if_the_cell_bound_it(source):
    code = compiled(source)
    if code is None or "global " in source or "del " in source:
        return
    namespace = {**world([]), **dict.fromkeys(start(), "before")}
    execute(code, namespace)
    for name, binding in bindings(ast.parse(source)).names.items():
        if binding.constant is not NOT_LITERAL and name in start():
            assert namespace[name] in {"before", binding.constant}, source


FILLED = {
    "d['a'] = 1": ({"d"}, {("d", "a"): 1}),
    "d['a']['b'] = 1": ({"d"}, {("d", "a", "b"): 1}),
    "d['a'] = f()": ({"d"}, {("d", "a"): NOT_LITERAL}),
    "d['a'] = d['b'] = 1": ({"d"}, {("d", "a"): 1, ("d", "b"): 1}),
    "d['a'], e['b'] = 1, 2": ({"d", "e"}, {("d", "a"): 1, ("e", "b"): 2}),
    "d['a'] = 1\nd['a'] = 2": ({"d"}, {("d", "a"): 2}),
    "d['a'] = 1\nd['a'] += 1": ({"d"}, {("d", "a"): NOT_LITERAL}),
    "for i in x: d['a'] = 1": ({"d"}, {("d", "a"): NOT_LITERAL}),
    "d[0] = 1": ({"d"}, {}),
    "d[k] = 1": ({"d"}, {}),
    "d[0] += 1": ({"d"}, {}),
    "d.a = 1": ({"d"}, {}),
    "d.a['b'] = 1": ({"d"}, {}),
    "d['a'].b[0] = 1": ({"d"}, {}),
    "f()['a'] = 1": (set(), {}),
    "d['a']: int = 1": ({"d"}, {("d", "a"): 1}),
    "del d['a']": (set(), {}),
}


@pytest.mark.parametrize("source", FILLED)
def test_the_names_whose_items_are_set(source):
    what = bindings(ast.parse(source))
    assert (what.filled, what.items) == FILLED[source]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("d['a']", ("d", "a")), ("d['a']['b']['c']", ("d", "a", "b", "c")), ("d", ()), ("d[0]", ()), ("d['a'][0]", ()), ("d[0]['a']", ()),
        ("d.e['a']", ()), ("f()['a']", ()), ("d['a'].b", ()), ("d['a':'b']", ()), ("d[b'a']", ()), ("d[f'a']", ()),
    ],
)  # fmt: skip
def test_the_keys_of_an_item(text, keys):
    assert keys_of(expression(text)) == keys


@pytest.mark.parametrize(
    ("value", "target", "parts"),
    [
        ("1, 2", "a, b", ["1", "2"]), ("[1, 2]", "a, b", ["1", "2"]), ("f()", "a, b", None), ("1, 2, 3", "a, b", None), ("1, 2", "a, *b", None),
        ("'ab'", "a, b", None), ("(1, (2, 3))", "a, (b, c)", ["1", "(2, 3)"]),
    ],
)  # fmt: skip
def test_the_items_of_a_display_belong_to_the_targets_and_those_of_a_call_are_no_literals(value, target, parts):
    targets = ast.parse(f"{target} = 0").body[0].targets[0].elts
    got = items(expression(value), targets)
    assert len(got) == len(targets)
    if parts is None:
        assert all(literal(one) is NOT_LITERAL for one in got)
    else:
        assert [ast.unparse(one) for one in got] == parts


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a += 1", True), ("a -= 0.5", True), ("a += 2 * 3", True), ("a += 'x'", True), ("a += b", False), ("a += f()", False), ("a *= 2", False),
        ("a /= n", False), ("a //= 2", False), ("a %= 2", False), ("a **= 2", False), ("a @= b", False), ("a |= b", True), ("a &= 1", True),
        ("a ^= 1", True), ("a <<= 1", True), ("a >>= 1", True), ("a += [1]", False),
    ],
)  # fmt: skip
def test_a_step(text, steps):
    assert is_step(ast.parse(text).body[0]) == steps


def test_the_pieces_of_a_cell_are_put_together():
    first, second = bindings(ast.parse("a = 1\nd['k'] = 2")), bindings(ast.parse("b = 1\ne.x = 3\nd['l'] = 4"))
    first.add(second)
    assert set(first.names) == {"a", "b"}
    assert first.filled == {"d", "e"}
    assert first.items == {("d", "k"): 2, ("d", "l"): 4}
