"""Run cells as a tracked cell runs, without a run: what is inferred of them is seen at once."""

from __future__ import annotations

import ast
import contextlib
import io
from typing import TYPE_CHECKING, Any

import pytest

from mlmagic.recording.inferred import inferred_values
from mlmagic.session.observation import sites
from mlmagic.session.observation.cell_observer import CellObserver

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from mlmagic.recording.inferred.inferred_values import InferredValues

BEFORE = """
import collections, math, time
import numpy as np
from datetime import datetime
from sklearn import metrics
from sklearn.metrics import accuracy_score, f1_score, mean_squared_error, precision_recall_fscore_support, roc_auc_score, roc_curve
y, p = [1, 0, 1, 1], [1, 1, 1, 0]
def half(value): return value / 2
"""
"""What stands in an earlier cell: accuracy_score(y, p) is 0.5."""


def _code(body: list[ast.stmt]) -> CodeType:
    return compile(ast.Module(body, []), "<cell>", "exec")


@pytest.fixture
def infer() -> Callable[..., InferredValues]:
    """Return a function that runs an earlier cell and then a tracked one, and infers what the second is about."""
    remove = sites.install()

    def infer(source: str, before: str = "", *, known: tuple[str, ...] = (), fails: bool = False) -> InferredValues:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(BEFORE + before, namespace)
        watch = CellObserver(namespace)
        tree = watch.begin(ast.parse(source))
        result, error = None, None
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                if tree.body and isinstance(tree.body[-1], ast.Expr):  # as IPython does
                    exec(_code(tree.body[:-1]), namespace)
                    result = eval(compile(ast.Expression(tree.body[-1].value), "<cell>", "eval"), namespace)
                else:
                    exec(_code(tree.body), namespace)
            except Exception as raised:
                error = raised
                if not fails:
                    raise
        watch.end(error)
        assert (error is not None) == fails
        return inferred_values.find(watch, namespace, result=result, known_metrics=set(known))

    yield infer
    remove()
