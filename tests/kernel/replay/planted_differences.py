"""Pairs of runs with planted differences, and what each of them is worth by construction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moved_histories import commit, git

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LOAD = "%load_ext mlmagic"
_WINE = """\
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
X, y = load_wine(return_X_y=True)"""
_LOSS = """\
%%track {name}
model = LogisticRegression(C={c}, max_iter=5000).fit(X, y)
from sklearn.metrics import log_loss
loss = log_loss(y, model.predict_proba(X))"""


@dataclass(frozen=True)
class Planted:
    """The cells of both runs, in two kernels, or in one if ``second`` goes on where ``first`` ended.

    ``worth`` has the beginning of each difference, as it is shown, with its share of the metric ``score``; None if it
    is only to add up. What is not named must be noise.
    """

    name: str
    first: Sequence[str]
    second: Sequence[str]
    worth: Mapping[str, float | None]
    one_kernel: bool = False
    seeds: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Path], None] | None = None
    between: Callable[[Path], None] | None = None
    after: Callable[[Path], None] | None = None
    environments: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    not_swapped: str = ""
    sample: bool = False


def _write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text)


def _commit(folder: Path) -> None:
    git(folder, "init", "-q")
    commit(folder)


def _changed_and_committed(folder: Path) -> None:
    (folder / "data/rows.csv").write_text("1\n2\n3\n")
    commit(folder)


def _changed_again(folder: Path) -> None:
    (folder / "data/rows.csv").write_text("100\n")


PLANTED = [
    Planted(
        "one parameter",
        ["%%track a\ndepth = 3\nscore = depth / 10"],
        ["%%track b\ndepth = 5\nscore = depth / 10"],
        {"depth 3 → 5": 0.2},
    ),
    Planted(
        "two parameters of one call, and the runs in between in one kernel",
        [
            "def f(depth, width):\n    return depth + 10 * width",
            "%%track a\nscore = float(f(depth=1, width=1))",
            "%%track c\nscore = float(f(depth=9, width=9))",
        ],
        ["%%track d\nscore = float(f(depth=7, width=1))", "%%track b\nscore = float(f(depth=3, width=4))"],
        {"depth 1 → 3": 2.0, "width 1 → 4": 30.0},
        one_kernel=True,
        sample=True,
    ),
    Planted(
        "an interaction is divided",
        ["%%track a\nu = 1\nv = 1\nscore = float(u * v)"],
        ["%%track b\nu = 3\nv = 4\nscore = float(u * v)"],
        {"u 1 → 3": 5.0, "v 1 → 4": 6.0},
    ),
    Planted(
        "another line of code",
        ["x = [1.0, 2.0, 6.0]", "%%track a\nscore = sum(x) / len(x)\nscore = score * 2"],
        ["x = [1.0, 2.0, 6.0]", "%%track b\nscore = sorted(x)[1]\nscore = score * 2"],
        {"score sum(x) / len(x) → sorted(x)[1]": -2.0},
    ),
    Planted(
        "rows left out in a cell before, in one kernel",
        ["x = [1.0, 2.0, 6.0]", "%%track a\nk = 1\nscore = sum(x) * k"],
        ["x = x[:2]", "%%track b\nk = 2\nscore = sum(x) * k"],
        {"x = x[:2]": -9.0, "k 1 → 2": 6.0},
        one_kernel=True,
    ),
    Planted(
        "a module that was edited, and edited again since",
        ["import helper", "%%track a\nk = 1\nscore = helper.VALUE + k"],
        ["import helper", "%%track b\nk = 3\nscore = helper.VALUE + k"],
        {"helper ": 5.0, "k 1 → 3": 2.0},
        files={"helper.py": "VALUE = 1.0\n"},
        between=_write("helper.py", "VALUE = 6.0\n"),
    ),
    Planted(
        "a parameter beside the noise of a seed",
        [
            "import random\nrandom.seed(1)",
            "%%track a\ndepth = 3\nscore = depth + sum(random.random() for _ in range(9)) / 900",
        ],
        [
            "import random\nrandom.seed(2)",
            "%%track b\ndepth = 5\nscore = depth + sum(random.random() for _ in range(9)) / 900",
        ],
        {"depth 3 → 5": 2.0},
        seeds=3,
    ),
    Planted(
        "the seed alone",
        ["import numpy as np\nrng = np.random.default_rng(1)", "%%track a\nscore = rng.normal()"],
        ["import numpy as np\nrng = np.random.default_rng(2)", "%%track b\nscore = rng.normal()"],
        {"seed 1 → 2": -0.1565308},
    ),
    Planted(
        "a generator without a seed, and a parameter",
        [
            "import numpy as np\nrng = np.random.default_rng()",
            "%%track a\ndepth = 3\nscore = depth + rng.normal() / 1000",
        ],
        [
            "import numpy as np\nrng = np.random.default_rng()",
            "%%track b\ndepth = 5\nscore = depth + rng.normal() / 1000",
        ],
        {"depth 3 → 5": 2.0},
        seeds=3,
    ),
    Planted(
        "code that needs another cell",
        ["x = 1.0", "%%track a\nscore = x"],
        ["x = 1.0", "bonus = 4", "%%track b\nscore = x + bonus"],
        {"bonus not given → 4": 4.0},
    ),
    Planted(
        "the default of a function, and a keyword that was not given",
        [
            "def f(x, power=2, scale=1.0):\n    return scale * x ** power",
            "%%track a\nscore = f(3.0)",
        ],
        [
            "def f(x, power=3, scale=1.0):\n    return scale * x ** power",
            "%%track b\nscore = f(3.0, scale=2.0)",
        ],
        {"power 2 → 3": 27.0, "scale not given → 2.0": 18.0},
    ),
    Planted(
        "a config and its override",
        [
            "%%hydra cfg model.depth=3\nlr: 0.1\nmodel:\n  depth: 1",
            "%%track a\nscore = 100 * cfg.lr + cfg.model.depth",
        ],
        [
            "%%hydra cfg model.depth=5\nlr: 0.2\nmodel:\n  depth: 1",
            "%%track b\nscore = 100 * cfg.lr + cfg.model.depth",
        ],
        {"lr 0.1 → 0.2": 10.0, "model.depth 3 → 5": 2.0},
    ),
    Planted(
        "a dict of settings",
        ["CONFIG = {'lr': 0.1, 'net': {'width': 8}}", "%%track a\nscore = CONFIG['lr'] * CONFIG['net']['width']"],
        ["CONFIG = {'lr': 0.2, 'net': {'width': 16}}", "%%track b\nscore = CONFIG['lr'] * CONFIG['net']['width']"],
        {"lr 0.1 → 0.2": 1.2, "width 8 → 16": 1.2},
    ),
    Planted(
        "five differences, one at a time",
        ["%%track a\na, b = 0.0, 0\nc = 0\nd = 0\ne = 0\nf = 0\nscore = a + c + 2 * d + 4 * e + 8 * f"],
        ["%%track b\na, b = 16.0, 0\nc = 1\nd = 1\ne = 1\nf = 1\nscore = a + c + 2 * d + 4 * e + 8 * f"],
        {"(a, b)": 16.0, "c ": 1.0, "d ": 2.0, "e ": 4.0, "f ": 8.0},
    ),
    Planted(
        "how long a loop is, and its rate",
        ["%%track a\nlr = 0.5\nscore = 0.0\nfor step in range(4):\n    score = score + lr"],
        ["%%track b\nlr = 0.25\nscore = 0.0\nfor step in range(8):\n    score = score + lr"],
        {"lr 0.5 → 0.25": -1.5, "for step in range(4) → range(8)": 1.5},
    ),
    Planted(
        "another file",
        ["%%track a\nscale = 1\nscore = scale * float(open('one.txt').read())"],
        ["%%track b\nscale = 2\nscore = scale * float(open('two.txt').read())"],
        {"scale 1 → 2": 4.0, "score ": 3.0},
        files={"one.txt": "3", "two.txt": "5"},
    ),
    Planted(
        "a file whose first content is gone",
        ["%%track a\nscale = 1\nscore = scale * float(open('data.txt').read())"],
        ["%%track b\nscale = 2\nscore = scale * float(open('data.txt').read())"],
        {"scale 1 → 2": 5.0},
        files={"data.txt": "3"},
        between=_write("data.txt", "5"),
        not_swapped="data.txt",
    ),
    Planted(
        "the rows of a file that git has as they were",
        [
            "import csv",
            "%%track a\nscale = 1\nscore = scale * sum(float(row[0]) for row in csv.reader(open('data/rows.csv')))",
        ],
        [
            "import csv",
            "%%track b\nscale = 2\nscore = scale * sum(float(row[0]) for row in csv.reader(open('data/rows.csv')))",
        ],
        {"data/rows.csv": 4.5, "scale 1 → 2": 4.5},
        files={"data/rows.csv": "1\n2\n", ".gitignore": "*\n!data\n!data/*\n"},
        before=_commit,
        between=_changed_and_committed,
        after=_changed_again,
        sample=True,
    ),
    Planted(
        "a file that is edited and not committed, right before the cell",
        [
            "import csv",
            "scale = 1",
            "%%track a\nscore = scale * sum(float(row[0]) for row in csv.reader(open('data/rows.csv')))",
        ],
        ["scale = 2", "%%track b\nscore = scale * sum(float(row[0]) for row in csv.reader(open('data/rows.csv')))"],
        {"data/rows.csv": 4.5, "scale 1 → 2": 4.5},
        one_kernel=True,
        files={"data/rows.csv": "1\n2\n", ".gitignore": "*\n!data\n!data/*\n"},
        before=_commit,
        between=_write("data/rows.csv", "1\n2\n3\n"),
    ),
    Planted(
        "a config that is composed again in one kernel",
        [
            "%%hydra cfg\nlr: 0.1\nmodel:\n  depth: 3",
            "%%track a\nscore = cfg.lr * 10 + cfg.model.depth**2 * cfg.lr",
        ],
        [
            "%%hydra cfg lr=0.2\nlr: 0.1\nmodel:\n  depth: 4",
            "%%track b\nscore = cfg.lr * 10 + cfg.model.depth**2 * cfg.lr",
        ],
        {"lr not given → 0.2": 2.25, "depth 3 → 4": 1.05},
        one_kernel=True,
    ),
    Planted(
        "settings that are changed in a cell of their own",
        ["c = 1.0\nd = 2.0", "%%track a\nscore = c + d * d"],
        ["print('tuning')\nc = 2.0\nd = 5.0", "%%track b\nscore = c + d * d"],
        {"d 2.0 → 5.0": 21.0, "c 1.0 → 2.0": 1.0},
        one_kernel=True,
    ),
    Planted(
        "the number of threads",
        ["import os", "%%track a\nscore = float(os.environ['OMP_NUM_THREADS'])"],
        ["import os", "%%track b\nbonus = 3\nscore = float(os.environ['OMP_NUM_THREADS']) + bonus"],
        {"OMP_NUM_THREADS 1 → 2": 1.0, "bonus = 3": 3.0},
        environments=({"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "2"}),
    ),
    Planted(
        "a scaler before a real model",
        [_WINE, _LOSS.format(name="a", c=1.0)],
        [_WINE, "X = StandardScaler().fit_transform(X)", _LOSS.format(name="b", c=10.0)],
        {"C 1.0 → 10.0": None, "X = StandardScaler().fit_transform(X)": None},
    ),
    Planted(
        "a network's width and its seed",
        [
            "import torch\ntorch.manual_seed(1)\nx = torch.linspace(-1, 1, 64).unsqueeze(1)",
            "%%track a\nwidth = 2\nnet = torch.nn.Linear(1, width)\nscore = net(x).numel() + net.weight.abs().mean().item() / 1000",
        ],
        [
            "import torch\ntorch.manual_seed(2)\nx = torch.linspace(-1, 1, 64).unsqueeze(1)",
            "%%track b\nwidth = 4\nnet = torch.nn.Linear(1, width)\nscore = net(x).numel() + net.weight.abs().mean().item() / 1000",
        ],
        {"width 2 → 4": 128.0},
        seeds=2,
    ),
]
