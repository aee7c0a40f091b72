"""Which metrics are inferred of a cell: each case is a cell and all of its metrics, value by value."""

from __future__ import annotations

import math

import pytest

BOUND = {
    "a float": ("acc = half(1)", {"acc": [0.5]}),
    "an integer is a count": ("n = len(y)", {}),
    "a flag": ("ok = half(1) > 0", {}),
    "a complex number": ("z = half(1) * 1j", {}),
    "a text": ("s = str(half(1))", {}),
    "a subclass of float": ("class F(float): pass\nx = F(half(1))", {"x": [0.5]}),
    "a float of NumPy": ("x = np.float32(half(1))", {"x": [0.5]}),
    "an array without axes": ("x = np.array(half(1))", {"x": [0.5]}),
    "an array of one element": ("x = np.array([half(1)])", {}),
    "a masked value": ("x = np.ma.masked_all(3).mean()", {}),
    "an integer of NumPy": ("x = np.int64(3)", {}),
    "a private name": ("_x = half(1)", {}),
    "several names": ("a, b = half(1), half(2)", {"a": [0.5], "b": [1.0]}),
    "several names of one value": ("a, b = map(half, (1, 2))", {"a": [0.5], "b": [1.0]}),
    "nested names": ("(a, b), c = (half(1), half(2)), half(3)", {"a": [0.5], "b": [1.0], "c": [1.5]}),
    "a starred name": ("a, *b = half(1), 2, 3", {"a": [0.5]}),
    "a chain": ("a = b = half(1)", {"a": [0.5], "b": [0.5]}),
    "an annotation": ("a: float = half(1)", {"a": [0.5]}),
    "an assignment expression": ("print(a := half(1))", {"a": [0.5]}),
    "a conditional": ("a = half(1) if y else 0.0", {"a": [0.5]}),
    "twice": ("a = half(1)\na = half(3)", {"a": [1.5]}),
    "a literal, then a value": ("a = 0.5\na = half(3)", {"a": [1.5]}),
    "a value, then a literal": ("a = half(3)\na = 0.5", {"a": [0.5]}),
    "a value, then a text": ("a = half(3)\na = str(a)", {"a": [1.5]}),
    "a value that a deeper loop replaces": (
        "a = half(1)\nfor e in range(2):\n  for i in range(2): a = half(i + 5)", {"a": [3.0]},
    ),
    "deleted": ("a = half(1)\ndel a", {}),
    "not a number": ("a = float('nan')\nb = -math.inf * half(1)", {"a": [math.nan], "b": [-math.inf]}),
    "in a branch that ran": ("if y: a = half(1)\nelse: b = half(2)", {"a": [0.5]}),
    "in a handler": ("try: half('')\nexcept TypeError: a = half(1)", {"a": [0.5]}),
    "within with": ("import contextlib\nwith contextlib.nullcontext(): a = half(1)", {"a": [0.5]}),
    "in a match": ("match y:\n  case [*_]: a = half(1)", {"a": [0.5]}),
    "captured by with": ("import contextlib\nwith contextlib.nullcontext(half(1)) as a: pass", {}),
    "captured by a pattern": ("match half(1):\n  case a: pass", {}),
    "a loop's variable": ("for a in (0.5, 1.5): pass", {}),
    "in a function": ("def f():\n  a = half(1)\nf()", {}),
    "in a class": ("class C:\n  a = half(1)", {}),
    "by a function, as a global": ("def f():\n  global val_loss\n  val_loss = half(1)\nf()", {"val_loss": [0.5]}),
    "by exec, under a metric's name": ("exec('acc = half(1); other = half(3)')", {"acc": [0.5]}),
}  # fmt: skip
GROWN = {
    "divided": ("a = half(6)\na /= 3", {"a": [1.0]}),
    "scaled by a literal": ("a = half(1)\na *= 100", {"a": [50.0]}),
    "added to": ("a = half(1)\na += half(2)", {"a": [1.5]}),
    "less a literal": ("a = half(1)\na -= 0.25", {"a": [0.25]}),
    "as the last line": ("a = half(1)\na **= 2", {"a": [0.25]}),
    "a name of an earlier cell": ("a *= half(1)", {"a": [1.0]}, "a = 2.0"),
    "a counter": ("n = 0.0\nfor i in range(3): n += 0.5", {}),
    "a counter of an earlier cell": ("n += 0.5", {}, "n = 1.0"),
    "a sum in a loop": ("s = 0.0\nfor i in range(3): s += half(i)", {"s": [0.0, 0.5, 1.5]}),
    "a sum in a loop, then the mean": ("s = 0.0\nfor i in range(3): s += half(i)\ns /= 3", {"s": [0.0, 0.5, 1.5, 0.5]}),
    "a sum over batches": ("s = 0.0\nfor e in range(2):\n  for i in range(3): s += half(i)", {}),
    "the usual training loop": (
        "for epoch in range(3):\n  total = 0.0\n  for batch in range(4):\n    loss = half(batch + epoch)\n"
        "    total += loss\n  total /= 4\n  print(total)",
        {"total": [0.75, 1.25, 1.75], "loss": [2.5]},
    ),
    "a loss that is divided in its turn": ("for i in range(3):\n  a = half(i)\n  a = a / 2", {"a": [0.0, 0.25, 0.5]}),
    "a loss that is scaled in its turn": ("for i in range(3):\n  a = half(i)\n  a *= 4", {"a": [0.0, 2.0, 4.0]}),
    "scaled, and one literal step": ("a = 0.5\nfor i in range(2):\n  a *= 2\n  a += 1", {"a": [2.0, 5.0]}),
    "in one branch or the other": (
        "for i in range(4):\n  if i % 2: a = half(i)\n  else: a = half(-i)", {"a": [0.0, 0.5, -1.0, 1.5]},
    ),
    "in a branch, and after it": (
        "for i in range(4):\n  if i % 2: a = half(i)\n  else: a = half(-i)\n  a = a * 2", {"a": [0.0, 1.0, -2.0, 3.0]},
    ),
    "in a turn that goes on early": (
        "for i in range(4):\n  a = half(i)\n  if i == 1: continue\n  a = a + 10", {"a": [10.0, 0.5, 11.0, 11.5]},
    ),
    "swapped": ("for i in range(2):\n  a = b = half(i)\n  a, b = b, a * 2", {"a": [0.0, 0.5], "b": [0.0, 1.0]}),
    "in two loops": ("for i in range(2): a = half(i)\nfor i in range(2):\n  a = half(i)\n  a *= 4", {"a": [0.0, 0.5, 0.0, 2.0]}),
    "after a loop": ("for i in range(2):\n  a = half(i)\n  a *= 4\nelse:\n  a = half(9)", {"a": [0.0, 2.0, 4.5]}),
    "in a while loop": ("i = 0\nwhile i < 2:\n  i += 1\n  a = half(i)\n  a *= 4", {"a": [2.0, 4.0]}),
    "items of a dict": ("d = {}\nfor i in range(2):\n  d['a'] = half(i)\n  d['a'] = d['a'] * 4", {"d.a": [0.0, 2.0]}),
    "an array that is divided": ("a = np.ones(3)\na /= 3", {}),
    "flags": ("a = 1\na |= 2\na <<= 3", {}),
}  # fmt: skip
LOOPS = {
    "a name": ("for i in range(3): a = half(i)", {"a": [0.0, 0.5, 1.0]}),
    "no turn": ("for i in []: a = half(i)", {}),
    "a name of an earlier cell, no turn": ("for i in []: a = half(i)", {}, "a = 0.5"),
    "a while loop": ("left = [3, 2]\nwhile left: a = half(left.pop())", {"a": [1.0, 1.5]}),
    "the condition of a while loop": ("it = iter((3, 2, 0))\nwhile (a := half(next(it))): pass", {"a": [1.5, 1.0, 0.0]}),
    "a comprehension": ("[a := half(i) for i in range(3)]", {"a": [0.0, 0.5, 1.0]}),
    "a comprehension in a loop": ("for e in range(2): [a := half(i) for i in range(3)]", {"a": [1.0]}),
    "a deeper loop": ("for e in range(2):\n  for i in range(3): a = half(i)", {"a": [1.0]}),
    "a deeper loop, and the epoch's own": (
        "for e in range(2):\n  for i in range(3): a = half(i)\n  b = a + e", {"a": [1.0], "b": [1.0, 2.0]},
    ),
    "a loop within a branch": ("if y:\n  for i in range(2): a = half(i)", {"a": [0.0, 0.5]}),
    "within with and try": (
        "import contextlib\nfor i in range(3):\n  with contextlib.suppress(ZeroDivisionError):\n    a = half(1 / i)",
        {"a": [0.5, 0.25]},
    ),
    "the best so far": ("best = 0.0\nfor i in (1, 3, 2):\n  if half(i) > best: best = half(i)", {"best": [0.5, 1.5]}),
    "a list": ("h = []\nfor i in range(3): h.append(half(i))", {"h": [0.0, 0.5, 1.0]}),
    "a list in a deeper loop": (
        "h = []\nfor e in range(2):\n  for i in range(2): h.append(half(e + i))", {"h": [0.0, 0.5, 0.5, 1.0]},
    ),
    "a list of literals": ("h = []\nfor i in range(3): h.append(0.5)", {}),
    "a list of integers": ("h = []\nfor i in range(3): h.append(i)", {}),
    "a list that is read": ("for i in range(2): h.append(half(i))", {"h": [0.0, 0.5]}, "h = [9.0]"),
    "twice in a turn": ("h = []\nfor i in range(2):\n  h.append(half(i))\n  h.append(half(-i))", {"h": [0.0, 0.0, 0.5, -0.5]}),
    "a list outside of loops": ("h = []\nh.append(half(1))", {}),
    "a list in a dict": (
        "h = {'loss': [], 'n': []}\nfor i in range(2):\n  h['loss'].append(half(i))\n  h['n'].append(i)", {"h.loss": [0.0, 0.5]},
    ),
    "a list in a default dict": (
        "h = collections.defaultdict(list)\nfor i in range(2): h['loss'].append(half(i))", {"h.loss": [0.0, 0.5]},
    ),
    "items under a name": ("d = {}\nfor i in range(2): d['a'] = half(i)", {"d.a": [0.0, 0.5]}),
    "items under a variable": ("d = {}\nfor k in 'ab': d[k] = half(len(d))", {"d.a": [0.0], "d.b": [0.5]}),
    "items that grow": ("d = {'loss': 0.0}\nfor i in range(3): d['loss'] += half(i)", {"d.loss": [1.5]}),
    "items of an array": ("a = np.zeros(3)\nfor i in range(3): a[i] = half(i)", {}),
    "items of a list": ("a = [0.0] * 3\nfor i in range(3): a[i] = half(i)", {}),
    "items of a frame": ("import pandas as pd\nd = pd.DataFrame({'x': [1]})\nfor k in 'ab': d[k] = half(1)", {}),
    "attributes": ("class O: pass\no = O()\nfor i in range(3): o.loss = half(i)", {}),
    "a dict": ("for i in range(2): m = {'loss': half(i), 'n': i}", {"m.loss": [0.0, 0.5], "m.n": [0.0, 1.0]}),
    "a dict twice in a turn": (
        "for i in range(2):\n  m = {'loss': half(i)}\n  m = {'loss': m['loss'] * 4}", {"m.loss": [0.0, 2.0]},
    ),
    "a dict of settings": ("for i in range(2): m = {'lr': half(i), 'name': 'x'}", {}),
    "dicts in a list": ("r = []\nfor i in range(2): r.append({'acc': half(i), 'who': 'x'})", {"r.acc": [0.0, 0.5]}),
    "nested dicts": ("for i in range(2): m = {'val': {'acc': half(i)}}", {"m.val.acc": [0.0, 0.5]}),
}  # fmt: skip
FUNCTIONS = {
    "as the last line": ("accuracy_score(y, p)", {"accuracy_score": [0.5]}),
    "printed": ("print(accuracy_score(y, p))", {"accuracy_score": [0.5]}),
    "printed twice": ("print(accuracy_score(y, p), accuracy_score(y, y))", {"accuracy_score": [0.5], "accuracy_score_y": [1.0]}),
    "of two sets": ("accuracy_score(y, p)\naccuracy_score(p, p)", {"accuracy_score": [0.5], "accuracy_score_p": [1.0]}),
    "three times": (
        "for _ in '1': accuracy_score(y, p), accuracy_score(y, y), accuracy_score(y, y)",
        {"accuracy_score": [0.5], "accuracy_score_y": [1.0], "accuracy_score_2": [1.0]},
    ),
    "of labels without a name": ("print(accuracy_score([1], [1]), accuracy_score([1], [0]))", {"accuracy_score": [1.0], "accuracy_score_2": [0.0]}),
    "bound": ("acc = accuracy_score(y, p)", {"acc": [0.5]}),
    "bound after arithmetic": ("acc = 100 * accuracy_score(y, p)", {"acc": [50.0]}),
    "bound to a private name": ("_acc = accuracy_score(y, p)", {}),
    "bound, then shown": ("acc = accuracy_score(y, p)\nacc", {"acc": [0.5]}),
    "rounded": ("round(accuracy_score(y, p), 3)", {"accuracy_score": [0.5]}),
    "in an f-string": ("print(f'{accuracy_score(y, p):.2f} {1 - accuracy_score(y, p):.1%}')", {"accuracy_score": [0.5], "accuracy_score_y": [0.5]}),
    "in a root": ("rmse = mean_squared_error(y, p) ** 0.5", {"rmse": [math.sqrt(0.5)]}),
    "in a dict": ("r = {'acc': accuracy_score(y, p), 'f1': f1_score(y, y)}", {"r.acc": [0.5], "r.f1": [1.0]}),
    "by an item": ("r = {}\nr['acc'] = accuracy_score(y, p)", {"r.acc": [0.5]}),
    "in a list": ("r = [accuracy_score(y, p) for _ in range(2)]", {"accuracy_score": [0.5, 0.5]}),
    "in a loop": ("for _ in range(2): print(accuracy_score(y, p))", {"accuracy_score": [0.5, 0.5]}),
    "in a loop, bound twice": ("for _ in range(2):\n  a = accuracy_score(y, p)\n  a = a * 100", {"a": [50.0, 50.0]}),
    "of a module": ("metrics.f1_score(y, y)", {"f1_score": [1.0]}),
    "under another name": ("from sklearn.metrics import accuracy_score as acc\nacc(y, p)", {"accuracy_score": [0.5]}),
    "imported by the cell": ("import sklearn.metrics as m\nm.accuracy_score(y, p)", {"accuracy_score": [0.5]}),
    "through a function": ("def check(): return accuracy_score(y, p)\ncheck()", {"accuracy_score": [0.5]}),
    "through a function of two metrics": (
        "def check(): return accuracy_score(y, p) + f1_score(y, y)\ncheck()", {"check": [1.5]},
    ),
    "a function that measures nothing": ("half(accuracy_score(y, p))", {"accuracy_score": [0.5], "half": [0.25]}),
    "parts that are unpacked": (
        "a, b, c, _ = precision_recall_fscore_support(y, y, average='macro')", {"a": [1.0], "b": [1.0], "c": [1.0]},
    ),
    "parts in one name": (
        "r = precision_recall_fscore_support(y, y, average='macro')",
        {"r.precision": [1.0], "r.recall": [1.0], "r.fscore": [1.0]},
    ),
    "a value for each class": ("r = f1_score(y, y, average=None)", {"r.0": [1.0], "r.1": [1.0]}),
    "a curve of thresholds is no number": ("a, b, c = roc_curve(y, p)", {}),
    "a report as text": ("r = metrics.classification_report(y, p)", {}),
    "a matrix": ("r = metrics.confusion_matrix(y, p)", {}),
    "given to an estimator": ("s = metrics.make_scorer(f1_score)", {}),
    "a loop over functions": ("for f in (accuracy_score, f1_score): print(f(y, y))", {"accuracy_score": [1.0], "f1_score": [1.0]}),
    "a loop over functions, by their names": (
        "r = {}\nfor f in (accuracy_score, f1_score): r[f.__name__] = f(y, y)", {"r.accuracy_score": [1.0], "r.f1_score": [1.0]},
    ),
    "a dict of functions": (
        "fs = {'acc': accuracy_score, 'f1': f1_score}\nprint({name: f(y, y) for name, f in fs.items()})",
        {"accuracy_score": [1.0], "f1_score": [1.0]},
    ),
    "an item of a dict of functions": ("fs = {'acc': accuracy_score}\nfs['acc'](y, p)", {"accuracy_score": [0.5]}),
    "not called": ("f = accuracy_score", {}),
}  # fmt: skip
LAST = {
    "a name": ("acc", {}, "acc = 0.5"),  # read, so a parameter
    "an attribute": ("s.best", {"s.best": [0.5]}, "class S: best = 0.5\ns = S()"),
    "a call": ("half(1)", {"half": [0.5]}),
    "a method": ("np.float64(0.5).item()", {"item": [0.5]}),
    "a call of a module": ("math.sqrt(0.25)", {"math.sqrt": [0.5]}),
    "arithmetic": ("1 - half(1)", {"result": [0.5]}),
    "a literal": ("0.5", {"result": [0.5]}),
    "an item": ("r[0]", {"result": [0.5]}, "r = [0.5]"),
    "a long name": (f"{'a' * 70}.best", {"result": [0.5]}, f"class S: best = 0.5\n{'a' * 70} = S()"),
    "an integer": ("len(y)", {}),
    "a sum": ("sum([0.5])", {}),
    "a flag": ("half(1) == 0.5", {}),
    "a private name": ("_s.best", {}, "class S: best = 0.5\n_s = S()"),
    "a clock": ("time.time()", {}),
    "a tuple": ("half(1), half(2)", {}),
    "no expression": ("half(1)\npass", {}),
    "a value that is bound too": ("acc = half(1)\nacc", {"acc": [0.5]}),
    "a parameter": ("lr = 0.5\nlr", {}),
    "None": ("print()", {}),
}  # fmt: skip
DICTS = {
    "of floats": ("r = {'a': half(1), 'b': half(2)}", {"r.a": [0.5], "r.b": [1.0]}),
    "of floats and integers": ("r = {'a': half(1), 'n': len(y)}", {"r.a": [0.5], "r.n": [4.0]}),
    "of integers": ("r = {'a': len(y), 'n': len(p)}", {}),
    "with a text": ("r = {'a': half(1), 'who': 'x'}", {}),
    "with a text, and a metric's name": ("r = {'acc': half(1), 'who': 'x', 'n': 4}", {"r.acc": [0.5], "r.n": [4.0]}),
    "written down, with a metric's name": ("r = {'acc': 0.5}", {"r.acc": [0.5]}),
    "written down": ("r = {'lr': 0.5}", {}),
    "written as a call": ("r = dict(lr=0.5, n=3)", {}),
    "of parameters": ("lr, n = 0.5, 3\nr = {'lr': lr, 'n': n, 'k': 7.5}", {}),
    "of parameters of an earlier cell": ("r = {'lr': lr}\nprint(r)", {}, "lr = 0.5"),
    "of a parameter and a value": ("lr = 0.5\nr = {'lr': lr, 'm': half(1)}", {"r.lr": [0.5], "r.m": [0.5]}),
    "nested": ("r = {'val': {'a': half(1)}, 'test': {'a': half(2)}}", {"r.val.a": [0.5], "r.test.a": [1.0]}),
    "of any keys": ("r = {1: half(1), None: half(2), (3, 4): half(3)}", {"r.1": [0.5], "r.None": [1.0], "r.(3, 4)": [1.5]}),
    "of odd numbers": ("r = {'loss': np.float16(0.5), 'nan': math.nan, 'none': None, 'ok': True}", {"r.loss": [0.5], "r.nan": [math.nan]}),
    "of arrays": ("r = {'loss': np.ones(2), 'acc': np.ones(1)}", {}),
    "of curves": ("r = {'loss': [0.5, half(1)], 'lr': [0.5]}", {"r.loss": [0.5, 0.5]}),
    "of an earlier cell, filled": ("r['b'] = half(1)", {"r.b": [0.5]}, "r = {'a': 0.25}"),
    "of an earlier cell, read": ("print(r)", {}, "r = {'acc': 0.25}"),
    "of an earlier cell, filled by a function": ("fill()", {"r.acc": [0.5]}, "r = {'old': 0.25}\ndef fill(): r['acc'] = half(1)"),
    "of an earlier cell, overwritten by the same": ("r['a'] = half(1)", {"r.a": [0.5]}, "r = {'a': 0.5}"),
    "empty": ("r = {}", {}),
    "private": ("_r = {'acc': half(1)}", {}),
    "a subclass": ("r = collections.OrderedDict(acc=half(1))", {"r.acc": [0.5]}),
}  # fmt: skip
CLOCKS = {
    "a time": ("t = time.time()", {}),
    "a counter": ("t = time.perf_counter()", {}),
    "a date": ("t = datetime.now().timestamp()", {}),
    "imported": ("from time import monotonic as now\nt = now()", {}),
    "in a loop": ("for i in range(3): t = time.time()", {}),
    "a pause": ("t = max(0.5, half(1) - 9)", {"t": [0.5]}),
    "a function of the name": ("def time(): return half(1)\nt = time()", {"t": [0.5]}),
    "a time, then a value": ("t = time.time()\nt = half(1)", {"t": [0.5]}),
}  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{kind}: {name}")
        for kind, cases in [
            ("bound", BOUND), ("grown", GROWN), ("loop", LOOPS), ("function", FUNCTIONS), ("last", LAST), ("dict", DICTS), ("clock", CLOCKS),
        ]
        for name, case in cases.items()
    ],
)  # fmt: skip
def test_the_metrics_of_a_cell(infer, case):
    source, expected, *before = case
    found = infer(source, *before)
    assert found.metrics == {key: pytest.approx(values, nan_ok=True) for key, values in expected.items()}
    assert found.notes == []


