"""Searches: what is drawn of grids and intervals, and what TPE asks for."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.points.search import Listed, Pruned, Tpe, new_study, points_of
from mlmagic.sweeps.points.space import Choices, Interval, count, grid

_AXES = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True), min_size=1, max_size=3).map(
    lambda lists: [Choices(f"a{at}", tuple(values)) for at, values in enumerate(lists)]
)


@given(_AXES, st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_points_drawn_from_a_grid_are_of_it_and_each_once_and_repeatable(axes, trials, seed):
    drawn = points_of(axes, "random", trials, seed)
    assert len(drawn) == min(trials, count(axes))
    assert len({tuple(point.values()) for point in drawn}) == len(drawn)
    every = [dict(point) for point in grid(axes)]
    assert all(point in every for point in drawn)
    assert drawn == points_of(axes, "random", trials, seed)


def test_numbers_are_drawn_from_intervals():
    axes = [Interval("x", 1, 3), Interval("n", 1, 3, is_int=True), Interval("lr", 1e-6, 1, is_log=True)]
    drawn = points_of(axes, "random", 300, 7)
    assert all(1 <= point["x"] <= 3 and point["n"] in {1, 2, 3} and 1e-6 <= point["lr"] <= 1 for point in drawn)
    assert {point["n"] for point in drawn} == {1, 2, 3}
    assert 80 < sum(point["lr"] < 1e-3 for point in drawn) < 220  # half of the decades, half of the points


@pytest.mark.parametrize(
    ("axes", "search", "message"),
    [
        ([Interval("lr", 0.0, 1.0)], "grid", "has no grid"),
        ([Interval("lr", 0.0, 1.0)], "random", "--trials 20"),
        ([Choices("a", (1, 2)), Interval("lr", 0.0, 1.0)], "random", "--trials 20"),
    ],
)
def test_an_interval_needs_a_search_that_draws(axes, search, message):
    with pytest.raises(UsageProblem, match=message):
        points_of(axes, search, None, 0)


def test_tpe_goes_where_the_metric_is_best_and_knows_lists():
    axes = [Interval("x", -10.0, 10.0), Choices("layers", ([1], [2, 3]))]
    search = Tpe(axes, 60, goal="min", seed=3, jobs=1)
    found = []
    while (asked := search.ask()) is not None:
        number, point = asked
        value = (point["x"] - 2) ** 2 + len(point["layers"])
        found.append(value)
        search.tell(number, None if number == 5 else float("nan") if number == 6 else value)
    assert len(found) == 60
    assert min(found) < 2
    assert np.median(found[40:]) < np.median(found[:20])


@pytest.mark.parametrize("make", [Listed, lambda points: Pruned(points, goal="max", metric="accuracy")])
def test_a_list_is_asked_for_in_order_and_ends(make):
    pytest.importorskip("optuna")
    points = [{"x": 1}, {"x": 2}]
    search = make(points)
    assert search.total == 2
    asked = []
    while (one := search.ask()) is not None:
        asked.append(one)
        search.tell(one[0], 0.5)
    assert asked == [(0, {"x": 1}), (1, {"x": 2})]
    assert search.ask() is None
    search.close()


@pytest.mark.parametrize(
    ("axes", "search", "trials", "points"),
    [
        ([Choices("a", (1, 2))], "grid", None, [{"a": 1}, {"a": 2}]),
        ([Choices("a", (1, 2)), Choices("b", ("x", "y"))], "grid", 3, [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}]),
        ([Choices("a", (1,))], "grid", 9, [{"a": 1}]),
        ([Choices("a", (1,))], "random", 9, [{"a": 1}]),
        ([Choices("a", ([1], [2, 3]))], "grid", None, [{"a": [1]}, {"a": [2, 3]}]),
    ],
)  # fmt: skip
def test_the_points_of_a_search(axes, search, trials, points):
    assert points_of(axes, search, trials, 0) == points


def test_a_pruned_trial_reports_to_a_place_of_its_own_that_goes():
    pytest.importorskip("optuna")
    search = Pruned([{"x": 1}, {"x": 2}], goal="min", metric="loss")
    places = []
    while (one := search.ask()) is not None:
        places.append(search.pruning(one[0]))
        search.tell(one[0], None, pruned=True)
    assert len({(place.path, place.trial) for place in places}) == 2
    search.close()
    assert not any(Path(place.path).exists() for place in places)


LARGE = [Choices(f"a{at}", tuple(range(1000))) for at in range(7)]


def test_points_are_drawn_from_a_grid_that_is_too_large_to_number():
    drawn = points_of(LARGE, "random", 20, 7)
    assert len({tuple(point.values()) for point in drawn}) == 20
    assert all(list(point) == [axis.name for axis in LARGE] for point in drawn)
    assert drawn == points_of(LARGE, "random", 20, 7) != points_of(LARGE, "random", 20, 8)
    assert len({point["a0"] for point in drawn} | {point["a6"] for point in drawn}) > 10


AXES = [Interval("x", -10.0, 10.0), Interval("n", 1, 50, is_int=True, is_log=True), Choices("k", ("a", [1, 2]))]


def asked_by(search, trials=12):
    """Return the points that a search asks for, if it is told the same of each."""
    found = []
    while (asked := search.ask()) is not None:
        number, point = asked
        found.append(point)
        search.tell(number, point["x"] ** 2 + point["n"])
    search.close()
    assert len(found) == trials
    return found


@pytest.mark.parametrize("search", ["random", "tpe"])
def test_the_same_seed_asks_for_the_same_points(search):
    def points(seed):
        if search == "random":
            return points_of(AXES, "random", 12, seed)
        return asked_by(Tpe(AXES, 12, goal="min", seed=seed, jobs=1))

    assert points(3) == points(3) != points(4)
    for point in points(3):
        assert -10 <= point["x"] <= 10
        assert point["n"] in range(1, 51)
        assert type(point["n"]) is int
        assert point["k"] in ["a", [1, 2]]


def test_more_random_points_begin_with_the_same_ones():
    """So that a sweep that is gone on with draws what it has tried already."""
    assert points_of(AXES, "random", 20, 3)[:12] == points_of(AXES, "random", 12, 3)


@pytest.mark.parametrize("goal", ["min", "max"])
def test_tpe_heeds_which_is_better(goal):
    search = Tpe([Interval("x", 0.0, 1.0)], 40, goal=goal, seed=0, jobs=1)
    tried = []
    while (asked := search.ask()) is not None:
        tried.append(asked[1]["x"])
        search.tell(asked[0], asked[1]["x"])
    assert (np.mean(tried[20:]) < 0.4) == (goal == "min")
    assert (np.mean(tried[20:]) > 0.6) == (goal == "max")


@pytest.mark.parametrize(
    ("value", "is_pruned", "state"),
    [(0.5, False, "COMPLETE"), (None, False, "FAIL"), (float("nan"), False, "FAIL"), (0.5, True, "PRUNED"), (None, True, "PRUNED"), (float("inf"), False, "COMPLETE")],
)  # fmt: skip
def test_what_became_of_a_point_is_told_to_the_study(value, is_pruned, state):
    search = Tpe([Interval("x", 0.0, 1.0)], 3, goal="min", seed=0, jobs=1)
    number, _ = search.ask()
    search.tell(number, value, pruned=is_pruned)
    assert [trial.state.name for trial in search._study.trials] == [state]
    search.close()


def test_points_may_be_told_in_another_order_than_they_were_asked():
    search = Tpe([Interval("x", 0.0, 1.0)], 3, goal="min", seed=0, jobs=3)
    asked = [search.ask() for _ in range(3)]
    assert search.ask() is None
    for number, point in reversed(asked):
        search.tell(number, point["x"])
    assert [trial.value for trial in search._study.trials] == [point["x"] for _, point in asked]
    search.close()


def test_a_study_reports_only_if_it_prunes():
    plain, pruning = (
        Tpe([Interval("x", 0.0, 1.0)], 3, goal="min", seed=0, jobs=1, pruned_by=name) for name in (None, "loss")
    )
    assert plain.pruning(plain.ask()[0]) is None
    place = pruning.pruning(pruning.ask()[0])
    assert (place.metric, Path(place.path).is_file()) == ("loss", True)
    for search in (plain, pruning):
        search.close()
        search.close()  # twice does no harm
    assert not Path(place.path).exists()


def test_a_new_study_leaves_optunas_log_as_loud_as_it_was(capsys):
    optuna = pytest.importorskip("optuna")
    before = optuna.logging.get_verbosity()
    new_study("minimize")
    assert optuna.logging.get_verbosity() == before
    with pytest.raises(ValueError, match="direction"):
        new_study("sideways")
    assert optuna.logging.get_verbosity() == before
