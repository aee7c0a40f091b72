"""A reproduction's wall time beside that of the cells which it runs again, in a fresh kernel of their own."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from benchmarks.measure import Comparison, Goal, Sample
from benchmarks.project import project

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 3
_CELLS = (
    "%load_ext mlmagic",
    "import numpy as np\nfrom sklearn.datasets import load_digits\nfrom sklearn.ensemble import RandomForestClassifier",
    "X, y = load_digits(return_X_y=True)\nX = np.repeat(X, 4, axis=0)\ny = np.repeat(y, 4)",
    "unrelated = np.linalg.svd(np.random.rand(600, 600))",
    "%%track it\nmodel = RandomForestClassifier(200).fit(X[::2], y[::2])\naccuracy = model.score(X[1::2], y[1::2])",
)
_SHARE, _MORE_S = 1.2, 2.0


def measure() -> list[Comparison]:
    """Record a session in a kernel, and reproduce its run; both with all that they need, from the start of a kernel."""
    originals, replays = [], []
    with project() as folder:
        for _ in range(_ROUNDS):
            originals.append(_recorded(folder))
            replays.append(_reproduced())
    ours, other = Sample("reproduced", tuple(replays)), Sample("the original, with its kernel", tuple(originals))
    goal = Goal("difference", (_SHARE - 1) * other.median + _MORE_S)
    return [Comparison("Reproduction", ours, other, (goal,))]


def _recorded(folder: Path) -> float:
    from mlmagic.replay.running.kernel import ReplayKernel

    began = time.perf_counter()
    with ReplayKernel(folder, folder, os.environ) as kernel:
        for source in _CELLS:
            reply = kernel.run(source, timeout_s=600)
            if reply.status != "ok":
                raise RuntimeError(f"{source!r} failed: {reply.message}")
    return time.perf_counter() - began


def _reproduced() -> float:
    import mlmagic

    began = time.perf_counter()
    found = mlmagic.reproduce("it", yes=True)
    if found.verdict != "IDENTICAL":
        raise RuntimeError(str(found))
    return time.perf_counter() - began
