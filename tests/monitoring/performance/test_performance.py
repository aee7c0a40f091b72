"""The performance of served rows: scikit-learn's numbers where labels are known, unbiased estimates where they are not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn import metrics

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.performance.calibration import Calibration
from mlmagic.monitoring.performance.estimated import estimated
from mlmagic.monitoring.performance.realized import realized


def values(found):
    return {one.metric: one.value for one in found}


def calibrated(rng, rows, *, center=0.0):
    """Return probabilities of two classes, and labels that are drawn from them."""
    second = 1 / (1 + np.exp(-rng.normal(center, 1.5, rows)))
    return np.column_stack([1 - second, second]), (rng.random(rows) < second).astype(int)


def test_of_two_classes_the_numbers_are_scikit_learns():
    probabilities, truth = calibrated(np.random.default_rng(0), 400)
    predicted = probabilities.argmax(axis=1)
    assert values(realized(truth, predicted, probabilities, [0, 1])) == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(truth, predicted),
            "f1": metrics.f1_score(truth, predicted),
            "roc_auc": metrics.roc_auc_score(truth, probabilities[:, 1]),
            "log_loss": metrics.log_loss(truth, probabilities),
        },
        abs=1e-12,
    )


def test_of_three_classes_and_of_numbers_too():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet([1, 1, 1], 300)
    truth = np.array([rng.choice(3, p=one) for one in probabilities])
    labels = np.array(["a", "b", "c"])
    found = values(realized(labels[truth], labels[probabilities.argmax(axis=1)], probabilities, ["a", "b", "c"]))
    predicted = probabilities.argmax(axis=1)
    assert found == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(truth, predicted),
            "f1_macro": metrics.f1_score(truth, predicted, average="macro"),
            "roc_auc_ovr": metrics.roc_auc_score(truth, probabilities, multi_class="ovr"),
            "log_loss": metrics.log_loss(truth, probabilities),
        },
        abs=1e-12,
    )
    numbers = rng.normal(size=200)
    guesses = numbers + rng.normal(size=200)
    assert values(realized(numbers, guesses)) == pytest.approx(
        {
            "mae": metrics.mean_absolute_error(numbers, guesses),
            "rmse": metrics.root_mean_squared_error(numbers, guesses),
            "r2": metrics.r2_score(numbers, guesses),
        },
        abs=1e-12,
    )


def test_an_interval_holds_the_value_and_smaller_is_better_for_an_error():
    numbers = np.arange(100.0)
    for one in realized(numbers, numbers + np.random.default_rng(0).normal(size=100)):
        assert one.low < one.value < one.high
        assert one.greater_is_better == (one.metric == "r2")


def test_the_users_own_metric():
    def cost(y_true, y_pred):
        return float(((y_true == 1) & (y_pred == 0)).sum() * 10)

    truth, predicted = np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0])
    assert values(realized(truth, predicted, metrics={"cost": cost}))["cost"] == 10


def test_labels_that_are_missing_are_left_out():
    (accuracy, *_) = realized(np.array([1.0, np.nan, 0.0]), np.array([1, 1, 1]))
    assert (accuracy.value, accuracy.rows) == (0.5, 2)


def test_with_one_class_the_area_is_not_a_number_and_says_why():
    found = realized(np.ones(5, int), np.ones(5, int), np.tile([0.2, 0.8], (5, 1)), [0, 1])
    area = next(one for one in found if one.metric == "roc_auc")
    assert np.isnan(area.value)
    assert "all 5 rows have the class '1'" in area.note


def expected(predicted, probabilities, metric):
    """Return the mean of a metric over all labels that the rows may have, each with its probability."""
    total = 0.0
    for labels in itertools.product(range(probabilities.shape[1]), repeat=len(predicted)):
        chance = np.prod([probabilities[row, label] for row, label in enumerate(labels)])
        total += chance * metric(np.array(labels))
    return total


def test_the_estimated_accuracy_is_its_expectation():
    rng = np.random.default_rng(2)
    for classes in (2, 3):
        probabilities = rng.dirichlet(np.ones(classes), 6)
        predicted = rng.integers(0, classes, 6)
        found = values(estimated(predicted, probabilities, list(range(classes))))
        brute = expected(predicted, probabilities, lambda labels, p=predicted: (labels == p).mean())
        assert found["accuracy"] == pytest.approx(brute, abs=1e-12)


def test_with_certain_probabilities_the_estimate_is_the_metric():
    rng = np.random.default_rng(3)
    truth, predicted = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    found = estimated(predicted, np.eye(3)[truth], [0, 1, 2])
    assert values(found) == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(truth, predicted),
            "f1_macro": metrics.f1_score(truth, predicted, average="macro"),
            "roc_auc_ovr": 1.0,
        },
        abs=1e-12,
    )
    assert all(one.low == pytest.approx(one.value) and one.high == pytest.approx(one.value) for one in found)


@pytest.mark.parametrize("center", [0.0, 2.0])
def test_estimates_are_near_what_the_labels_say_also_if_the_rows_shift(center):
    rng = np.random.default_rng(4)
    inside = dict.fromkeys(["accuracy", "f1", "roc_auc"], 0)
    errors = {name: [] for name in inside}
    for _ in range(60):
        probabilities, truth = calibrated(rng, 500, center=center)
        predicted = probabilities.argmax(axis=1)
        real = {
            "accuracy": metrics.accuracy_score(truth, predicted),
            "f1": metrics.f1_score(truth, predicted),
            "roc_auc": metrics.roc_auc_score(truth, probabilities[:, 1]),
        }
        for one in estimated(predicted, probabilities, [0, 1]):
            inside[one.metric] += one.low <= real[one.metric] <= one.high
            errors[one.metric].append(one.value - real[one.metric])
    for name, count in inside.items():
        assert count >= 50, name  # 57 expected; below 50 once in a thousand times
        assert abs(np.mean(errors[name])) < 4 * np.std(errors[name]) / np.sqrt(60), name


def test_a_reference_mends_probabilities_that_are_too_sure():
    rng = np.random.default_rng(5)

    def served(rows):
        probabilities, truth = calibrated(rng, rows)
        logits = 3 * np.log(probabilities[:, 1] / probabilities[:, 0])
        sure = 1 / (1 + np.exp(-logits))
        return np.column_stack([1 - sure, sure]), truth

    probabilities, truth = served(10_000)
    calibration = Calibration.fit(truth, probabilities, [0, 1])
    assert calibration.error_after < calibration.error / 3
    probabilities, truth = served(10_000)
    predicted = probabilities.argmax(axis=1)
    real = (predicted == truth).mean()
    plain = values(estimated(predicted, probabilities, [0, 1]))["accuracy"]
    better = values(estimated(predicted, probabilities, [0, 1], calibration=calibration))["accuracy"]
    assert abs(better - real) < 0.02 < abs(plain - real)


def test_probabilities_that_are_calibrated_and_few_labels_are_left_alone():
    probabilities, truth = calibrated(np.random.default_rng(6), 100)
    few = Calibration.fit(truth, probabilities, [0, 1])
    assert "too few" in few.note
    assert few.apply(probabilities) is probabilities


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: realized(np.zeros(2), np.zeros(3)), "2 labels for 3 predictions"),
        (lambda: estimated(np.array([0, 1]), np.ones((2, 2)), [0, 1]), "do not add up to 1"),
        (lambda: estimated(np.array([0, 2]), np.full((2, 2), 0.5), [0, 1]), "the prediction 2 is none of the classes"),
        (lambda: estimated(np.array([0]), np.full((2, 2), 0.5), [0, 1]), r"\(2, 2\), and \(1, 2\) is needed"),
        (lambda: realized(np.array(["a"]), np.array([1])), "never equal"),
    ],
)
def test_wrong_input_is_one_clear_line(call, message):
    with pytest.raises(UsageProblem, match=message):
        call()


def test_no_rows_are_no_metrics():
    assert realized(np.array([]), np.array([])) == []
    assert estimated(np.array([]), np.empty((0, 2)), [0, 1]) == []
    (one, *_) = estimated(np.array([1]), np.array([[0.1, 0.9]]), [0, 1])
    assert one.value == pytest.approx(0.9)
