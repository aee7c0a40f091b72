from __future__ import annotations

import ast

import pytest

from mlmagic.session.observation.cell_text import item, items_read, keywords_in, last_expression, names_used_in


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("f(a=1, b='x', c=None, d=-2.5)", [("f", "a", 1), ("f", "b", "x"), ("f", "c", None), ("f", "d", -2.5)]),
        ("f(1, *x, **y)", []),
        ("f(a=b, c=[1], d=g(), e=f'{1}')", []),
        ("f(a=g(b=2))", [("g", "b", 2)]),
        ("o.f(a=1); f()(a=2); f[0](a=3)", []),
        ("x = [f(a=1) for _ in y]\ndef g(b=f(a=2)): return f(a=3)", [("f", "a", 1), ("f", "a", 2), ("f", "a", 3)]),
        ("class C(f(a=1), metaclass=M): pass", [("f", "a", 1)]),
        ("await f(a=1)", [("f", "a", 1)]),
        ("@f(a=2 ** 3)\ndef g(): pass", [("f", "a", 8)]),
        ("", []),
    ],
)
def test_the_literal_keywords_of_calls_of_names(source, found):
    assert sorted((one.function, one.name, one.value) for one in keywords_in(ast.parse(source))) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("c['a']", {("c", "a")}),
        ("c['a']['b']", {("c", "a", "b"), ("c", "a")}),
        ("c['a'][0]['b']", {("c", "a")}),
        ("f(c['a'], k=c['b'])", {("c", "a"), ("c", "b")}),
        ("c['a'] = 1", set()),
        ("c['a']['b'] = 1", {("c", "a")}),
        ("del c['a']", set()),
        ("c['a'] += 1", set()),
        ("c[k], c[0], c.a['b'], f()['a']", set()),
        ("f'{c[\"a\"]}'", {("c", "a")}),
        ("def f(): return c['a']", {("c", "a")}),
    ],
)
def test_the_items_that_are_read_by_key(source, found):
    assert set(items_read(ast.parse(source))) == found


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("c",), {"a": {"b": 1}, "n": None}),
        (("c", "a", "b"), 1),
        (("c", "n"), None),
        (("c", "missing"), None),
        (("c", "missing", "b"), None),
        (("c", "a", "b", "deeper"), None),
        (("missing", "a"), None),
        (("text", "a"), None),
        (("own", "a"), None),
    ],
)
def test_an_item_below_a_name(keys, value):
    class Own(dict):
        def get(self, *_):
            raise RuntimeError("it is the user's own code")

    namespace = {"c": {"a": {"b": 1}, "n": None}, "text": "abc", "own": Own(a=1)}
    assert item(namespace, keys) == value


@pytest.mark.parametrize(
    ("source", "text"),
    [("a\nb", "b"), ("a + 1", "a + 1"), ("a;", "a"), ("a = 1", None), ("a\nif b: c", None), ("", None), ("def f(): pass", None), ("await a", "await a")],
)  # fmt: skip
def test_the_last_expression(source, text):
    found = last_expression(ast.parse(source))
    assert (found and ast.unparse(found)) == text


def test_the_names_of_a_function_are_those_of_its_attributes_too():
    (function,) = ast.parse("def f(a=b, *c):\n  d = e.f.g(h)\n  def i(): return j\n  return [k for l in m]").body
    assert names_used_in(function) >= {"b", "e", "f", "g", "h", "j", "k", "m"}
