"""Parameters that go together: their values are not crossed."""

import pytest

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.points.search import points_of
from mlmagic.sweeps.points.space import axes_of, count, grid
from mlmagic.sweeps.points.zipped import dimensions_of, zips_of


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
