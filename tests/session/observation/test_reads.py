"""What a cell reads of the notebook: by name, and through the functions, classes and objects of the notebook."""

import ast

import pytest

from mlmagic.session.observation.reads import names_read, names_used

NOTEBOOK = """
import functools
lr, depth, df, X, y, unused = 0.1, 3, {"a": 1}, [1], [2], None
def train(n=1): return lr * n
def outer(): return train()
def recursive(n): return depth if n == 0 else recursive(n - 1)
def shadowed(lr): return lr
def made():
    def inner(): return depth
    return inner
@functools.lru_cache
def cached(): return X
@functools.wraps(train)
def wrapped(): return y
class Model:
    rate = 0
    def fit(self): return lr
    @property
    def size(self): return depth
    @staticmethod
    def kind(): return y
    @classmethod
    def of(cls): return X
class Child(Model):
    def more(self): return df
model, child = Model(), Child()
def nested():
    class Own:
        lr = depth
        rate = lr
    return Own
part = functools.partial(train, 2)
square = lambda value: value * depth
closure = made()
bound = model.fit
"""

READ = {
    "a name": ("print(lr)", "lr"),
    "a name that is bound first": ("lr = 1\nprint(lr)", ""),
    "a name that is bound later": ("print(lr)\nlr = 1", "lr"),
    "its own new value": ("lr = lr * 2", "lr"),
    "augmented": ("lr += depth", "lr depth"),
    "an attribute and an item": ("df['a'] = X[0].real", "df X"),
    "bound in one branch": ("if depth:\n    lr = 1\nprint(lr)", "depth"),  # `executed` takes out what did not run
    "a loop's variable": ("for lr in X: print(lr)", "X"),
    "a comprehension's variable": ("[lr for lr in X if depth]", "X depth"),
    "a walrus": ("(lr := depth)\nlr", "depth"),
    "what is deleted": ("del lr", ""),
    "imported under the name": ("import math as lr\nlr", ""),
    "caught under the name": ("try: pass\nexcept OSError as lr: lr", ""),
    "with under the name": ("with open('a') as lr: lr", ""),
    "captured by a pattern": ("match df:\n    case {'a': lr}: lr", "df"),
    "an f-string": ("f'{lr:.{depth}f}'", "lr depth"),
    "a default of a parameter": ("def f(a=lr): pass", "lr"),
    "a parameter of the name": ("def f(lr): return lr", ""),
    "within a function of the cell": ("def f(): return lr", "lr"),
    "within a function, bound by the cell": ("def f(): return lr\nlr = 1\nf()", ""),
    "a decorator and a base": ("@train\nclass A(Model): pass", "train lr Model depth y X"),
    "an annotation": ("a: lr = 1", "lr"),
    "global in a function": ("def f():\n    global lr\n    lr = depth + 1", "depth"),
    "a name that is not there": ("print(missing, lr)", "lr"),
    "a builtin": ("print(len(X))", "X"),
    "a function of the notebook": ("train()", "train lr"),
    "a function that calls another": ("outer()", "outer train lr"),
    "a function that calls itself": ("recursive(3)", "recursive depth"),
    "a parameter of a notebook's function": ("shadowed(1)", "shadowed"),
    "a lambda": ("square(2)", "square depth"),
    "a closure": ("closure()", "closure depth"),
    "a partial": ("part()", "part lr"),
    "a cached function": ("cached()", "cached X"),
    "a wrapped function": ("wrapped()", "wrapped y lr"),
    "a method": ("bound()", "bound lr depth y X"),
    "an object": ("model.fit()", "model lr depth y X"),
    "an object of a derived class": ("child.fit()", "child df lr depth y X"),
    "await at the top": ("await lr", "lr"),
    "a class body that runs before the name is bound": ("class C:\n    rate = lr\nlr = 1", "lr"),
    "a class in a class": ("class C:\n    class D:\n        rate = lr\nlr = 1", "lr"),
    "a class body's own name": ("class C:\n    lr = 1\n    rate = lr", ""),
    "a method of a class, bound by the cell": ("class C:\n    def f(self): return lr\nlr = 1\nC().f()", ""),
    "a comprehension after the name is bound in a block": ("if depth:\n    lr = 1\n    [x * lr for x in X]", "depth X"),
    "a comprehension before the name is bound in a block": (
        "if depth:\n    [x * lr for x in X]\n    lr = 1",
        "depth X lr",
    ),
    "a comprehension of a function": ("def f(): return [x * lr for x in X]", "lr X"),
    "a name of a class within a notebook's function": ("nested()", "nested depth"),
    "nothing": ("pass", ""),
}


@pytest.fixture(scope="module")
def notebook():
    namespace = {"__name__": "__main__"}
    exec(NOTEBOOK, namespace)
    return namespace


@pytest.mark.parametrize(("code", "names"), READ.values(), ids=READ)
def test_what_a_cell_reads(notebook, code, names):
    found = [name for name in names_read(ast.parse(code), notebook) if not name.startswith("__")]
    assert sorted(found) == sorted(names.split())


@pytest.mark.parametrize(
    ("name", "names"),
    [("train", "lr"), ("outer", "train lr"), ("part", "lr"), ("lr", ""), ("df", ""), ("closure", "depth")],
)
def test_what_a_value_reads_when_it_is_used(notebook, name, names):
    assert sorted(names_used(notebook[name], notebook)) == sorted(names.split())


def test_the_order_is_that_of_first_appearance(notebook):
    assert names_read(ast.parse("print(y, X)\nprint(lr, y)"), notebook) == ["y", "X", "lr"]
