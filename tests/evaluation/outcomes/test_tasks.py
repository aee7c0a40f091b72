"""Which task a model solves: by what kind it is, what it predicts, and what the targets are."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier

from mlmagic.errors import UsageProblem
from mlmagic.evaluation.outcomes.answers import Answers
from mlmagic.evaluation.outcomes.tasks import task_of

ASSUMED = ["taken as classes, because the targets are few whole numbers; task='regression' takes them as numbers"]
CLASSIFIER, REGRESSOR = LogisticRegression(), LinearRegression()


def own_function(data):
    """A model of which nothing is known."""


def task(model, true, predicted, known=None):
    notes = []
    predicted = np.asarray(true if predicted is None else predicted)
    answers = Answers(predicted, None, None, None if known is None else np.asarray(known))
    return task_of(model, np.asarray(true), answers, notes.append), notes


@pytest.mark.parametrize(
    ("model", "true", "predicted", "known", "found"),
    [
        pytest.param(REGRESSOR, [0, 1, 1], None, None, "regression", id="a regressor of 0 and 1"),
        pytest.param(CLASSIFIER, [0, 1, 1], None, [0, 1], "binary", id="a classifier"),
        pytest.param(CLASSIFIER, [0, 1, 1], None, [0, 1, 2], "multiclass", id="a classifier that knows more"),
        pytest.param(CLASSIFIER, [5, 5, 5], None, [5], "binary", id="a classifier of one class"),
        pytest.param(CLASSIFIER, [0.5, 1.5, 2.5], None, None, "multiclass", id="a classifier of fractions"),
        pytest.param(own_function, ["a", "b", "a"], None, None, "binary", id="two texts"),
        pytest.param(own_function, ["a", "b", "c"], None, None, "multiclass", id="three texts"),
        pytest.param(own_function, [True, False, True], None, None, "binary", id="truth values"),
        pytest.param(own_function, [0.1, 0.2, 1.0], None, None, "regression", id="fractions"),
        pytest.param(
            own_function, [0.5, 1.5, 0.5], [1.0, 2.0, 1.0], None, "regression", id="fractions, predicted whole"
        ),
        pytest.param(own_function, list(range(21)), None, None, "regression", id="many whole numbers"),
        pytest.param(own_function, [0, 1, 2], [0.1, 1.2, 1.9], None, "regression", id="fractions are predicted"),
        pytest.param(own_function, [0, 1, 2], [0.1, 0.2, 0.9], None, "regression", id="parts of three are numbers"),
        pytest.param(own_function, [0, 1, 1], [-0.1, 0.7, 0.9], None, "regression", id="below 0"),
        pytest.param(own_function, [0, 1, 1], [0.1, 1.2, 0.9], None, "regression", id="above 1"),
        pytest.param(own_function, [0.5, 1.5], None, [0.5, 1.5], "binary", id="what has classes is a classifier"),
        pytest.param(REGRESSOR, [[0, 1], [1, 1]], None, None, "regression", id="a regressor of two columns of 0 and 1"),
        pytest.param(own_function, [[0, 1], [1, 1]], None, None, "multilabel", id="two columns of 0 and 1"),
        pytest.param(own_function, [[0.5, 1], [1, 1]], None, None, "regression", id="two columns of numbers"),
        pytest.param(own_function, [[True, False], [True, True]], None, None, "multilabel", id="columns of truth"),
    ],
)
def test_the_task_that_is_recognised_without_a_word(model, true, predicted, known, found):
    assert task(model, true, predicted, known) == (found, [])


@pytest.mark.parametrize(
    ("true", "predicted", "found"),
    [
        pytest.param([0, 1, 1], None, "binary", id="two numbers"),
        pytest.param([0.0, 1.0, 1.0], None, "binary", id="two whole numbers of floats"),
        pytest.param([0, 1, 1], [0.2, 0.7, 1.0], "binary", id="probabilities are predicted"),
        pytest.param([0, 1, 1], [0.0, 0.7, 1.0], "binary", id="probabilities from 0 to 1 are predicted"),
        pytest.param([0, 1, 2], [0.0, 1.0, 2.0], "multiclass", id="whole numbers are predicted"),
        pytest.param([0, 1, 2], np.eye(3) * 0.5, "multiclass", id="a column for each is predicted"),
        pytest.param(list(range(20)), None, "multiclass", id="as many as may be classes"),
    ],
)
def test_few_whole_numbers_are_taken_as_classes_and_that_is_said(true, predicted, found):
    assert task(own_function, true, predicted) == (found, ASSUMED)


@pytest.mark.parametrize(
    ("model", "true"),
    [
        pytest.param(MultiOutputClassifier(CLASSIFIER), [[3, 1], [4, 1]], id="a classifier of two outputs"),
        pytest.param(own_function, [["a", "x"], ["b", "y"]], id="texts in two columns"),
    ],
)
def test_several_outputs_of_classes_have_no_task(model, true):
    with pytest.raises(UsageProblem, match="evaluate each output by itself"):
        task(model, true, None)
