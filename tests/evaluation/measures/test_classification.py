"""Metrics of classes, scores and probabilities are scikit-learn's, on any rows that are drawn any number of times."""

import warnings
from functools import partial

import numpy as np
import pytest
from drawn import MOST_ROWS, rows_of, values_on, weights_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from mlmagic.evaluation.measures.classification import of_classes, of_each_class, of_probabilities, of_ranking
from mlmagic.evaluation.measures.standard import Measures


def averaged(function, average):
    return partial(function, average=average, zero_division=0)


OF_CLASSES = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "mcc": metrics.matthews_corrcoef,
    **{
        f"{name}_{average}": averaged(function, average)
        for name, function in {
            "precision": metrics.precision_score,
            "recall": metrics.recall_score,
            "f1": metrics.f1_score,
        }.items()
        for average in ("macro", "weighted", "micro")
    },
}
OF_TWO = {
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "f1": metrics.f1_score,
}


@st.composite
def classified(draw, most=4, least=1):
    """Return the number of classes, the codes of the truth and of the predictions, and how often each row is drawn."""
    count, rows = draw(st.integers(least, most)), draw(st.integers(1, MOST_ROWS))
    codes = st.lists(st.integers(0, count - 1), min_size=rows, max_size=rows).map(np.array)
    return count, draw(codes), draw(codes), draw(weights_of(rows))


def of_scikit_learn(function, *arrays):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that no row has
        return function(*arrays)


@settings(max_examples=40)
@given(classified())
def test_classes_are_judged_as_scikit_learn_does(case):
    count, true, predicted, weights = case
    found = values_on(of_classes(true, predicted, count, None), weights)
    drawn = rows_of(weights)
    wanted = {name: of_scikit_learn(one, true[drawn], predicted[drawn]) for name, one in OF_CLASSES.items()}
    assert found == pytest.approx(wanted, abs=1e-12)


@given(classified(most=2, least=2), st.integers(0, 1))
def test_two_classes_are_judged_by_the_positive_one(case, positive):
    _, true, predicted, weights = case
    found = values_on(of_classes(true, predicted, 2, positive), weights)
    drawn = rows_of(weights)
    for name, function in OF_TWO.items():
        wanted = function(true[drawn], predicted[drawn], pos_label=positive, zero_division=0)
        assert found[name] == pytest.approx(wanted, abs=1e-12), name
    assert not {"f1_macro", "f1_weighted"} & set(found)


@st.composite
def ranked(draw):
    """Return which rows are positive, their scores (with many ties), and how often each row is drawn."""
    rows = draw(st.integers(2, MOST_ROWS))
    positive = draw(st.lists(st.booleans(), min_size=rows, max_size=rows).filter(lambda one: len(set(one)) == 2))
    scores = draw(st.lists(st.sampled_from([-1e9, -0.5, 0.0, 0.25, 0.5, 1e9]), min_size=rows, max_size=rows))
    return np.array(positive), np.array(scores), draw(weights_of(rows))


@given(ranked())
def test_rankings_with_ties_are_judged_as_scikit_learn_does(case):
    positive, scores, weights = case
    found = values_on(of_ranking(positive, scores), weights)
    true, drawn = positive[rows_of(weights)], scores[rows_of(weights)]
    if len(set(true.tolist())) == 1:
        assert np.isnan(found["roc_auc"])  # a resample of one class only has no value
        return
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(true, drawn), abs=1e-12)
    assert found["average_precision"] == pytest.approx(metrics.average_precision_score(true, drawn), abs=1e-12)


@given(st.lists(st.integers(0, 2), min_size=3, max_size=9), st.integers(0, 2**32 - 1))
def test_each_class_against_the_rest(extra, seed):
    true = np.array([0, 1, 2, *extra])
    scores = np.random.default_rng(seed).dirichlet([1, 1, 1], len(true)).round(1)
    scores[:, 2] = 1 - scores[:, 0] - scores[:, 1]
    found = values_on([of_each_class(true, scores, "roc_auc_ovr")], [1] * len(true))
    assert found["roc_auc_ovr"] == pytest.approx(metrics.roc_auc_score(true, scores, multi_class="ovr"), abs=1e-12)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@given(data=st.data())
def test_probabilities_are_judged_as_scikit_learn_does(kind, data):
    rows = data.draw(st.integers(2, MOST_ROWS))
    positive = np.array(
        data.draw(st.lists(st.sampled_from([0.0, 1e-9, 0.1, 0.5, 0.9, 1.0]), min_size=rows, max_size=rows))
    )
    true = np.array([0, 1, *data.draw(st.lists(st.integers(0, 1), min_size=rows - 2, max_size=rows - 2))])
    weights = data.draw(weights_of(rows))
    probabilities = np.column_stack([1 - positive, positive]).astype(kind)
    found = values_on(of_probabilities(true, probabilities, 1), weights)
    drawn = rows_of(weights)
    wanted = of_scikit_learn(partial(metrics.log_loss, labels=[0, 1]), true[drawn], probabilities[drawn])
    # A probability of 0 for the truth is clipped by the precision of its type.
    assert found["log_loss"] == pytest.approx(wanted, rel=1e-6 if kind is np.float32 else 1e-12)
    brier = metrics.brier_score_loss(true[drawn], probabilities[drawn, 1], pos_label=1)
    assert found["brier"] == pytest.approx(brier, rel=1e-6, abs=1e-12)


def test_several_classes_have_no_brier_score():
    probabilities = np.full((3, 3), 1 / 3)
    found = values_on(of_probabilities(np.arange(3), probabilities, None), [1, 1, 1])
    assert found == {"log_loss": pytest.approx(np.log(3))}


def test_the_opposite_sign_has_the_opposite_direction():
    [log_loss, _] = of_probabilities(np.array([0, 1]), np.array([[0.8, 0.2], [0.4, 0.6]]), 1)
    opposite = log_loss.negative("neg_log_loss")
    assert (log_loss.direction, opposite.direction) == ("min", "max")
    values = values_on([log_loss, opposite], [1, 1])
    assert values["neg_log_loss"] == -values["log_loss"]


@pytest.mark.parametrize(
    ("true", "predicted", "left_out"),
    [
        ([0, 0, 0], [0, 0, 0], {"mcc", "precision", "recall", "f1"}),
        ([0, 0, 0], [0, 1, 0], {"mcc", "recall", "f1"}),
        ([1, 1, 1], [1, 0, 1], {"mcc"}),
        ([1, 1, 1], [0, 0, 0], {"mcc", "precision"}),
        ([1], [1], {"mcc"}),
        ([1, 0], [0, 0], set()),  # 0, as scikit-learn has it: the rows define them
    ],
)
def test_what_rows_of_one_class_do_not_define_is_left_out(true, predicted, left_out, outcome_of, answering):
    outcome, _ = outcome_of(answering(np.array(predicted), classes=[0, 1]), np.array(true))
    known = Measures(outcome)
    assert {"precision", "recall", "f1", "mcc"} - known.of.keys() == left_out
    assert {known.left_out[name] for name in left_out} <= {f"all {len(true)} rows have the class '{true[0]}'"}
    assert "accuracy" in known.of


def test_means_over_classes_of_rows_of_one_class_are_left_out(outcome_of, answering):
    outcome, _ = outcome_of(answering(np.array([2, 1, 2]), classes=[0, 1, 2]), np.array([2, 2, 2]))
    known = Measures(outcome)
    assert {"mcc", "precision_macro", "recall_macro", "f1_macro"} <= known.left_out.keys() - known.of.keys()
    assert "accuracy" in known.of
