"""What pickling would take is found without doing it."""

from __future__ import annotations

import importlib
import pickle
import sys
import threading

import cloudpickle
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.models.saving.limits import weigh
from mlmagic.models.saving.pickle_check import TooLargeError, culprit, is_local, kept_by_value, survey
from mlmagic.models.saving.saved import CannotLogError

values = st.recursive(
    st.none() | st.integers() | st.text() | st.binary() | st.integers(0, 5000).map(np.zeros),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
)


@given(values)
def test_the_size_is_about_that_of_the_pickle(value):
    found = survey(value, limit=float("inf"))
    assert abs(found.size - len(pickle.dumps(value, protocol=5))) <= 0.1 * found.size + 200
    assert found.stream <= found.size


@given(values, st.integers(0, 10_000))
def test_it_stops_at_the_limit(value, limit):
    size = survey(value, limit=float("inf")).size
    if size > limit:
        with pytest.raises(TooLargeError):
            survey(value, limit=limit)
    else:
        assert survey(value, limit=limit).size == size


def test_views_of_one_storage_count_once():
    base = torch.zeros(1000)
    assert survey([base, base[:1], base.view(10, 100)], limit=1e9).size < 5000
    assert survey(torch.zeros(1_000_000)[:1], limit=1e9).size > 4_000_000


def test_code_of_a_module_beside_the_notebook_is_kept(tmp_path, monkeypatch):
    (tmp_path / "beside.py").write_text(
        "class Net:\n    def answer(self):\n        return helper()\ndef helper():\n    return 42\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    beside = importlib.import_module("beside")
    assert is_local("beside")
    found = survey(beside.Net(), limit=1e9)
    assert (list(found.by_value), found.local_modules) == (["Net"], {"beside"})
    with kept_by_value({"beside"}):
        data = cloudpickle.dumps(beside.Net())
    assert cloudpickle.list_registry_pickle_by_value() == set()
    monkeypatch.delitem(sys.modules, "beside")
    monkeypatch.undo()
    assert pickle.loads(data).answer() == 42


@pytest.mark.parametrize("name", ["json", "sys", "numpy", "sklearn.svm", "__main__", "pytest"])
def test_installed_modules_are_not_local(name):
    assert not is_local(name)


class Holder:
    def __init__(self, **held):
        vars(self).update(held)


class Hidden:
    """An object that neither pickles nor shows what it holds."""

    def __reduce__(self):
        raise OSError("a connection")

    @property
    def __dict__(self):
        raise RuntimeError("no")


def holding(thing):
    return lambda: thing


def with_an_open_cell():
    def function():
        return later

    holder = Holder(function=function, lock=threading.Lock())
    named = culprit(holder)
    later = 1
    return named, later


@pytest.mark.parametrize(
    ("model", "named"),
    [
        pytest.param(Holder(lock=threading.Lock()), "its attribute 'lock' (lock)", id="an attribute"),
        pytest.param(Holder(a=Holder(b=threading.Lock())), "its attribute 'a.b' (lock)", id="of an attribute"),
        pytest.param(Holder(a=[1, {"x": threading.Lock()}]), "its attribute \"a[1]['x']\" (lock)", id="in containers"),
        pytest.param(
            Holder(good=1, f=holding(threading.Lock())), "its attribute 'f.thing' (lock)", id="held by a function"
        ),
        pytest.param({"x": (x for x in "ab")}, "its attribute \"['x']\" (generator)", id="of a dict"),
        pytest.param(Holder(connection=Hidden()), "its attribute 'connection' (Hidden)", id="that shows nothing"),
        pytest.param([Hidden()], "its attribute '[0]' (Hidden)", id="of a list"),
        pytest.param(Holder(good=1), "", id="none"),
        pytest.param(Hidden(), "", id="the object itself"),
    ],
)
def test_the_part_that_cannot_be_pickled_is_named(model, named):
    assert culprit(model) == named


def test_a_function_whose_variable_is_not_bound_yet_is_no_trouble():
    assert with_an_open_cell()[0] == "its attribute 'lock' (lock)"


def test_parts_that_hold_each_other_end():
    one, two = Holder(), Holder(lock=threading.Lock())
    one.other, two.other = two, one
    assert culprit(one) == "its attribute 'other.lock' (lock)"


@pytest.mark.parametrize(
    ("model", "limit", "message"),
    [
        (Holder(lock=threading.Lock()), 1e9, "its attribute 'lock' (lock) cannot be pickled: cannot pickle '_thread.lock' object"),
        (Hidden(), 1e9, "it cannot be pickled: a connection"),
        (Holder(weights=np.zeros(1000)), 2000, "it is larger than the limit of 0.002 MB"),
    ],
)  # fmt: skip
def test_why_a_model_cannot_be_logged_is_one_line(model, limit, message):
    with pytest.raises(CannotLogError) as caught:
        weigh(model, limit)
    assert str(caught.value) == message


def test_local_code_that_cannot_be_pickled_is_left_where_it_is(tmp_path, monkeypatch):
    (tmp_path / "beside_locked.py").write_text(
        "import threading\nlock = threading.Lock()\nclass Net:\n    def answer(self):\n        return lock\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    beside = importlib.import_module("beside_locked")
    found = weigh(beside.Net(), 1e9)
    assert (list(found.by_value), found.local_modules) == (["Net"], set())
    assert cloudpickle.list_registry_pickle_by_value() == set()
    monkeypatch.delitem(sys.modules, "beside_locked")


def test_the_packages_that_a_model_needs_are_named():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    found = survey(make_pipeline(StandardScaler()), limit=1e9)
    assert "sklearn" in found.packages
    assert not {"builtins", "collections", "__main__", ""} & found.packages
