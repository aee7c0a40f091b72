"""Metrics of numbers are scikit-learn's, on any rows that are drawn any number of times."""

import warnings

import numpy as np
import pytest
from drawn import MOST_ROWS, rows_of, values_on, weights_of
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn import metrics

from mlmagic.evaluation.measures.regression import of_numbers, of_outputs

FUNCTIONS = {
    "r2": metrics.r2_score,
    "rmse": metrics.root_mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "median_absolute_error": metrics.median_absolute_error,
    "mse": metrics.mean_squared_error,
    "mape": metrics.mean_absolute_percentage_error,
}
# Values as measured: many are equal, none is a power of two, and some are far from 0.
NUMBERS = st.sampled_from([0.0, 0.1, 0.3, -0.7, 12.3, 1000.1, 1000.2, 1000.3])


@st.composite
def predicted_numbers(draw):
    """Return targets, predictions, and how often each row is drawn."""
    rows = draw(st.integers(2, MOST_ROWS))
    numbers = st.lists(NUMBERS, min_size=rows, max_size=rows).map(np.array)
    return draw(numbers), draw(numbers), draw(weights_of(rows))


def of_scikit_learn(true, predicted):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a single row
        return {name: function(true, predicted) for name, function in FUNCTIONS.items()}


@given(predicted_numbers())
@example((np.array([-0.7, -0.7, 1000.1, -0.7]), np.array([-0.2, -0.6, 1000.2, -0.2]), [1, 2, 0, 3]))  # all alike
@example((np.array([-0.7, -0.7, 1000.1, -0.7]), np.array([-0.7, -0.7, 1000.2, -0.7]), [1, 2, 0, 3]))
def test_numbers_are_judged_as_scikit_learn_does(case):
    true, predicted, weights = case
    found = values_on(of_numbers(true, predicted), weights)
    drawn = rows_of(weights)
    wanted = of_scikit_learn(true[drawn], predicted[drawn])
    if len(set(true[drawn])) == 1:  # scikit-learn's value is one of these, as the mean is rounded
        assert found.pop("r2") == (1.0 if wanted["mse"] == 0 else 0.0)
        del wanted["r2"]
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_large_numbers_lose_no_digits():
    true = 1e9 + np.array([1.0, 2.0, 3.0, 4.0])
    predicted = true + np.array([0.5, -0.5, 0.5, -0.5])
    found = values_on(of_numbers(true, predicted), [1, 1, 1, 1])
    assert found["r2"] == pytest.approx(metrics.r2_score(true, predicted), abs=1e-9)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
def test_the_median_is_that_of_the_drawn_rows(rows):
    errors = np.array([4.0, 1.0, 3.0, 2.0, 5.0])[:rows]
    found = values_on(of_numbers(np.zeros(rows) + 7, errors + 7), [1] * rows)
    assert found["median_absolute_error"] == pytest.approx(np.median(errors))


def test_several_outputs_are_judged_by_their_mean_and_each_by_itself():
    rng = np.random.default_rng(0)
    true, weights = rng.normal(size=(6, 2)), [2, 0, 1, 1, 3, 1]
    predicted = true + rng.normal(size=(6, 2))
    measures = list(of_outputs(true, predicted, ("price", "weight")))
    found = values_on(measures, weights)
    drawn = rows_of(weights)
    for name, function in FUNCTIONS.items():
        assert found[name] == pytest.approx(function(true[drawn], predicted[drawn])), name
        for at, output in enumerate(("price", "weight")):
            own = function(true[drawn, at], predicted[drawn, at])
            assert found[f"{name}.{output}"] == pytest.approx(own), (name, output)
    directions = {one.name: one.direction for one in measures}
    assert (directions["r2"], directions["rmse.weight"]) == ("max", "min")
