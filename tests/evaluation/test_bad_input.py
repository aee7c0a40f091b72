"""Bad input costs one clear line, or one metric that is named; the rest goes on."""

import math

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from mlmagic import errors, evaluate, split


def quick(*args, **options):
    return evaluate(*args, **{"figures": False, "resamples": 100, **options})


def texts(evaluation):
    return [note.text for note in evaluation.notes]


def refused(*args, **options):
    with pytest.raises(errors.UsageProblem) as caught:
        quick(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_model_that_is_not_fitted(cancer):
    line = refused(LogisticRegression(), cancer.X, cancer.y, name="model")
    assert line == "model is not fitted: fit it first, model.fit(X_train, y_train)"
    assert "not fitted" in refused(make_pipeline(StandardScaler(), LogisticRegression()), cancer.X, cancer.y)


def test_a_class_in_place_of_a_model(cancer):
    assert "is the class LogisticRegression" in refused(LogisticRegression, cancer.X, cancer.y)


def test_something_that_predicts_nothing(cancer):
    assert "takes a model with predict, or a function" in refused(3, cancer.X, cancer.y)


def test_a_missing_column_is_named_with_the_nearest(cancer):
    renamed = cancer.X.rename(columns={"mean radius": "mean_radius"})
    line = refused(cancer.logistic, renamed, cancer.y)
    assert "has no column 'mean radius', which the model was fitted on. Did you mean 'mean_radius'?" in line


def test_columns_are_put_in_order_and_extra_ones_dropped_and_both_is_said(cancer):
    wanted = dict(quick(cancer.logistic, cancer.X, cancer.y).metrics)
    mixed = cancer.X[list(cancer.X.columns)[::-1]].assign(patient=range(142))
    found = quick(cancer.logistic, mixed, cancer.y)
    assert dict(found.metrics) == pytest.approx(wanted)
    assert any("put into the order of training, by name" in text for text in texts(found))
    assert any("was not fitted on it: patient" in text for text in texts(found))


def test_lightgbm_spells_the_names_of_columns_in_its_own_way(cancer):
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(cancer.X_train, cancer.y_train)
    wanted = dict(quick(model, cancer.X, cancer.y).metrics)
    mixed = cancer.X[list(cancer.X.columns)[::-1]].assign(patient=range(142))
    assert dict(quick(model, mixed, cancer.y).metrics) == pytest.approx(wanted)


def test_an_array_of_another_width(cancer):
    assert "has 5 columns, and the model was fitted on 6" in refused(
        cancer.logistic, cancer.X.to_numpy()[:, :5], cancer.y
    )


def test_a_column_that_holds_text_is_named(cancer):
    odd = cancer.X.assign(**{"mean area": ["large"] * 142})
    line = refused(cancer.logistic, odd, cancer.y, name="model")
    assert "predict of model failed on" in line
    assert line.endswith("Columns that hold text: mean area")
    as_text = cancer.X.astype({"mean area": str})
    assert dict(quick(cancer.logistic, as_text, cancer.y).metrics) == pytest.approx(
        dict(quick(cancer.logistic, cancer.X, cancer.y).metrics)
    )


def test_targets_that_are_missing(cancer):
    y = cancer.y.astype(float).copy()
    y.iloc[:3] = math.nan
    assert "is missing (NaN) in 3 of 142 rows" in refused(cancer.logistic, cancer.X, y)


def test_targets_of_another_length(cancer):
    assert "has 141 values, and" in refused(cancer.logistic, cancer.X, cancer.y[:-1])


def test_no_rows_and_no_table(cancer):
    assert "has no rows" in refused(cancer.logistic, cancer.X[:0], cancer.y[:0])
    assert "X is the text 'data' (str): give the data itself" in refused(cancer.logistic, "data", cancer.y)
    assert "the model is the text 'logistic': give the fitted model itself" in refused("logistic", cancer.X, cancer.y)
    assert "is a single column, and the model was fitted on 6" in refused(cancer.logistic, cancer.y, cancer.y)


def test_one_class_only(cancer):
    ones = cancer.y == 1
    found = quick(cancer.logistic, cancer.X[ones], cancer.y[ones])
    assert "roc_auc" not in found.metrics
    assert f"roc_auc, average_precision were left out: all {ones.sum()} rows have the class '1'" in texts(found)
    assert {"accuracy", "recall", "log_loss"} <= set(found.metrics)


def test_ten_rows_say_what_they_can_tell(cancer):
    right = np.flatnonzero(cancer.logistic.predict(cancer.X) == cancer.y)[:10]
    found = quick(cancer.logistic, cancer.X.iloc[right], cancer.y.iloc[right])
    assert found.metrics["accuracy"] == 1
    assert found.intervals["accuracy"].method == "exact"
    assert found.intervals["accuracy"].low == pytest.approx(0.6915, abs=1e-4)
    assert not found.intervals["f1"].is_known
    assert any(text.startswith("10 rows only: a gross error shows") and "0.69 to 1.00" in text for text in texts(found))


def test_a_single_row(cancer):
    found = quick(cancer.logistic, cancer.X[:1], cancer.y[:1])
    assert found.rows == 1
    assert any(text.startswith("1 row only") for text in texts(found))


def test_a_single_row_of_numbers():
    for targets in (np.arange(30.0) % 7, np.column_stack([np.arange(30.0) % 7, np.arange(30.0) % 5])):
        model = LinearRegression().fit(np.arange(30.0)[:, None], targets)
        found = quick(model, np.array([[3.0]]), targets[3:4])
        assert found.metrics["median_absolute_error"] == pytest.approx(found.metrics["mae"])
        assert not found.intervals["mae"].is_known


def test_a_metric_that_needs_probabilities(cancer):
    class Labels:
        classes_ = cancer.tree.classes_

        def predict(self, X):
            return cancer.tree.predict(X)

    def sharpness(y_true, y_proba):
        return float(np.mean(np.abs(y_proba - 0.5)))

    found = quick(Labels(), cancer.X, cancer.y, metrics=["roc_auc", "neg_log_loss", sharpness], name="labels")
    assert "accuracy" in found.metrics
    said = " | ".join(texts(found))
    assert "roc_auc, average_precision were left out: the model has neither predict_proba nor decision_function" in said
    assert "log_loss, brier, neg_log_loss were left out: the model has no predict_proba" in said
    assert "sharpness was left out: it takes probabilities, and labels has none" in said


def test_a_metric_that_raises_is_named_and_the_others_go_on(cancer):
    def broken(y_true, y_pred):
        raise ZeroDivisionError("no {cost} here")

    def wordy(y_true, y_pred):
        return "good"

    found = quick(cancer.logistic, cancer.X, cancer.y, metrics=[broken, wordy, "f1"])
    assert "broken was left out: it raised ZeroDivisionError: no {cost} here" in texts(found)
    assert "wordy was left out: it returned 'good' (str), not a number" in texts(found)
    assert {"f1", "accuracy"} <= set(found.metrics)


def test_a_metric_that_fails_on_some_resamples_has_percentiles(cancer):
    def brittle(y_true, y_pred):
        if (y_pred == 0).mean() > 0.36:
            raise ValueError("too many")
        return float((y_true == y_pred).mean())

    found = quick(cancer.logistic, cancer.X, cancer.y, metrics=[brittle])
    interval = found.intervals["brittle"]
    assert "resamples have no value" in interval.note or interval.method == "BCa"


def test_a_slow_function_is_called_once(cancer):
    import time

    calls = []

    def slow(y_true, y_pred):
        calls.append(1)
        time.sleep(0.03)
        return 0.5

    found = evaluate(cancer.logistic, cancer.X, cancer.y, metrics=[slow], figures=False)
    assert len(calls) == 1
    assert (found.metrics["slow"], found.intervals["slow"].is_known) == (0.5, False)
    assert "resamples=200" in found.intervals["slow"].note


def test_an_unknown_metric_names_the_nearest(cancer):
    assert "there is no metric 'acuracy'. Did you mean 'accuracy'?" in refused(
        cancer.tree, cancer.X, cancer.y, metrics="acuracy"
    )
    assert "is neither a metric's name nor a function" in refused(cancer.tree, cancer.X, cancer.y, metrics=[3])


def test_a_metric_of_another_task_is_named(cancer):
    found = quick(cancer.logistic, cancer.X, cancer.y, metrics=["precision_macro"])
    assert found.metrics["precision_macro"] > 0
    three = np.arange(142) % 3
    multi = LogisticRegression(max_iter=3000).fit(cancer.X_train, np.arange(427) % 3)
    found = quick(multi, cancer.X, three, metrics=["f1"])
    assert any(text.startswith("f1 was left out: it raised ValueError") for text in texts(found))


def test_labels_that_the_model_has_not_seen(cancer):
    y = cancer.y.copy()
    y.iloc[:4] = 2
    found = quick(cancer.logistic, cancer.X, y)
    assert any("4 rows have a label that the model has not seen in training" in text for text in texts(found))
    assert "log_loss" not in found.metrics
    assert found.metrics["accuracy"] < 1


def test_labels_of_another_kind(cancer):
    line = refused(cancer.logistic, cancer.X, cancer.y.map({0: "no", 1: "yes"}), name="model")
    assert "no label of the test data is one that model knows" in line


def test_nan_predictions_and_infinite_targets():
    X, y = np.arange(40.0).reshape(-1, 1), np.arange(40.0)
    assert "predicts NaN or infinity for 40 of 40 rows" in refused(
        lambda data: data[:, 0] * math.nan, X, y, task="regression", name="f"
    )
    y[3] = math.inf
    assert "1 targets are infinite" in refused(LinearRegression().fit(X, X[:, 0]), X, y)


def test_a_function_that_returns_too_few(cancer):
    assert "predicted 3 values for the 142 rows" in refused(lambda data: [0, 1, 1], cancer.X, cancer.y)


def test_functions_of_the_data_are_models(cancer):
    by_label = quick(cancer.tree.predict, cancer.X, cancer.y)
    by_probability = quick(cancer.tree.predict_proba, cancer.X, cancer.y)
    of_second = quick(lambda data: cancer.tree.predict_proba(data)[:, 1], cancer.X, cancer.y)
    wanted = quick(cancer.tree, cancer.X, cancer.y).metrics
    assert by_label.metrics["accuracy"] == wanted["accuracy"]
    assert by_probability.metrics["roc_auc"] == pytest.approx(wanted["roc_auc"])
    assert of_second.metrics["log_loss"] == pytest.approx(wanted["log_loss"])
    assert by_label.task == of_second.task == "binary"


def test_a_pytorch_module_is_told_what_to_give(cancer):
    torch = pytest.importorskip("torch")
    net = torch.nn.Linear(6, 2)
    line = refused(net, cancer.X, cancer.y, name="net")
    assert line.startswith("net is a PyTorch module, which has no predict. Give a function")
    found = quick(lambda data: net(torch.as_tensor(data.to_numpy(copy=True), dtype=torch.float32)), cancer.X, cancer.y)
    assert found.task == "binary"
    assert "roc_auc" in found.metrics


def test_pyfunc_models(cancer, tmp_path):
    mlflow.sklearn.save_model(
        cancer.tree, str(tmp_path / "m"), input_example=cancer.X[:2], serialization_format="cloudpickle"
    )
    model = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    found = quick(model, cancer.X.assign(site="north"), cancer.y)
    assert found.metrics["accuracy"] == quick(cancer.tree, cancer.X, cancer.y).metrics["accuracy"]
    assert any("was not fitted on it: site" in text for text in texts(found))


def test_few_whole_numbers_of_an_unknown_model_are_classes_and_that_is_said(cancer):
    found = quick(cancer.tree.predict, cancer.X, cancer.y)
    assert any("taken as classes" in text for text in texts(found))
    assert quick(cancer.tree.predict, cancer.X, cancer.y, task="regression").task == "regression"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"task": "ranking"}, "there is no task 'ranking'"),
        ({"task": "regressio"}, "Did you mean 'regression'?"),
        ({"confidence": 95}, "confidence is a number from 0.5 to below 1"),
        ({"resamples": 3}, "resamples is a whole number from 100 on"),
        ({"by": "region"}, "by: "),
        ({"by": [1, 2]}, "has 2 values"),
        ({"stratify": True, "groups": range(142)}, "stratify and groups exclude each other"),
        ({"groups": ["a"] * 142}, "no interval can be told from one group"),
        ({"positive": "yes"}, "there is no class 'yes' to be the positive one"),
        ({"learning_curve": 3}, "learning_curve=(X_train, y_train)"),
        ({"run": 3}, "run is a run, or its name or id"),
    ],
)
def test_each_wrong_option_is_one_line(cancer, options, line):
    assert line in refused(cancer.logistic, cancer.X, cancer.y, **options)


