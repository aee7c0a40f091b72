"""What the picture of a sweep shows: how values are placed on an axis, what matters, and the best so far."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import mlmagic
from mlmagic.sweeps.results import Results, Trial
from mlmagic.sweeps.views import sweep_picture
from mlmagic.sweeps.views.sweep_picture import _importance, _parallel, _scale, _so_far, _varied, picture_of

PNG = b"\x89PNG"


def results(points, values, *, goal="min", metric="loss", seeds=1):
    trials = [
        Trial(number, number // seeds, points[number // seeds], 0, "FINISHED", {metric: value}, 0.1, "uid")
        for number, value in enumerate(values)
    ]
    return Results("tuned", "run", trials, metric, goal)


@pytest.mark.parametrize(
    ("values", "places", "low", "high"),
    [
        pytest.param([0, 5, 10], [0, 0.5, 1], "0", "10", id="numbers"),
        pytest.param([1, 10, 100], [0, 0.5, 1], "1", "100", id="two orders of magnitude are by logarithm"),
        pytest.param([1, 50, 99], [0, 0.5, 1], "1", "99", id="less than that is not"),
        pytest.param([0, 50, 100], [0, 0.5, 1], "0", "100", id="nor is 0"),
        pytest.param([-100, -1], [0, 1], "-100", "-1", id="nor are negative numbers"),
        pytest.param([1e-5, 1e-3], [0, 1], "1e-05", "0.001", id="small numbers"),
        pytest.param([3, 3], [0, 0], "3", "3", id="all alike"),
        pytest.param(["b", "a", "b"], [0, 1, 0], "b", "a", id="words in the order in which they came"),
        pytest.param([None, 1], [0, 1], "None", "1", id="None and a number are words"),
        pytest.param([True, False], [0, 1], "True", "False", id="truth values are words"),
        pytest.param([[1], [2]], [0, 1], "[1]", "[2]", id="lists"),
        pytest.param(["only"], [0], "only", "only", id="one word"),
        pytest.param(["a" * 40, "b"], [0, 1], "a" * 23 + "…", "b", id="long words are cut"),
    ],
)
def test_values_have_places_between_0_and_1(values, places, low, high):
    found, first, last = _scale(values)
    assert found == pytest.approx(places)
    assert (first, last) == (low, high)


@given(st.lists(st.one_of(st.floats(-1e100, 1e100), st.text(max_size=3), st.none()), min_size=1, max_size=9))
def test_no_value_is_placed_outside(values):
    found, _, _ = _scale(values)
    assert len(found) == len(values)
    assert all(0 <= place <= 1 for place in found)


@pytest.mark.parametrize(
    ("points", "names"),
    [
        ([{"a": 1, "b": 2}, {"a": 1, "b": 3}], ["b"]),
        ([{"a": 1}, {"a": 1.0}], ["a"]),
        ([{"a": [1]}, {"a": [1]}], []),
        ([{"a": 1}, {"b": 1}], ["a", "b"]),
    ],
)
def test_only_what_varies_has_an_axis(points, names):
    assert _varied(results(points, range(len(points))).summaries()) == names


GRID = [{"lr": lr, "depth": depth, "name": name} for lr in (0.1, 0.2, 0.3) for depth in (1, 2) for name in ("a", "b")]


def test_the_parameter_that_decides_matters_most():
    pytest.importorskip("optuna")
    found = _importance(
        results(GRID, [point["lr"] * 100 + point["depth"] * 8 for point in GRID]), ["lr", "depth", "name"]
    )
    assert list(found) == ["lr", "depth", "name"]
    assert found["lr"] > 0.7
    assert found["name"] < 0.05
    assert sum(found.values()) == pytest.approx(1)


def test_importance_is_the_same_each_time():
    pytest.importorskip("optuna")
    noise = np.random.default_rng(0).random(len(GRID))
    found = results(GRID, noise.tolist())
    assert _importance(found, ["lr", "depth"]) == _importance(found, ["lr", "depth"])


@pytest.mark.parametrize(
    ("count", "varied"),
    [(3, ["lr", "depth"]), (12, ["lr"]), (0, ["lr", "depth"])],
)
def test_few_trials_or_one_parameter_tell_no_importance(count, varied):
    assert _importance(results(GRID[:count], range(count)), varied) == {}


def test_equal_values_tell_no_importance():
    found = _importance(results(GRID, [1.0] * len(GRID)), ["lr", "depth", "name"])
    assert found == {} or max(found.values()) == pytest.approx(0)


def test_without_optuna_there_are_two_parts(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    found = results(GRID, range(len(GRID)))
    assert _importance(found, ["lr", "depth"]) == {}
    assert picture_of(found).startswith(PNG)


@pytest.mark.parametrize(
    ("goal", "values", "line"),
    [
        ("min", [3, 1, 2, 0.5], [3, 1, 1, 0.5]),
        ("max", [3, 1, 5, 4], [3, 3, 5, 5]),
        ("min", [math.nan, 2, math.nan, 1], [2, 1]),
    ],
)
def test_the_line_is_the_best_so_far(goal, values, line):
    axes = Figure().subplots()
    _so_far(axes, results([{"x": at} for at in range(len(values))], values, goal=goal))
    [drawn] = axes.lines
    assert list(drawn.get_ydata()) == line
    assert drawn.get_label() == "best so far"


def test_of_several_seeds_it_is_the_best_mean():
    axes = Figure().subplots()
    _so_far(axes, results([{"x": 0}, {"x": 1}], [1, 3, 0, 5], seeds=2))
    [drawn] = axes.lines
    assert (list(drawn.get_xdata()), list(drawn.get_ydata())) == ([1, 3], [2, 2])
    assert drawn.get_label() == "best mean so far"


def test_the_best_point_is_drawn_last_and_in_blue():
    found = results([{"x": at} for at in range(4)], [3, 0, 2, 1])
    axes = Figure().subplots()
    _parallel(axes, found, found.summaries(), ["x"])
    colours = [line.get_color() for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linewidth() > 0.8]
    assert colours.count(sweep_picture._BEST) == 1
    assert colours[-1] == sweep_picture._BEST


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([{"x": "$\\foo$"}, {"x": "$a_{$"}], id="no formula"),
        pytest.param([{"x": "a\nb"}, {"x": "c\0d"}], id="signs that are not printed"),
        pytest.param([{"x": math.nan}, {"x": math.inf}], id="no numbers"),
        pytest.param([{"x": np.zeros(3)}, {"x": np.ones(3)}], id="arrays"),
        pytest.param([{"x": "a" * 5000}, {"x": object()}], id="long texts and objects"),
        pytest.param([{f"name {at}": x for at in range(20)} for x in (1, 2)], id="many parameters"),
    ],
)
def test_any_values_can_be_drawn(points):
    assert picture_of(results(points, range(len(points)), metric="loss $a_{$")).startswith(PNG)


@pytest.mark.parametrize("values", [[1e308, -1e308], [1e308] * 3])
def test_a_picture_that_cannot_be_drawn_costs_the_sweep_nothing(store_uri, capsys, values):
    frame = mlmagic.sweep(lambda x: {"loss": values[x]}, {"x": range(len(values))})
    assert frame["loss"].tolist() == values
    assert mlmagic.last_run.status == "FINISHED"
    assert "the picture of the sweep could not be drawn: " in capsys.readouterr().err
