"""Metrics that are asked for: under which name, by what they are computed, and why one is left out."""

import functools
import math
import signal

import numpy as np
import pytest
from sklearn import metrics
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer, get_scorer_names, make_scorer
from sklearn.svm import LinearSVC

from mlmagic.errors import UsageProblem
from mlmagic.evaluation.measures.asked import measures_asked, named
from mlmagic.evaluation.measures.standard import Measures, all_names

TRUE, PREDICTED = np.array([0, 1, 1, 0, 1, 0]), np.array([0, 1, 0, 1, 1, 0])
PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9], [0.8, 0.2]])
THREE = np.array([0, 1, 2, 0, 1, 2])


def cost(y_true, y_pred):
    return float((y_true != y_pred).sum())


@pytest.fixture
def two(outcome_of, answering):
    """The outcome of a model with probabilities of two classes."""
    return outcome_of(answering(PREDICTED, classes=[0, 1], probabilities=PROBABILITIES), TRUE)[0]


@pytest.fixture
def outcomes(outcome_of, answering, two):
    """An outcome of each task."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (6, 2))
    numbers = rng.normal(size=(6, 2))
    return {
        "binary": two,
        "multiclass": outcome_of(answering(THREE[::-1].copy(), classes=[0, 1, 2], probabilities=rng.dirichlet([1] * 3, 6)), THREE)[0],
        "decided": outcome_of(answering(PREDICTED, classes=[0, 1], scores=PROBABILITIES[:, 1] - 0.5), TRUE, task="multiclass")[0],
        "labels only": outcome_of(answering(PREDICTED, classes=[0, 1]), TRUE)[0],
        "multilabel": outcome_of(answering(labels, scores=rng.random((6, 2))), labels[::-1].copy())[0],
        "regression": outcome_of(lambda data: numbers[:, 0], numbers[:, 1])[0],
        "outputs": outcome_of(lambda data: numbers, numbers[::-1].copy(), outputs=("price", "weight"))[0],
        "one row": outcome_of(lambda data: [1.5], [2.5])[0],
    }  # fmt: skip


def values(asked, outcome):
    """Return the values of what is asked for, on all rows, and the reasons for what is left out."""
    known = Measures(outcome)
    standard = set(known.left_out)
    found = list(measures_asked(asked, known, outcome, model="net", slow_too=True))
    ones = np.ones((len(outcome), 1))
    with np.errstate(all="ignore"):
        computed = {one.name: float(np.reshape(one.finish(one.summary.of(ones)), -1)[0]) for one in found}
    return computed, {name: why for name, why in known.left_out.items() if name in asked and name not in standard}


@pytest.mark.parametrize(
    ("metrics", "names"),
    [
        (None, []),
        ([], []),
        ("accuracy", ["accuracy"]),
        (["f1", "roc_auc"], ["f1", "roc_auc"]),
        (cost, ["cost"]),
        ((cost, "f1"), ["cost", "f1"]),
        (lambda y, p: 0.0, ["metric"]),
        (functools.partial(cost), ["partial"]),
        ({"mine": cost, 3: "f1"}, ["mine", "3"]),
        (make_scorer(metrics.fbeta_score, beta=2), ["fbeta_score"]),
        ([get_scorer("f1_macro")], ["f1_score"]),
        ("mape.price", ["mape.price"]),
    ],
)
def test_what_is_asked_for_has_a_name(metrics, names):
    assert list(named(metrics)) == names


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ("acuracy", r"there is no metric 'acuracy'\. Did you mean 'accuracy'\?"),
        (["f1", "zzz"], r"there is no metric 'zzz'\. Give a name of scikit-learn's scorers"),
        ({"mine": "f2"}, r"there is no metric 'f2'"),
        (3, r"metrics: 3 \(int\) is neither a metric's name nor a function"),
        ([None], r"metrics: None is neither a metric's name nor a function"),
        (["f1", "f1"], r"two metrics are named 'f1': name them, metrics=\{'f1_2': \.\.\.\}"),
        ([lambda y, p: 0, lambda y, p: 1], r"two metrics are named 'metric'"),
    ],
)
def test_what_is_no_metric_is_told(metrics, message):
    with pytest.raises(UsageProblem, match=message):
        named(metrics)


def test_every_name_of_a_metric_gives_a_value_or_a_reason_in_every_task(outcomes):
    for task, outcome in outcomes.items():
        asked = {name: name for name in [*all_names(), "rmse.price", "accuracy.price"]}
        computed, left_out = values(asked, outcome)
        reasons = left_out | Measures(outcome).left_out
        assert set(asked) <= set(computed) | set(reasons), task
        assert not set(computed) & set(reasons), task


@pytest.mark.parametrize(
    ("task", "name", "reason"),
    [
        ("binary", "rmse", "it is no metric of two classes"),
        ("binary", "hamming_loss", "it is no metric of two classes"),
        ("multiclass", "brier", "it is no metric of several classes"),
        ("regression", "mcc", "it is no metric of numbers"),
        ("regression", "rmse.price", "it is no metric of numbers"),
        ("outputs", "rmse.prize", "it is no metric of numbers. Did you mean 'rmse.price'?"),
        ("multilabel", "mcc", "it is no metric of several labels of a row"),
    ],
)
def test_a_metric_of_another_task_is_left_out_with_the_reason(outcomes, task, name, reason):
    assert values({name: name}, outcomes[task]) == ({}, {name: reason})


@pytest.fixture(scope="module")
def fitted():
    """Rows, their labels, and classifiers of two and of three classes, with probabilities and without."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    two = (X[:, 0] + rng.normal(size=60) > 0).astype(int)
    three = np.digitize(X[:, 0] + rng.normal(size=60), [-0.5, 0.5])
    return {
        "two": (LogisticRegression().fit(X, two), X, two),
        "three": (LogisticRegression().fit(X, three), X, three),
        "two, decided": (LinearSVC().fit(X, two), X, two),
        "three, decided": (LinearSVC().fit(X, three), X, three),
        "numbers": (LinearRegression().fit(X, X[:, 0] + rng.normal(size=60)), X, np.exp(X[:, 0])),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["two", "three", "two, decided", "three, decided", "numbers"])
