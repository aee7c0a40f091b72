"""Odd models and data from end to end: a value, a note or one line, and never an error of another library."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn import metrics
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.svm import SVC

from mlmagic import errors, evaluate

X, Y = make_classification(120, n_features=4, random_state=0)


def quick(*args, **options):
    return evaluate(*args, **{"figures": False, "resamples": 100, **options})


def texts(evaluation):
    return [note.text for note in evaluation.notes]


def test_a_metric_of_another_task_costs_only_itself():
    found = quick(LogisticRegression().fit(X, Y), X, Y, metrics=["rmse", "f1"])
    assert "rmse was left out: it is no metric of two classes" in texts(found)
    assert "f1" in found.metrics
    numbers = quick(LinearRegression().fit(X, X[:, 0]), X, X[:, 0] + Y, metrics=["mcc", "rmse.price"])
    said = "mcc, rmse.price were left out: it is no metric of numbers"
    assert said in texts(numbers)


@pytest.mark.parametrize("name", ["roc_auc_ovr", "top_k_accuracy", "d2_log_loss_score"])
def test_scorers_of_probabilities_are_computed(name):
    from sklearn.metrics import get_scorer

    model = LogisticRegression().fit(X, Y)
    with pytest.warns(match="k") if name == "top_k_accuracy" else pytest.MonkeyPatch.context():
        wanted = get_scorer(name)(model, X, Y)
    found = quick(model, X, Y, metrics=[name])
    assert found.metrics[name] == pytest.approx(wanted)


def test_a_decision_function_of_two_classes_may_be_judged_as_of_several():
    model = SVC().fit(X, Y)
    found = quick(model, X, Y, task="multiclass", figures=True)
    assert found.metrics["roc_auc_ovr"] == pytest.approx(metrics.roc_auc_score(Y, model.decision_function(X)))
    assert "roc" in found.figures


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda data: None, "model returned None for the 120 rows of X: a function must return one value for each row"),
        (lambda data: 0.5, "model returned 0.5 (float) for the 120 rows of X"),
        (lambda data: "abc", "model returned 'abc' (str)"),
        (lambda data: np.ones((len(data), 2, 2)), "model predicts the shape (120, 2, 2)"),
        (lambda data: np.where(data[:, 0] > 0, "yes", "no"), "texts and numbers are never equal"),
    ],
)
def test_what_a_function_may_return_by_mistake(answer, told):
    with pytest.raises(errors.UsageProblem) as caught:
        quick(answer, X, Y)
    assert told in str(caught.value)


def test_infinite_values_of_a_column_are_in_a_slice():
    values = X[:, 0].copy()
    values[:50], values[50:60] = np.inf, -np.inf
    found = quick(LogisticRegression().fit(X, Y), X, Y, by=values)
    assert sum(one.rows for one in found.slices) == 120
    assert found.slices[-1].value.endswith("to inf")


def test_a_probability_of_nan_ranks_no_labels():
    data, labels = make_multilabel_classification(60, n_classes=3, random_state=0)
    forest = RandomForestClassifier(5, random_state=0).fit(data, labels)

    class Broken:
        def predict(self, rows):
            return forest.predict(rows)

        def predict_proba(self, rows):
            found = np.column_stack([one[:, 1] for one in forest.predict_proba(rows)])
            found[0, 0] = np.nan
            return found

    found = quick(Broken(), data, labels)
    assert "roc_auc_macro was left out: some scores of the model are NaN or infinite" in texts(found)


def test_sparse_labels_and_predictions_are_judged_as_dense_ones():
    data, labels = make_multilabel_classification(60, n_classes=3, random_state=0)
    dense, sparse = (OneVsRestClassifier(LogisticRegression()).fit(data, one) for one in (labels, csr_matrix(labels)))
    assert not isinstance(sparse.predict(data), np.ndarray)
    wanted = dict(quick(dense, data, labels).metrics)
    assert dict(quick(sparse, data, csr_matrix(labels)).metrics) == pytest.approx(wanted)


def test_several_labels_of_a_wrapped_classifier():
    data, labels = make_multilabel_classification(60, n_classes=2, random_state=0)
    model = MultiOutputClassifier(LogisticRegression()).fit(data, labels)
    scores = np.column_stack([one[:, 1] for one in model.predict_proba(data)])
    found = quick(model, data, pd.DataFrame(labels, columns=["a", "b"]))
    assert (found.task, found.metrics["roc_auc_macro"]) == (
        "multilabel",
        pytest.approx(metrics.roc_auc_score(labels, scores)),
    )


def test_short_floats_are_clipped_as_scikit_learn_does():
    class Sure:
        classes_ = np.array([0, 1])

        def predict(self, rows):
            return (rows[:, 0] > 0).astype(int)

        def predict_proba(self, rows):
            return np.eye(2, dtype="float32")[self.predict(rows)]

    found = quick(Sure(), X, Y)
    assert found.metrics["log_loss"] == pytest.approx(metrics.log_loss(Y, Sure().predict_proba(X)), rel=1e-6)


def test_a_detector_of_outliers_is_judged_by_its_labels():
    model = IsolationForest(random_state=0).fit(X)
    found = quick(model, X, np.where(Y == 0, -1, 1))
    assert found.task == "binary"
    assert found.metrics["roc_auc"] == pytest.approx(metrics.roc_auc_score(Y, model.decision_function(X)))


def test_counts_that_are_nearly_all_zero_have_a_sensible_interval_of_r2():
    counts = np.zeros(40)
    counts[:3] = [9.7, 13.1, 4.3]
    model = LinearRegression().fit(X[:40], counts)
    found = quick(model, X[:40], counts)
    assert -50 < found.intervals["r2"].low < found.metrics["r2"]
