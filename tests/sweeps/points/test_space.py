"""Hydra's sweep grammar as axes, and the points that are drawn of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.points.search import Tpe, points_of
from mlmagic.sweeps.points.space import Choices, Interval, axes_from, axes_of, count, grid
from mlmagic.sweeps.points.zipped import dimensions_of, zips_of


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("lr=0.1,0.01", (0.1, 0.01)),
        ("n=range(1,4)", (1, 2, 3)),
        ("x=range(0,1,0.25)", (0.0, 0.25, 0.5, 0.75)),
        ("opt=choice(adam, sgd)", ("adam", "sgd")),
        ("q='a,b',c", ("a,b", "c")),
        ("m=true,null,1e3,'1'", (True, None, 1000.0, "1")),
        ("layers=[64,32],[8]", ([64, 32], [8])),
        ("d={a:1},{a:2}", ({"a": 1}, {"a": 2})),
        ("name=größe,klein", ("größe", "klein")),
        ("one=5", (5,)),
        ("s=sort(3,1,2)", (1, 2, 3)),
    ],
)
def test_values_are_read_as_hydra_reads_them(word, values):
    assert axes_of([word]) == [Choices(word.partition("=")[0], values)]


@pytest.mark.parametrize(
    ("word", "axis"),
    [
        ("lr=interval(1e-4,1)", Interval("lr", 1e-4, 1.0)),
        ("lr=tag(log,interval(1e-4,1))", Interval("lr", 1e-4, 1.0, is_log=True)),
        ("n=int(interval(1,9))", Interval("n", 1, 9, is_int=True)),
        ("+new=1,2", Choices("new", (1, 2), "+")),
    ],
)
def test_intervals_and_prefixes(word, axis):
    assert axes_of([word]) == [axis]


def test_glob_takes_the_options_of_a_group():
    groups = {"model": ["rf", "ridge", "svm"]}
    assert axes_of(["model=glob(*)"], groups) == [Choices("model", ("rf", "ridge", "svm"))]
    assert axes_of(["model=glob(r*,exclude=rf)"], groups) == [Choices("model", ("ridge",))]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["n=range(5,1)"], r"n=range\(5,1\) has no values, so there would be no trials"),
        (["m=glob(q*)"], r"m=glob\(q\*\) \(there are: rf, svm\) has no values"),
        (["x=glob(*)"], "'x' is none"),
        (["lr=0.1", "lr=0.2"], "'lr' is given twice"),
        (["~lr"], "removes a key"),
        (["lr=interval(1,0)"], "has no numbers in it"),
        (["lr=tag(log,interval(0,1))"], "an interval above 0"),
        (["lr=shuffle(range(1,5))"], "--search random"),
        (["lr=[1,2"], "cannot be read"),
        (["lr"], "cannot be read"),
        (["depth=rnge(2,4)"], r"no function 'rnge'\. Did you mean 'range'"),
        (["lr=(1,2)"], r"cannot be read: extraneous input '\('\. For example"),
        (["lr={rate}"], r"Variables are not filled in here: write the value in place of \{rate\}\."),
    ],
)
def test_a_wrong_axis_is_one_line(words, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        axes_of(words, {"m": ["rf", "svm"]})
    assert "\n" not in str(caught.value)


def test_what_refers_to_a_config_needs_one():
    assert axes_of(["lr=${rate},2"], {}) == [Choices("lr", ("${rate}", 2))]
    with pytest.raises(UsageProblem, match=r"\$\{rate\} is the key of a config, so it needs --config CFG"):
        axes_of(["lr=${rate},2"])


def test_python_gives_lists_iterables_and_texts():
    axes = axes_from(
        {"a": [1, 2], "b": range(2), "c": np.array([0.5, 1.0]), "d": "range(1,3)", "e": 7, "f": ("x", "y")}
    )
    assert [axis.values for axis in axes] == [(1, 2), (0, 1), (0.5, 1.0), (1, 2), (7,), ("x", "y")]
    assert type(axes[2].values[0]) is float
    with pytest.raises(UsageProblem, match="has no values"):
        axes_from({"a": []})


_AXES = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True), min_size=1, max_size=3).map(
    lambda lists: [Choices(f"a{at}", tuple(values)) for at, values in enumerate(lists)]
)


@given(_AXES)
def test_a_grid_holds_each_combination_once(axes):
    points = [tuple(point.values()) for point in grid(axes)]
    assert len(points) == len(set(points)) == count(axes)


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
    [([Interval("lr", 0.0, 1.0)], "grid", "has no grid"), ([Interval("lr", 0.0, 1.0)], "random", "--trials 20")],
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


@pytest.mark.parametrize(
    ("words", "zips", "points"),
    [
        (["lr=1,2", "depth=3,4"], [("lr", "depth")], [{"lr": 1, "depth": 3}, {"lr": 2, "depth": 4}]),
        (["lr=1,2", "depth=3,4"], [("depth", "lr")], [{"lr": 1, "depth": 3}, {"lr": 2, "depth": 4}]),
        (
            ["lr=1,2", "n=7,8", "depth=range(3,5)"],
            [("lr", "depth")],
            [
                {"lr": 1, "depth": 3, "n": 7},
                {"lr": 1, "depth": 3, "n": 8},
                {"lr": 2, "depth": 4, "n": 7},
                {"lr": 2, "depth": 4, "n": 8},
            ],
        ),
        (
            ["a=1,2", "b=3,4", "c=5,6", "d=7,8", "e=9"],
            [("a", "c", "e2"), ("b", "d")],
            None,
        ),
        (
            ["a=1,2", "b=3,4", "c=5,6", "d=7,8"],
            [("a", "c"), ("b", "d")],
            [
                {"a": 1, "c": 5, "b": 3, "d": 7},
                {"a": 1, "c": 5, "b": 4, "d": 8},
                {"a": 2, "c": 6, "b": 3, "d": 7},
                {"a": 2, "c": 6, "b": 4, "d": 8},
            ],
        ),
        (["a=1", "b=2"], [("a", "b")], [{"a": 1, "b": 2}]),
        (["a=1,2,3", "b=x,y,z", "c=[1],[2],[3]"], [("a", "b", "c")], [{"a": 1, "b": "x", "c": [1]}, {"a": 2, "b": "y", "c": [2]}, {"a": 3, "b": "z", "c": [3]}]),
    ],
)  # fmt: skip
def test_what_goes_together_is_not_crossed(words, zips, points):
    axes = axes_of(words)
    if points is None:
        with pytest.raises(UsageProblem, match="nothing is swept under the name 'e2'"):
            dimensions_of(axes, zips)
        return
    dimensions = dimensions_of(axes, zips)
    assert list(grid(dimensions)) == points
    assert count(dimensions) == len(points)
    drawn = points_of(dimensions, "random", None, 3)
    assert sorted(map(str, map(sorted, map(dict.items, drawn)))) == sorted(
        map(str, map(sorted, map(dict.items, points)))
    )


def test_at_random_with_an_interval_too():
    dimensions = dimensions_of(axes_of(["lr=1,2", "depth=3,4", "x=interval(0,1)"]), [("lr", "depth")])
    drawn = points_of(dimensions, "random", 30, 3)
    assert {(point["lr"], point["depth"]) for point in drawn} == {(1, 3), (2, 4)}
    assert len({point["x"] for point in drawn}) == 30


@pytest.mark.parametrize(
    ("words", "zips", "message"),
    [
        (["lr=1,2,3", "depth=3,4"], [("lr", "depth")], "--zip lr depth: 'lr' has 3 values and 'depth' 2 values: parameters that go together need equally many values"),
        (["lr=1", "depth=3,4"], [("lr", "depth")], "'depth' has 2 values and 'lr' 1 value"),
        (["lr=1,2", "depth=3,4", "n=1,2,3"], [("lr", "depth", "n")], "'n' has 3 values and 'lr' 2 values"),
        (["lr=1,2", "depth=3,4"], [("lr", "dpth")], r"under the name 'dpth'\. Did you mean 'depth'\? There are: lr, depth"),
        (["lr=1,2", "depth=3,4"], [("lr",)], "--zip lr: it takes two names or more"),
        (["lr=1,2", "depth=3,4"], [("lr", "lr")], "--zip names 'lr' twice"),
        (["lr=1,2", "depth=3,4", "n=5,6"], [("lr", "depth"), ("lr", "n")], "--zip names 'lr' twice"),
        (["lr=interval(0,1)", "depth=3,4"], [("lr", "depth")], "lr is an interval, and what goes together are values: lr=A,B"),
        (["lr=1,2", "depth=3,4"], [("lr=1", "depth")], "under the name 'lr=1'"),
        (["lr=1,2", "depth=3,4"], [()], "it takes two names"),
    ],
)  # fmt: skip
def test_what_cannot_go_together_is_one_line(words, zips, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        dimensions_of(axes_of(words), zips)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [3, {"lr": 1}, [3, 4], [["lr", 3]]])
def test_a_zip_is_names(given):
    with pytest.raises(UsageProblem, match="it takes names that go together"):
        zips_of(given)