def test_every_scorer_has_scikit_learns_value(outcome_of, fitted, kind):
    model, X, y = fitted[kind]
    outcome, _ = outcome_of(model, y, data=X)
    computed, left_out = values({name: name for name in get_scorer_names()}, outcome)
    ranked_by_decision = {"average_precision"} if kind == "three" else set()  # which orders rows in another way
    for name in set(get_scorer_names()) - ranked_by_decision:
        try:
            wanted = get_scorer(name)(model, X, y)
        except (ValueError, AttributeError):
            if name != "roc_auc_ovr":  # which is also computed of decision functions here
                assert name not in computed  # of another task, or of probabilities that the model has not
        else:
            value = computed.get(name, math.nan)
            assert value == pytest.approx(wanted, nan_ok=True), (name, left_out.get(name))


@pytest.mark.parametrize("kind", ["two", "two, decided"])
@pytest.mark.parametrize("positive", [0, 1])
def test_scorers_that_rank_rows_do_not_depend_on_the_positive_class(outcome_of, fitted, kind, positive):
    model, X, y = fitted[kind]
    outcome, _ = outcome_of(model, y, data=X, positive=positive)
    scorer = make_scorer(metrics.roc_auc_score, response_method=("decision_function", "predict_proba"))
    computed, _ = values({"area": scorer}, outcome)
    assert computed["area"] == pytest.approx(scorer(model, X, y))


def test_a_scorer_may_ask_for_the_decision_of_two_classes_that_are_taken_as_several(outcome_of, fitted):
    model, X, y = fitted["two, decided"]
    outcome, _ = outcome_of(model, y, data=X, task="multiclass")
    assert values({"roc_auc": "roc_auc"}, outcome)[0] == {"roc_auc": pytest.approx(get_scorer("roc_auc")(model, X, y))}


@pytest.mark.parametrize(
    ("function", "value"),
    [
        pytest.param(cost, 2.0, id="truth and prediction"),
        pytest.param(lambda y_true, y_proba: float(y_proba.sum()), 3.1, id="truth and probability"),
        pytest.param(lambda y_true, y_pred, y_prob: float(y_prob[y_pred == 1].sum()), 2.4, id="all three"),
        pytest.param(lambda y_true, y_pred, *, y_score: float(y_score.max()), 0.9, id="by keyword only"),
        pytest.param(lambda y_true, y_pred, power=2: float(power), 2.0, id="with a default"),
        pytest.param(lambda estimator, X, y: float((estimator.predict(X) == y).mean()), 4 / 6, id="a scorer by its signature"),
        pytest.param(lambda y_true, y_pred: np.float32(0.25), 0.25, id="a number of NumPy"),
        pytest.param(lambda y_true, y_pred: np.array(0.25), 0.25, id="an array of one number"),
        pytest.param(lambda y_true, y_pred: True, 1.0, id="a truth value"),
    ],
)  # fmt: skip
def test_functions_are_given_what_they_take(two, function, value):
    assert values({"mine": function}, two) == ({"mine": pytest.approx(value)}, {})


def raises(error):
    def function(y_true, y_pred):
        raise error

    return function


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        pytest.param(raises(ValueError("no {cost}")), "it raised ValueError: no {cost}", id="an error with braces"),
        pytest.param(raises(KeyError("column")), "it raised KeyError: 'column'", id="a key"),
        pytest.param(raises(LookupError()), "it raised LookupError", id="nothing is said"),
        pytest.param(raises(SystemExit(3)), "it raised SystemExit: 3", id="an exit"),
        pytest.param(lambda y_true, y_pred: None, "it returned None, not a number", id="no value"),
        pytest.param(lambda y_true, y_pred: float("nan"), "its value is nan on these rows", id="nan"),
        pytest.param(lambda y_true, y_pred: float("inf"), "its value is inf on these rows", id="infinity"),
        pytest.param(lambda y_true, y_pred, y_true2: 0, "it raised TypeError", id="another argument"),
    ],
)
def test_a_function_without_a_value_is_left_out_with_the_reason(two, function, reason):
    computed, left_out = values({"mine": function}, two)
    assert computed == {}
    assert left_out["mine"].startswith(reason)