def test_several_outputs_of_classes(cancer):
    both = np.column_stack([cancer.y_train + 3, cancer.y_train])
    model = MultiOutputClassifier(DecisionTreeClassifier(max_depth=2)).fit(cancer.X_train, both)
    line = refused(model, cancer.X, np.column_stack([cancer.y + 3, cancer.y]))
    assert "evaluate each output by itself" in line


def test_labels_of_mixed_types(cancer):
    y = cancer.y.astype(object).copy()
    y.iloc[0] = "one"
    assert "mixes text and other values" in refused(cancer.logistic, cancer.X, y)


def test_groups_that_are_missing(cancer):
    groups = np.where(np.arange(142) < 3, math.nan, np.arange(142))
    assert "is missing in 3 of 142 rows" in refused(cancer.logistic, cancer.X, cancer.y, groups=groups)


def test_a_slice_of_missing_values(cancer):
    site = pd.Series(["north", None] * 71)
    assert [one.value for one in quick(cancer.logistic, cancer.X, cancer.y, by=site).slices] == ["north", "missing"]


def test_constant_targets_have_no_r2():
    X = np.arange(40.0).reshape(-1, 1)
    found = quick(LinearRegression().fit(X, X[:, 0]), X, np.ones(40))
    assert "r2" not in found.metrics
    assert "r2 was left out: all targets are equal" in texts(found)


