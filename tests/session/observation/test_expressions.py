from __future__ import annotations

import ast

import pytest

from mlmagic.session.observation.call_instrumentation import metric_names
from mlmagic.session.observation.expressions import (
    appended_to,
    is_access,
    names_in,
    parts_of_target,
    place_at_method,
    root_of,
    roots_of,
)


def expression(text):
    return ast.parse(text, mode="eval").body


def target(text):
    return ast.parse(f"{text} = 0").body[0].targets[0]


@pytest.mark.parametrize(
    ("text", "root", "access"),
    [
        ("a", "a", True), ("a.b", "a", True), ("a[0]", "a", True), ("a.b[c].d", "a", True), ("a[:5]", "a", True), ("a[f()]", "a", False),
        ("f()", None, False), ("f().a", None, False), ("a + b", None, False), ("(a)", "a", True), ("1", None, False), ("[a][0]", None, False),
        ("a[lambda: f()]", "a", False), ("'a'.b", None, False), ("a[b.c]", "a", True),
    ],
)  # fmt: skip
def test_a_lookup_begins_with_a_name(text, root, access):
    assert root_of(expression(text)) == root
    assert is_access(expression(text)) == access


@pytest.mark.parametrize(
    ("text", "names"),
    [("a", "a"), ("a.b + c[d]", "a c d"), ("a(b, *c, k=d)", "a b c d"), ("a + a", "a"), ("1", ""), ("[x for x in y]", "x y"), ("f'{a}'", "a")],
)  # fmt: skip
def test_the_names_in_an_expression(text, names):
    assert sorted(names_in(expression(text))) == names.split()


@pytest.mark.parametrize(
    ("text", "roots", "parts"),
    [
        ("a", ["a"], ()), ("a, b", ["a", "b"], ("a", "b")), ("[a, *b]", ["a", "b"], ("a", None)), ("a.b", ["a"], ()), ("a[0], b.c", ["a", "b"], (None, None)),
        ("(a, (b, c))", ["a", "b", "c"], ("a", None)), ("f().a", [], ()), ("f()[0], a", ["a"], (None, "a")),
    ],
)  # fmt: skip
def test_the_names_of_a_target(text, roots, parts):
    assert roots_of(target(text)) == roots
    assert parts_of_target(target(text)) == parts


def test_no_target_has_no_parts():
    assert parts_of_target(None) == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a.append(x)", "a"), ("a['k'].append(x)", "a.k"), ("a.append(f(x))", "a"), ("a.append(1)", None), ("a.append(-0.5)", None), ("a.append()", None),
        ("a.append(x, y)", None), ("a.append(x=y)", None), ("a.append(*x)", None), ("a[0].append(x)", None), ("a[k].append(x)", None), ("a.b.append(x)", None),
        ("a['k']['l'].append(x)", None), ("append(x)", None), ("f().append(x)", None), ("a.extend(x)", None),
    ],
)  # fmt: skip
def test_the_list_that_a_call_appends_to(text, name):
    assert appended_to(expression(text)) == name


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("(a\n  .run(b))", 2, 3), ("(a.\n  run\n  (b))", 2, 2), ("(a\n .b\n .run(\n b))", 3, 2), ("a.run(\n b)", 1, 0), ("(a\n  .run(*b))", 1, 1),
        ("(a\n  .run(**b))", 1, 1), ("(run\n  (b))", 1, 1), ("(ä\n  .rün(b))", 2, 4), ("(a[0\n ].run(b))", 2, 3),
    ],
)  # fmt: skip
def test_a_call_begins_where_python_says(text, line, column):
    call = expression(text)
    place_at_method(call, call.func)
    assert (call.lineno, call.col_offset) == (line, column)
    lines = [at[0] for at in compile(text, "", "eval").co_positions() if at[0]]
    assert line == lines[-2]  # the call is the last but one instruction: its line is that of its value's return


@pytest.mark.parametrize(
    ("source", "functions", "modules"),
    [
        ("from sklearn.metrics import f1_score", "f1_score", ""), ("from sklearn.metrics import f1_score as f", "f", ""), ("from sklearn import metrics", "", "metrics"),
        ("from sklearn import metrics as m, svm", "", "m"), ("import sklearn.metrics", "", "sklearn"), ("import sklearn.metrics as m", "", "m"),
        ("import sklearn", "", ""), ("from sklearn.model_selection import cross_val_score", "cross_val_score", ""), ("from sklearn.metrics._ranking import auc", "auc", ""),
        ("from torchmetrics import Accuracy", "Accuracy", ""), ("import torchmetrics", "", "torchmetrics"), ("from torchmetrics.functional import accuracy", "accuracy", ""),
        ("from . import metrics", "", ""), ("from .sklearn.metrics import f", "f", ""), ("import numpy", "", ""), ("def f():\n  from sklearn.metrics import auc", "auc", ""),
    ],
)  # fmt: skip
def test_the_metrics_that_a_cell_imports(source, functions, modules):
    assert metric_names(ast.parse(source)) == (set(functions.split()), set(modules.split()))
