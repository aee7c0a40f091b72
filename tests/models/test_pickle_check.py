"""What pickling would take is found without doing it."""

from __future__ import annotations

import importlib
import pickle
import sys

import cloudpickle
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.models.saving.pickle_check import TooLargeError, is_local, kept_by_value, survey

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
