"""Hydra's sweep grammar as axes, and their grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.points.space import Choices, Interval, axes_from, axes_of, count, grid


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
