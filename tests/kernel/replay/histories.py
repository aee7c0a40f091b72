"""Session histories as people make them, out of order and untidy, and what their reproduction must say.

Each is replayed from its record in a fresh kernel. ``after`` changes the world between the two; ``cause`` must then be
among the causes that the report names, ``note`` in a note, and ``told`` begin what it says of a result. ``prepare`` goes
before the first cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LOAD = "%load_ext mlmagic"
DATA = """\
import numpy as np, pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
X, y = load_iris(return_X_y=True)"""


@dataclass(frozen=True)
class History:
    """Cells in the order in which they ran; the last tracked one is reproduced."""

    name: str
    cells: tuple[str, ...]
    verdict: str = "IDENTICAL"
    cause: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    after: Callable[[Path], None] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    sample: bool = False
    slice_of: int | None = None
    before_load: bool = False
    child: str = ""
    not_cause: str = " - "
    marks: tuple[str, ...] = ()
    prepare: Callable[[Path], None] | None = None
    note: str = ""
    told: str = ""


def _history(name: str, *cells: str, **more) -> History:
    return History(name, cells if more.get("before_load") else (LOAD, *cells), **more)


def _write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text)


def _remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


TRACKED = "%%track it\nscore = float(value)"

ORDER = [
    _history(
        "defined below its use, run first",
        "base = 3",
        "def f(x):\n    return x * base",
        "base = 5",
        "value = f(2)",
        TRACKED,
        sample=True,
    ),
    _history(
        "a cell run three times",
        "value = 1",
        "value = value * 2 + 1",
        "value = value * 2 + 1",
        "value = value * 2 + 1",
        TRACKED,
    ),
    _history("a cell edited and run again", "x = 1", "x = 2", "value = x * 10", "x = 3", TRACKED),
    _history("a deleted cell's name", "secret_sauce = 7", "value = secret_sauce", "del secret_sauce", TRACKED),
    _history("a name rebound after its use", "a = [1]", "b = a", "a = [2, 3]", "value = sum(b) + sum(a)", TRACKED),
    _history(
        "cells that do not matter",
        "value = 4",
        "other = [0] * 1000",
        "other2 = sum(other)",
        "print('hello')",
        TRACKED,
        slice_of=3,
    ),
    _history("two runs of one cell", "value = 1", "%%track it\nscore = float(value)", "value = 2", TRACKED),
    _history(
        "the name of a cell's result",
        "value = 1",
        "%%track it\nvalue = value + 1\nscore = float(value)",
        "%%track it\nvalue = value + 1\nscore = float(value)",
    ),
    _history(
        "a failed half cell",
        "value = 1",
        "value = 2\nraise ValueError('half')\nvalue = 3",
        "value += 10",
        TRACKED,
        sample=True,
    ),
    _history("a syntax error between", "value = 1", "value = = 2", "value += 1", TRACKED),
    _history("a cell before mlmagic was loaded", "early = 5", LOAD, "value = early * 2", TRACKED, before_load=True),
    _history("last value", "40 + 2", "value = _", TRACKED),
    _history("an output by its number", "11", "value = 2", "value = value + Out[2]", TRACKED),
    _history("an input by its number", "value = 3", "value = len(In[2])", TRACKED),
]

OBJECTS = [
    _history("an alias changed", "a = [1, 2]", "b = a", "b.append(10)", "value = sum(a)", TRACKED, sample=True),
    _history("a view changed", DATA, "view = X[:, 0]", "view += 1", "value = X.sum()", TRACKED),
    _history(
        "a slice of a list kept",
        "rows = [[1], [2]]",
        "first = rows[0]",
        "first.append(5)",
        "value = sum(map(sum, rows))",
        TRACKED,
    ),
    _history(
        "a frame changed in place",
        "import pandas as pd",
        "df = pd.DataFrame({'a': [3, 1, 2]})",
        "df.sort_values('a', inplace=True)",
        "df.loc[0, 'a'] = 9",
        "value = df['a'].iloc[-1]",
        TRACKED,
    ),
    _history("an iterator partly consumed", "it = iter(range(100))", "next(it); next(it)", "value = next(it)", TRACKED),
    _history(
        "a generator consumed by a loop",
        "g = (i * i for i in range(10))",
        "for i in g:\n    if i > 10:\n        break",
        "value = sum(g)",
        TRACKED,
    ),
    _history(
        "a cache",
        "from functools import lru_cache\ncalls = []\n@lru_cache\ndef slow(x):\n    calls.append(x)\n    return x * 2",
        "slow(2)",
        "slow(2); slow(3)",
        "value = slow(2) + len(calls)",
        TRACKED,
    ),
    _history(
        "a helper over a global that changed",
        "scale = 1\ndef helper(x):\n    return x * scale",
        "scale = 4",
        "value = helper(3)",
        TRACKED,
    ),
    _history(
        "a closure",
        "def make(n):\n    count = [n]\n    def inc():\n        count[0] += 1\n        return count[0]\n    return inc",
        "inc = make(5)",
        "inc(); inc()",
        "value = inc()",
        TRACKED,
    ),
    _history(
        "a default argument that grows",
        "def add(x, seen=[]):\n    seen.append(x)\n    return len(seen)",
        "add(1); add(2)",
        "value = add(3)",
        TRACKED,
    ),
    _history("a class attribute", "class Config:\n    lr = 0.1", "Config.lr = 0.5", "value = Config.lr", TRACKED),
    _history(
        "a monkeypatch of a class",
        DATA,
        "class Mine(LogisticRegression):\n    pass\nMine.score = lambda self, X, y: 0.25",
        "value = Mine().fit(X, y).score(X, y)",
        TRACKED,
    ),
    _history(
        "a monkeypatch of a library",
        DATA,
        "np.mean_of_mine = lambda a: float(a[0]) * 2",
        "value = np.mean_of_mine(X[:, 0])",
        TRACKED,
        sample=True,
    ),
    _history("a star import", "from math import *", "value = sqrt(16) + pi", TRACKED),
    _history("exec binds a name", "exec('value = 12')", TRACKED),
    _history("globals() binds a name", "globals()['value'] = 13", TRACKED),
    _history("a global statement in a function", "def put():\n    global value\n    value = 21", "put()", TRACKED),
    _history("a loop variable left behind", "for value in range(5):\n    pass", TRACKED),
    _history(
        "a dict of settings filled later",
        "CONFIG = {}",
        "CONFIG['lr'] = 0.5",
        "CONFIG.update(depth=3)",
        "value = CONFIG['lr'] * CONFIG['depth']",
        TRACKED,
    ),
    _history("unpacking and walrus", "first, *rest = [3, 4, 5]", "value = (n := len(rest)) + first + n", TRACKED),
]

RANDOM = [
    _history(
        "seeded once",
        "%seed 7",
        DATA,
        "%%track it\nmodel = RandomForestClassifier(20).fit(X[::2], y[::2])\naccuracy = model.score(X[1::2], y[1::2])",
        sample=True,
    ),
    _history(
        "never seeded",
        DATA,
        "noise = np.random.rand(10)",
        "%%track it\nscore = float(noise.sum() + np.random.rand())",
        sample=True,
    ),
    _history(
        "draws between the seed and the cell",
        "%seed 1",
        "import numpy as np",
        "np.random.rand(17)",
        "%%track it\nscore = float(np.random.rand())",
    ),
    _history(
        "other draws than the cell's",
        "import random",
        "random.seed(3)",
        "junk = [random.random() for _ in range(100)]",
        "%%track it\nscore = random.random()",
    ),
    _history(
        "an unseeded generator",
        "import numpy as np",
        "rng = np.random.default_rng()",
        "%%track it\nscore = float(rng.random())",
        sample=True,
    ),
    _history(
        "an unseeded generator in the cell",
        "import numpy as np",
        "%%track it\nscore = float(np.random.default_rng().random() + np.random.RandomState().rand())",
    ),
    _history(
        "a seeded generator advanced",
        "import numpy as np",
        "rng = np.random.default_rng(5)",
        "rng.random(100)",
        "%%track it\nscore = float(rng.random())",
    ),
    _history(
        "a generator of the session",
        "%seed 11",
        "import mlmagic\nrng = mlmagic.rng()",
        "rng.random(3)",
        "%%track it\nscore = float(rng.random())",
    ),
    _history(
        "an unseeded split",
        DATA,
        "X_train, X_test, y_train, y_test = train_test_split(X, y)",
        "%%track it\nmodel = RandomForestClassifier(10).fit(X_train, y_train)\naccuracy = model.score(X_test, y_test)",
    ),
    _history(
        "three trainings, the last reproduced",
        "%seed 3",
        DATA,
        *["%%track it\nmodel = RandomForestClassifier(5).fit(X[::2], y[::2])\naccuracy = model.score(X[1::2], y[1::2])"]
        * 3,
        slice_of=4,
    ),
    _history(
        "a set of texts with a fixed hash seed",
        "names = {'b', 'a', 'c', 'd'}",
        "%%track it\nscore = float([*names].index('a'))",
        environment={"PYTHONHASHSEED": "4"},
    ),
    _history(
        "a set of texts without one",
        "names = {f'n{i}' for i in range(2000)}",
        "%%track it\nscore = float([*names].index('n5'))",
        verdict="DIFFERENT",
        cause="sets",
    ),
    _history(
        "random bytes of the system",
        "import os",
        "%%track it\nscore = float(int.from_bytes(os.urandom(4), 'big'))",
        verdict="DIFFERENT",
        cause="random",
    ),
    _history(
        "a random uuid",
        "import uuid",
        "%%track it\nscore = float(uuid.uuid4().int % 10**9)",
        verdict="DIFFERENT",
        cause="random",
    ),
    _history(
        "a clock beside a metric",
        "import time\nt0 = time.perf_counter()",
        "%%track it\nscore = 0.5\nelapsed_seconds = time.perf_counter() - t0",
    ),
]

TORCH = [
    _history(
        "torch, never seeded",
        "import torch",
        "w = torch.nn.Linear(4, 1)",
        "%%track it\nloss = float(w(torch.rand(8, 4)).pow(2).mean())",
        sample=True,
    ),
    _history(
        "a torch training run",
        "%seed 5",
        "import torch\nX = torch.randn(64, 3); y = X.sum(1, keepdim=True)",
        "%%track it\nmodel = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))\noptimizer = torch.optim.Adam(model.parameters(), lr=0.01)\nlosses = []\nfor epoch in range(5):\n    optimizer.zero_grad()\n    loss = torch.nn.functional.mse_loss(model(X), y)\n    loss.backward()\n    optimizer.step()\n    losses.append(float(loss))",
    ),
    _history(
        "a DataLoader with workers",
        "%seed 5",
        "import torch\ndata = torch.utils.data.TensorDataset(torch.arange(40.0))",
        "%%track it\nloader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True, num_workers=1)\nscore = float(sum((i + 1) * batch[0].sum() for i, batch in enumerate(loader)))",
    ),
    _history(
        "two threads, then one",
        "import torch",
        "torch.set_num_threads(2)\na = torch.rand(300, 300)",
        "torch.set_num_threads(1)",
        "%%track it\nscore = float((a @ a).sum())",
    ),
]

_WORDS = """\
import os, time
from sklearn.base import BaseEstimator, ClassifierMixin
class Words(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        self.fitted_at = time.time_ns()
        self.seen = {f'word {at}' for at in range(99)}
        self.first = ORDER(self.seen)[0]
        return self
    def predict(self, X):
        return (X[:, 0] * 100).astype(int) % 7 + len(self.first) * 0 + SIGN(self.first)"""

MODELS = [
    _history(
        "a model with other bytes each time",
        DATA,
        f"ORDER = sorted\nSIGN = lambda word: 0\n{_WORDS}",
        "%%track it\nmodel = Words().fit(X, y)",
        told="predicts the same on 5 stored rows",
        sample=True,
    ),
    _history(
        "a model that the order of a set decides",
        DATA,
        f"ORDER = list\nSIGN = lambda word: sum(map(ord, word))\n{_WORDS}",
        "%%track it\nmodel = Words().fit(X, y)",
        verdict="DIFFERENT",
        cause="sets",
        told="5 of 5 stored predictions differ",
        sample=True,
    ),
    _history(
        "a model that random bytes of the system decide",
        DATA,
        "import os\nfrom sklearn.linear_model import Ridge",
        "%%track it\nmodel = Ridge(alpha=1.0).fit(X, y + os.urandom(1)[0])",
        verdict="DIFFERENT",
        cause="random",
        told="5 of 5 stored predictions differ, by up to",
    ),
    _history(
        "a model of a file that changed",
        "import pandas as pd\nfrom sklearn.linear_model import Ridge",
        "df = pd.read_csv('data.csv')",
        "%%track it\nmodel = Ridge(alpha=1.0).fit(df[['x']], df['z'])",
        files={"data.csv": "x,z\n1,1\n2,1\n6,3\n"},
        after=_write("data.csv", "x,z\n1,1\n2,1\n6,4\n"),
        verdict="DIFFERENT",
        cause="data.csv",
        told="3 of 3 stored predictions differ",
    ),
    _history(
        "a forest on two threads, and a pipeline",
        "%seed 7",
        DATA,
        "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler",
        "%%track it\nforest = RandomForestClassifier(20, n_jobs=2).fit(X, y)\npipe = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)",
    ),
    _history(
        "a model of an edited module",
        "from mine import Mine",
        DATA,
        "%%track it\nmodel = Mine().fit(X, y)",
        files={
            "mine.py": "import time\nfrom sklearn.linear_model import Ridge\nclass Mine(Ridge):\n    def fit(self, X, y):\n        self.at = time.time_ns()\n        return super().fit(X, y)\n"
        },
        after=_write("mine.py", "Mine = None\n"),
        told="predicts the same on 5 stored rows",
    ),
    _history(
        "a model of a module on a path that a cell added",
        "import sys\nsys.path.append('src')\nfrom deep import Deep",
        DATA,
        "%%track it\nmodel = Deep().fit(X, y)",
        files={
            "src/deep.py": "import threading, time\nfrom sklearn.linear_model import Ridge\nLOCK = threading.Lock()\nclass Deep(Ridge):\n    def fit(self, X, y):\n        with LOCK:\n            self.at = time.time_ns()\n        return super().fit(X, y)\n"
        },
        told="predicts the same on 5 stored rows",
    ),
    _history(
        "a torch model that holds a set and a time",
        "%seed 5",
        "import time, torch\nX = torch.randn(64, 3); y = X.sum(1, keepdim=True)",
        "class Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.layer = torch.nn.Linear(3, 1)\n        self.drop = torch.nn.Dropout(0.3)\n        self.words = {f'w{at}' for at in range(50)}\n        self.at = time.time_ns()\n    def forward(self, rows):\n        return self.drop(self.layer(rows))",
        "%%track it\nnet = Net()\noptimizer = torch.optim.SGD(net.parameters(), lr=0.1)\nfor epoch in range(3):\n    optimizer.zero_grad()\n    loss = (net(X) - y).pow(2).mean()\n    loss.backward()\n    optimizer.step()",
        told="predicts the same on 5 stored rows",
    ),
    _history(
        "a model that MLflow logged",
        DATA,
        "import mlflow, time",
        "%%track it\nmodel = LogisticRegression().fit(X, y)\nmodel.at = time.time_ns()\n_ = mlflow.sklearn.log_model(model, name='model', input_example=X[:4], serialization_format='cloudpickle', pip_requirements=[])",
        told="its files do not bear your signature, so it was not loaded. If you know it: mlmagic.load_model('runs:/",
    ),
    _history(
        "a model without rows",
        "from sklearn.linear_model import Ridge",
        "%%track it\nmodel = Ridge(alpha=1.0).fit([[0.5], [1.5]], [1.0, 2.0])",
    ),
]

FILES = [
    _history(
        "a file read",
        "import pandas as pd",
        "df = pd.read_csv('data.csv')",
        "value = df.x.mean()",
        TRACKED,
        files={"data.csv": "x\n1\n2\n6\n"},
        sample=True,
    ),
    _history(
        "a file changed since",
        "import pandas as pd",
        "df = pd.read_csv('data.csv')",
        "%%track it\nscore = float(df.x.mean())",
        files={"data.csv": "x,z\n1,1\n2,1\n6,1\n"},
        after=_write("data.csv", "x,z\n1,1\n2,1\n7,1\n"),
        verdict="DIFFERENT",
        cause="data.csv",
        sample=True,
    ),
    _history(
        "only the rows' order changed",
        "import pandas as pd",
        "df = pd.read_csv('data.csv')",
        "%%track it\nscore = float(df.x.iloc[0])",
        files={"data.csv": "x\n1\n2\n6\n"},
        after=_write("data.csv", "x\n6\n1\n2\n"),
        verdict="DIFFERENT",
        cause="only the order",
    ),
    _history(
        "a file deleted since",
        "import pandas as pd",
        "df = pd.read_csv('data.csv')",
        "%%track it\nscore = float(df.x.mean())",
        files={"data.csv": "x\n1\n"},
        after=_remove("data.csv"),
        verdict="CANNOT RUN",
        cause="data.csv",
    ),
    _history(
        "a cache that the cell wrote",
        "import pathlib",
        """def cached():
    file = pathlib.Path("cache.txt")
    if file.exists():
        return float(file.read_text())
    file.write_text("0.25")
    return 0.5""",
        "%%track it\nscore = cached()",
        verdict="DIFFERENT",
        cause="the file cache.txt: the cell reads it now, which it wrote then",
    ),
    _history(
        "a file changed that does not matter",
        "a = open('notes.txt').read()",
        "value = 3",
        TRACKED,
        files={"notes.txt": "a"},
        after=_write("notes.txt", "b"),
    ),
    _history(
        "a file that the session wrote",
        "open('made.txt', 'w').write('5')",
        "value = int(open('made.txt').read())",
        TRACKED,
        after=_write("made.txt", "9"),
    ),
    _history(
        "another folder",
        "import os, pathlib\npathlib.Path('sub').mkdir(exist_ok=True)\npathlib.Path('sub/n.txt').write_text('8')",
        "os.chdir('sub')",
        "value = int(open('n.txt').read())",
        TRACKED,
    ),
    _history(
        "the magic cd",
        "import pathlib\npathlib.Path('sub').mkdir(exist_ok=True)\npathlib.Path('sub/n.txt').write_text('8')",
        "%cd -q sub",
        "value = int(open('n.txt').read())",
        TRACKED,
    ),
    _history(
        "an environment variable",
        "import os\nos.environ['MY_SCALE'] = '3'",
        "value = int(os.environ['MY_SCALE']) * 2",
        TRACKED,
    ),
    _history(
        "a module of the project",
        "import helpers",
        "value = helpers.twice(4)",
        TRACKED,
        files={"helpers.py": "def twice(x):\n    return 2 * x\n"},
    ),
    _history(
        "a module edited since",
        "import helpers",
        "value = helpers.twice(4)",
        TRACKED,
        files={"helpers.py": "def twice(x):\n    return 2 * x\n"},
        after=_write("helpers.py", "def twice(x):\n    return 3 * x\n"),
        sample=True,
    ),
    _history(
        "a module edited while it was imported",
        "import helpers",
        "open('helpers.py', 'w').write('def twice(x):\\n    return 5 * x\\n')",
        "value = helpers.twice(4)",
        TRACKED,
        files={"helpers.py": "def twice(x):\n    return 2 * x\n"},
    ),
    _history(
        "a module reloaded",
        "import helpers, importlib",
        "open('helpers.py', 'w').write('def twice(x):\\n    return 5 * x\\n')\nimportlib.reload(helpers)",
        "value = helpers.twice(4)",
        TRACKED,
        files={"helpers.py": "def twice(x):\n    return 2 * x\n"},
    ),
    _history(
        "a package of the project edited since",
        "from kit.tools import twice",
        "value = twice(4)",
        TRACKED,
        files={"kit/__init__.py": "", "kit/tools.py": "def twice(x):\n    return 2 * x\n"},
        after=_write("kit/tools.py", "def twice(x):\n    return 3 * x\n"),
    ),
    _history(
        "a module that autoreload read again",
        "%load_ext autoreload",
        "%autoreload 2",
        "from lib import run",
        "first = run(1)",
        "open('lib.py', 'w').write('K = 50\\ndef run(x):\\n    return x * K\\n')",
        "value = run(1)",
        TRACKED,
        files={"lib.py": "K = 2\ndef run(x):\n    return x * K\n"},
    ),
    _history(
        "a file that an unrelated cell read has changed",
        "settings = open('settings.txt').read()",
        "n = int(open('n.txt').read())",
        "%%track it\nscore = n / 7",
        files={"settings.txt": "a", "n.txt": "5"},
        after=lambda folder: [(folder / name).write_text("8") for name in ("settings.txt", "n.txt")],
        verdict="DIFFERENT",
        cause="n.txt",
        not_cause="settings.txt",
    ),
    _history(
        "a script by %run", "%run prepare.py", "value = prepared", TRACKED, files={"prepare.py": "prepared = 6\n"}
    ),
]

RUNS = [
    _history(
        "a run of the store is read",
        "value = 5",
        "%%track first\nscore = float(value)",
        "import mlflow\nvalue = 1 + len(mlflow.search_runs())",
        TRACKED,
    ),
    _history(
        "another store is named", "import mlflow\nmlflow.set_tracking_uri('sqlite:///mlflow.db')", "value = 5", TRACKED
    ),
    _history(
        "curves by steps",
        "import mlmagic",
        "%%track it\nfor step in range(5):\n    mlmagic.log(loss=1 / (step + 1), step=step)",
    ),
    _history(
        "a figure",
        "import numpy as np\nimport matplotlib.pyplot as plt",
        "z = np.random.rand(20)",
        "%%track it\nplt.plot(z); plt.title('noise')\nscore = float(z.sum())",
        sample=True,
    ),
    _history(
        "folds",
        DATA,
        "from sklearn.model_selection import KFold\nimport mlmagic",
        "%%track it\nfor fold in mlmagic.folds(KFold(3, shuffle=True, random_state=0), X, y):\n    accuracy = LogisticRegression().fit(fold.X_train, fold.y_train).score(fold.X_val, fold.y_val)",
        child="fold_1",
    ),
    _history(
        "a sweep's trial",
        DATA,
        "%%sweep it C=0.1,1.0\naccuracy = LogisticRegression(C=C).fit(X[::2], y[::2]).score(X[1::2], y[1::2])",
        child="trial",
    ),
    _history(
        "blocks in a loop",
        "import mlmagic",
        "for n in (1, 2, 3):\n    with mlmagic.track(f'it-{n}'):\n        mlmagic.log(score=n / 7)",
        child="it-2",
    ),
    _history("a run that failed", "value = 0", "%%track it\nbefore = 0.5\nscore = 1 / value"),
    _history("top-level await", "import asyncio", "%%track it\nawait asyncio.sleep(0)\nscore = 0.25"),
    _history("a magic within the cell", "value = 3", "%%track it\n%matplotlib inline\nscore = float(value)"),
    _history("timed by %%time", "value = 3", "%%track it\n%%time\nscore = float(value)"),
    _history(
        "asks for input",
        "value = 3",
        "%%track it\nscore = float(input('number? '))",
        verdict="CANNOT RUN",
        cause="input",
        marks=("answers",),
    ),
    _history(
        "a secret that is used by its length",
        "import os",
        "os.environ['API_TOKEN'] = 'abcd1234efgh'",
        "%%track it\nscore = len(os.environ['API_TOKEN']) / 7",
        verdict="CANNOT RUN",
        cause="secret",
    ),
    _history(
        "a reproduction before",
        "import random",
        "%%track one\nscore = random.random()",
        "%reproduce one",
        "value = 3\nfound = %reproduce one",
        "found.exit_code, found.causes[:1], str(found)\nvalue += 0 * len(list(found.results))",
        "%%track it\nscore = random.random() + value",
        slice_of=5,
    ),
    _history(
        "a secret in the source",
        "password = 'Xk29-fjeK-28fj-Qpw1'",
        "%%track it\nassert password.startswith('Xk29')\nscore = 0.5",
        verdict="CANNOT RUN",
        cause="secret",
    ),
    _history(
        "an interrupted cell",
        "import time\nvalue = 1",
        "value = 2\nprint('ready', flush=True)\ntime.sleep(60)",
        TRACKED,
        verdict="CANNOT RUN",
        cause="interrupted",
        marks=("interrupts",),
    ),
]

HISTORIES = [*ORDER, *OBJECTS, *RANDOM, *TORCH, *MODELS, *FILES, *RUNS]
