"""What `mlmagic.evaluate` returns for each task."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import metrics
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer, make_scorer
from sklearn.svm import SVC

from mlmagic import evaluate, split
from mlmagic.evaluation.statistics.paired_tests import mcnemar


def quick(*args, **options):
    return evaluate(*args, **{"figures": False, "resamples": 200, **options})


def texts(evaluation):
    return [note.text for note in evaluation.notes]


def business_cost(y_true, y_pred):
    return float(np.sum((y_true == 1) & (y_pred == 0)) * 10 + np.sum((y_true == 0) & (y_pred == 1)))


def test_two_classes_have_scikit_learns_values(cancer):
    found = quick(cancer.logistic, cancer.X, cancer.y)
    predicted, probability = cancer.logistic.predict(cancer.X), cancer.logistic.predict_proba(cancer.X)[:, 1]
    wanted = {
        "accuracy": metrics.accuracy_score(cancer.y, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(cancer.y, predicted),
        "precision": metrics.precision_score(cancer.y, predicted),
        "recall": metrics.recall_score(cancer.y, predicted),
        "f1": metrics.f1_score(cancer.y, predicted),
        "mcc": metrics.matthews_corrcoef(cancer.y, predicted),
        "roc_auc": metrics.roc_auc_score(cancer.y, probability),
        "average_precision": metrics.average_precision_score(cancer.y, probability),
        "log_loss": metrics.log_loss(cancer.y, probability),
        "brier": metrics.brier_score_loss(cancer.y, probability),
    }
    assert found.task == "binary"
    assert dict(found.metrics) == pytest.approx(wanted, abs=1e-12)
    assert all(found.intervals[name].low < value < found.intervals[name].high for name, value in wanted.items())
    assert (found.positive, found.rows, found.recorded_on) == ("1", 142, None)
    assert found.how == "200 resamples of rows"


def test_three_classes_have_scikit_learns_values():
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(X[::2, :2], y[::2])
    found = quick(model, X[1::2, :2], y[1::2], metrics=["precision_weighted", "f1_micro"])
    true, predicted, scores = y[1::2], model.predict(X[1::2, :2]), model.predict_proba(X[1::2, :2])
    assert found.task == "multiclass"
    assert found.metrics["f1_macro"] == pytest.approx(metrics.f1_score(true, predicted, average="macro"))
    assert found.metrics["f1_weighted"] == pytest.approx(metrics.f1_score(true, predicted, average="weighted"))
    assert found.metrics["roc_auc_ovr"] == pytest.approx(metrics.roc_auc_score(true, scores, multi_class="ovr"))
    assert found.metrics["log_loss"] == pytest.approx(metrics.log_loss(true, scores))
    assert found.metrics["precision_weighted"] == pytest.approx(
        metrics.precision_score(true, predicted, average="weighted")
    )
    assert found.metrics["f1_micro"] == found.metrics["accuracy"]


def test_numbers_have_scikit_learns_values():
    X, y = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(X[::2], y[::2])
    found = quick(model, X[1::2], y[1::2], metrics=["mape", "neg_mean_squared_error", "explained_variance"])
    true, predicted = y[1::2], model.predict(X[1::2])
    wanted = {
        "mape": metrics.mean_absolute_percentage_error(true, predicted),
        "neg_mean_squared_error": -metrics.mean_squared_error(true, predicted),
        "explained_variance": metrics.explained_variance_score(true, predicted),
        "r2": metrics.r2_score(true, predicted),
        "rmse": metrics.root_mean_squared_error(true, predicted),
        "mae": metrics.mean_absolute_error(true, predicted),
        "median_absolute_error": metrics.median_absolute_error(true, predicted),
    }
    assert found.task == "regression"
    assert dict(found.metrics) == pytest.approx(wanted)
    assert found.directions["rmse"] == "min"
    assert found.directions["neg_mean_squared_error"] == "max"


def test_several_outputs_have_metrics_of_their_own():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = pd.DataFrame({"price": X[:, 0] + rng.normal(size=200), "weight": X[:, 1] * 2})
    model = LinearRegression().fit(X[:100], y[:100])
    found = quick(model, X[100:], y[100:])
    predicted = model.predict(X[100:])
    assert found.metrics["r2.price"] == pytest.approx(metrics.r2_score(y.price[100:], predicted[:, 0]))
    assert found.metrics["r2"] == pytest.approx(metrics.r2_score(y[100:], predicted))
    assert found.metrics["median_absolute_error.weight"] == pytest.approx(
        metrics.median_absolute_error(y.weight[100:], predicted[:, 1])
    )


def test_several_labels_of_a_row():
    X, y = make_multilabel_classification(300, n_classes=4, random_state=0)
    model = RandomForestClassifier(20, random_state=0).fit(X[:150], y[:150])
    found = quick(model, X[150:], y[150:])
    predicted = model.predict(X[150:])
    assert found.task == "multilabel"
    assert found.metrics["accuracy"] == pytest.approx(metrics.accuracy_score(y[150:], predicted))
    assert found.metrics["f1_macro"] == pytest.approx(metrics.f1_score(y[150:], predicted, average="macro"))
    assert found.metrics["f1_micro"] == pytest.approx(metrics.f1_score(y[150:], predicted, average="micro"))
    assert found.metrics["hamming_loss"] == pytest.approx(metrics.hamming_loss(y[150:], predicted))
    scores = np.column_stack([one[:, 1] for one in model.predict_proba(X[150:])])
    assert found.metrics["roc_auc_macro"] == pytest.approx(metrics.roc_auc_score(y[150:], scores))


def test_own_functions_and_scorers_stand_first_and_have_intervals(cancer):
    scorer = make_scorer(metrics.fbeta_score, beta=2)
    found = quick(cancer.logistic, cancer.X, cancer.y, metrics=[business_cost, scorer, "jaccard"])
    assert list(found.metrics)[:4] == ["business_cost", "fbeta_score", "jaccard", "accuracy"]
    assert found.metrics["business_cost"] == business_cost(cancer.y.to_numpy(), cancer.logistic.predict(cancer.X))
    assert found.metrics["fbeta_score"] == pytest.approx(scorer(cancer.logistic, cancer.X, cancer.y))
    assert found.metrics["jaccard"] == pytest.approx(get_scorer("jaccard")(cancer.logistic, cancer.X, cancer.y))
    assert found.intervals["business_cost"].is_known


def test_a_function_may_take_probabilities_and_a_scorer_its_own_model(cancer):
    def calibration(y_true, y_proba):
        return float(abs(y_true.mean() - y_proba.mean()))

    def custom(estimator, X, y):
        return float((estimator.predict(X) == y).mean())

    found = quick(cancer.logistic, cancer.X, cancer.y, metrics={"calibration": calibration, "mine": custom})
    gap = abs(cancer.y.mean() - cancer.logistic.predict_proba(cancer.X)[:, 1].mean())
    assert found.metrics["calibration"] == pytest.approx(gap)
    assert found.metrics["mine"] == found.metrics["accuracy"]


def test_the_decision_function_ranks_where_there_are_no_probabilities(cancer):
    model = SVC().fit(cancer.X_train, cancer.y_train)
    found = quick(model, cancer.X, cancer.y)
    assert found.metrics["roc_auc"] == pytest.approx(metrics.roc_auc_score(cancer.y, model.decision_function(cancer.X)))
    assert "log_loss" not in found.metrics
    assert "log_loss, brier were left out: the model has no predict_proba" in texts(found)


def test_the_model_predicts_once(cancer):
    calls = []

    class Counting:
        classes_ = cancer.tree.classes_

        def predict(self, X):
            calls.append(len(X))
            return cancer.tree.predict(X)

    quick(Counting(), cancer.X, cancer.y, metrics=[business_cost, "jaccard"], by="mean radius")
    assert calls == [142]


def test_slices_have_intervals_and_small_ones_a_warning(cancer):
    site = np.array(["north"] * 90 + ["south"] * 45 + ["east"] * 7)
    found = evaluate(cancer.logistic, cancer.X, cancer.y, by=site, figures=False)
    north, south, east = (next(one for one in found.slices if one.value == name) for name in ("north", "south", "east"))
    assert [one.value for one in found.slices] == ["east", "north", "south"]
    assert (north.by, north.rows, south.rows) == ("site", 90, 45)
    right = cancer.logistic.predict(cancer.X[:90]) == cancer.y[:90]
    assert north.metrics["accuracy"] == pytest.approx(right.mean())
    assert north.intervals["accuracy"].is_known
    assert east.warning == "only 7 rows: too few to tell"
    frame = found.to_dataframe()
    assert set(frame["slice"]) == {"all", "site = east", "site = north", "site = south"}
    assert list(frame.columns) == ["slice", "metric", "value", "low", "high", "rows"]


def test_a_column_of_numbers_is_divided_into_quarters(cancer):
    found = quick(cancer.logistic, cancer.X, cancer.y, by="mean radius")
    assert sum(one.rows for one in found.slices) == 142
    assert len(found.slices) == 4
    assert any("quarters" in text for text in texts(found))


def test_another_model_is_compared_on_the_same_rows(cancer):
    found = quick(cancer.logistic, cancer.X, cancer.y, against=cancer.tree, name="logistic", against_name="tree")
    difference = found.difference
    own, other = cancer.logistic.predict(cancer.X) == cancer.y, cancer.tree.predict(cancer.X) == cancer.y
    assert difference.values["accuracy"] == pytest.approx(own.mean() - other.mean())  # noqa: PD011  # not a frame
    assert difference.mcnemar == mcnemar(own, other)
    assert difference.sentence().endswith("in accuracy on the same 142 rows")


def test_a_clear_difference_is_said_with_its_interval_whichever_way(cancer):
    def worst(X):
        return np.zeros(len(X), dtype=int)

    better = quick(cancer.logistic, cancer.X, cancer.y, against=worst).difference.sentence()
    worse = quick(worst, cancer.X, cancer.y, against=cancer.logistic, name="worst", against_name="best").difference
    assert " is better by 0." in better
    assert worse.sentence().startswith("best is better by 0.")
    log_loss = quick(cancer.tree, cancer.X, cancer.y, against=cancer.logistic, metrics=["brier"])
    assert log_loss.difference.metric == "brier"
    same = quick(cancer.tree, cancer.X, cancer.y, against=cancer.tree, name="a", against_name="b").difference
    assert same.sentence().startswith("no difference can be told: a and b have the same value in accuracy")


def test_less_is_better_for_an_error():
    X, y = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(X[::2], y[::2])
    found = quick(
        model,
        X[1::2],
        y[1::2],
        metrics=["rmse"],
        against=lambda data: np.zeros(len(data)),
        name="line",
        against_name="zero",
    )
    assert found.difference.values["rmse"] < 0  # noqa: PD011  # not a frame
    assert found.difference.sentence().startswith("line is better by ")


def test_groups_are_drawn_whole(cancer):
    patients = np.arange(142) // 4
    found = quick(cancer.logistic, cancer.X, cancer.y, groups=patients)
    assert found.how == "200 resamples of 36 groups"
    found = quick(cancer.logistic, cancer.X, cancer.y, groups=patients, against=cancer.tree)
    assert found.difference.mcnemar is None


def test_rows_are_drawn_within_classes_where_their_numbers_are_fixed(cancer):
    found = quick(cancer.logistic, cancer.X, cancer.y, stratify=True)
    assert found.how == "200 resamples of rows within each class"
    rare = np.r_[np.flatnonzero(cancer.y == 0)[:6], np.flatnonzero(cancer.y == 1)]
    found = quick(cancer.logistic, cancer.X.iloc[rare], cancer.y.iloc[rare])
    assert found.how == "200 resamples of rows within each class"
    _, X_test, _, y_test = split(cancer.X, cancer.y, stratify=cancer.y, seed=1, test=0.5)
    assert quick(cancer.logistic, X_test, y_test).how == "200 resamples of rows within each class"
    _, X_test, _, y_test = split(cancer.X, cancer.y, seed=1, test=0.5)
    assert quick(cancer.logistic, X_test, y_test).how == "200 resamples of rows"


def test_the_same_numbers_each_time(cancer):
    one, two = (quick(cancer.logistic, cancer.X, cancer.y, metrics=[business_cost]) for _ in range(2))
    assert dict(one.metrics) == dict(two.metrics)
    assert dict(one.intervals) == dict(two.intervals)


def test_figures_leave_pyplot_alone(cancer):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    found = quick(cancer.logistic, cancer.X, cancer.y, figures=True)
    assert list(found.figures) == ["confusion_matrix", "roc", "precision_recall", "calibration"]
    assert all(picture.startswith(b"\x89PNG") for picture in found.figures.values())
    assert plt.get_fignums() == before
    X, y = load_diabetes(return_X_y=True)
    assert list(quick(LinearRegression().fit(X, y), X, y, figures=True).figures) == [
        "actual_and_predicted",
        "residuals",
    ]


def test_importance_and_learning_curve_on_request(cancer):
    found = quick(
        cancer.logistic,
        cancer.X,
        cancer.y,
        figures=True,
        importance=True,
        learning_curve=(cancer.X_train, cancer.y_train),
    )
    assert set(found.importance) == set(cancer.X.columns)
    assert {"permutation_importance", "learning_curve"} <= set(found.figures)
    means = [mean for mean, _ in found.importance.values()]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("kind", ["pandas", "polars", "numpy", "lists"])
def test_data_of_each_library_gives_the_same_metrics(cancer, kind):
    X, y = {
        "pandas": lambda: (cancer.X, cancer.y),
        "polars": lambda: (pl.from_pandas(cancer.X), pl.Series("target", cancer.y.tolist())),
        "numpy": lambda: (cancer.X.to_numpy(), cancer.y.to_numpy()),
        "lists": lambda: (cancer.X.to_numpy().tolist(), cancer.y.tolist()),
    }[kind]()
    found = quick(cancer.logistic, X, y)
    assert dict(found.metrics) == pytest.approx(dict(quick(cancer.logistic, cancer.X, cancer.y).metrics), abs=1e-12)
    assert len(found.fingerprint) == 2


def test_the_fingerprint_identifies_the_test_data(cancer):
    from mlmagic.data.fingerprint.fingerprint import fingerprint

    X_test, y_test = cancer.X, cancer.y
    found = evaluate(cancer.logistic, X_test, y_test, figures=False)
    assert found.fingerprint["X_test"]["digest"] == fingerprint(X_test).digest
    assert found.fingerprint["y_test"]["digest"] == fingerprint(y_test).digest


def test_labels_as_text_and_the_positive_one(cancer):
    y = cancer.y.map({0: "malignant", 1: "benign"})
    model = LogisticRegression(max_iter=5000).fit(cancer.X_train, cancer.y_train.map({0: "malignant", 1: "benign"}))
    first, second = quick(model, cancer.X, y), quick(model, cancer.X, y, positive="benign")
    assert (first.positive, second.positive) == ("malignant", "benign")
    predicted = model.predict(cancer.X)
    assert second.metrics["recall"] == pytest.approx(metrics.recall_score(y, predicted, pos_label="benign"))
    assert first.metrics["roc_auc"] == pytest.approx(second.metrics["roc_auc"])
    assert second.metrics["brier"] == pytest.approx(first.metrics["brier"])


def test_the_decision_function_of_the_first_class_is_turned_around(cancer):
    model = SVC().fit(cancer.X_train, cancer.y_train)
    one, two = (quick(model, cancer.X, cancer.y, positive=label) for label in (1, 0))
    assert one.metrics["roc_auc"] == pytest.approx(two.metrics["roc_auc"])
