"""A model's answers in one form: labels with codes, probabilities and scores in the order of the classes."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from mlmagic.errors import UsageProblem

HALF = np.array([0.9, 0.2, 0.6])
TWO = np.column_stack([1 - HALF, HALF])


@pytest.mark.parametrize(
    ("classes", "positive", "code"),
    [
        pytest.param([0, 1], None, 1, id="the second of two"),
        pytest.param([0, 1], 0, 0, id="as asked"),
        pytest.param([0, 1], "0", 0, id="as a magic's line writes it"),
        pytest.param([0.0, 1.0], 1, 1, id="a whole number of floats"),
        pytest.param([False, True], 1, 1, id="1 is True"),
        pytest.param([False, True], "False", 0, id="False as text"),
        pytest.param(["no", "yes"], "no", 0, id="a text"),
        pytest.param([-1, 1], None, 1, id="minus one and one"),
    ],
)
def test_the_positive_class(outcome_of, answering, classes, positive, code):
    true = [classes[1], classes[0], classes[1]]
    model = answering(np.array(true), classes=classes, probabilities=TWO)
    found, _ = outcome_of(model, true, positive=positive)
    assert (found.task, found.positive) == ("binary", code)
    assert found.scores.tolist() == TWO[:, code].tolist()


def test_a_positive_class_that_there_is_not(outcome_of, answering):
    model = answering(np.array(["yes", "no"]), classes=["no", "yes"])
    with pytest.raises(UsageProblem, match="there is no class 'si' to be the positive one: the classes are no, yes"):
        outcome_of(model, ["yes", "no"], positive="si")


@pytest.mark.parametrize("positive", [0, 1])
def test_a_decision_function_is_that_of_the_second_class(outcome_of, answering, positive):
    scores = np.array([2.0, -1.0, 0.5])
    found, _ = outcome_of(answering(np.array([1, 0, 1]), classes=[0, 1], scores=scores), [1, 0, 0], positive=positive)
    assert found.scores.tolist() == (scores if positive else -scores).tolist()
    assert found.probabilities is None


def test_two_classes_taken_as_several_have_a_score_each(outcome_of, answering):
    scores = np.array([2.0, -1.0, 0.5])
    model = answering(np.array([1, 0, 1]), classes=[0, 1], scores=scores)
    found, _ = outcome_of(model, [1, 0, 0], task="multiclass")
    assert (found.task, found.positive) == ("multiclass", None)
    assert found.scores.tolist() == [[-2.0, 2.0], [1.0, -1.0], [-0.5, 0.5]]


@pytest.mark.parametrize("kind", ["probabilities", "scores"])
def test_columns_stand_under_their_classes_though_some_labels_are_unknown_to_the_model(outcome_of, answering, kind):
    three = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    model = answering(np.array(["a", "c", "d"]), classes=["a", "c", "d"], **{kind: three})
    found, notes = outcome_of(model, ["a", "b", "d"])
    assert found.classes.tolist() == ["a", "b", "c", "d"]
    assert found.scores.tolist() == [[0.7, 0.0, 0.2, 0.1], [0.1, 0.0, 0.8, 0.1], [0.2, 0.0, 0.2, 0.6]]
    assert (found.codes.tolist(), found.predicted_codes.tolist()) == ([0, 1, 3], [0, 2, 3])
    assert found.unseen == ("b",)
    assert notes == ["1 row has a label that the model has not seen in training, and so never predicts: b"]


def test_classes_that_the_test_data_lack_are_classes_all_the_same(outcome_of, answering):
    model = answering(np.array([2, 0, 2]), classes=[0, 1, 2], probabilities=np.full((3, 3), 1 / 3))
    found, notes = outcome_of(model, [2, 0, 0])
    assert (found.classes.tolist(), found.task, found.unseen) == ([0, 1, 2], "multiclass", ())
    assert notes == []


def test_scores_of_pairs_of_classes_rank_nothing(outcome_of, cancer):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 2)), np.arange(80) % 4
    model = SVC(decision_function_shape="ovo").fit(X, y)
    assert model.decision_function(X).shape == (80, 6)
    found, _ = outcome_of(model, y, data=X)
    assert found.scores is None


@pytest.mark.parametrize(
    ("answer", "predicted", "second"),
    [
        pytest.param(HALF, [1, 0, 1], HALF, id="the probability of the second class"),
        pytest.param(HALF.astype("float32")[:, None], [1, 0, 1], HALF, id="in a column"),
        pytest.param(TWO, [1, 0, 1], HALF, id="a column for each class"),
        pytest.param([[0.2, 0.8], [0.5, 0.5], [1.0, 0.0]], [1, 0, 0], [0.8, 0.5, 0.0], id="a tie is of the first"),
        pytest.param([0.5, 0.49, 1.0], [1, 0, 1], [0.5, 0.49, 1.0], id="a half is the second"),
    ],
)
def test_a_network_may_answer_with_probabilities(outcome_of, answer, predicted, second):
    found, notes = outcome_of(lambda data: answer, [1, 0, 1])
    assert found.predicted.tolist() == predicted
    assert found.scores == pytest.approx(np.asarray(second, dtype=float))
    assert found.probabilities.shape == (3, 2)
    assert any(note.startswith("the model predicts") for note in notes)


def test_numbers_that_are_no_probabilities_are_scores(outcome_of):
    logits = np.array([[-3.0, 2.0], [4.0, 1.0], [0.0, 5.0]])
    found, _ = outcome_of(lambda data: logits, [1, 0, 1])
    assert found.predicted.tolist() == [1, 0, 1]
    assert found.probabilities is None
    assert found.scores.tolist() == [2.0, 1.0, 5.0]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_precision_of_probabilities_is_kept(outcome_of, answering, kind):
    model = answering(np.array([1, 0, 1]), classes=[0, 1], probabilities=TWO.astype(kind))
    assert outcome_of(model, [1, 0, 1])[0].probabilities.dtype == kind


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, r"model returned None for the 3 rows of X: a function must return one value for each row"),
        (0.5, r"model returned 0\.5 \(float\) for the 3 rows of X"),
        ("yes", r"model returned 'yes' \(str\) for the 3 rows of X"),
        ([0, 1], r"model predicted 2 values for the 3 rows of X"),
        (np.zeros((3, 2, 2)), r"model predicts the shape \(3, 2, 2\): give a value for each row, or a column"),
        (np.zeros((3, 5)), r"model predicts 5 columns, and there are 2 classes"),
        (["a", "b", "a"], r"model predicts 'a', 'b', and the targets are 1, 0: texts and numbers are never equal"),
    ],
)  # fmt: skip
def test_an_answer_that_fits_no_rows_is_one_line(outcome_of, answer, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        outcome_of(lambda data: answer, [1, 0, 1])
    assert "\n" not in str(caught.value)


def test_codes_predicted_for_targets_of_text_are_told(outcome_of):
    with pytest.raises(UsageProblem, match=r"predicts 1, 0, and the targets are 'yes', 'no': .*Encode the targets"):
        outcome_of(lambda data: np.array([1, 0]), ["yes", "no"])


def test_numbers_are_the_same_labels_whatever_their_array_is(outcome_of, answering):
    of_objects = np.array([0, 1, 1], dtype=object)
    found, notes = outcome_of(answering(of_objects, classes=np.array([0, 1], dtype=object)), [0, 1, 0])
    assert (found.classes.tolist(), found.codes.tolist(), found.predicted_codes.tolist()) == (
        [0, 1],
        [0, 1, 0],
        [0, 1, 1],
    )
    assert notes == []


@pytest.mark.parametrize(
    ("true", "classes"),
    [
        pytest.param(["no", "yes", "no"], [0, 1], id="texts for numbers"),
        pytest.param([0, 1, 0], ["no", "yes"], id="numbers for texts"),
        pytest.param([3, 4, 3], [0, 1], id="other numbers"),
        pytest.param(["0", "1", "0"], [0, 1], id="numbers as texts"),
    ],
)
def test_labels_that_the_model_does_not_know_at_all_are_told_with_both(outcome_of, answering, true, classes):
    with pytest.raises(UsageProblem) as caught:
        outcome_of(answering(np.array(classes)[[0, 1, 0]], classes=classes), true)
    told = str(caught.value)
    assert told.startswith("no label of the test data is one that model knows: the data has ")
    assert repr(true[0]) in told
    assert repr(classes[0]) in told


def test_several_labels_of_a_row_may_be_answered_in_many_forms(outcome_of, answering):
    true = np.array([[1, 0], [0, 1], [1, 1]])
    scores = np.array([[0.9, 0.1], [0.4, 0.8], [0.5, 0.7]])
    pairs = [np.column_stack([1 - column, column]) for column in scores.T]
    for model, has_scores in (
        (answering(true, probabilities=scores), True),
        (answering(true, probabilities=pairs), True),
        (answering(csr_array(true), probabilities=scores), True),
        (answering(true.astype(bool), scores=scores), True),
        (lambda data: scores, True),
        (lambda data: true.astype(float), False),
        (answering(true, probabilities=[pairs[0], np.ones((3, 1))]), False),  # a label that training never had
        (answering(true, probabilities=np.ones((3, 5))), False),
    ):
        found, _ = outcome_of(model, true)
        assert found.task == "multilabel"
        assert found.predicted.tolist() == true.tolist()
        assert (found.scores is not None) == has_scores
        assert not has_scores or found.scores.tolist() == scores.tolist()


@pytest.mark.parametrize(
    ("task", "true", "answer", "message"),
    [
        ("regression", [1.0, 2.0], [[1.0, 1.0], [2.0, 2.0]], r"model predicts the shape \(2, 2\), and the targets have \(2,\)"),
        ("regression", [1.0, 2.0], ["a", "b"], "the targets and predictions of a regression are numbers"),
        ("regression", [1.0, 2.0], [1.0, np.inf], "model predicts NaN or infinity for 1 of 2 rows"),
        ("multilabel", [[1, 0], [0, 1]], [1, 0], r"model predicts the shape \(2,\), and the labels have \(2, 2\)"),
        ("binary", [0, 1, 2], [0, 1, 2], r"task='binary': there are 3 labels, 0, 1, 2"),
    ],
)  # fmt: skip
def test_answers_that_do_not_fit_the_targets(outcome_of, task, true, answer, message):
    with pytest.raises(UsageProblem, match=message):
        outcome_of(lambda data: answer, true, task=task)


def test_rows_of_an_outcome_are_those_of_all_its_parts(outcome_of, answering):
    model = answering(np.array([1, 0, 1]), classes=[0, 1], probabilities=TWO)
    found, _ = outcome_of(model, [1, 1, 1])
    part = found.take(np.array([2, 1]))
    assert len(part) == 2
    assert part.is_right.tolist() == [True, False]
    assert part.probabilities.tolist() == TWO[[2, 1]].tolist()
    assert part.scores.tolist() == HALF[[2, 1]].tolist()


def test_a_row_of_several_labels_is_right_as_a_whole(outcome_of):
    true = np.array([[1, 0], [0, 1]])
    found, _ = outcome_of(lambda data: np.array([[1, 0], [1, 1]]), true)
    assert found.is_right.tolist() == [True, False]
    numbers, _ = outcome_of(lambda data: [1.5, 2.0], [1.5, 2.5])
    assert numbers.is_right is None


def test_a_model_of_one_class_is_evaluated_too(outcome_of):
    model = LogisticRegression(max_iter=10)
    model.classes_ = np.array(["only"])
    model.predict = lambda data: np.array(["only"] * len(data))
    model.predict_proba = lambda data: np.ones((len(data), 1))
    found, _ = outcome_of(model, ["only", "only"])
    assert (found.task, found.classes.tolist(), found.positive) == ("binary", ["only"], 0)