@pytest.mark.parametrize(
    ("source", "metrics"),
    [
        ("early = half(1)\n1 / 0\nlate = half(2)", {"early": [0.5]}),
        ("for i in (1, 2, 0): a = 1 / i", {"a": [1.0, 0.5]}),
        ("s = 0.0\nfor i in (1, 2, 0): s += 1 / i\ns /= 3", {"s": [1.0, 1.5]}),
        ("acc, loss = half(1), half(2), half(3)", {}),
        ("acc, loss = (half(i) for i in range(3))", {}),
        ("acc = half('')", {}),
        ("acc = loss = half(1)\nloss[0]", {"acc": [0.5], "loss": [0.5]}),
        ("print(accuracy_score(y, p))\naccuracy_score(y, [1])", {"accuracy_score": [0.5]}),
        ("d = {}\nd['a'] = half(1)\nd['b'] = half('')", {"d.a": [0.5]}),
        ("d = {'acc': half(1), 'f1': half('')}", {}),
        ("h = []\nfor i in (1, 0): h.append(1 / i)", {"h": [1.0]}),
    ],
)
def test_of_a_cell_that_fails_what_it_came_to(infer, source, metrics):
    """The names have values from earlier cells, which are not this one's."""
    found = infer(source, "acc, loss, late, a, h = 0.75, 0.25, 9.0, 7.0, [0.5]", fails=True)
    assert {key: values for key, values in found.metrics.items() if key != "h" or values} == metrics


def test_a_metric_that_the_cell_does_not_name_has_the_name_of_its_function(infer):
    found = infer("print(accuracy_score(y, p), accuracy_score(y, y))\nacc = f1_score(y, p)")
    assert found.measures == {"accuracy_score": "accuracy_score", "accuracy_score_y": "accuracy_score"}


def test_a_value_that_cannot_be_inspected_is_left_out_and_said(infer):
    odd = (
        "class Odd(float):\n    def __float__(self): raise RuntimeError('no')\n"
        "class Mute:\n    dtype = property(lambda self: 1 / 0)\n    ndim = 0\n"
    )
    found = infer("loss = Odd(0.5)\nother = Mute()\nacc = half(1)", odd)
    assert found.metrics == {"acc": [0.5]}
    assert all("acc" not in note for note in found.notes)
    assert any("loss" in note and "RuntimeError" in note for note in found.notes)
