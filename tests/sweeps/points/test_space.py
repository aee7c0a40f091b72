"""Hydra's sweep grammar as axes, and their grid."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.points.space import Choices, Interval, Zipped, axes_from, axes_of, count, grid


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
        ("s=sort(3,1,2,reverse=true)", (3, 2, 1)),
        ("n=range(3)", (0, 1, 2)),
        ("n=range(5,1,-2)", (5, 3)),
        ("x=range(0,0.3,0.1)", (0.0, 0.1, 0.2)),
        ("x=range(1.5)", (0.0, 1.0)),
        ("x=-1,+1,1_000", (-1, 1, 1000)),
        ("x=inf,1e400", (float("inf"), float("inf"))),
        ("b=bool(1,0)", (True, False)),
        ("n=int(1.5,2.5)", (1, 2)),
        ("c=choice(1)", (1,)),
        ("empty=", ("",)),
        ("deep=[[1,2],[3]],[]", ([[1, 2], [3]], [])),
        ("words=a b,c", ("a b", "c")),
        ("model.depth=1,2", (1, 2)),
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
        ("lr=interval(1,9)", Interval("lr", 1.0, 9.0)),
        ("n=tag(log,int(interval(1,100)))", Interval("n", 1, 100, is_int=True, is_log=True)),
        ("n=int(tag(log,interval(1,100)))", Interval("n", 1, 100, is_int=True, is_log=True)),
        ("lr=tag(fast,interval(1,9))", Interval("lr", 1.0, 9.0)),
        ("+lr=interval(1,9)", Interval("lr", 1.0, 9.0, prefix="+")),
        ("+new=1,2", Choices("new", (1, 2), "+")),
        ("++new=1", Choices("new", (1,), "++")),
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
        (["lr=interval(1,inf)"], "has no numbers in it"),
        (["lr=interval(nan,1)"], "has no numbers in it"),
        (["lr=interval(-inf,1)"], "has no numbers in it"),
        (["lr=interval(1,1)"], "has no numbers in it"),
        (["n=int(interval(0.2,0.7))"], "has no numbers in it"),
        (["lr=tag(log,interval(-1,1))"], "an interval above 0"),
        (["lr=interval(a,b)"], "cannot be read: TypeError while evaluating"),
        (["n=range(1,3,0)"], r"'n=range\(1,3,0\)' never ends: range\(START,STOP,STEP\) takes finite numbers"),
        (["n=range(1,3.5,0)"], "never ends"),
        (["n=range(0,inf)"], "never ends"),
        (["n=range(0,nan)"], "never ends"),
        (
            ["n=range(1000000000)"],
            r"'n=range\(1000000000\)' has 1,000,000,000 values: int\(interval\(0,1e\+09\)\) draws",
        ),
        (["n=range(0,1,1e-9)"], r"has 1,000,000,000 values: interval\(0,1\) draws"),
        (["n=range(5,-1e9,-1)"], r"has 1,000,000,005 values: int\(interval\(-1e\+09,5\)\) draws"),
        (["lr=choice(a,b),c"], "puts a function among values: write all values, lr=A,B"),
        (["lr=1,range(2,4)"], "puts a function among values"),
        (["lr=interval(0,1),2"], "puts a function among values"),
        (["lr=choice()"], "empty choice is not legal"),
        (["lr=1,,2"], "cannot be read: extraneous input ','"),
        (["lr==1"], "cannot be read: extraneous input '='"),
        (["lr = 1"], "cannot be read"),
        (["lr=1,2 depth=3"], "cannot be read"),
        (["lr=extend_list(1,2)"], r"there is no function 'extend_list'\. For example"),
        (["m=glob(rf,exclude=r*)"], r"has no values, so there would be no trials"),
        (["+lr=1", "lr=2"], "'lr' is given twice"),
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


@pytest.mark.parametrize(
    ("given", "values"),
    [
        pytest.param(np.float32(0.5), (0.5,), id="a number of NumPy"),
        pytest.param(np.array(5), (5,), id="an array of one number"),
        pytest.param(np.array([[1, 2], [3, 4]]), (np.array([1, 2]), np.array([3, 4])), id="rows of an array"),
        pytest.param(pl.Series([1, 2]), (1, 2), id="a series"),
        pytest.param((one for one in "ab"), ("a", "b"), id="a generator"),
        pytest.param({"k": 1}, ({"k": 1},), id="a dict is one value"),
        pytest.param([{"k": np.int64(1)}, {3: [np.float64(0.5)]}], ({"k": 1}, {"3": [0.5]}), id="dicts of NumPy's numbers"),
        pytest.param(b"ab", (b"ab",), id="bytes are one value"),
        pytest.param(None, (None,), id="None"),
        pytest.param([None, True, 1 + 2j], (None, True, 1 + 2j), id="any objects"),
        pytest.param("tag(log,interval(1e-4,1))", None, id="an interval"),
    ],
)  # fmt: skip
def test_a_value_of_a_space_is_one_or_many(given, values):
    [axis] = axes_from({"a": given})
    if values is None:
        assert axis == Interval("a", 1e-4, 1.0, is_log=True)
        return
    assert list(map(str, axis.values)) == list(map(str, values))
    assert not any(isinstance(one, np.generic) for one in axis.values)


def test_a_tensor_of_one_number_is_one_value():
    torch = pytest.importorskip("torch")
    axes = axes_from({"a": torch.tensor(0.5), "b": torch.tensor([0.5, 1.0])})
    assert [axis.values for axis in axes] == [(0.5,), (0.5, 1.0)]


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ([1, 2], r"A space is a mapping from names to values, \{'lr': \[0\.1, 0\.01\]\}, not \[1, 2\]"),
        ({1: [1], "1": [2]}, "'1' is given twice"),
        ({"a": range(0)}, r"a=range\(0, 0\) has no values"),
        ({"a": "[1,2"}, "'a=\\[1,2' cannot be read"),
        ({"a": "${b}"}, r"\$\{b\} is the key of a config"),
        ({"a": "glob(*)"}, "takes the options of a config group"),
    ],
)
def test_a_wrong_space_is_one_line(space, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        axes_from(space)
    assert "\n" not in str(caught.value)


@given(
    st.lists(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
        min_size=1,
        max_size=4,
    )
)
def test_values_of_python_are_swept_as_they_are(values):
    [axis] = axes_from({"a": values})
    assert list(axis.values) == values
    assert list(map(type, axis.values)) == list(map(type, values))


_AXES = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True), min_size=1, max_size=3).map(
    lambda lists: [Choices(f"a{at}", tuple(values)) for at, values in enumerate(lists)]
)


@given(_AXES)
def test_a_grid_holds_each_combination_once(axes):
    points = [tuple(point.values()) for point in grid(axes)]
    assert len(points) == len(set(points)) == count(axes)


@pytest.mark.parametrize(
    ("dimensions", "size"),
    [
        ([], 1),
        ([Choices("a", (1, 2))], 2),
        ([Choices("a", (1, 2)), Interval("x", 0, 1)], float("inf")),
        ([Choices(f"a{at}", tuple(range(1000))) for at in range(7)], 10**21),
        ([*(Choices(f"a{at}", tuple(range(1000))) for at in range(110)), Interval("x", 0, 1)], float("inf")),
    ],
)
def test_the_points_of_a_grid_are_counted(dimensions, size):
    assert count(dimensions) == size


def test_the_last_dimension_varies_fastest():
    axes = [Choices("a", (1, 2)), Zipped("b,c", ({"b": 3, "c": 4}, {"b": 5, "c": 6}))]
    assert list(grid(axes)) == [
        {"a": 1, "b": 3, "c": 4},
        {"a": 1, "b": 5, "c": 6},
        {"a": 2, "b": 3, "c": 4},
        {"a": 2, "b": 5, "c": 6},
    ]


def test_an_interval_has_no_grid_and_what_has_is_told():
    with pytest.raises(UsageProblem, match=r"lr=interval\(0\.1,1\) has no grid: --search random or tpe.* lr=0\.1,1$"):
        list(grid([Choices("a", (1,)), Interval("lr", 0.1, 1.0)]))
