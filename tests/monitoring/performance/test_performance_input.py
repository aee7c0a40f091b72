"""What labels and probabilities may look like, and the one clear line for those that do not fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.performance.calibration import Calibration
from mlmagic.monitoring.performance.estimated import estimated
from mlmagic.monitoring.performance.realized import realized

HALF = np.full((3, 2), 0.5)


def accuracy_of(found):
    return next((one.value, one.rows) for one in found if one.metric == "accuracy")


@pytest.mark.parametrize(
    ("truth", "predictions"),
    [
        ([0, 1, None], [0, 0, 0]),
        (["a", "b", None], ["a", "a", "a"]),
        (np.array(["a", "b", np.nan], object), ["a", "a", "a"]),
        ([True, False, None], [True, True, True]),
        (pd.array([0, 1, None], dtype="Int64"), [0, 0, 0]),
        (pd.Series(["a", "b", None]).astype("category"), pd.Series(["a", "a", "a"])),
        (np.array([[0.0], [1.0], [np.nan]]), np.array([[0], [0], [0]])),
    ],
)
def test_missing_labels_of_any_type_are_left_out_and_counted(truth, predictions):
    found = realized(truth, predictions)
    assert accuracy_of(found) == (0.5, 2)
    assert all("1 row without a label is left out" in one.note for one in found)


def test_true_and_false_are_one_and_zero():
    assert accuracy_of(realized([True, False, True], [1, 1, 1])) == (pytest.approx(2 / 3), 3)
    (accuracy, *_) = estimated([True, True, False], np.array([[0.2, 0.8]] * 3), [0, 1])
    assert accuracy.value == pytest.approx(0.6)


def test_one_row_has_a_metric_and_says_what_is_missing():
    (mae, *_) = realized([1.5], [1.0])
    assert (mae.value, mae.rows) == (0.5, 1)
    assert np.isnan(mae.low)
    assert "all resamples have the same value" in mae.note


def test_probabilities_that_do_not_add_up_cost_only_what_needs_them():
    found = {one.metric: one for one in realized([0, 1, 1], [0, 1, 0], np.full((3, 2), 0.4), [0, 1])}
    assert found["accuracy"].value == pytest.approx(2 / 3)
    assert np.isnan(found["log_loss"].value)
    assert "do not add up to 1" in found["log_loss"].note
    assert not found["log_loss"].greater_is_better


def test_a_class_that_the_model_does_not_know_is_said():
    found = {one.metric: one for one in realized([0, 1, 2], [0, 1, 0], HALF, [0, 1])}
    assert np.isnan(found["roc_auc_ovr"].value)
    assert "labels that it has not seen" in found["roc_auc_ovr"].note


def test_without_probabilities_there_is_no_area():
    assert [one.metric for one in realized([0, 1, 1], [0, 1, 0])] == ["accuracy", "f1"]


def test_the_seed_decides_on_the_resamples():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=100)
    first, second, third = (realized(truth, truth**2, seed=seed) for seed in (1, 1, 2))
    assert first == second != third


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: realized([0, 1, 1], [0, 1]), "3 labels for 2 predictions"),
        (lambda: realized([0, 1, 1], [0, 1, np.nan]), "1 of 3 predictions are NaN or None"),
        (lambda: realized([0, 1, 1], [0, 1, 0], HALF), "the classes of the probabilities are missing"),
        (lambda: realized([0, 1, 1], [0, 1, 0], HALF, [1, 1]), "one of them stands twice"),
        (lambda: realized([0, 1, 1], [0, 1, 0], np.ones((3, 3)), [0, 1]), r"\(3, 3\), and \(3, 2\) is needed"),
        (lambda: realized([0, 1, 1], [0, 1, 0], [["a", "b"]] * 3, [0, 1]), "probabilities are numbers"),
        (lambda: realized([[0, 1], [1, 0]], [0, 1]), r"the labels have the shape \(2, 2\)"),
        (lambda: realized([0, "a"], [0, "a"]), "the predictions mix texts and other values: 0, 'a'"),
        (lambda: realized([{}, {}], [0, 1]), "the labels hold {}, a dict"),
        (lambda: realized(["0", "1"], [0, 1]), "never equal"),
        (lambda: realized([0.5, np.inf], [0.1, 0.2]), "infinite"),
        (lambda: realized([0, 1], [0, 1], confidence=95), "confidence is a number from 0.5 to below 1"),
        (lambda: realized([0, 1], [0, 1], metrics=["acuracy"]), "Did you mean 'accuracy'"),
        (lambda: estimated([0], [[0.5, 0.5]], [0, 1], metrics=["acuracy"]), "Did you mean 'accuracy'"),
        (lambda: estimated([0], [[0.5, 0.5]], [0, 1], confidence=0), "confidence is a number"),
        (lambda: estimated([0], [[1.0]], [0]), "fewer than two"),
        (lambda: estimated(["1"], [[0.5, 0.5]], [0, 1]), "the prediction '1' is none of the classes, 0, 1"),
        (lambda: estimated([None], [[0.5, 0.5]], [0, 1]), "1 of 1 predictions are NaN or None"),
        (lambda: estimated([0], [[np.nan, 1.0]], [0, 1]), "of 1 rows are NaN or infinite"),
        (lambda: estimated([0], [[-0.5, 1.5]], [0, 1]), "such as -0.5, 1.5"),
        (lambda: Calibration.fit(["a", "b"], HALF[:2], [0, 1]), "the label 'a' is none of the classes, 0, 1"),
        (lambda: Calibration.fit([], np.empty((0, 2)), [0, 1]), "no labels to calibrate on"),
        (lambda: Calibration.fit([None, None], HALF[:2], [0, 1]), "no labels to calibrate on"),
        (lambda: Calibration.fit([0, 1], HALF, [0, 1]), r"\(3, 2\), and \(2, 2\) is needed"),
    ],
)
def test_what_does_not_fit_is_one_clear_line(call, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_calibration_leaves_out_missing_labels_and_needs_no_class_to_occur():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet([1, 1, 1], 600)
    truth = np.where(rng.random(600) < 0.1, None, "a")
    calibration = Calibration.fit(truth, probabilities, ["a", "b", "c"])
    assert calibration.apply(probabilities)[:, 0] == pytest.approx(np.ones(600))


def test_a_calibration_says_why_it_changes_nothing():
    rng = np.random.default_rng(2)
    second = np.tile([0.25, 0.75], 2000)
    truth = (np.arange(4000) // 2 % 4 == 0) ^ (second > 0.5)  # in each of both the share that it says
    calibration = Calibration.fit(truth, np.column_stack([1 - second, second]), [False, True])
    assert calibration.note == "the probabilities are calibrated as they are"
    assert calibration.error == calibration.error_after
    few = rng.random((20, 1))
    assert (
        "20 labels of the reference are too few" in Calibration.fit([0, 1] * 10, np.hstack([few, 1 - few]), [0, 1]).note
    )
