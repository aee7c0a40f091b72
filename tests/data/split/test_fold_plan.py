"""Into which folds rows are divided, what is noted of them, and what cannot divide them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    LeavePGroupsOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

import mlmagic
from mlmagic.data.split.fold_plan import FoldRows, _are_classes, plan_folds
from mlmagic.errors import UsageProblem
from mlmagic.snapshot.randomness import seeding

X, Y = np.arange(30.0).reshape(15, 2), np.arange(15) % 3


@pytest.fixture(autouse=True)
def _unseeded():
    seeding.forget()
    yield
    seeding.forget()


def positions(plan):
    return [(fold.train.tolist(), fold.val.tolist()) for fold in plan.folds]


@pytest.mark.parametrize(
    ("splitter", "groups"),
    [
        (KFold(3), None),
        (KFold(4, shuffle=True, random_state=0), None),
        (StratifiedKFold(5), None),
        (RepeatedKFold(n_splits=2, n_repeats=3, random_state=0), None),
        (ShuffleSplit(3, random_state=0), None),
        (LeaveOneOut(), None),
        (TimeSeriesSplit(3), None),
        (PredefinedSplit([0, 1, 2] * 5), None),
        (GroupKFold(3), [0, 1, 2, 3, 4] * 3),
        (LeavePGroupsOut(2), ["a", "b", "c"] * 5),
    ],
)
def test_the_folds_of_a_splitter_are_its_own(splitter, groups):
    plan = plan_folds(splitter, X, Y, groups)
    assert positions(plan) == [(a.tolist(), b.tolist()) for a, b in splitter.split(X, Y, groups)]
    assert plan.splitter == type(splitter).__name__
    assert plan.settings["n_splits"] in {len(plan.folds), getattr(splitter, "n_splits", None)}
    assert plan.notes == []
    assert [fold.sizes for fold in plan.folds] == [(len(fold.train), len(fold.val)) for fold in plan.folds]


@given(st.integers(2, 20), st.integers(2, 8), st.integers(0, 99))
def test_a_number_of_folds_holds_each_row_out_once(rows, folds, seed):
    data = np.random.default_rng(seed).normal(size=rows)
    if folds > rows:
        with pytest.raises(UsageProblem, match=f"cannot divide these {rows} rows"):
            plan_folds(folds, data)
        return
    plan = plan_folds(folds, data)
    held = [row for fold in plan.folds for row in fold.val.tolist()]
    assert sorted(held) == list(range(rows))
    for fold in plan.folds:
        assert sorted([*fold.train.tolist(), *fold.val.tolist()]) == list(range(rows))
        assert fold.given is None  # all the others are trained on: nothing else is kept


def test_the_digest_tells_folds_apart():
    plans = [
        plan_folds(cv, X, np.arange(15) > 7)
        for cv in (KFold(3), KFold(3), KFold(4), StratifiedKFold(3), KFold(3, shuffle=True, random_state=0))
    ]
    digests = [plan.digest for plan in plans]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4
    given_pairs = plan_folds(list(KFold(3).split(X)), X)
    assert (given_pairs.digest, given_pairs.splitter) == (digests[0], "given")


@pytest.mark.parametrize(
    ("splitter", "settings"),
    [
        (KFold(3), {"n_splits": 3, "random_state": None, "shuffle": False}),
        (KFold(3, shuffle=True, random_state=4), {"n_splits": 3, "random_state": 4, "shuffle": True}),
        (TimeSeriesSplit(3, gap=1), {"n_splits": 3, "gap": 1, "shuffle": False}),
    ],
)
def test_plain_settings_of_a_splitter_are_recorded(splitter, settings):
    found = plan_folds(splitter, X, Y).settings
    assert found == {name: value for name, value in settings.items() if value is not None}


@pytest.mark.parametrize(
    ("splitter", "note"),
    [
        (KFold(3, shuffle=True), "KFold shuffles without a seed, so the next run has other folds: random_state=0, or %seed 0"),
        (ShuffleSplit(3), "ShuffleSplit shuffles without a seed, so the next run has other folds: random_state=0, or %seed 0"),
        (RepeatedKFold(n_splits=2), "RepeatedKFold shuffles without a seed"),
        (KFold(3, shuffle=True, random_state=np.random.RandomState(0)), "KFold draws its folds from a generator: when the cell runs again they are others"),
        (KFold(3, shuffle=True, random_state=np.int64(3)), None),
        (KFold(3), None),
        (LeaveOneOut(), None),
    ],
)  # fmt: skip
def test_folds_that_are_others_next_time_are_noted(splitter, note):
    notes = plan_folds(splitter, X, Y).notes
    assert notes == [] if note is None else notes[0].startswith(note)


def test_a_splitter_without_a_seed_gets_that_of_the_session_and_stays_as_it_is():
    splitter = KFold(3, shuffle=True)
    mlmagic.seed(7)
    plan = plan_folds(splitter, X, Y)
    assert positions(plan) == positions(plan_folds(KFold(3, shuffle=True, random_state=7), X, Y))
    assert plan.notes == []
    assert plan.settings["random_state"] == 7
    assert splitter.random_state is None


@pytest.mark.parametrize(
    ("y", "stratifies"),
    [
        pytest.param(Y, True, id="few whole numbers"),
        pytest.param(np.arange(15), True, id="whole numbers up to twenty"),
        pytest.param(np.arange(21), False, id="more than that"),
        pytest.param(np.arange(1000) % 50, True, id="a twentieth of the rows"),
        pytest.param(np.arange(1000) % 51, False, id="a little more"),
        pytest.param(Y.astype(float), False, id="floats are numbers"),
        pytest.param(Y > 0, True, id="truth values"),
        pytest.param(np.array(["a", "b", "c"])[Y], True, id="texts"),
        pytest.param(Y.reshape(-1, 1), True, id="a column"),
        pytest.param(np.column_stack([Y, Y]), False, id="two columns"),
        pytest.param(Y.tolist(), True, id="a list"),
    ],
)
def test_which_targets_are_classes(y, stratifies):
    assert _are_classes(y) == stratifies


def test_the_model_decides_where_it_is_known():
    assert plan_folds(3, X, Y.astype(float), classifier=True).splitter == "StratifiedKFold"
    assert plan_folds(3, X, Y, classifier=False).splitter == "KFold"
    assert plan_folds(3, X).splitter == "KFold"
    assert plan_folds(np.int64(3), X, Y).splitter == "StratifiedKFold"


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([([0, 1], [2]), ([2], [0])], [([0, 1], [2]), ([2], [0])]),
        ((([0], range(1, 3)) for _ in range(2)), [([0], [1, 2])] * 2),
        ([(np.array([3, 1]), np.array([2]))] * 2, [([3, 1], [2])] * 2),
        ([(X[:, 0] > 20, X[:, 0] <= 20)] * 2, [([11, 12, 13, 14], list(range(11)))] * 2),
        ([([0, 0, 1], [2])] * 2, [([0, 0, 1], [2])] * 2),  # a row may be drawn twice
    ],
)
def test_pairs_of_positions_or_masks_are_folds(pairs, found):
    assert positions(plan_folds(pairs, X)) == found


def test_rows_on_both_sides_are_noted():
    plan = plan_folds([([0, 1, 2], [1, 2, 3]), ([0], [1]), ([4, 5], [5])], X)
    assert plan.notes == ["2 of 3 folds validate on rows that they train on (2)"]


def test_rows_of_a_fold_are_kept_once():
    whole = FoldRows.of(np.array([0, 2]), np.array([1]), rows=3)
    part = FoldRows.of(np.array([2, 0]), np.array([1]), rows=3)
    assert (whole.given is None, part.given is None) == (True, False)
    assert (whole.train.tolist(), part.train.tolist()) == ([0, 2], [2, 0])
    assert whole.sizes == part.sizes == (2, 1)


GROUPED = {"x": [1.0, 2, 3, 4], "user": ["a", "b", "a", "b"], "day": [1, 1, 2, 2]}


def test_groups_may_be_of_several_columns():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(GROUPED)
    plan = plan_folds(GroupKFold(4), frame, groups=["user", "day"])
    assert sorted(fold.val.tolist() for fold in plan.folds) == [[0], [1], [2], [3]]
    assert sorted(fold.val.tolist() for fold in plan_folds(GroupKFold(2), frame, groups="user").folds) == [
        [0, 2],
        [1, 3],
    ]


@pytest.mark.parametrize(
    ("cv", "data", "message"),
    [
        (KFold(5), (X[:3],), "KFold cannot divide these 3 rows: ValueError: Cannot have number of splits n_splits=5 greater"),
        (TimeSeriesSplit(5), (X[:3],), "TimeSeriesSplit cannot divide these 3 rows: ValueError: "),
        (StratifiedKFold(3), (X,), r"StratifiedKFold divides each class, and needs y: mlmagic\.folds\(cv, X, y\)$"),
        (StratifiedKFold(3), (X, X[:, 0] + 0.5), "Got 'continuous' instead"),
        (GroupKFold(3), (X, Y), "GroupKFold keeps groups together, and needs them: name their column, groups='user_id'$"),
        (KFold(3), (X, Y[:5]), r"must have one number of rows: X has 15, y has 5\."),
        (KFold(3), (None,), "X is of type NoneType, which has no rows to take"),
        (1, (X,), "a cross-validation has 2 folds or more, not 1"),
        (True, (X,), "takes first a splitter, a number of folds or pairs of positions, not True"),
        (2.0, (X,), "not 2.0"),
        (None, (X,), "not None"),
        ("KFold", (X,), r"not 'KFold' \(str\)\. Without quotes: KFold\(5\)\."),
        ("KFld", (X,), r"not 'KFld' \(str\)\. Did you mean 'KFold'\?"),
        (KFold, (X,), r"KFold is a class: write KFold\(5\)"),
        ([], (X,), "0 pairs of positions were given, and a cross-validation has 2 folds or more"),
        ([([0], [1])], (X,), "1 pair of positions was given, and"),
        (ShuffleSplit(1, random_state=0), (X,), "ShuffleSplit makes 1 fold, and"),
        ([([0], [1], [2])], (X,), r"fold 0 is no pair of positions \(train, held out\): \(\[0\], \[1\], \[2\]\)"),
        ([([[1], [2, 3]], [0])], (X,), "fold 0 is no pair of positions"),
        ([([[1], [2]], [0])], (X,), "fold 0 is no pair of positions"),
        ([({0, 1}, {2})], (X,), "fold 0 is no pair of positions"),
        ([1, 2], (X,), "fold 0 is no pair of positions"),
        ({"a": 1}, (X,), "fold 0 is no pair of positions"),
        ([([0], [1]), ([0, -1], [2])], (X,), r"fold 1: its train rows are no positions from 0 to 14\."),
        ([([0], [15])], (X,), r"fold 0: its validation rows are no positions from 0 to 14\."),
        ([([0.0], [1.0])], (X,), "its train rows are no positions"),
        ([(["a"], [1])], (X,), "its train rows are no positions"),
        ([([], [1])], (X,), "fold 0 has no rows to train on"),
        ([([0], X[:, 0] > 99)], (X,), "fold 0 has no rows to validate on"),
    ],
)  # fmt: skip
def test_what_cannot_divide_the_rows_is_one_line(cv, data, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        plan_folds(cv, *data)
    assert "\n" not in str(caught.value)
    assert ".." not in str(caught.value).replace("...", "")


@pytest.mark.parametrize("cv", [KFold(5), TimeSeriesSplit(5), LeaveOneOut()])
def test_no_y_is_asked_for_where_it_would_not_help(cv):
    with pytest.raises(UsageProblem) as caught:
        plan_folds(cv, X[:1])
    assert "Give it y" not in str(caught.value)