def test_an_interrupt_is_the_users(cancer):
    class Stopped(DecisionTreeClassifier):
        def predict(self, X):
            import os
            import signal

            os.kill(os.getpid(), signal.SIGINT)
            return super().predict(X)

    model = Stopped().fit(cancer.X_train, cancer.y_train)
    with pytest.raises(KeyboardInterrupt):
        quick(model, cancer.X, cancer.y)


def test_sides_that_do_not_belong_together_and_rows_that_were_seen():
    X, y = load_iris(return_X_y=True, as_frame=True)
    parts = split(X, y, test=0.5, seed=0, names=("X", "y"))
    model = LogisticRegression(max_iter=500).fit(parts["X_train"], parts["y_train"])
    X_test, y_train = parts["X_test"], parts["y_train"]
    with pytest.raises(errors.UsageProblem, match="X_test is the test side of a split, and y_train the train side"):
        evaluate(model, X_test, y_train, figures=False)
    X_train = parts["X_train"]
    found = evaluate(model, X_train, y_train, figures=False)
    assert any("a model that was fitted on it has seen these rows" in note.text for note in found.notes)
    shuffled = y.sample(frac=1, random_state=0)
    found = evaluate(model, X, shuffled, figures=False)
    assert any("X and shuffled have different indexes" in note.text for note in found.notes)


def test_a_regression_beside_a_classifier_is_refused():
    X, y = load_iris(return_X_y=True)
    forest, line = LogisticRegression(max_iter=500).fit(X, y), LinearRegression().fit(X, y)
    with pytest.raises(errors.UsageProblem, match="forest predicts classes, and line numbers"):
        evaluate(forest, X, y, against=line, figures=False)
