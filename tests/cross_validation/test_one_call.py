"""`mlmagic.cross_validate`: scikit-learn's numbers, and a run for each fold."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut, StratifiedKFold, TimeSeriesSplit, cross_validate

import mlmagic
from mlmagic.data.split.fold_plan import plan_folds
from mlmagic.errors import UsageProblem

MODEL = LogisticRegression(max_iter=500)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def below(store_uri, run):
    """Return the fold runs of a run, in order."""
    found = MlflowClient(store_uri).search_runs(["0"], f"tags.`mlflow.parentRunId` = '{run.id}'")
    return sorted(found, key=lambda one: int(one.data.tags["mlmagic.fold"]))


@pytest.mark.parametrize("jobs", [None, 2])
def test_the_scores_are_scikit_learns_and_each_fold_is_a_run(iris, store_uri, jobs):
    names = ["accuracy", "f1_macro"]
    with mlmagic.track("cv", quiet=True) as run:
        result = mlmagic.cross_validate(MODEL, *iris, cv=3, scoring=names, jobs=jobs)
    expected = cross_validate(MODEL, *iris, cv=StratifiedKFold(3), scoring=names)
    for name in names:
        assert result.scores[name] == list(expected[f"test_{name}"])
        assert run.metrics[f"cv_mean_{name}"] == pytest.approx(np.mean(expected[f"test_{name}"]), abs=1e-15)
        assert run.metrics[f"cv_std_{name}"] == pytest.approx(np.std(expected[f"test_{name}"]), abs=1e-15)
    folds = below(store_uri, run)
    assert [one.info.run_name for one in folds] == ["fold_0", "fold_1", "fold_2"]
    assert [one.data.metrics["accuracy"] for one in folds] == result.scores["accuracy"]
    assert run.params["LogisticRegression.max_iter"] == "500"
    assert (run.params["folds.splitter"], run.params["folds.n_splits"]) == ("StratifiedKFold", "3")
    assert run.params["folds.model"] == "LogisticRegression"
    assert "figures/folds.png" in run.artifacts
    assert list(result.to_dataframe().columns) == [*names, "train_rows", "val_rows", "fit_s"]
    assert repr(result).startswith("<CrossValidation of 3 folds: accuracy 0.9")


def test_without_a_run_nothing_is_recorded(iris, store_uri):
    assert mlmagic.cross_validate(MODEL, *iris, cv=2, scoring="accuracy").mean["accuracy"] > 0.9
    assert MlflowClient(store_uri).search_runs(["0"]) == []


def test_a_loop_over_folds_in_a_block_records_the_same_as_the_one_call(iris, store_uri):
    X, y = iris
    with mlmagic.track("one call", quiet=True) as called:
        mlmagic.cross_validate(MODEL, X, y, cv=KFold(3, shuffle=True, random_state=0), scoring="accuracy")
    with mlmagic.track("a loop", quiet=True) as looped:
        for fold in mlmagic.folds(KFold(3, shuffle=True, random_state=0), X, y):
            accuracy = MODEL.fit(fold.X_train, fold.y_train).score(fold.X_val, fold.y_val)
    assert accuracy > 0.9
    assert called.metrics == looped.metrics
    assert called.tags["mlmagic.folds"] == looped.tags["mlmagic.folds"]
    metrics = [[one.data.metrics for one in below(store_uri, run)] for run in (called, looped)]
    assert metrics[0] == metrics[1]


CONTAINERS = {
    "Arrow": lambda X, y: (pa.table({f"x{at}": X[:, at] for at in range(4)}), pa.array(y)),
    "Arrow in chunks": lambda X, y: (
        pa.table({f"x{at}": X[:, at] for at in range(4)}),
        pa.chunked_array([y[:70], y[70:]]),
    ),
    "pandas": lambda X, y: (pd.DataFrame(X).add_prefix("x"), pd.Series(y)),
    "polars": lambda X, y: (pl.DataFrame(X, schema=list("abcd")), pl.Series("y", y)),
    "NumPy": lambda X, y: (X, y),
    "lists": lambda X, y: (X.tolist(), y.tolist()),
    "text labels": lambda X, y: (X, np.array(["a", "b", "c"])[y]),
    "a column of a table": lambda X, y: (X, pd.DataFrame({"y": y})),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_folds_have_the_type_of_their_data_and_are_the_same_rows_in_each(name, iris):
    X, y = CONTAINERS[name](*iris)
    found = list(mlmagic.folds(5, X, y))
    expected = list(StratifiedKFold(5).split(*iris))
    assert [fold.val_rows.tolist() for fold in found] == [val.tolist() for _, val in expected]
    assert all(type(fold.X_train) is type(X) and type(fold.y_val) is type(y) for fold in found)
    assert sum(len(fold.X_val) for fold in found) == 150


def test_groups_are_not_divided_and_times_not_mixed(iris):
    frame = pl.DataFrame({"x": range(150), "user": [f"u{row % 7}" for row in range(150)]})
    for fold in mlmagic.folds(GroupKFold(3), frame, groups="user"):
        assert not set(fold.X_train["user"]) & set(fold.X_val["user"])
    with pytest.raises(UsageProblem, match="Did you mean 'user'"):
        mlmagic.folds(GroupKFold(3), frame, groups="users")
    for fold in mlmagic.folds(TimeSeriesSplit(4), frame):
        assert fold.train_rows.max() < fold.val_rows.min()


def test_a_number_of_folds_is_stratified_for_classes_only():
    X, y = load_diabetes(return_X_y=True)
    assert plan_folds(4, X, y).splitter == "KFold"
    assert plan_folds(4, X, y > 140).splitter == "StratifiedKFold"
    result = mlmagic.cross_validate(Ridge(), X, y, cv=4)
    assert result.scores["score"] == list(cross_validate(Ridge(), X, y, cv=4)["test_score"])


def test_positions_and_masks_are_folds_too_and_shared_rows_are_told(store_uri):
    X = np.arange(6)
    pairs = [([0, 1, 2], [3, 4]), (X > 1, X <= 1)]
    assert [fold.X_val.tolist() for fold in mlmagic.folds(pairs, X)] == [[3, 4], [0, 1]]
    plan = plan_folds([([0, 1], [1, 2]), ([3], [4])], X)
    assert plan.notes == ["1 of 2 folds validate on rows that they train on (1)"]


def cost(y_true, y_pred):
    return float((y_true != y_pred).sum())


PROBLEMS = {
    "a scorer's typo": ({"scoring": "acuracy"}, "there is no scorer 'acuracy'. Did you mean 'accuracy'? All: sklearn"),
    "one of several": ({"scoring": ["accuracy", "f1_macr"]}, "Did you mean 'f1_macro'?"),
    "one in a mapping": ({"scoring": {"mine": "acuracy"}}, "Did you mean 'accuracy'?"),
    "a number as scorer": ({"scoring": {"mine": 3}}, "there is no scorer 3 (int)."),
    "a number": ({"scoring": 3}, "scoring is a scorer's name, several in a list"),
    "no scorers": ({"scoring": []}, "not [] (list). For example: scoring=['accuracy', 'f1_macro']"),
    "a metric function": ({"scoring": cost}, "makes one: scoring=make_scorer(cost)"),
    "for two classes": ({"scoring": "roc_auc"}, "no fold has a score: ValueError: multi_class must be"),
    "what to take for more": ({"scoring": "f1"}, "For more than two classes: scoring='f1_macro'"),
    "many folds": ({"cv": 151}, "cannot divide these 150 rows: ValueError: Cannot have number of splits n_splits=151"),
    "a text as cv": ({"cv": "KFold"}, "Without quotes: KFold(5). For example: mlmagic.cross_validate(model, X, y, cv=KFold(5))"),
    "a class as cv": ({"cv": KFold}, "KFold is a class: write KFold(5)"),
    "a class": ({"model": LogisticRegression}, "LogisticRegression is a class: write LogisticRegression(), with"),
    "a text as model": ({"model": "model"}, "takes an estimator with a method fit, not 'model' (str)"),
    "another order": ({"model": [1], "X": MODEL}, "takes the model first: mlmagic.cross_validate(model, X, y)"),
    "no y": ({"y": None}, "LogisticRegression learns from targets, and y is missing: mlmagic.cross_validate(model, X, y)"),
    "a short y": ({"y": [0, 1]}, "what is given to mlmagic.cross_validate must have one number of rows: X has 150, y has 2"),
    "the name of a column": ({"y": "species"}, "y is the values, not the name of a column, got 'species'"),
    "NaN in y": ({"y": np.array([np.nan, *[0.0, 1.0] * 74, 1])}, "y is missing (NaN) in 1 of 150 rows. Leave them out"),
    "NaN in X": ({"X": np.full((150, 2), np.nan)}, "LogisticRegression could not be fitted in any fold: ValueError: Input X"),
    "one class": ({"y": np.zeros(150, int)}, "could not be fitted in any fold: ValueError: This solver needs samples"),
    "text in X": ({"X": [["a"]] * 150}, "could not be fitted in any fold: ValueError: could not convert string"),
    "no rows": ({"X": [], "y": []}, "X has no rows"),
    "no processes": ({"jobs": 0}, "jobs is a number of processes, such as 4, or -1 for one per processor, not 0 (int)"),
    "no such group": ({"groups": "user"}, "has no column 'user'"),
}  # fmt: skip


@pytest.mark.parametrize("which", PROBLEMS)
def test_bad_input_is_one_line(iris, which):
    changed, line = PROBLEMS[which]
    call = {"model": MODEL, "X": iris[0], "y": iris[1], **changed}
    with pytest.raises(UsageProblem) as caught:
        mlmagic.cross_validate(call.pop("model"), **call)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ".." not in str(caught.value).replace("...", "")


X150 = np.arange(150)
FOLDS = {
    "the splitter last": (lambda X, y: mlmagic.folds(X, y, KFold(7)), "first: mlmagic.folds(KFold(7), X, y)"),
    "the splitter between": (lambda X, y: mlmagic.folds(X, KFold(5), y), "first: mlmagic.folds(KFold(5), X, y)"),
    "a number last": (lambda X, y: mlmagic.folds(X, y, 5), "then the rows: mlmagic.folds(5, X, y)"),
    "no splitter": (mlmagic.folds, "then the rows: mlmagic.folds(5, X, y)"),
    "many folds": (lambda X, y: mlmagic.folds(KFold(200), X, y), "number of samples: n_samples=150"),
    "no classes": (lambda X, _: mlmagic.folds(StratifiedKFold(5), X), "divides each class, and needs y"),
    "no groups": (lambda X, y: mlmagic.folds(GroupKFold(5), X, y), "name their column, groups='user_id'"),
    "groups for KFold": (lambda X, y: mlmagic.folds(KFold(5), X, y, groups=X150 // 2), "take GroupKFold"),
    "NaN in y": (lambda X, y: mlmagic.folds(StratifiedKFold(5), X, np.where(y > 0, y, np.nan)), "y is missing (NaN) in 50"),
    "no pairs": (lambda X, y: mlmagic.folds([], X, y), "0 pairs of positions were given"),
    "a fold's other name": (lambda X, y: [fold.X_test for fold in mlmagic.folds(2, X, y)], "Did you mean 'X_val'?"),
    "as scikit-learn's pairs": (lambda X, y: [a for a, _ in mlmagic.folds(2, X, y)], "a fold is no pair: for fold in"),
}  # fmt: skip


@pytest.mark.parametrize("which", FOLDS)
def test_folds_in_another_order_and_the_like_are_one_line(iris, which):
    call, line = FOLDS[which]
    with pytest.raises(UsageProblem) as caught:
        call(*iris)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ".." not in str(caught.value).replace("...", "")


def test_python_asks_a_fold_for_its_parts_as_usual(iris):
    fold = next(iter(mlmagic.folds(2, *iris)))
    assert not hasattr(fold, "X_test")
    with pytest.raises(TypeError, match="a fold is no pair"):
        iter(fold)


def test_a_number_of_folds_keeps_groups_together(iris):
    users = X150 % 30
    for fold in mlmagic.folds(5, *iris, groups=users):
        assert not set(users[fold.train_rows]) & set(users[fold.val_rows])
    assert plan_folds(3, *iris, users).splitter == "StratifiedGroupKFold"
    assert plan_folds(3, iris[0], groups=users).splitter == "GroupKFold"


def test_what_fails_in_some_folds_is_one_warning_and_other_warnings_are_as_usual(iris):
    with pytest.warns(UserWarning, match="a score is missing") as caught:
        result = mlmagic.cross_validate(MODEL, *iris, scoring=["roc_auc", "accuracy"])
    assert ["\n" in str(one.message) for one in caught] == [False]
    assert result.mean["accuracy"] > 0.9
    with pytest.warns(ConvergenceWarning):
        mlmagic.cross_validate(LogisticRegression(max_iter=2), *iris)


@pytest.mark.parametrize(
    ("scoring", "names"),
    [
        (None, ["score"]),
        ("f1_macro", ["f1_macro"]),
        (("accuracy", "f1_macro"), ["accuracy", "f1_macro"]),
        (["accuracy", "accuracy"], ["accuracy"]),
        ({"accuracy"}, ["accuracy"]),
        ({"a": "accuracy", "b": lambda model, X, y: 0.5}, ["a", "b"]),
        (lambda model, X, y: 0.5, ["score"]),
        (lambda model, X, y: {"one": 1, "two": 2.0}, ["one", "two"]),
        (make_scorer(accuracy_score), ["score"]),
    ],
)
def test_scores_have_the_names_that_were_given(iris, scoring, names):
    result = mlmagic.cross_validate(MODEL, *iris, cv=2, scoring=scoring)
    assert list(result.scores) == names
    assert all(len(values) == 2 and all(type(one) is float for one in values) for values in result.scores.values())
    assert list(result.mean) == list(result.std) == names


@pytest.mark.parametrize("kind", ["pandas", "polars", "NumPy", "lists", "Arrow", "torch"])
def test_rows_of_each_library_have_the_same_scores(iris, kind):
    X, y = iris
    torch = pytest.importorskip("torch")
    rows, labels = {
        "Arrow": lambda: (pa.table({f"x{at}": X[:, at] for at in range(4)}), pa.array(y)),
        "torch": lambda: (torch.tensor(X), torch.tensor(y)),
        **{name: (lambda make=make: make(X, y)) for name, make in CONTAINERS.items()},
    }[kind]()
    wanted = mlmagic.cross_validate(MODEL, X, y, cv=3).scores["score"]
    assert mlmagic.cross_validate(MODEL, rows, labels, cv=3).scores["score"] == pytest.approx(wanted)


def test_in_a_trial_of_a_sweep_the_trial_gets_the_means(store_uri):
    def body(depth):
        for fold in mlmagic.folds(KFold(2), np.arange(10)):
            score = depth * (1.0 + fold.index)
        return {"last": score}

    frame = mlmagic.sweep(body, {"depth": [1, 2]}, metric="cv_mean_score")
    assert sorted(frame["cv_mean_score"]) == [1.5, 3.0]


def test_a_list_that_grows_in_a_function_gives_each_fold_its_last_item(store_uri):
    scores = [0.1]
    with mlmagic.track("lists", quiet=True) as run:
        for fold in mlmagic.folds(KFold(2), np.arange(10)):
            scores.append(0.5 + fold.index)  # noqa: PERF401  # that it grows is what is tested
    assert scores == [0.1, 0.5, 1.5]
    assert [one.data.metrics for one in below(store_uri, run)] == [{"scores": 0.5}, {"scores": 1.5}]


def test_infinite_and_huge_scores_have_a_mean_and_stop_nothing(iris, store_uri):
    def odd(model, X, y):
        return {0: np.inf, 1: -np.inf}.get(int(y[0]), 1e308)

    with mlmagic.track("odd", quiet=True) as run:
        result = mlmagic.cross_validate(MODEL, *iris, cv=[(range(75), [0, 1]), (range(75), [50, 51])], scoring=odd)
        for fold in mlmagic.folds(KFold(2), np.arange(4)):
            huge = 1e308 * (1 + 0.5 * fold.index)
            fine = 0.5 * fold.index + huge * 0  # noqa: F841  # that it is bound is what is tested
    assert np.isnan(result.mean["score"])
    assert run.metrics["cv_mean_fine"] == 0.25


def test_what_cannot_be_recorded_costs_the_result_nothing(iris, store_uri):
    import matplotlib as mpl

    with mpl.rc_context({"text.usetex": True}), mlmagic.track("odd", quiet=True) as run:
        assert mlmagic.cross_validate(MODEL, *iris, cv=2, scoring="accuracy").mean["accuracy"] > 0.9
    assert run.status == "FINISHED"
    assert run.metrics["cv_mean_accuracy"] > 0.9


def test_an_iterator_that_no_python_code_drops_says_nothing(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import _thread, time, numpy as np, mlmagic\nfrom sklearn.model_selection import KFold\n"
        "def left():\n    it = iter(mlmagic.folds(KFold(3), np.arange(9))); next(it); return it\n"
        "it = left(); _thread.start_new_thread(it.close, ()); time.sleep(0.3); keep = left()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("", "")


def test_ten_thousand_folds_of_one_row_take_little_memory():
    plan = plan_folds(LeaveOneOut(), np.arange(10_000))
    assert sum(fold.val.nbytes for fold in plan.folds) == 80_000
    assert all(fold.given is None for fold in plan.folds)
    assert plan.folds[7].train.tolist() == [*range(7), *range(8, 10_000)]
