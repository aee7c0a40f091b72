"""`mlmagic.compare_folds`: the corrected resampled t-test of two recorded cross-validations, and what it refuses."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from cells import run as run_cell
from mlflow import MlflowClient
from scipy import stats
from sklearn.datasets import load_breast_cancer
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, TimeSeriesSplit, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

import mlmagic
from mlmagic.errors import RunNotFoundError, UsageProblem

TREE = DecisionTreeClassifier(max_depth=2, random_state=0)
BAYES = GaussianNB()
CV = KFold(5, shuffle=True, random_state=0)


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    return X.iloc[:, :6], y


@pytest.fixture
def validated(store_uri, cancer):
    """Return a function that cross-validates a model in a run of this name, and returns the run."""

    def validate(name, model, X=None, y=None, *, cv=CV, scoring="accuracy"):
        X, y = cancer[0] if X is None else X, cancer[1] if y is None else y
        with mlmagic.track(name, quiet=True) as run:
            mlmagic.cross_validate(model, X, y, cv=cv, scoring=scoring)
        return run

    return validate


@pytest.fixture
def notebook(store_uri, shell, cancer):
    """A shell with mlmagic and the data."""
    run_cell(shell, "%load_ext mlmagic")
    shell.push({"X": cancer[0], "y": cancer[1], "tree": TREE, "bayes": BAYES, "CV": CV, "mlmagic": mlmagic})
    run_cell(shell, "from sklearn.model_selection import KFold, TimeSeriesSplit, cross_val_score, cross_validate")
    yield shell
    run_cell(shell, "%unload_ext mlmagic")


def _scores(run, metric="accuracy"):
    folds = MlflowClient().search_runs(["0"], f"tags.`mlflow.parentRunId` = '{run.id}'")
    return np.array([one.data.metrics[metric] for one in sorted(folds, key=lambda one: one.info.run_name)])


def test_it_is_the_test_of_nadeau_and_bengio(validated):
    first, second = validated("bayes", BAYES), validated("tree", TREE)
    found = mlmagic.compare_folds("bayes", "tree", confidence=0.9)
    differences = _scores(first) - _scores(second)
    # 569 rows: four folds of 114 and one of 113 are held out, so that 455.2 are trained on and 113.8 tested on.
    error = math.sqrt((1 / 5 + 113.8 / 455.2) * np.var(differences, ddof=1))
    expected = np.mean(differences) / error
    assert found.difference == pytest.approx(np.mean(differences), abs=1e-9)
    assert found.statistic == pytest.approx(expected, abs=1e-9)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(expected), 4), abs=1e-9)
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.9, 4, np.mean(differences), error), abs=1e-9)
    assert (found.degrees, found.train_rows, found.val_rows) == (4, pytest.approx(455.2), pytest.approx(113.8))
    assert found.scores == (tuple(_scores(first)), tuple(_scores(second)))
    assert (found.metric, found.direction, found.confidence, found.notes) == ("accuracy", "max", 0.9, ())
    assert found.splitter == "KFold(n_splits=5, shuffle=True, random_state=0)"


def test_the_answer_is_one_sentence(validated):
    validated("tree", TREE)
    validated("guess", DummyClassifier())
    found = mlmagic.compare_folds("tree", "guess")
    ends = f"{found.difference:.3f} [{found.low:.3f}, {found.high:.3f}]"
    told = f"tree is better by {ends} in accuracy over the same 5 folds (corrected resampled t-test, p < 0.001)"
    assert str(found) == repr(found) == told
    assert str(mlmagic.compare_folds("guess", "tree")) == told
    validated("entropy", DecisionTreeClassifier(max_depth=2, criterion="entropy", random_state=0))
    undecided = mlmagic.compare_folds("entropy", "tree")
    assert str(undecided).startswith("no difference can be told: entropy - tree is ")
    assert str(undecided).endswith(f"over the same 5 folds (corrected resampled t-test, p = {undecided.p_value:.2g})")


def test_less_of_a_loss_is_better_and_a_name_that_says_nothing_takes_a_direction(validated):
    def log_loss(model, X, y):
        return 1 - model.score(X, y)

    for name, model in (("tree", TREE), ("guess", DummyClassifier())):
        validated(name, model, scoring={"log_loss": log_loss, "outcome": log_loss})
    assert str(mlmagic.compare_folds("tree", "guess", metric="log_loss")).startswith("tree is better by 0.")
    assert str(mlmagic.compare_folds("tree", "guess", metric="outcome")).startswith("guess is higher by 0.")
    assert str(mlmagic.compare_folds("tree", "guess", metric="outcome min")).startswith("tree is better by 0.")


CELLS = {
    "a loop": "for fold in mlmagic.folds(CV, X, y):\n"
    "    test_score = tree.fit(fold.X_train, fold.y_train).score(fold.X_val, fold.y_val)",
    "one call": "mlmagic.cross_validate(tree, X, y, cv=CV, scoring={'test_score': 'accuracy'})",
    "scikit-learn's cross_validate": "cross_validate(tree, X, y, cv=CV)",
    "scikit-learn's cross_val_score": "test_score = cross_val_score(tree, X, y, cv=CV)",
}


@pytest.mark.parametrize("name", CELLS)
def test_the_folds_may_be_of_a_loop_of_one_call_or_of_scikit_learn(name, notebook, cancer):
    run_cell(notebook, f"%%track --quiet tree\n{CELLS[name]}")
    run_cell(notebook, "%%track --quiet bayes\ntest_score = cross_val_score(bayes, X, y, cv=CV)")
    found = mlmagic.compare_folds("tree", "bayes")
    assert found.scores == tuple(tuple(cross_val_score(model, *cancer, cv=CV)) for model in (TREE, BAYES))
    assert (found.metric, found.train_rows, found.val_rows) == (
        "test_score",
        pytest.approx(455.2),
        pytest.approx(113.8),
    )


@pytest.mark.parametrize("cv", ["", ", cv=4", ", cv=list(CV.split(X))", ", cv=TimeSeriesSplit(3)"])
def test_scikit_learns_own_call_says_how_it_divided_the_rows(cv, notebook, store_uri, cancer):
    run_cell(notebook, f"%%track --quiet tree\ntest_score = cross_val_score(tree, X, y{cv})")
    run_cell(
        notebook,
        f"%%track --quiet bayes\nmlmagic.cross_validate(bayes, X, y{cv}, scoring={{'test_score': 'accuracy'}})",
    )
    tree, bayes = mlmagic.Run.find("tree"), mlmagic.Run.find("bayes")
    assert tree.tags["mlmagic.folds"] == bayes.tags["mlmagic.folds"]
    found = mlmagic.compare_folds(tree, bayes)
    assert found.splitter.startswith(f"{bayes.params['folds.splitter']}(n_splits={bayes.params['folds.n_splits']}")
    assert found.degrees == int(bayes.params["folds.n_splits"]) - 1


def test_the_users_own_splitter_is_not_asked_twice(notebook):
    run_cell(
        notebook,
        "class Own:\n    asked = 0\n    def get_n_splits(self, *_): return 5\n"
        "    def split(self, X, y=None, groups=None):\n        Own.asked += 1\n        return CV.split(X)",
    )
    run_cell(notebook, "%%track --quiet tree\ncross_val_score(tree, X, y, cv=Own())")
    assert notebook.user_ns["Own"].asked == 1
    assert "mlmagic.folds" not in mlmagic.Run.find("tree").tags


def test_other_columns_of_the_same_rows_can_be_compared(notebook):
    run_cell(notebook, "%%track --quiet all\nmlmagic.cross_validate(tree, X, y, cv=CV)")
    run_cell(notebook, "few = X[['mean radius', 'mean texture']]")
    run_cell(notebook, "%%track --quiet few\nmlmagic.cross_validate(tree, few, y, cv=CV)")
    found = mlmagic.compare_folds("all", "few")
    assert len(found.notes) == 1
    assert found.notes[0].startswith("X has other columns: columns mean perimeter, mean area")
    assert repr(found) == f"{found}\n{found.notes[0]}"


def test_folds_of_unequal_size_are_told(validated):
    for name, model in (("tree", TREE), ("guess", DummyClassifier())):
        validated(name, model, cv=TimeSeriesSplit(4))
    found = mlmagic.compare_folds("tree", "guess")
    assert found.notes == ("the folds train on 117 to 456 rows: the test takes their mean",)


def test_runs_of_the_same_name_are_told_apart_and_any_reference_will_do(validated):
    first, second = validated("model", TREE), validated("model", DummyClassifier())
    found = mlmagic.compare_folds(first, second.id[:8])
    assert (found.first, found.second) == (f"model ({first.id[:8]})", f"model ({second.id[:8]})")
    assert mlmagic.compare_folds(*mlmagic.runs("name = model").itertuples()).difference == -found.difference
    with pytest.raises(UsageProblem, match="are the same run"):
        mlmagic.compare_folds("model", second)
    with pytest.raises(RunNotFoundError, match="Did you mean 'model'"):
        mlmagic.compare_folds("modle", second)


def _shuffled(X, y):
    rows = np.random.default_rng(0).permutation(len(X))
    return X.iloc[rows], y.iloc[rows]


OTHERS = {
    "the number of folds": ({"cv": KFold(3)}, "'tree' has 5 folds and 'other' 3"),
    "the splitter": (
        {"cv": StratifiedKFold(5, shuffle=True, random_state=0)},
        r"'tree' was validated with KFold\(n_splits=5, shuffle=True, random_state=0\) and 'other' with StratifiedKFold",
    ),
    "the seed": ({"cv": KFold(5, shuffle=True, random_state=1)}, "random_state=0.*random_state=1"),
    "the data": ({"data": lambda X, y: (X + 1, y)}, "divided other data: X is not the same"),
    "the targets": ({"data": lambda X, y: (X, 1 - y)}, "divided other data: y is not the same"),
    "the order of the rows": ({"data": _shuffled}, "divided other data: X, y is not the same"),
    "the number of rows": ({"data": lambda X, y: (X[:-50], y[:-50])}, "divided other data: X, y is not the same"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_makes_a_paired_test_wrong_is_refused(what, validated, cancer):
    options, line = OTHERS[what]
    X, y = options.get("data", lambda *data: data)(*cancer)
    validated("tree", TREE)
    validated("other", BAYES, X, y, cv=options.get("cv", CV))
    with pytest.raises(UsageProblem, match=line) as caught:
        mlmagic.compare_folds("tree", "other")
    assert "compares the two models fold by fold" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_splitter_that_shuffles_anew_gives_other_folds(validated):
    for name in ("tree", "other"):
        validated(name, TREE, cv=KFold(5, shuffle=True))
    with pytest.raises(
        UsageProblem, match=r"have other rows, though both are of KFold.*Give the splitter a random_state"
    ):
        mlmagic.compare_folds("tree", "other")


def test_what_differs_in_the_data_of_two_cells_is_named(notebook):
    run_cell(notebook, "%%track --quiet first\nmlmagic.cross_validate(tree, X, y, cv=CV)")
    run_cell(notebook, "X = X.assign(**{'mean area': 0.0})")
    run_cell(notebook, "%%track --quiet second\nmlmagic.cross_validate(tree, X, y, cv=CV)")
    with pytest.raises(UsageProblem, match=r"other data: X \(column mean area changed: .*%diff"):
        mlmagic.compare_folds("first", "second")


BROKEN = {
    "no folds": ("accuracy = 0.5 * 1", "'broken' has no folds"),
    "a loop that was left": (
        "for fold in mlmagic.folds(CV, X, y):\n    score = 0.5 * fold.index\n    if fold.index: break",
        "'broken' has 2 of 5 folds as runs that ended well",
    ),
    "two cross-validations": (
        "for fold in mlmagic.folds(CV, X, y): score = 0.5 * fold.index\n"
        "for fold in mlmagic.folds(CV, X, y): score = 0.5 * fold.index",
        "'broken' has 10 folds of several cross-validations",
    ),
    "lists": ("for fold in mlmagic.folds(CV, [*range(9)]): score = 0.5 * fold.index", "no fingerprint of the data"),
    "no fingerprints": (
        "for fold in mlmagic.folds(CV, X, y): score = 0.5 * fold.index", "no fingerprint of the data", "--no-data"
    ),
    "no number": (
        "for fold in mlmagic.folds(CV, X, y): mlmagic.log(accuracy=float('nan'))", "fold 0 of 'broken' has accuracy = nan"
    ),
    "scikit-learn's call with a splitter that shuffles anew": (
        "cross_val_score(tree, X, y, cv=KFold(5, shuffle=True))", "'broken' does not say which rows its folds have"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_run_that_cannot_be_compared_says_why(what, notebook, validated):
    cell, line, *options = BROKEN[what]
    validated("tree", TREE)
    run_cell(notebook, f"%%track --quiet broken {' '.join(options)}\n{cell}")
    for pair in (("tree", "broken"), ("broken", "tree")):
        with pytest.raises(UsageProblem, match=line) as caught:
            mlmagic.compare_folds(*pair)
        assert "\n" not in str(caught.value)


def test_of_more_than_a_hundred_folds_not_all_are_runs(validated, make_run):
    validated("tree", TREE)
    division = json.dumps({"splitter": "LeaveOneOut()", "folds": 569, "data": {"X": "2e"}})
    parent = make_run("leave one out", tags={"mlmagic.folds": "1f", "mlmagic.folds.division": division})
    for number in range(2):
        below = {"mlflow.parentRunId": parent, "mlmagic.fold": str(number)}
        make_run(f"fold_{number}", {"fold.train_rows": 568, "fold.val_rows": 1}, {"accuracy": 1.0}, tags=below)
    with pytest.raises(UsageProblem, match="'leave one out' has 2 of 569 folds as runs"):
        mlmagic.compare_folds("tree", "leave one out")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"metric": "acuracy"}, "the folds have no metric 'acuracy'. Did you mean 'accuracy'?"),
        ({"metric": "recall"}, "the folds of 'tree' have no metric 'recall'. Both runs have: accuracy, f1."),
        ({}, "metric says which one to compare: the folds of both runs have accuracy, f1."),
        ({"metric": 3}, "metric"),
        ({"metric": "f1", "confidence": 95}, "confidence is a part between 0 and 1, such as 0.95, not 95"),
        ({"first": ["tree", "other"]}, "compares two runs, got 3"),
        ({"first": 3}, "A run is named by its name or id"),
    ],
)
def test_bad_input_is_one_line(options, line, validated):
    validated("tree", TREE, scoring=["accuracy", "f1"])
    validated("other", BAYES, scoring=["accuracy", "f1", "recall"])
    given = {"first": "tree", "second": "other", **options}
    with pytest.raises(UsageProblem) as caught:
        mlmagic.compare_folds(given.pop("first"), given.pop("second"), **given)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_it_is_more_careful_than_the_plain_paired_test(validated):
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame(rng.normal(size=(200, 2))), pd.Series(rng.integers(2, size=200))
    cv = ShuffleSplit(10, test_size=0.5, random_state=0)
    validated("first", TREE, X, y, cv=cv)
    validated("second", BAYES, X, y, cv=cv)
    found = mlmagic.compare_folds("first", "second")
    assert found.p_value > stats.ttest_rel(*found.scores).pvalue


def test_runs_that_share_no_metric_are_told_what_each_has(notebook):
    for name, metric in (("one", "first"), ("two", "second")):
        run_cell(notebook, f"%%track --quiet {name}\nfor fold in mlmagic.folds(CV, X, y): {metric} = 0.5 * fold.index")
    message = "those of 'one' have first; those of 'two' have second. A metric is compared by its name"
    for asked in (None, "first"):
        with pytest.raises(UsageProblem, match=message):
            mlmagic.compare_folds("one", "two", metric=asked)