def test_a_function_that_takes_probabilities_needs_some(outcomes):
    _, left_out = values({"gap": lambda y_true, y_proba: 0.0}, outcomes["labels only"])
    assert left_out == {"gap": "it takes probabilities, and net has none"}


def test_decision_scores_are_no_probabilities(outcome_of, fitted):
    model, _, y = fitted["two, decided"]
    outcome, _ = outcome_of(model, y, data=fitted["two, decided"][1])
    asked = {
        "proba": lambda y_true, y_proba: float(y_proba.sum()),
        "prob": lambda y_true, y_prob: 0.0,
        "squares": metrics.brier_score_loss,
        "loss": metrics.log_loss,
        "score": lambda y_true, y_score: float(y_score.sum()),
        "area": metrics.roc_auc_score,
    }
    computed, left_out = values(asked, outcome)
    scores = model.decision_function(fitted["two, decided"][1])
    assert computed == {
        "score": pytest.approx(scores.sum()), "area": pytest.approx(metrics.roc_auc_score(y, scores)),
    }  # fmt: skip
    assert left_out == dict.fromkeys(["proba", "prob", "squares", "loss"], "it takes probabilities, and net has none")


def test_a_function_of_the_name_of_a_metric_that_is_left_out_takes_its_place(outcomes):
    known = Measures(outcomes["labels only"])
    assert "log_loss" in known.left_out
    asked = {"log_loss": lambda y_true, y_pred: 2.0}
    assert [one.name for one in measures_asked(asked, known, outcomes["labels only"], model="net", slow_too=True)] == [
        "log_loss"
    ]
    assert "log_loss" not in known.left_out


OF_PROBABILITIES = [
    metrics.brier_score_loss, metrics.log_loss, metrics.roc_auc_score, metrics.average_precision_score,
    metrics.d2_log_loss_score, functools.partial(metrics.roc_auc_score, max_fpr=0.5),
]  # fmt: skip


@pytest.mark.parametrize("function", OF_PROBABILITIES)
def test_scikit_learns_functions_are_given_probabilities_of_the_positive_class(function, outcome_of, answering):
    labels = np.array(["no", "yes"])
    model = answering(labels[PREDICTED], classes=labels, probabilities=PROBABILITIES)
    for positive, column in (("yes", 1), ("no", 0)):
        outcome, _ = outcome_of(model, labels[TRUE], positive=positive)
        truth = (column == TRUE).astype(int)
        assert values({"mine": function}, outcome)[0] == {
            "mine": pytest.approx(function(truth, PROBABILITIES[:, column]))
        }


@pytest.mark.parametrize("function", [metrics.log_loss, metrics.roc_auc_score, metrics.top_k_accuracy_score])
def test_scikit_learns_functions_are_given_a_column_for_each_of_several_classes(function, outcomes):
    outcome = outcomes["multiclass"]
    more = {"multi_class": "ovr"} if function is metrics.roc_auc_score else {}
    wanted = function(outcome.true, outcome.probabilities, labels=[0, 1, 2], **more)
    assert values({"mine": function}, outcome)[0] == {"mine": pytest.approx(wanted)}


def test_a_further_parameter_with_a_default_is_not_the_prediction(two):
    def above(y_true, y_proba, threshold=0.5):
        return float((y_proba > threshold).sum())

    def at(y_true, threshold=0.5, *, y_proba):
        return float((y_proba > threshold).sum())

    assert values({"above": above, "at": at}, two) == ({"above": 3.0, "at": 3.0}, {})


def test_the_users_interrupt_of_a_function_is_not_taken_for_its_error(two):
    def interrupted(y_true, y_pred):
        signal.raise_signal(signal.SIGINT)
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        values({"mine": interrupted}, two)


def test_a_function_has_no_value_where_it_raises_on_a_resample(two):
    def first_row_only(y_true, y_pred):
        if len(y_true) < 6:
            raise ValueError("too few")
        return 1.0

    [measure] = measures_asked({"mine": first_row_only}, Measures(two), two, model="net", slow_too=True)
    weights = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]]).T
    assert np.isnan(measure.finish(measure.summary.of(weights))).tolist() == [False, True]


def test_the_direction_of_a_function_is_told_by_its_name(two):
    asked = {"my_loss": cost, "my_accuracy": cost, "oddness": cost, "f1": "f1", "neg_log_loss": "neg_log_loss"}
    found = {one.name: one.direction for one in measures_asked(asked, Measures(two), two, model="net", slow_too=True)}
    assert found == {"my_loss": "min", "my_accuracy": "max", "oddness": None, "f1": "max", "neg_log_loss": "max"}
