"""Which parameters are inferred of a cell: each case is a cell and all of its parameters."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.recording.inferred.inferred_parameters import is_setting, written_dict
from mlmagic.session.observation.bindings import bindings

WRITTEN = {
    "a float": ("lr = 0.1", {"lr": 0.1}),
    "an integer": ("n = 3", {"n": 3}),
    "a flag": ("ok = True", {"ok": True}),
    "a text": ("kind = 'adam'", {"kind": "adam"}),
    "None": ("limit = None", {"limit": None}),
    "a negative number": ("a = -3", {"a": -3}),
    "arithmetic": ("a, b = 2 ** 6, 1 / 4 - 1e-3", {"a": 64, "b": 0.249}),
    "large floats": ("a = 1e12 * 1e12", {"a": 1e24}),
    "bytes, complex, ...": ("a, b, c = b'x', 1j, ...", {}),
    "a list": ("a = [1, 2]", {}),
    "an f-string": ("a = f'{n}'", {"n": 3}, "n = 3"),
    "a call": ("a = int(3)", {}),
    "several lines": ("a = 'one\\ntwo'", {}),
    "a long text": (f"a = '{'x' * 251}'", {}),
    "just as long": (f"a = '{'x' * 250}'", {"a": "x" * 250}),
    "a private name": ("_a = 3", {}),
    "two names": ("a = b = 3", {"a": 3, "b": 3}),
    "unpacked": ("(a, b), [c] = (1, 2), [3]", {"a": 1, "b": 2, "c": 3}),
    "unpacked with a star": ("a, *b = 1, 2", {}),
    "an annotation": ("a: int = 3\nb: int", {"a": 3}),
    "an assignment expression": ("if (a := 3): pass", {"a": 3}),
    "twice": ("a = 3\na = 4", {}),
    "twice the same": ("a = 3\na = 3", {}),
    "in a loop": ("for i in range(2): a = 3", {}),
    "in a loop's else": ("for i in range(2): pass\nelse: a = 3", {}),
    "in a branch that ran": ("if y: a = 3\nelse: a = 4", {"a": 3}),
    "in a branch that did not": ("if not y: a = 3", {}),
    "in with and try": ("import contextlib\ntry:\n  with contextlib.nullcontext(): a = 3\nfinally: b = 4", {"a": 3, "b": 4}),
    "deleted": ("a = 3\ndel a", {}),
    "replaced by exec": ("a = 3\nexec('a = 4')", {}),
    "a counter's start": ("n = 0\nfor i in range(3): n += 1", {}),
    "scaled": ("a = 3\na *= 2", {}),
    "a loop's variable": ("a = 3\nfor a in (3,): pass", {}),
    "imported": ("a = 3\nimport math as a", {}),
    "defined": ("a = 3\ndef a(): pass", {}),
    "in a function": ("def f():\n  a = 3\nf()", {}),
    "in a class": ("class C:\n  a = 3", {}),
    "after an exception": ("a = 3\n1 / 0\nb = 4", {"a": 3}),
    "on the line of an exception": ("a = 3; 1 / 0; b = 4", {"a": 3}),
}  # fmt: skip
READ = {
    "a scalar": ("print(lr)", {"lr": 0.1}, "lr = 0.1"),
    "None": ("print(lr)", {}, "lr = None"),
    "a scalar of NumPy": ("print(n)", {"n": 3}, "n = np.int64(3)"),
    "an array": ("print(a)", {}, "a = np.ones(2)"),
    "a private name": ("print(_lr)", {}, "_lr = 0.1"),
    "a known metric": ("print(acc)", {}, "acc = 0.1"),
    "not read": ("pass", {}, "lr = 0.1"),
    "bound before it is read": ("lr = half(1)\nprint(lr)", {}, "lr = 0.1"),
    "read, then bound": ("print(lr)\nlr = half(1)", {"lr": 0.1}, "lr = 0.1"),
    "read, then counted": ("n += 1", {}, "n = 3"),
    "read, then scaled": ("n *= 2", {"n": 3}, "n = 3"),
    "read, then deleted": ("print(lr)\ndel lr", {"lr": 0.1}, "lr = 0.1"),
    "through a function": ("train()", {"lr": 0.1}, "lr = 0.1\ndef train(): return lr"),
    "through a method": ("M().fit()", {"lr": 0.1}, "lr = 0.1\nclass M:\n  def fit(self): return lr"),
    "through a function of the cell": ("def f(): return lr\nf()", {"lr": 0.1}, "lr = 0.1"),
    "through a class of the cell": ("class C:\n  rate = lr", {"lr": 0.1}, "lr = 0.1"),
    "through a class, then bound": ("class C:\n  rate = lr\nlr = half(1)", {"lr": 0.1}, "lr = 0.1"),
    "hidden by a parameter": ("def f(lr): return lr\nf(1)", {}, "lr = 0.1"),
    "hidden by a comprehension": ("[lr for lr in range(2)]", {}, "lr = 0.1"),
    "hidden by a class": ("def f():\n  class C:\n    lr = 2\n    rate = lr\nf()", {}, "lr = 0.1"),
    "in a branch that did not run": ("if not y: print(lr)", {}, "lr = 0.1"),
    "in a case that did not match": ("match y:\n  case [0, lr]: pass\nprint(lr)", {"lr": 0.1}, "lr = 0.1"),
    "caught by a handler that did not run": ("try: pass\nexcept OSError as lr: pass\nprint(lr)", {"lr": 0.1}, "lr = 0.1"),
    "bound by a loop without turns": ("for lr in []: pass\nprint(lr)", {"lr": 0.1}, "lr = 0.1"),
    "where the assignment failed": ("try: lr = float('')\nexcept ValueError: pass\nprint(lr)", {"lr": 0.1}, "lr = 0.1"),
    "on the line of an exception": ("n = 3; print(lr, 1 / 0)", {"n": 3, "lr": 0.1}, "lr = 0.1"),
    "after an exception": ("1 / 0\nprint(lr)", {}, "lr = 0.1"),
    "by exec": ("exec('print(lr)')", {}, "lr = 0.1"),
    "replaced by exec": ("exec('lr = 0.3')\nprint(lr)", {"lr": 0.3}, "lr = 0.1"),
    "replaced by exec, a metric's name": ("exec('acc = 0.3')\nprint(acc)", {}, "acc = 0.1"),
}  # fmt: skip
KEYWORDS = {
    "of a notebook's function": ("train(lr=0.1, kind='x')", {"lr": 0.1, "kind": "x"}, "def train(**k): pass"),
    "None": ("train(limit=None)", {"limit": None}, "def train(**k): pass"),
    "a private one": ("train(_n=3)", {}, "def train(**k): pass"),
    "of a function of the cell": ("def train(lr): pass\ntrain(lr=0.1)", {"lr": 0.1}),
    "of an async function of the cell": ("async def train(lr): pass\ntrain(lr=0.1).close()", {"lr": 0.1}),
    "of a class of the notebook": ("Net(width=3)", {"width": 3}, "class Net:\n  def __init__(self, **k): pass"),
    "of a library's function": ("print(end='')", {}),
    "of a method": ("net.fit(lr=0.1)", {}, "class Net:\n  def fit(self, **k): pass\nnet = Net()"),
    "positional": ("train(0.1)", {}, "def train(*a): pass"),
    "computed": ("train(lr=half(1))", {}, "def train(**k): pass"),
    "a name": ("train(lr=rate)", {"rate": 0.5}, "def train(**k): pass\nrate = 0.5"),
    "a list": ("train(sizes=[1, 2])", {}, "def train(**k): pass"),
    "in a dict": ("train(**{'lr': 0.1})", {}, "def train(**k): pass"),
    "the same twice": ("train(lr=0.1)\ntrain(lr=0.1)", {"lr": 0.1}, "def train(**k): pass"),
    "two values": ("train(lr=0.1)\ntrain(lr=0.2)", {}, "def train(**k): pass"),
    "1 and True are two values": ("train(n=1)\ntrain(n=True)", {}, "def train(**k): pass"),
    "in a branch that did not run": ("train(n=1) if y else None\nif not y: train(n=2)", {"n": 1}, "def train(**k): pass"),
    "of a partial": ("part(lr=0.1)", {"lr": 0.1}, "import functools\ndef train(**k): pass\npart = functools.partial(train)"),
    "of a decorated function": (
        "train(lr=0.1)", {"lr": 0.1},
        "import functools\ndef same(f):\n  @functools.wraps(f)\n  def g(**k): return f(**k)\n  return g\n@same\ndef train(**k): pass",
    ),
}  # fmt: skip
DICTS = {
    "written down": ("c = {'lr': 0.1, 'kind': 'x', 'n': None}", {"c.lr": 0.1, "c.kind": "x", "c.n": None}),
    "as a call": ("c = dict(lr=0.1, net=dict(depth=3))", {"c.lr": 0.1, "c.net.depth": 3}),
    "as a call with more": ("c = dict({'lr': 0.1}, n=3)", {}),
    "nested": ("c = {'net': {'depth': 3, 'more': {'k': 1}}}", {"c.net.depth": 3, "c.net.more.k": 1}),
    "with lists": ("c = {'lr': 0.1, 'sizes': [64, (3, 'x')]}", {"c.lr": 0.1, "c.sizes": [64, [3, "x"]]}),
    "with a list within": ("c = {'lr': 0.1, 'net': {'sizes': [64]}}", {"c.lr": 0.1, "c.net.sizes": [64]}),
    "of lists only": ("c = {'x': [1, 2], 'y': [3, 4]}", {}),
    "with a long list": (f"c = {{'lr': 0.1, 'sizes': {list(range(100))}}}", {"c.lr": 0.1}),
    "with a computed value": ("c = {'lr': 0.1, 'n': len(y)}", {}),
    "with a metric's name": ("c = {'lr': 0.1, 'accuracy': 0.5}", {}),
    "with a metric's name within": ("c = {'lr': 0.1, 'val': dict(loss=0.5)}", {}),
    "with a long text": (f"c = {{'lr': 0.1, 'text': '{'x' * 300}'}}", {"c.lr": 0.1}),
    "with number keys": ("c = {1: 'one', 2: 'two'}", {"c.1": "one", "c.2": "two"}),
    "with other keys": ("c = {(1, 2): 'one'}", {}),
    "with unpacked ones": ("c = {**{}, 'lr': 0.1}", {}),
    "empty": ("c = {}", {}),
    "private": ("_c = {'lr': 0.1}", {}),
    "in a loop": ("for i in range(2): c = {'lr': 0.1}", {}),
    "twice": ("c = {'lr': 0.1}\nc = {'lr': 0.2}", {}),
    "in a branch that did not run": ("if not y: c = {'lr': 0.1}", {}),
    "items that are read": ("print(c['lr'], c['net']['n'])", {"c.lr": 0.1, "c.net.n": 3}, "c = {'lr': 0.1, 'net': {'n': 3}, 'k': 1}"),
    "items under a variable": ("k = 'lr'\nprint(c[k])", {"k": "lr"}, "c = {'lr': 0.1}"),
    "items that are missing": ("print(c.get('lr'), 'n' in c and c['n'])", {}, "c = {'lr': 0.1}"),
    "items of results": ("print(results['lr'], val_metrics['n'])", {}, "results = {'lr': 0.1}\nval_metrics = {'n': 3}"),
    "items with a metric's name": ("print(c['acc'])", {}, "c = {'acc': 0.1}"),
    "items of what is no dict": ("print(c['lr'])", {}, "import pandas as pd\nc = pd.Series({'lr': 0.1})"),
    "items that are set": ("c['lr'] = 0.5; c['net']['n'] = 4", {"c.lr": 0.5, "c.net.n": 4}, "c = {'lr': 0.1, 'net': {}}"),
    "items that are set to a value": ("c['n'] = len(y)", {}, "c = {}"),
    "items that are set twice": ("c['n'] = 3\nc['n'] = 4", {"c.n": 4}, "c = {}"),
    "items that are set in a loop": ("for i in range(2): c['n'] = 4", {}, "c = {}"),
    "items that grow": ("c['n'] = 3\nc['n'] += 1", {}, "c = {}"),
    "items that are set in a branch that did not run": ("if not y: c['n'] = 3", {}, "c = {}"),
    "items that are deleted": ("c['n'] = 3\ndel c['n']", {}, "c = {}"),
    "an item that gets a name": ("lr = c['lr']", {"c.lr": 0.1, "lr": 0.1}, "c = {'lr': 0.1}"),
    "an item that gets a metric's name": ("acc = c['lr']", {"c.lr": 0.1}, "c = {'lr': 0.1}"),
}  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{kind}: {name}")
        for kind, cases in [("written", WRITTEN), ("read", READ), ("keyword", KEYWORDS), ("dict", DICTS)]
        for name, case in cases.items()
    ],
)
def test_the_parameters_of_a_cell(infer, case):
    source, expected, *before = case
    found = infer(source, *before, known=("acc",), fails="1 / 0" in source)
    assert {name: value for name, value in found.params.items() if name not in {"y", "p"}} == expected
    assert [type(value) for name, value in found.params.items() if name in expected] == [
        type(expected[name]) if type(value).__module__ != "numpy" else type(value)
        for name, value in found.params.items()
        if name in expected
    ]


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=2) | st.integers(0, 9),
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text("xyz", max_size=3),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text("de", min_size=1, max_size=1), inner, max_size=2)
            ),
            max_leaves=4,
        ),
        max_size=3,
    )
)
def test_a_dict_of_literals_is_settings_unless_it_has_no_scalar_or_an_empty_dict(value):
    def leaves(item):
        return [leaf for one in item.values() for leaf in leaves(one)] if isinstance(item, dict) else [item]

    def has_a_dict_that_is_none(item, *, in_list=False):
        if isinstance(item, dict):
            return in_list or not item or any(has_a_dict_that_is_none(one) for one in item.values())
        return isinstance(item, list) and any(has_a_dict_that_is_none(one, in_list=True) for one in item)

    binding = bindings(ast.parse(f"c = {value!r}")).names["c"]
    is_settings = not has_a_dict_that_is_none(value) and any(not isinstance(leaf, list) for leaf in leaves(value))
    assert (written_dict(binding) is not None) == is_settings


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (0.1, True), (3, True), (False, True), ("a", True), ("", True), (None, False), ([1], False), (1j, False), (b"a", False),
        ("a\nb", False), ("x" * 251, False), (object(), False), (range(3), False), (float("nan"), True),
    ],
)  # fmt: skip
def test_a_setting_is_a_short_scalar(value, found):
    assert is_setting("name", value) == found
    assert not is_setting("_name", value)
