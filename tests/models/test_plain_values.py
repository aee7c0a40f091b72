"""Values of any type as plain data: ready for JSON, the same in every process, and told by what they are."""

import collections
import enum
import json
import math
import threading
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import loguniform, randint
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from mlmagic.models.plain_values import plain


class Level(enum.Enum):
    HIGH = 3


class Mute:
    def __repr__(self):
        raise ValueError("no")


class Wordy:
    def __repr__(self):
        return "w" * 30_000


class Shapeless:
    @property
    def shape(self):
        raise RuntimeError("no")


class Pair(NamedTuple):
    low: int
    high: int


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param(None, None, id="None"),
        pytest.param(True, True, id="a truth value"),
        pytest.param("text", "text", id="text"),
        pytest.param(1.5, 1.5, id="a float"),
        pytest.param(math.nan, "nan", id="nan"),
        pytest.param(-math.inf, "-inf", id="infinity"),
        pytest.param(np.int64(3), 3, id="an integer of NumPy"),
        pytest.param(np.bool_(True), True, id="a truth value of NumPy"),
        pytest.param(np.str_("a"), "a", id="a text of NumPy"),
        pytest.param(np.float64(math.nan), "nan", id="nan of NumPy"),
        pytest.param((1, (2, [3])), [1, [2, [3]]], id="tuples"),
        pytest.param({3, 1, 2}, [1, 2, 3], id="a set, sorted"),
        pytest.param(frozenset("ba"), ["a", "b"], id="a frozen set"),
        pytest.param(range(3), [0, 1, 2], id="a range"),
        pytest.param({1: {"a": (2,)}}, {"1": {"a": [2]}}, id="dicts"),
        pytest.param(collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}, id="the order of a dict"),
        pytest.param(Pair(1, 2), [1, 2], id="a named tuple"),
        pytest.param(np.arange(4).reshape(2, 2), [[0, 1], [2, 3]], id="a small array"),
        pytest.param(np.array([1.0, math.nan]), [1.0, "nan"], id="nan in an array"),
        pytest.param(np.array(["a", None], dtype=object), ["a", None], id="an array of objects"),
        pytest.param(np.zeros((20, 10)), "ndarray of shape (20, 10), float64", id="a large array"),
        pytest.param(torch.tensor([1.0, 2.0]), [1.0, 2.0], id="a small tensor"),
        pytest.param(torch.zeros(200), "Tensor of shape (200,), torch.float32", id="a large tensor"),
        pytest.param(pd.Series([1, 2]), [1, 2], id="a series"),
        pytest.param([0] * 101, "list of 101", id="a long list"),
        pytest.param([0] * 100, [0] * 100, id="a list that is just short enough"),
        pytest.param(range(1_000_000), "range of 1,000,000", id="a long range"),
        pytest.param(len, "len", id="a builtin"),
        pytest.param(str.split, "str.split", id="a method"),
        pytest.param(np.log1p, "log1p", id="a function of NumPy"),
        pytest.param(int, "int", id="a type"),
        pytest.param(Level.HIGH, "<Level.HIGH: 3>", id="a member of an enumeration"),
        pytest.param(loguniform(0.1, 10), "loguniform(0.1, 10)", id="a distribution"),
        pytest.param(randint(low=1, high=9), "randint(low=1, high=9)", id="a distribution by keywords"),
        pytest.param(StratifiedKFold(3), "StratifiedKFold(n_splits=3, random_state=None, shuffle=False)", id="a splitter"),
        pytest.param(SVC(C=3), "SVC(C=3)", id="an estimator"),
        pytest.param(FunctionTransformer(lambda x: x), "FunctionTransformer", id="an estimator that holds a function"),
        pytest.param(ConstantKernel(4.0) * RBF(3.0), "2**2 * RBF(length_scale=3)", id="a kernel"),
        pytest.param(RBF(2.0) + WhiteKernel(1.0), "RBF(length_scale=2) + WhiteKernel(noise_level=1)", id="a sum of kernels"),
        pytest.param(object(), "object", id="an object whose name is its address"),
        pytest.param(threading.Lock(), "lock", id="a lock"),
        pytest.param(np.random.default_rng(0), "Generator", id="a generator"),
        pytest.param(Mute(), "Mute", id="an object that raises"),
        pytest.param(Shapeless(), "Shapeless", id="an object whose shape raises"),
        pytest.param([[[[[[[1]]]]]]], [[[[[["<list>"]]]]]], id="too deep"),
    ],
)  # fmt: skip
def test_a_value_is_told_by_what_it_is(value, found):
    assert plain(value) == found
    json.dumps(plain(value), allow_nan=False)


def test_a_long_description_is_cut():
    assert len(plain(Wordy())) < 21_000


def test_the_lines_of_a_long_estimator_are_joined():
    found = plain(
        [make_pipeline(StandardScaler(), SVC(C=3, kernel="linear", gamma=0.123456789, class_weight="balanced"))]
    )
    assert "\n" not in found[0]
    assert "SVC(C=3, class_weight='balanced', gamma=0.123456789" in found[0]


def test_a_container_that_holds_itself_ends():
    endless = [1]
    endless.append(endless)
    json.dumps(plain(endless))


ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3), st.complex_numbers()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(), st.none()), inner, max_size=3),
    ),
    max_leaves=12,
)  # fmt: skip


@given(ANY)
def test_any_value_is_ready_for_json_and_plain_once_and_for_all(value):
    found = plain(value)
    json.dumps(found, allow_nan=False)
    assert plain(found) == found
