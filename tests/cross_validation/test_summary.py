"""The mean and the spread over folds, and the numbers that one turn of a loop binds."""

import math
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlmagic
from mlmagic.cross_validation.folds import Fold
from mlmagic.cross_validation.summary import picture_of, record_summary
from mlmagic.cross_validation.turn_values import Turn, clocks_in
from mlmagic.recording import open_runs
from mlmagic.scalars import mean_and_std

PNG = b"\x89PNG"


@given(st.lists(st.floats(-1e6, 1e6).map(lambda one: round(one, 6)), min_size=1, max_size=9))
def test_mean_and_spread_are_numpys(values):
    mean, std = mean_and_std(values)
    assert mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)
    assert std == pytest.approx(np.std(values), rel=1e-6, abs=1e-6 * max(map(abs, values)))


@pytest.fixture
def summary(store_uri):
    """Return a function that records the numbers of folds, and returns the stored run and the notices."""

    def record(*folds):
        with mlmagic.track("cv", quiet=True) as run:
            context = open_runs.on_this_thread()
            record_summary(context, folds)
            notices = [notice.text for notice in context.notices.all()]
        return mlmagic.Run(run.id), notices

    return record


def test_only_what_all_folds_have_has_a_mean(summary):
    run, notices = summary({"f1": 0.5, "loss": 1.0}, {"f1": 1.0})
    assert run.metrics == {"cv_mean_f1": 0.75, "cv_std_f1": 0.25}
    assert notices == ["loss: 1 of 2 folds have it, so it has no mean over the folds"]
    assert "figures/folds.png" in run.artifacts


def test_numbers_that_are_not_finite_have_a_mean_and_no_place_in_the_picture(summary):
    run, notices = summary({"loss": math.inf, "f1": 0.5}, {"loss": 1.0, "f1": 0.7})
    assert run.metrics["cv_mean_f1"] == pytest.approx(0.6)
    assert "cv_mean_loss" in run.metrics
    assert not any("could not be drawn" in notice for notice in notices)


def test_a_picture_that_cannot_be_drawn_costs_only_itself(summary):
    run, notices = summary({"loss": 1e308}, {"loss": -1e308})
    assert "cv_mean_loss" in run.metrics
    assert "figures/folds.png" not in run.artifacts
    assert any(notice.startswith("the picture of the folds could not be drawn: ") for notice in notices)


def test_without_numbers_there_is_nothing(summary):
    run, _ = summary({}, {})
    assert (run.metrics, [path for path in run.artifacts if path.startswith("figures")]) == ({}, [])


@pytest.mark.parametrize("name", ["loss", "a$b_{$", "größe 漢", "x" * 300])
@pytest.mark.parametrize("values", [[1.0], [1.0, 1.0], [1e-300, 2e-300], [-5.0, 5.0]])
def test_any_name_can_be_drawn(name, values):
    assert picture_of({name: values}).startswith(PNG)


def test_there_is_a_picture_of_the_first_metrics_only():
    assert picture_of({}) is None
    assert picture_of({f"m{at}": [1.0, 2.0] for at in range(40)}).startswith(PNG)


def turn_of(code, before="", *, function=False):
    """Return the metrics that *code* binds in a turn of a loop."""
    scope = {"Turn": Turn, "sys": sys, "time": time, "clocks_in": clocks_in}
    lines = ["turn = None", *before.splitlines(), "frame = sys._getframe()", "turn = Turn(frame, clocks_in(frame))", *code.splitlines(), "found = turn.metrics(sys._getframe())"]  # fmt: skip
    if function:
        body = "\n".join(f"    {line}" for line in lines)
        exec(f"def body():\n{body}\n    return found\nfound = body()", scope)
    else:
        exec("\n".join(lines), scope)
    return {key: value for numbers in scope["found"].values() for key, value in numbers.items()}


@pytest.mark.parametrize("function", [False, True])
@pytest.mark.parametrize(
    ("code", "before", "metrics"),
    [
        pytest.param("score = 1 / 4", "", {}, id="a constant of the code is a setting"),
        pytest.param("score = float('0.25')", "", {"score": 0.25}, id="a float that is computed"),
        pytest.param("n = int('3')", "", {}, id="a count is none"),
        pytest.param("score = float('0.5')", "score = float('0.25')", {"score": 0.5}, id="a name that is bound anew"),
        pytest.param("n = 1", "score = float('0.25')", {}, id="a name of before"),
        pytest.param("scores.append(float('0.5'))", "scores = [0.1]", {"scores": 0.5}, id="a list that grows"),
        pytest.param("scores.pop()", "scores = [0.1, 0.2]", {}, id="a list that shrinks"),
        pytest.param("score = float('0.5')\nscores.append(score)", "scores = [0.1]", {"score": 0.5}, id="one number, one name"),
        pytest.param("results = {'f1': float('0.5'), 'n': 3}", "", {"results.f1": 0.5, "results.n": 3}, id="a dict of results"),
        pytest.param("results = {'name': 'a'}", "", {}, id="a dict of texts"),
        pytest.param("_score = float('0.5')", "", {}, id="a name with an underscore"),
        pytest.param("del score", "score = float('0.25')", {}, id="a name that is deleted"),
    ],
)  # fmt: skip
def test_the_numbers_of_a_turn(code, before, metrics, function):
    assert turn_of(code, before, function=function) == metrics


FOLD = Fold(2, [1], [0], [2], [1], np.arange(1200), np.arange(3))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("X_test", "Did you mean 'X_val'?"),
        ("y_test", "Did you mean 'y_val'?"),
        ("number", "Did you mean 'index'?"),
        ("X_tain", "Did you mean 'X_train'?"),
        ("zzz", "It has index, X_train, y_train, X_val, y_val, train_rows, val_rows."),
    ],
)
def test_a_part_that_a_fold_has_not_is_told(name, hint):
    with pytest.raises(AttributeError) as caught:
        getattr(FOLD, name)
    assert str(caught.value).startswith(f"a fold has no {name!r}.")
    assert hint in str(caught.value)


def test_a_fold_shows_its_sizes_and_can_be_copied():
    import copy
    import pickle

    assert repr(FOLD) == "<Fold 2: 1,200 rows to train on, 3 held out>"
    assert pickle.loads(pickle.dumps(FOLD)).index == copy.copy(FOLD).index == 2
