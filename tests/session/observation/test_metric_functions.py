"""Which functions of a notebook measure something, and what their results are called."""

from __future__ import annotations

import functools
import math
import sys
import types

import pytest
import sklearn.metrics
from sklearn.metrics import accuracy_score, f1_score, get_scorer, make_scorer
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

from mlmagic.session.observation.metric_functions import is_module_of_metrics, measure_of

NOTEBOOK = """
import functools
def direct(a, b): return accuracy_score(a, b)
def of_module(a, b): return metrics.accuracy_score(a, b)
def two(a, b): return accuracy_score(a, b) + f1_score(a, b)
def same_twice(a, b): return accuracy_score(a, b) + accuracy_score(b, a)
def through(a): return direct(a, a)
def through_two(a): return through(a) + two(a, a)
def scores(model): return model.score(1)
def no_measure(a): return len(a)
def recursive(a): return recursive(a)
def around(a): return back(a)
def back(a): return around(a) or accuracy_score(a, a)
def nested(a):
    def inner(): return accuracy_score(a, a)
    return inner()
def named_only(accuracy_score): return accuracy_score
def inner_name(a):
    a.accuracy_score = 1
@functools.wraps(direct)
def wrapped(*a): return no_measure(a)
@functools.lru_cache
def cached(a): return accuracy_score(a, a)
part = functools.partial(direct, 1)
class Judge:
    def __call__(self, a): return accuracy_score(a, a)
    def judge(self, a): return f1_score(a, a)
judge = Judge()
"""


@pytest.fixture(scope="module")
def notebook():
    namespace = {
        "__name__": "__main__",
        "accuracy_score": accuracy_score,
        "f1_score": f1_score,
        "metrics": sklearn.metrics,
    }
    exec(NOTEBOOK, namespace)
    return namespace


HELPERS = {
    "direct": "accuracy_score", "of_module": "accuracy_score", "two": "two", "same_twice": "accuracy_score", "through": "accuracy_score",
    "through_two": "through_two", "scores": "score", "no_measure": None, "recursive": None, "back": "accuracy_score", "around": "accuracy_score",
    "cached": "accuracy_score", "part": "accuracy_score", "wrapped": "accuracy_score",
}  # fmt: skip


@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_is_named_after_what_it_measures(name, notebook):
    assert measure_of(notebook[name], notebook) == HELPERS[name]


def test_a_method_of_the_notebook_measures(notebook):
    assert measure_of(notebook["judge"].judge, notebook) is not None


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (accuracy_score, "accuracy_score"), (get_scorer("roc_auc"), "roc_auc_score"), (make_scorer(f1_score), "f1_score"),
        (cross_val_score, "cross_val_score"), (SVC, None), (SVC(), None), (SVC().score, None), (len, None), (math.sqrt, None), (None, None), ("accuracy_score", None),
        (0.5, None), (functools.partial(len), None),
    ],
    ids=lambda one: getattr(one, "__name__", None) or str(one),
)  # fmt: skip
def test_what_measures_directly(thing, name, notebook):
    assert measure_of(thing, notebook) == name


def test_a_name_that_is_no_metric_now_measures_nothing():
    namespace = {"__name__": "__main__", "accuracy_score": 0.5}
    exec("def direct(a, b): return accuracy_score", namespace)
    assert measure_of(namespace["direct"], namespace) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (sklearn.metrics, True), (sys.modules["sklearn.metrics._ranking"], True), (sklearn, False), (math, False),
        (types.ModuleType("sklearn.metrics_of_mine"), False), ("sklearn.metrics", False), (types.SimpleNamespace(__name__="sklearn.metrics"), False), (None, False),
    ],
    ids=lambda one: getattr(one, "__name__", None) or str(one),
)  # fmt: skip
def test_a_module_of_metrics(value, found):
    assert is_module_of_metrics(value) == found
