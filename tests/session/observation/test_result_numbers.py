"""The numbers in what a metric function returns: by name, by class and by fold, and none of what is no number."""

from __future__ import annotations

import collections
import decimal
import fractions
import math
import types

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import LabelEncoder

from mlmagic.session.observation.result_numbers import (
    MOST_PARTS,
    classes_in,
    is_array,
    numbers_of,
    parts_of,
    scalars_in,
)


class Raises:
    """A value whose every look at it raises."""

    ndim = property(lambda _: 1 / 0)

    def __float__(self):
        raise ArithmeticError


NUMBERS = {
    "a float": (0.5, {"": 0.5}),
    "an integer": (3, {"": 3.0}),
    "a flag": (True, {"": 1.0}),
    "a decimal": (decimal.Decimal("0.5"), {"": 0.5}),
    "a fraction": (fractions.Fraction(1, 4), {"": 0.25}),
    "a scalar of NumPy": (np.float32(0.5), {"": 0.5}),
    "an array without axes": (np.array(0.5), {"": 0.5}),
    "an array of one value": (np.array([0.5]), {"": 0.5}),
    "an array of one value in rows": (np.array([[0.5]]), {"": 0.5}),
    "an array": (np.array([0.5, 1.0]), {}),
    "not a number": (math.nan, {"": math.nan}),
    "infinity": (-math.inf, {"": -math.inf}),
    "an integer beyond all floats": (-(10**400), {"": -math.inf}),
    "None": (None, {}),
    "a text": ("0.5", {}),
    "bytes": (b"0", {}),
    "complex": (1j, {}),
    "a list": ([0.5], {}),
    "a tuple": ((0.5, 1.0), {}),
    "a function": (math.sqrt, {}),
    "an object that raises": (Raises(), {}),
    "a dict": ({"a": 0.5, "b": 2}, {"a": 0.5, "b": 2.0}),
    "an empty dict": ({}, {}),
    "a dict within": ({"a": {"b": {"c": 0.5}}}, {"a.b.c": 0.5}),
    "a dict with flags": ({"a": True, "b": 0.5}, {"b": 0.5}),
    "a dict with arrays": ({"a": np.ones(2), "b": np.ones(1), "c": np.array(0.5)}, {"c": 0.5}),
    "a dict with odd keys": ({1: 0.5, None: 1.5, (1, 2): 2.5}, {"1": 0.5, "None": 1.5, "(1, 2)": 2.5}),
    "a dict with an object that raises": ({"a": Raises(), "b": 0.5}, {"b": 0.5}),
    "another mapping": (types.MappingProxyType({"a": 0.5}), {"a": 0.5}),
    "a chain of mappings": (collections.ChainMap({"a": 0.5}, {"b": 1.5}), {"a": 0.5, "b": 1.5}),
    "a series": (pd.Series({"a": 0.5, "b": 1.5}), {}),
}  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_the_numbers_of_a_result(value, expected):
    assert numbers_of(value) == pytest.approx(expected, nan_ok=True)


def test_a_dict_is_read_to_a_depth_and_a_number_of_keys():
    deep = 0.5
    for _ in range(20):
        deep = {"k": deep}
    assert numbers_of(deep) == {}
    assert len(numbers_of({str(number): 0.5 for number in range(MOST_PARTS + 5)})) == MOST_PARTS
    within = {"k": 0.5}
    within["self"] = within
    assert set(numbers_of(within)) == {".".join([*["self"] * depth, "k"]) for depth in range(9)}


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12))
def test_the_scores_of_folds_are_their_mean_and_deviation_as_numpy_has_them(scores):
    expected = {"mean": np.mean(scores), "std": np.std(scores)}
    for value in (scores, np.array(scores), {"test_score": np.array(scores), "fit_time": np.ones(len(scores))}):
        found = numbers_of(value, folds=True)
        prefix = "test_score." if isinstance(value, dict) else ""
        assert found == {f"{prefix}{what}": pytest.approx(number, abs=1e-6) for what, number in expected.items()}


def test_one_fold_has_no_deviation_and_no_fold_no_score():
    assert numbers_of([0.5], folds=True) == {"mean": 0.5, "std": 0.0}
    assert numbers_of([], folds=True) == {}
    assert numbers_of({"test_score": [0.5], "estimator": [object()]}, folds=True) == {
        "test_score.mean": 0.5,
        "test_score.std": 0.0,
    }
    assert numbers_of(["a"], folds=True) == {}


BY_CLASS = {
    "as many classes": (np.array([0.5, 1.0]), ["a", "b"], {"a": 0.5, "b": 1.0}),
    "a list": ([0.5, 1.0], ["a", "b"], {"a": 0.5, "b": 1.0}),
    "more classes": (np.array([0.5, 1.0]), ["a", "b", "c"], {"0": 0.5, "1": 1.0}),
    "no classes": (np.array([0.5, 1.0]), [], {"0": 0.5, "1": 1.0}),
    "one class": (np.array([0.5]), ["a"], {"a": 0.5}),
    "a number": (0.5, ["a", "b"], {"": 0.5}),
    "rows": (np.ones((2, 2)), ["a", "b"], {}),
    "an empty array": (np.ones(0), [], {}),
    "texts": (["x", 0.5], ["a", "b"], {"b": 0.5}),
    "too many": (np.ones(MOST_PARTS + 1), [], {}),
}  # fmt: skip


@pytest.mark.parametrize(("value", "classes", "expected"), BY_CLASS.values(), ids=BY_CLASS)
def test_the_values_of_classes_have_their_names(value, classes, expected):
    assert numbers_of(value, classes=classes) == expected


def test_the_parts_of_a_tuple_have_their_names():
    values = {"precision": np.array([0.5, 1.0]), "recall": 0.25, "support": None}
    assert parts_of(values, ["a", "b"]) == {"precision.a": 0.5, "precision.b": 1.0, "recall": 0.25}
    assert parts_of(values, None) == {"recall": 0.25}


@given(
    st.sampled_from(["int64", "uint8", "bool", "U3", "float64"]).flatmap(
        lambda kind: hnp.arrays(
            kind, st.integers(1, 20), elements=st.floats(-3, 3, width=16) if kind == "float64" else None
        )
    )
)
def test_the_classes_are_in_scikit_learns_order(labels):
    expected = LabelEncoder().fit(labels).classes_
    half = len(labels) // 2
    assert list(classes_in(labels[:half], labels[half:])) == [str(one) for one in expected.tolist()]


@pytest.mark.parametrize(
    "labels", [(object(), 1), ([[1], [1, 2]],), ()], ids=["objects", "lists of any length", "none"]
)
def test_labels_that_cannot_be_sorted_have_no_classes(labels):
    assert classes_in(*labels) == ()


def test_of_very_many_classes_none_is_named():
    assert len(classes_in(np.arange(MOST_PARTS))) == MOST_PARTS
    assert classes_in(np.arange(MOST_PARTS + 1)) == ()


def test_the_leaves_of_a_dict_are_not_read():
    raises = Raises()
    assert scalars_in({"a": raises, "b": {"c": [1]}}) == [("a", raises), ("b.c", [1])]


@pytest.mark.parametrize(
    ("value", "found"),
    [(np.ones(1), True), (np.ones((0, 2)), True), (np.array(1), False), (1.0, False), ([1], False), (None, False)],
)
def test_an_array_has_an_axis(value, found):
    assert is_array(value) == found
