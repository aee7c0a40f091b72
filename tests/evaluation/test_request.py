"""What is asked of an evaluation is checked before the model predicts."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.request import Names, Request, check_request, group_codes, is_stratified

FRAME = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "user": ["a", "b", "a", "b"]})


def request(*, model=LogisticRegression(), data=FRAME, targets=(0, 1, 0, 1), **options):  # noqa: B008  # is not changed
    return Request(Names("net", "X", "y", "tree"), model, data, targets, **options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"confidence": 0.5},
        {"confidence": 0.999},
        {"resamples": 100},
        {"learning_curve": (FRAME, [0])},
        {"learning_curve": [FRAME, [0]]},
        {"stratify": True},
        {"groups": "user"},
        {"stratify": False, "groups": "user"},
        {"against": LogisticRegression()},
        {"model": len},
        {"against": LinearRegression(), "task": "regression"},
    ],
)
def test_options_that_are_valid_pass(options):
    check_request(request(**options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 0.49}, r"confidence is a number from 0\.5 to below 1, such as 0\.95, not 0\.49 \(float\)"),
        ({"confidence": 1}, r"not 1 \(int\)"),
        ({"confidence": "0.9"}, r"not '0\.9' \(str\)"),
        ({"confidence": True}, r"not True \(bool\)"),
        ({"resamples": 99}, r"resamples is a whole number from 100 on, not 99 \(int\)"),
        ({"resamples": 200.0}, r"not 200\.0 \(float\)"),
        ({"resamples": True}, r"not True \(bool\)"),
        ({"stratify": True, "groups": "user"}, "stratify and groups exclude each other"),
        ({"learning_curve": FRAME}, r"learning_curve=\(X_train, y_train\)"),
        ({"learning_curve": (FRAME,)}, r"learning_curve=\(X_train, y_train\)"),
        ({"model": LogisticRegression}, r"net is the class LogisticRegression: give a fitted model, LogisticRegression\(\)\.fit\(X, y\)"),
        ({"model": "net.pkl"}, "the model is the text 'net.pkl': give the fitted model itself"),
        ({"against": 3}, "tree is of type int"),
        ({"against": LinearRegression()}, "net predicts classes, and tree numbers: they cannot be compared"),
        ({"model": LinearRegression(), "against": LogisticRegression()}, "tree predicts classes, and net numbers"),
    ],
)  # fmt: skip
def test_an_option_that_is_not_valid_is_one_line(options, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        check_request(request(**options))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("groups", "codes"),
    [
        (None, None),
        ("user", [0, 1, 0, 1]),
        ([7, 7, 3, 3], [1, 1, 0, 0]),
        ([7, "7", 3, 3], [1, 1, 0, 0]),
        (pd.Series(["b", "a", "b", "c"], index=[5, 6, 7, 8]), [1, 0, 1, 2]),
        (np.array([1.5, 1.5, 2.5, 0.5]), [1, 1, 2, 0]),
    ],
)
def test_each_row_has_the_number_of_its_group(groups, codes):
    found = group_codes(request(groups=groups), 4)
    assert (None if found is None else found.tolist()) == codes


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a", None, "b", "c"], r"groups: groups is missing in 1 of 4 rows: give each row a group"),
        (["a"] * 4, "groups: all rows have the same groups: no interval can be told from one group"),
        ("usr", r"groups: X has no column 'usr'\. Did you mean 'user'\?"),
        (["a", "b"], "groups: groups has 2 values, and X has 4 rows"),
    ],
)
def test_groups_that_tell_nothing(groups, message):
    with pytest.raises(UsageProblem, match=message):
        group_codes(request(groups=groups), 4)


@pytest.mark.parametrize("asked", [None, True, False])
@pytest.mark.parametrize("by", ["stratify", "rows"])
def test_the_split_of_the_data_tells_whether_classes_have_fixed_numbers(asked, by):
    X, y = pd.DataFrame({"x": np.arange(40.0), "user": list("abcd") * 10}), pd.Series([0, 1] * 20)
    _, X_test, _, y_test = mlmagic.split(X, y, test=0.5, seed=0, **({"stratify": y} if by == "stratify" else {}))
    found = is_stratified(request(data=X_test, targets=y_test, stratify=asked))
    assert found == (by == "stratify" if asked is None else asked)
    if asked is None:
        assert not is_stratified(request(data=X_test, targets=y_test, groups="user"))
