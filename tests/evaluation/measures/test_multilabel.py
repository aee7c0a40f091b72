"""Metrics of several labels of a row are scikit-learn's, on any rows that are drawn any number of times."""

import numpy as np
import pytest
from drawn import MOST_ROWS, rows_of, values_on, weights_of
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from mlmagic.evaluation.measures.multilabel import of_label_scores, of_labels


@st.composite
def labelled(draw):
    """Return the labels, the predicted ones, scores with ties, and how often each row is drawn."""
    shape = draw(st.integers(1, MOST_ROWS)), draw(st.integers(2, 3))
    labels = hnp.arrays(np.int64, shape, elements=st.integers(0, 1))
    scores = hnp.arrays(float, shape, elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    return draw(labels), draw(labels), draw(scores), draw(weights_of(shape[0]))


@given(labelled())
def test_labels_are_judged_as_scikit_learn_does(case):
    true, predicted, _, weights = case
    found = values_on(of_labels(true, predicted), weights)
    drawn = rows_of(weights)
    y, p = true[drawn], predicted[drawn]
    wanted = {
        "accuracy": metrics.accuracy_score(y, p),
        "f1_micro": metrics.f1_score(y, p, average="micro", zero_division=0),
        "f1_macro": metrics.f1_score(y, p, average="macro", zero_division=0),
        "hamming_loss": metrics.hamming_loss(y, p),
    }
    assert found == pytest.approx(wanted, abs=1e-12)


@given(labelled())
def test_scores_of_labels_are_judged_as_scikit_learn_does(case):
    true, _, scores, weights = case
    true, scores = np.vstack([np.eye(true.shape[1], dtype=int)[:2], true]), np.vstack([scores[:1], scores[:1], scores])
    true[:2, 2:] = [[0], [1]]  # each label has both values
    weights = [1, 0, *weights]
    [area] = values_on([of_label_scores(true, scores)], weights).values()
    y, s = true[rows_of(weights)], scores[rows_of(weights)]
    if all(len(set(column)) == 2 for column in y.T.tolist()):
        assert area == pytest.approx(metrics.roc_auc_score(y, s), abs=1e-12)
    else:
        assert np.isnan(area)
