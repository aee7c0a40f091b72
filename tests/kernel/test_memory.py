"""What a cell deletes or rebinds is freed while it runs, and what it shows stays the same, tracked or not."""

from __future__ import annotations

import pytest

SETUP = """
import gc, weakref, threading
import numpy as np, pandas as pd
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
gc.disable()
class Own:
    def __init__(self, value=None): self.value = value
class Slots:
    __slots__ = ("value", "__weakref__")
class Peculiar:
    def __eq__(self, other): return True
    def __bool__(self): raise RuntimeError("no truth")
    def __len__(self): return -1
    __hash__ = None
def fresh(rows=50):
    global x, y, df, t, own, held, model, frames, array
    x, y = np.arange(2.0 * rows).reshape(rows, 2), np.arange(rows) % 2
    df = pd.DataFrame({"a": x[:, 0], "b": y})
    own, array = Own(np.ones(rows)), x
    held = [np.ones(rows)]
    frames = {"train": df.copy(), "y": y.copy()}
    model = Ridge().fit(x, y)
def freed(*references): print([one() is None for one in references])
"""

WITH_TENSORS = """
import torch
t = torch.ones(50)
"""

CASES = {
    "an array": "w = weakref.ref(x); z = x[:10].copy(); del x, array\nfreed(w)",
    "an array that is read": "w = weakref.ref(x); print(x.sum()); del x, array\nfreed(w)",
    "a frame rebound": "w = weakref.ref(df); df = df[['a']].copy(); gc.collect()\nfreed(w)",
    "a tensor rebound": "w = weakref.ref(t); t = t * 2\nfreed(w)",
    "an own object": "w, v = weakref.ref(own), weakref.ref(own.value); own = None\nfreed(w, v)",
    "what a list held": "w = weakref.ref(held[0]); held.clear()\nfreed(w)",
    "what a dict held": "w = weakref.ref(frames['train']); del frames; gc.collect()\nfreed(w)",
    "a slot object": "s = Slots(); w = weakref.ref(s); s = 1\nfreed(w)",
    "a peculiar object": "p = Peculiar(); w = weakref.ref(p); q = p; del p, q\nfreed(w)",
    "a model": "w = weakref.ref(model); print(model.predict(x)[:2].round(3)); del model; gc.collect()\nfreed(w)",
    "a model fitted and deleted": "m = Ridge(); m.fit(x, y); w = weakref.ref(m); del m; gc.collect()\nfreed(w)",
    "a model rebound in a loop": (
        "refs = []\nfor a in (1.0, 2.0, 3.0):\n    m = Ridge(a).fit(x, y); refs.append(weakref.ref(m))\n"
        "gc.collect()\nfreed(*refs)"
    ),
    "data given to a fit": "m = LinearRegression().fit(x, y)\nw, v = weakref.ref(x), weakref.ref(y)\ndel x, y, array\nfreed(w, v)",
    "data made here": (
        "a, b, c, d = train_test_split(x, y, random_state=0)\nm = Ridge().fit(a, c); m.score(b, d)\n"
        "refs = [weakref.ref(each) for each in (a, b, c, d)]\ndel a, b, c, d\nfreed(*refs)"
    ),
    "labels and predictions": (
        "p = y.copy(); w = weakref.ref(p); print(accuracy_score(y, p), f1_score(y, p, average=None)); del p\nfreed(w)"
    ),
    "a result in a loop": (
        "refs = []\nfor e in range(3):\n    r = np.ones(3) * e; refs.append(weakref.ref(r)); s = float(r.sum())\nfreed(*refs)"
    ),
    "a loss with its graph": (
        "v = torch.ones(3, requires_grad=True); refs = []\n"
        "for e in range(3):\n    loss = (v * e).sum(); refs.append(weakref.ref(loss)); loss.backward()\ndel loss\nfreed(*refs)"
    ),
    "an argument in passing": "refs = []\ndef made():\n    z = x * 2; refs.append(weakref.ref(z)); return z\n"
    "m = LinearRegression(); m.fit(made(), y)\nfreed(*refs)",
    "a receiver in passing that raises": (
        "refs = []\ndef made():\n    m = Ridge(); refs.append(weakref.ref(m)); return m\n"
        "try:\n    made().fit(x, y[:3])\nexcept ValueError as error:\n    pass\nz = Ridge().fit(x, y)\ngc.collect()\nfreed(*refs)"
    ),
    "an argument of a call that raises": (
        "z = x * 2; w = weakref.ref(z)\ntry:\n    Ridge().fit(z, y[:3])\nexcept ValueError as error:\n    pass\n"
        "del z; gc.collect()\nfreed(w)"
    ),
    "a fit in a thread": (
        "m = Ridge(); worker = threading.Thread(target=m.fit, args=(x, y)); worker.start(); worker.join()\n"
        "w = weakref.ref(m); del m, worker; gc.collect()\nfreed(w)"
    ),
    "items that are set": "d = {}; z = np.ones(3); w = weakref.ref(z); d['a'] = z; del z, d\nfreed(w)",
    "several targets": "a, [b, *c] = np.ones(2), [np.ones(2), np.ones(3)]; refs = [weakref.ref(z) for z in (a, b)]\n"
    "del a, b, c\nfreed(*refs)",
    "a walrus": "print((z := np.ones(3)).sum()); w = weakref.ref(z); del z\nfreed(w)",
    "appended": "zs = []; \nfor e in range(2):\n    zs.append(np.ones(2))\nw = weakref.ref(zs[0]); del zs\nfreed(w)",
    "an instance of a class that is deleted": (
        "class Here: pass\nh = Here(); w, v = weakref.ref(h), weakref.ref(Here); del h, Here; gc.collect()\nfreed(w, v)"
    ),
    "a function that is deleted": "def f(a): return accuracy_score(a, a)\nprint(f(y)); w = weakref.ref(f); del f\nfreed(w)",
    "a generator": "g = (i for i in range(3)); h = g; print(next(g), list(h)); w = weakref.ref(g); del g, h\nfreed(w)",
    "an iterator is not consumed": "it = iter([1.0, 2.0, 3.0]); a, b = it, it\nprint(list(it))",
    "a generator that is unpacked": "a, b = (i / 2 for i in range(2))\nprint(a, b)",
    "a map that is unpacked in a loop": "for e in range(2):\n    a, b = map(float, (e, 2))\nprint(a, b)",
    "a file that is closed": "f = open('f.txt', 'w'); f.write('x'); w = weakref.ref(f); f.close(); del f\nfreed(w)",
    "a loader": (
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "loader = DataLoader(TensorDataset(t, t), batch_size=25)\nfor a, b in loader: pass\n"
        "w = weakref.ref(loader); del loader; gc.collect()\nfreed(w)"
    ),
    "all names at once": "w = weakref.ref(df); keep = dict(globals()); del keep, df; gc.collect()\nfreed(w)",
    "a failing cell's local": "z = np.ones(3); w = weakref.ref(z)\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    del z\nfreed(w)",
    "reference counts": "import sys\nz = np.ones(3); a = sys.getrefcount(z); b = z; m = Ridge().fit(x, y)\nprint(a, sys.getrefcount(z))",
    "a lying class": (
        "class Lies:\n    @property\n    def __class__(self): raise RuntimeError('no class')\n"
        "    def __getattr__(self, name): raise RuntimeError(name)\n    def __repr__(self): raise RuntimeError('mute')\n"
        "lie = Lies(); w = weakref.ref(lie); other = lie; del lie, other\nfreed(w)"
    ),
    "shadowed names": "accuracy_score = lambda a, b: 'mine'\nprint(accuracy_score(1, 2)); del accuracy_score",
    "patched methods": "Ridge.fit, was = (lambda self, *a: 'patched'), Ridge.fit\nprint(Ridge().fit(x, y)); Ridge.fit = was",
    "a metric that is deleted": "from sklearn.metrics import f1_score as score_of\nprint(score_of(y, y)); del score_of",
    "names that are cleared": "kept = dict(globals())\nfor name in ['x', 'y', 'df']: globals().pop(name)\nprint('x' in globals())",
    "a star call": "rows = [x, y]; m = Ridge().fit(*rows, **{'sample_weight': np.ones(50)}); print(m.coef_.shape)",
    "an await": "import asyncio\nasync def f(): return np.ones(3)\nz = await f(); w = weakref.ref(z); del z\nfreed(w)",
}


@pytest.fixture(scope="module")
def both(kernel, plain_kernel):
    for one in (kernel, plain_kernel):
        one.check(SETUP)
    return kernel, plain_kernel


@pytest.mark.parametrize("name", CASES)
def test_a_tracked_cell_frees_and_shows_what_the_untracked_one_does(name, both):
    with_tensors = any(word in CASES[name] for word in ("torch", "ref(t)"))
    if with_tensors:
        pytest.importorskip("torch")
    outputs = []
    for kernel, header in zip(both, ("%%track\n", ""), strict=True):
        kernel.check(f"fresh(); _ = gc.collect(){WITH_TENSORS if with_tensors else ''}")
        outputs.append(kernel.run(header + CASES[name]))
        kernel.check("from sklearn.metrics import accuracy_score")
    tracked, untracked = outputs
    assert tracked.status == untracked.status == "ok", tracked.text
    assert tracked.stdout == untracked.stdout
    assert [line for line in tracked.summaries[0].splitlines() if "not looked at" in line or "left out" in line] == []
